"""`wrap_bio`: both ends over buffers, ours and Python's own against each other."""

import ssl
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdir

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class Pair:
    """A client and a server that are connected by buffers."""

    def __init__(self, serving: ssl.SSLContext, calling: ssl.SSLContext) -> None:
        self.to_server, self.to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = serving.wrap_bio(self.to_server, self.to_client, server_side=True)
        self.client = calling.wrap_bio(self.to_client, self.to_server, server_hostname="localhost")

    def handshake(self) -> "Pair":
        todo = [self.client, self.server]
        for _ in range(10):
            for side in todo[:]:
                try:
                    side.do_handshake()
                    todo.remove(side)
                except ssl.SSLWantReadError:
                    pass
        assert not todo
        return self


def python_calling(ca: trustdir.Authority, identity: trustdir.Identity, directory: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca.certificate.der)
    identity.save(directory / "own.cert.pem", directory / "own.key.pem")
    context.load_cert_chain(directory / "own.cert.pem", directory / "own.key.pem")
    return context


def python_serving(ca: trustdir.Authority, identity: trustdir.Identity, directory: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=ca.certificate.der)
    context.verify_mode = ssl.CERT_REQUIRED
    identity.save(directory / "nas.cert.pem", directory / "nas.key.pem")
    context.load_cert_chain(directory / "nas.cert.pem", directory / "nas.key.pem")
    return context


@pytest.fixture
def pair(
    serving: trustdir.ServerContext,
    calling: trustdir.ClientContext,
    clients: trustdir.TrustDir,
    alice: trustdir.Identity,
) -> Pair:
    clients.install(alice.certificate)
    return Pair(serving, calling).handshake()


def test_data_goes_both_ways(pair: Pair) -> None:
    assert pair.client.write(b"hello") == 5
    assert pair.server.read(2) == b"he"
    assert pair.server.pending() == 3
    buffer = bytearray(8)
    count: object = pair.server.read(8, buffer)
    assert count == 3
    assert buffer == b"llo" + bytes(5)
    with pytest.raises(ssl.SSLWantReadError):
        pair.server.read(8)
    assert pair.server.read(0) == b""

    large = bytes(range(256)) * 4096
    for data in (large, bytearray(large), memoryview(large), memoryview(large).cast("I")):
        assert pair.server.write(data) == len(large)
        received = b""
        while len(received) < len(large):
            received += pair.client.read(1 << 20)
        assert received == large


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("end", ["client", "server"])
def test_what_python_says_we_say(
    ca: trustdir.Authority,
    clients: trustdir.TrustDir,
    tmp_path: Path,
    version: ssl.TLSVersion,
    end: str,
) -> None:
    """Each accessor answers as that of Python's own `ssl` at the same end."""
    subject = r"CN=al\,ice\\,OU=a\+b+OU=c,O=\ Home\=\C3\A4 \;,L=Zürich,ST=ZH,C=CH"
    names = ["alice.home.arpa", "fe80::1", "10.0.0.1", "email:alice@example.org", "URI:urn:a:b"]
    alice, nas = ca.issue("client", subject, names=names), ca.issue_server("localhost")
    clients.install(alice.certificate)
    ours = Pair(
        trustdir.ServerContext(nas, clients=clients, alpn=["h2", "http/1.1"], maximum_version=version),
        trustdir.ClientContext(authorities=ca.certificate, identity=alice, alpn=["http/1.1"]),
    )
    serving, calling = python_serving(ca, nas, tmp_path), python_calling(ca, alice, tmp_path)
    serving.maximum_version = version
    serving.set_alpn_protocols(["h2", "http/1.1"])
    calling.set_alpn_protocols(["http/1.1"])
    theirs = Pair(serving, calling)
    assert (ours.client.version(), ours.client.cipher(), ours.server.selected_alpn_protocol()) == (None, None, None)
    for pair in (ours, theirs):
        with pytest.raises(ValueError):
            pair.server.getpeercert()
        pair.handshake()
    our, their = (getattr(pair, end) for pair in (ours, theirs))

    assert our.getpeercert() == their.getpeercert()
    assert our.getpeercert(True) == their.getpeercert(True)
    assert our.version() == their.version() == f"TLSv{version.name[4:].replace('_', '.')}"
    assert our.selected_alpn_protocol() == their.selected_alpn_protocol() == "http/1.1"
    assert our.server_side == their.server_side and our.server_hostname == their.server_hostname
    assert our.session_reused == their.session_reused is False
    assert our.compression() is their.compression() is None
    assert (our.context is ours.server.context) == (end == "server")
    name, protocol, bits = our.cipher()
    assert name in {suite["name"] for suite in serving.get_ciphers()}
    assert protocol == our.version() and bits == (128 if "128" in name else 256)


