"""The tests of CPython's own `ssl` and asyncio, with our contexts in the place of Python's.

`NOT_OURS` says which do not apply, and why; README.md has the sums.
"""

import inspect
import ssl
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trustdir

of_ssl = pytest.importorskip("test.test_ssl", reason="this Python comes without its tests")
of_asyncio = pytest.importorskip("test.test_asyncio.test_ssl")
of_sslproto = pytest.importorskip("test.test_asyncio.test_sslproto")
utils = pytest.importorskip("test.test_asyncio.utils")

CHOSEN = "ciphers, groups and signatures are the library's choice"
WHOM = "whom a context trusts is said when it is made"
LATE = "clients are decided about in the handshake, not after it"
SESSIONS = "sessions are resumed without the application's help"
ALONE = {
    "server": {
        "test_alpn_protocols": "a client whose protocols are all unknown is refused (RFC 7301)",
        "test_echo": "a service's context makes no client's end",
        "test_keylog_filename": "key_log is a callback",
        "test_msg_callback_deadlock_bpo43577": "several identities are given instead of sni_callback",
        "test_session": "counters() instead of session_stats()",
        "test_session_handling": SESSIONS,
    },
    "client": {
        "test_check_hostname": "a pin has no name to check",
        "test_crl_check": "revocation lists lie in an AuthorityDir",
        "test_echo": "check_hostname cannot be changed",
        "test_hostname_checks_common_name": "common names never count",
        "test_keylog_filename": "key_log is a callback",
        "test_msg_callback_tls12": "there is no callback for messages",
        "test_session": SESSIONS,
        "test_session_handling": SESSIONS,
        "test_internal_chain_client": "it asks ssl's native part",
    },
}
NOT_OURS = {
    "test_dh_params": CHOSEN,
    "test_ecdh_curve": CHOSEN,
    "test_no_shared_ciphers": CHOSEN,
    "test_shared_ciphers": CHOSEN,
    "test_wrong_cert_tls12": WHOM,
    "test_wrong_cert_tls13": WHOM,
    "test_internal_chain_server": WHOM,
    "test_tls_unique_channel_binding": "tls-exporter instead (RFC 9266)",
    "test_pha_no_pha_client": LATE,
    "test_pha_no_pha_server": LATE,
    "test_pha_not_tls13": LATE,
    "test_pha_optional": LATE,
    "test_pha_optional_nocert": LATE,
    "test_pha_required": LATE,
    "test_pha_required_nocert": LATE,
}
MAKERS = ("testing_context", "simple_server_sslcontext", "simple_client_sslcontext", "ssl_context(")


def cases(end: str) -> Iterator[Any]:
    """Those that make contexts by what can be replaced. asyncio has most of test_sslproto in test_ssl again."""
    classes: list[Any] = [of_asyncio.TestSSL, of_ssl.SSLObjectTests, of_ssl.ThreadedTests, of_ssl.SimpleBackgroundTests]
    classes += [of_ssl.TestSSLDebug, of_ssl.TestPostHandshakeAuth, of_sslproto.SelectorStartTLSTests]
    seen: set[str] = set()
    for case in classes:
        for name in unittest.TestLoader().getTestCaseNames(case):
            if name not in seen and any(maker in inspect.getsource(getattr(case, name)) for maker in MAKERS):
                seen.add(name)
                why = ALONE[end].get(name) or NOT_OURS.get(name)
                marks = [pytest.mark.skip(reason=why)] if why else []
                yield pytest.param(end, case, name, id=f"{end}-{name}", marks=marks)


class Named(trustdir.ClientContext):
    """These tests name no host where they check none."""

    def wrap_bio(self, *args: Any, **options: Any) -> trustdir.TLSObject:
        return super().wrap_bio(*args, **{**options, "server_hostname": options.get("server_hostname") or "localhost"})

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**options, "server_hostname": options.get("server_hostname") or "localhost"})


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    end = request.getfixturevalue("end")
    testing_context = of_ssl.testing_context

    def load(file: str) -> trustdir.Identity:
        return trustdir.Identity.load(file, file)

    def pair(server_cert: str = of_ssl.SIGNED_CERTFILE, *, server_chain: bool = True) -> Any:
        client, server, host = testing_context(server_cert, server_chain=server_chain)
        if end == "client":
            return Named(pins=load(server_cert).certificate), server, host
        return client, trustdir.ServerContext(load(server_cert)), host

    own = trustdir.Identity.load(utils.ONLYCERT, utils.ONLYKEY)
    stranger = trustdir.Authority.create(tmp_path / "stranger").certificate

    def client(*_: object, disable_verify: bool = True) -> ssl.SSLContext:
        return Named(pins=own.certificate) if disable_verify else Named(authorities=stranger)

    monkeypatch.setattr(of_ssl, "testing_context", pair)
    if end == "client":
        monkeypatch.setattr(utils, "simple_client_sslcontext", client)
        monkeypatch.setattr(of_asyncio.TestSSL, "_create_client_ssl_context", client)
    else:
        monkeypatch.setattr(utils, "simple_server_sslcontext", lambda: trustdir.ServerContext(own))
        monkeypatch.setattr(of_asyncio.TestSSL, "_create_server_ssl_context", lambda *_: trustdir.ServerContext(own))


@pytest.mark.usefixtures("replaced")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("end", "case", "name"), [*cases("server"), *cases("client")])
def test_of_cpython(end: str, case: Any, name: str) -> None:
    result = unittest.TestResult()
    case(name).run(result)
    if result.skipped:
        pytest.skip(result.skipped[0][1])
    assert not result.failures + result.errors, (result.failures + result.errors)[0][1]
