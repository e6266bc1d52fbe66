from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdir
from trustdir import Reason


@pytest.mark.parametrize("form", ["object", "PEM", "DER", "bytearray", "path", "text", "chain and key"])
def test_what_is_installed(
    clients: trustdir.TrustDir, ca: trustdir.Authority, alice: trustdir.Identity, tmp_path: Path, form: str
) -> None:
    certificate, path = alice.certificate, tmp_path / "alice.pem"
    path.write_bytes(certificate.pem)
    forms: dict[str, trustdir.Certificate | str | Path | bytes | bytearray] = {
        "object": certificate,
        "PEM": certificate.pem,
        "DER": certificate.der,
        "bytearray": bytearray(certificate.pem),
        "path": path,
        "text": str(path),
        "chain and key": alice.key_pem() + certificate.pem + ca.certificate.pem,
    }
    offered = forms[form]
    installed = clients.install(offered)
    assert installed.certificate == certificate
    assert (installed.is_new, installed.warning, installed.removed) == (True, None, [])
    assert installed.file.read_bytes() == certificate.pem
    assert isinstance(installed, trustdir.Entry)
    again = clients.install(offered)
    assert (again.is_new, again.file) == (False, installed.file)
    assert [entry.file for entry in clients] == [installed.file]


@pytest.mark.parametrize("offered", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate(clients: trustdir.TrustDir, tmp_path: Path, offered: bytes) -> None:
    path = tmp_path / "garbage.pem"
    path.write_bytes(offered)
    for what in (offered, path):
        with pytest.raises(trustdir.ParseError) as error:
            clients.install(what)
        assert error.value.path == (path if what is path else None)
    with pytest.raises(FileNotFoundError):
        clients.install(tmp_path / "missing.pem")
    for other in (None, 5, ["alice.pem"]):
        with pytest.raises(TypeError, match="expected a Certificate, a path"):
            clients.install(other)  # type: ignore[arg-type]
    assert len(clients) == 0


def test_a_private_key_is_not_installed(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    with pytest.raises(trustdir.ParseError, match="keep the key where it is"):
        clients.install(alice.key_pem())
    assert list(clients.path.iterdir()) == []


def test_a_warning(clients: trustdir.TrustDir, ca: trustdir.Authority) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    late = ca.issue_client("late", not_before=yesterday - timedelta(days=1), not_after=yesterday).certificate
    for installed in (clients.install(late), clients.install(late.pem)):
        warning = installed.warning
        assert warning is not None and not warning.admitted
        assert (warning.reason, warning.entry) == (Reason.EXPIRED, installed.file)


@pytest.mark.parametrize("which", [lambda entry: entry, lambda entry: entry.certificate, lambda entry: "alice"])
def test_replace(
    clients: trustdir.TrustDir,
    ca: trustdir.Authority,
    alice: trustdir.Identity,
    which: Callable[[trustdir.Entry], trustdir.Entry | trustdir.Certificate | str],
) -> None:
    entry = clients.install(alice.certificate)
    link = clients.path / "link.pem"
    link.symlink_to(entry.file.name)
    renewed = ca.renew(alice.certificate).certificate
    installed = clients.replace(which(entry), renewed.pem)
    assert (installed.is_new, installed.file, installed.removed) == (True, entry.file, [])
    assert {entry.certificate for entry in clients} == {renewed}
    assert clients.decide(alice.certificate).reason == Reason.REMOVED

    bob = ca.issue_client("bob").certificate
    files = {entry.file, link}
    assert set(clients.replace(renewed, bob).removed) == files
    assert [entry.certificate for entry in clients] == [bob]


def test_what_is_not_replaced(clients: trustdir.TrustDir, ca: trustdir.Authority, alice: trustdir.Identity) -> None:
    for which in (alice.certificate, "alice"):
        with pytest.raises(trustdir.NotFoundError):
            clients.replace(which, ca.issue_client("bob").certificate)
    assert len(clients) == 0
    clients.install(alice.certificate)
    clients.install(ca.issue_client("alice").certificate)
    with pytest.raises(trustdir.InvalidArgumentError, match="names 2 certificates"):
        clients.replace("alice", ca.issue_client("bob").certificate)
    assert {entry.certificate.subject for entry in clients} == {"CN=alice"}