@pytest.mark.parametrize(
    "suite",
    ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"],
)
def test_names_of_ciphers(
    suite: str, ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity,
    serving: trustdir.ServerContext, tmp_path: Path,
) -> None:
    clients.install(alice.certificate)
    calling = python_calling(ca, alice, tmp_path)
    calling.maximum_version = ssl.TLSVersion.TLSv1_2
    calling.set_ciphers(suite)
    pair = Pair(serving, calling).handshake()
    assert pair.server.cipher() == (suite, "TLSv1.2", pair.client.cipher()[2])  # type: ignore[index]


def test_channel_binding(pair: Pair) -> None:
    assert pair.server.get_channel_binding("tls-exporter") == pair.client.get_channel_binding("tls-exporter")
    with pytest.raises(ValueError, match="use tls-exporter"):
        pair.server.get_channel_binding("tls-unique")


def test_admission(pair: Pair, alice: trustdir.Identity, clients: trustdir.TrustDir) -> None:
    server, client = pair.server, pair.client
    assert isinstance(server, trustdir.TLSObject) and isinstance(client, trustdir.TLSObject)
    assert server.admission is not None and client.admission is not None
    assert server.admission.certificate == alice.certificate
    assert server.get_unverified_chain() == [alice.certificate.der]
    assert [entry.file for entry in clients] == [server.admission.entry]
    assert client.admission.admitted and client.admission.subject == "CN=localhost"


def test_an_anonymous_client(ca: trustdir.Authority) -> None:
    serving = trustdir.ServerContext(ca.issue_server("localhost"))
    pair = Pair(serving, trustdir.ClientContext(authorities=ca.certificate)).handshake()
    assert (pair.server.getpeercert(), pair.server.getpeercert(True)) == (None, None)
    assert isinstance(pair.server, trustdir.TLSObject) and pair.server.admission is not None
    assert pair.server.admission.reason is trustdir.Reason.ANONYMOUS


def test_unwrap(pair: Pair) -> None:
    with pytest.raises(ssl.SSLWantReadError):
        pair.server.unwrap()
    assert pair.client.read() == b""
    with pytest.raises(trustdir.TlsError, match="closed for writing") as error:
        pair.server.write(b"late")
    assert error.value.kind == "CLOSED"
    pair.client.write(b"what the server has not waited for")
    pair.client.unwrap()
    pair.server.unwrap()
    for end in (pair.client, pair.server):
        assert end.read(0) == b""
        with pytest.raises(ssl.SSLZeroReturnError):
            end.read()


def test_unwrap_with_python(
    ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity,
    serving: trustdir.ServerContext, tmp_path: Path,
) -> None:
    clients.install(alice.certificate)
    pair = Pair(serving, python_calling(ca, alice, tmp_path)).handshake()
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.unwrap()
    assert pair.server.read() == b""
    pair.server.unwrap()
    pair.client.unwrap()


def test_an_end_behind_data_is_pending(pair: Pair) -> None:
    """uvloop asks only while something is: data and close_notify that arrive at once are both told."""
    pair.client.write(b"hello")
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.unwrap()
    assert pair.server.read(1 << 16) == b"hello"
    assert pair.server.pending() > 0
    assert pair.server.read(1 << 16) == b""


def test_truncation(pair: Pair) -> None:
    pair.client.write(b"the beginning")
    pair.to_server.write_eof()
    assert pair.server.read() == b"the beginning"
    for _ in range(2):
        with pytest.raises(ssl.SSLEOFError, match="without close_notify") as error:
            pair.server.read()
    assert isinstance(error.value, trustdir.TruncatedError)


def test_truncation_in_the_handshake(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    pair = Pair(serving, calling)
    pair.to_server.write_eof()
    with pytest.raises(trustdir.TruncatedError, match="during the handshake"):
        pair.server.do_handshake()
    assert serving.counters().failures("TRUNCATED") == 1


def test_refusals_are_verification_errors(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    pair = Pair(serving, calling)
    with pytest.raises(ssl.SSLCertVerificationError) as error:
        pair.handshake()
    assert isinstance(error.value, trustdir.VerificationError)
    assert (error.value.kind, error.value.subject) == ("UNTRUSTED", "CN=alice")
    with pytest.raises(ssl.SSLError, match="does not admit this client's certificate") as heard:
        pair.client.read()
    assert isinstance(heard.value, trustdir.TlsError) and heard.value.kind == "ALERT"


def test_an_untrusted_server(ca: trustdir.Authority, tmp_path: Path) -> None:
    other = trustdir.Authority.create(tmp_path / "other")
    serving = trustdir.ServerContext(ca.issue_server("localhost"))
    with pytest.raises(ssl.SSLCertVerificationError):
        Pair(serving, trustdir.ClientContext(authorities=other.certificate)).handshake()
    with pytest.raises(trustdir.VerificationError) as error:
        Pair(
            trustdir.ServerContext(ca.issue_server("elsewhere")), trustdir.ClientContext(authorities=[ca.certificate])
        ).handshake()
    assert error.value.kind == "NAME_MISMATCH"


def test_removal(pair: Pair, clients: trustdir.TrustDir) -> None:
    """Not one byte more, in either direction."""
    pair.client.write(b"before")
    clients.remove("alice")
    for use in (lambda: pair.server.read(), lambda: pair.server.write(b"secret")):
        with pytest.raises(trustdir.VerificationError) as error:
            use()
        assert error.value.kind == "REVOKED"
    assert pair.client.read() == b""
    assert isinstance(pair.server, trustdir.TLSObject) and pair.server.admission is not None
    assert pair.server.admission.reason is trustdir.Reason.REMOVED


def test_nothing_keeps_an_object_alive(
    pair: Pair, serving: trustdir.ServerContext, calling: trustdir.ClientContext
) -> None:
    assert serving.counters().open == len(serving.connections()) == 1
    object_, pair.server = weakref.ref(pair.server), pair.client
    assert object_() is None
    assert serving.counters().open == len(serving.connections()) == 0
    assert calling.counters().open == 1


def test_http_without_tls(ca: trustdir.Authority) -> None:
    for plain_http, answer in (
        ("alert", b"\x15\x03"),
        ("bad-request", b"HTTP/1.1 400"),
        ("https://nas.home.arpa", b"HTTP/1.1 308"),
    ):
        serving = trustdir.ServerContext(ca.issue_server("localhost"), plain_http=plain_http)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = serving.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(b"GET / HTTP/1.1\r\nHost: nas.home.arpa\r\n\r\n")
        with pytest.raises(trustdir.TlsError, match="does not speak TLS"):
            server.do_handshake()
        assert outgoing.read().startswith(answer)


def test_both_ends_are_what_they_are(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    buffers = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(trustdir.InvalidArgumentError, match="takes a ClientContext"):
        serving.wrap_bio(*buffers, server_hostname="localhost")
    with pytest.raises(trustdir.InvalidArgumentError, match="takes a ServerContext"):
        calling.wrap_bio(*buffers, server_side=True)
    for host in (None, ""):
        with pytest.raises(ValueError):
            calling.wrap_bio(*buffers, server_hostname=host)


def test_a_pin_of_a_self_signed_server(openssl: Callable[..., str], tmp_path: Path) -> None:
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=node",
            "-keyout", "node.key.pem", "-out", "node.cert.pem")
    node = trustdir.Identity.load(tmp_path / "node.cert.pem", tmp_path / "node.key.pem")
    serving = trustdir.ServerContext(node)
    pair = Pair(serving, trustdir.ClientContext(pins=node.certificate)).handshake()
    assert pair.client.getpeercert(True) == node.certificate.der

    pins = trustdir.TrustDir(tmp_path / "pins", create=True)
    calling = trustdir.ClientContext(pins=pins)
    with pytest.raises(trustdir.VerificationError):
        Pair(serving, calling).handshake()
    pins.install(node.certificate)
    pair = Pair(serving, calling).handshake()
    pair.server.write(b"secret")
    pins.remove("node")
    with pytest.raises(trustdir.VerificationError) as error:
        pair.client.read()
    assert error.value.kind == "REVOKED"


def test_an_expired_identity(ca: trustdir.Authority) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    late = ca.issue("server", "CN=localhost", not_before=yesterday - timedelta(days=1), not_after=yesterday)
    with pytest.raises(trustdir.VerificationError, match="has expired") as error:
        trustdir.ServerContext(late)
    assert error.value.kind == "EXPIRED"
