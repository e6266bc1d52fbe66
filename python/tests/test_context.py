"""What contexts take, and what they refuse to be told."""

import contextlib
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trustdir


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda context: context.load_cert_chain("a.pem"), "Identity"),
        (lambda context: context.load_verify_locations("a.pem"), "clients"),
        (lambda context: context.load_default_certs(), "clients"),
        (lambda context: context.set_default_verify_paths(), "clients"),
        (lambda context: context.set_ciphers("ALL"), "library"),
        (lambda context: context.set_ecdh_curve("prime256v1"), "library"),
        (lambda context: context.load_dh_params("a.pem"), "library"),
        (lambda context: context.set_servername_callback(None), "several identities"),
    ],
)
def test_methods_without_effect(
    serving: trustdir.ServerContext,
    calling: trustdir.ClientContext,
    call: Callable[[ssl.SSLContext], None],
    instead: str,
) -> None:
    for context in (serving, calling):
        with pytest.raises(trustdir.UnsupportedError, match=f"would have no effect: .*{instead}"):
            call(context)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("verify_mode", ssl.CERT_NONE),
        ("verify_flags", ssl.VERIFY_CRL_CHECK_LEAF),
        ("options", ssl.OP_NO_TICKET),
        ("check_hostname", "changed"),
        ("hostname_checks_common_name", False),
        ("keylog_filename", "keys.log"),
        ("post_handshake_auth", True),
        ("num_tickets", 0),
        ("sni_callback", print),
    ],
)
def test_attributes_without_effect(
    serving: trustdir.ServerContext, calling: trustdir.ClientContext, name: str, value: object
) -> None:
    for context in (serving, calling):
        before = getattr(context, name)
        setattr(context, name, before)
        with pytest.raises(trustdir.UnsupportedError, match=f"{name} would have no effect: "):
            setattr(context, name, value)
        assert getattr(context, name) == before


def test_verify_mode(ca: trustdir.Authority, clients: trustdir.TrustDir) -> None:
    identity = ca.issue_server("localhost")
    assert trustdir.ServerContext(identity).verify_mode is ssl.CERT_NONE
    assert trustdir.ServerContext(identity, clients=clients).verify_mode is ssl.CERT_REQUIRED
    optional = trustdir.ServerContext([identity], clients=clients, client_auth="optional")
    assert optional.verify_mode is ssl.CERT_OPTIONAL
    assert trustdir.ClientContext(pins=identity.certificate).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("end", ["server", "client"])
def test_versions_and_protocols(
    serving: trustdir.ServerContext, calling: trustdir.ClientContext, clients: trustdir.TrustDir,
    alice: trustdir.Identity, end: str,
) -> None:
    clients.install(alice.certificate)
    context = serving if end == "server" else calling
    other = calling if end == "server" else serving
    other.set_alpn_protocols(["http/1.1"])
    assert (context.minimum_version, context.maximum_version) == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server, _ = handshake(serving, calling)
    assert (server.version(), server.selected_alpn_protocol()) == ("TLSv1.2", "http/1.1")

    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    server, _ = handshake(serving, calling)
    assert server.version() == "TLSv1.3"
    with pytest.raises(ValueError, match="the versions are"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.raises(trustdir.TrustDirError):
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # above it there is none
    assert context.minimum_version == context.maximum_version == ssl.TLSVersion.TLSv1_3


def handshake(
    serving: ssl.SSLContext, calling: ssl.SSLContext, host: str = "localhost"
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = calling.wrap_bio(to_client, to_server, server_hostname=host)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
    return server, client


def test_reload(
    ca: trustdir.Authority, serving: trustdir.ServerContext, calling: trustdir.ClientContext,
    clients: trustdir.TrustDir, alice: trustdir.Identity,
) -> None:
    """A renewed identity is shown from the next handshake on, and whom it admits stays as it was."""
    renewed = ca.issue_server("localhost")
    serving.reload(renewed)
    with pytest.raises(trustdir.VerificationError):
        handshake(serving, calling)
    clients.install(alice.certificate)
    assert handshake(serving, calling)[1].getpeercert(True) == renewed.certificate.der
    with pytest.raises(trustdir.InvalidArgumentError):
        serving.reload(client_auth="off")
    counters = serving.counters()
    assert (counters.reloads, counters.failed_reloads) == (1, 1)
    assert serving.verify_mode is ssl.CERT_REQUIRED


def test_several_identities(ca: trustdir.Authority) -> None:
    identities = [ca.issue_server("elsewhere"), ca.issue_server("localhost")]
    _, client = handshake(trustdir.ServerContext(identities), trustdir.ClientContext(authorities=ca.certificate))
    assert client.getpeercert(True) == identities[1].certificate.der


def test_key_log(
    ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity
) -> None:
    clients.install(alice.certificate)
    served: list[str] = []
    called: list[str] = []
    serving = trustdir.ServerContext(ca.issue_server("localhost"), clients=clients, key_log=served.append)
    calling = trustdir.ClientContext(authorities=ca.certificate, identity=alice, key_log=called.append)
    handshake(serving, calling)
    assert sorted(served) == sorted(called) != []
    assert served[0].split()[0].startswith(("CLIENT_", "SERVER_", "EXPORTER_"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_callback_raises_changes_no_decision(ca: trustdir.Authority, calling: trustdir.ClientContext) -> None:
    decisions: list[trustdir.Decision] = []

    def tell(decision: trustdir.Decision) -> None:
        decisions.append(decision)
        raise RuntimeError("a test")

    serving = trustdir.ServerContext(ca.issue_server("localhost"), on_decision=tell)
    server, client = handshake(serving, calling)
    client.write(b"hello")
    assert server.read(5) == b"hello"
    assert [decision.reason for decision in decisions] == [trustdir.Reason.ANONYMOUS]


@pytest.mark.parametrize(
    "settings",
    [
        {"client": None},
        {"clients": "clients"},
        {"client_auth": "maybe"},
        {"client_auth": "required"},
        {"on_removal": "wait"},
        {"alpn": "http/1.1"},
        {"alpn": [""]},
        {"handshake_timeout": -1},
        {"handshake_timeout": 0},
        {"max_tiny_records": 1},
        {"plain_http": "http://nas.home.arpa"},
        {"on_decision": "print"},
        {"minimum_version": ssl.TLSVersion.SSLv3},
    ],
    ids=str,
)
def test_settings_that_are_none(ca: trustdir.Authority, settings: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        trustdir.ServerContext(ca.issue_server("localhost"), **settings)  # type: ignore[arg-type]


def test_a_client_trusts_nobody_by_itself(ca: trustdir.Authority, clients: trustdir.TrustDir) -> None:
    with pytest.raises(trustdir.InvalidArgumentError, match="trusts nobody by itself"):
        trustdir.ClientContext()
    with pytest.raises(TypeError, match="ConnectorSettings"):
        trustdir.ClientContext(cafile="ca.pem")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="AuthorityDir"):
        trustdir.ClientContext(authorities=clients)  # type: ignore[arg-type]


def test_authorities_vouch_for_clients(ca: trustdir.Authority, alice: trustdir.Identity, tmp_path: object) -> None:
    authorities = trustdir.AuthorityDir(f"{tmp_path}/authorities", create=True)
    anchor = authorities.directory.install(ca.trust_anchor)
    serving = trustdir.ServerContext(ca.issue_server("localhost"), authorities=authorities)
    calling = trustdir.ClientContext(authorities=authorities, identity=alice)
    server, client = handshake(serving, calling)
    server.write(b"hello")
    assert client.read(5) == b"hello"
    anchor.file.unlink()
    for end in (server, client):
        with pytest.raises(trustdir.VerificationError):
            end.read(1)


def test_a_connection_tells_when_its_entry_goes(
    ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity
) -> None:
    entry = clients.install(alice.certificate)
    acceptor = trustdir.Acceptor(ca.issue_server("localhost"), clients=clients)
    server = acceptor.accept()
    client = trustdir.Connector(authorities=ca.certificate, identity=alice).connect("localhost")
    assert server.time_left is not None and 0 < server.time_left <= 30
    server.expire()
    gone = threading.Event()
    server.on_removed(gone.set)
    while client.write(b"hello") == 0:
        server.read_tls(client.write_tls())
        client.read_tls(server.write_tls())
    server.read_tls(client.write_tls())
    assert server.wants_write, "session tickets wait"
    client.read_tls(server.write_tls())
    assert not server.wants_write and not server.is_handshaking and server.time_left is None
    (open_,) = acceptor.connections()
    assert (open_.id, open_.certificate, open_.entry) == (server.id, alice.certificate, entry.file)
    assert [certificate.subject for certificate in server.peer_chain][0] == "CN=alice"
    assert server.key_exchange == client.key_exchange == "X25519MLKEM768"
    assert server.server_name == "localhost" and not server.resumed
    assert not server.is_revoked and not gone.is_set()
    entry.file.unlink()
    assert gone.wait(60)
    assert server.is_revoked
    with pytest.raises(trustdir.VerificationError):
        server.recheck()
    assert server.wants_write, "close_notify waits"
    assert 'trustdir_revocations_total{reason="REMOVED"} 1\n' in acceptor.counters().to_prometheus()


def test_policies(ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    """Each name has whom it admits."""
    admins = trustdir.Policy(clients=clients, service="admin")
    serving = trustdir.ServerContext(ca.issue_server("*.home.arpa"), policies={"admin.home.arpa": admins})

    def call(host: str, identity: trustdir.Identity | None) -> trustdir.Reason:
        calling = trustdir.ClientContext(authorities=ca.certificate, identity=identity)
        server, _ = handshake(serving, calling, host)
        assert isinstance(server, trustdir.TLSObject) and server.admission is not None
        return server.admission.reason

    assert call("www.home.arpa", None) is trustdir.Reason.ANONYMOUS
    for identity, kind in ((None, "NO_CERTIFICATE"), (alice, "UNTRUSTED")):
        with pytest.raises(trustdir.VerificationError) as error:
            call("admin.home.arpa", identity)
        assert error.value.kind == kind
    clients.install(alice.certificate)
    assert call("admin.home.arpa", alice) is trustdir.Reason.ADMITTED

    assert (admins.client_auth, admins.service) == ("required", "admin")
    assert admins.decide(alice.certificate).admitted and admins.decide([alice.certificate.der]).service == "admin"
    assert trustdir.Policy().client_auth == "off"
    with pytest.raises(ValueError, match="client_auth is"):
        trustdir.Policy(client_auth="maybe")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        trustdir.ServerContext(ca.issue_server("localhost"), policies={"localhost": clients})  # type: ignore[dict-item]


def test_a_policy_holds(ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    entry = clients.install(alice.certificate)
    with clients.removals() as removals:
        held = trustdir.Policy(clients=clients).decide(alice.certificate, hold=True)
        entry.file.unlink()
        clients.refresh()
        assert [removal.fingerprint for removal in removals] == [held.fingerprint]


@pytest.mark.parametrize(
    ("limit", "message"),
    [({"handshake_bytes": 100}, "more than 100 bytes"), ({"max_chain": 1}, "sent 2 certificates, and 1")],
    ids=["handshake_bytes", "max_chain"],
)
@pytest.mark.parametrize("end", ["server", "client"])
def test_limits(ca: trustdir.Authority, tmp_path: Path, limit: dict[str, int], message: str, end: str) -> None:
    """A peer that sends more than may be is refused before it is decided about."""
    office = ca.create_intermediate(tmp_path / "office")
    authorities = trustdir.AuthorityDir(tmp_path / "authorities", create=True)
    authorities.directory.install(ca.trust_anchor)
    at: dict[str, Any] = {"server": {}, "client": {}, end: limit}
    server = trustdir.Acceptor(office.issue_server("localhost"), authorities=authorities, **at["server"]).accept()
    connector = trustdir.Connector(
        authorities=ca.certificate, identity=office.issue_client("alice"), **at["client"]
    )
    client = connector.connect("localhost")

    def feed(receiver: trustdir.Connection, sender: trustdir.Connection) -> None:
        ciphertext = sender.write_tls()
        first = 200 if "handshake_bytes" in limit else len(ciphertext)
        receiver.read_tls(ciphertext[:first])
        receiver.read_tls(ciphertext[first:])

    with pytest.raises(trustdir.TrustDirError, match=message):
        for _ in range(2):
            feed(server, client)
            feed(client, server)


@pytest.mark.parametrize("end", ["server", "client"])
def test_the_size_of_records(ca: trustdir.Authority, end: str) -> None:
    sizes = {"server": 16389, "client": 16389, end: 512}
    serving = trustdir.ServerContext(ca.issue_server("localhost"), max_fragment_size=sizes["server"])
    calling = trustdir.ClientContext(authorities=ca.certificate, max_fragment_size=sizes["client"])
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = {
        "server": (serving.wrap_bio(to_server, to_client, server_side=True), to_client),
        "client": (calling.wrap_bio(to_client, to_server, server_hostname="localhost"), to_server),
    }
    for name in ("client", "server", "client", "server"):
        with contextlib.suppress(ssl.SSLWantReadError):
            ends[name][0].do_handshake()
    writer, sent = ends[end]
    sent.read()
    writer.write(bytes(2000))
    records = sent.read()
    lengths = []
    while records:
        length = 5 + int.from_bytes(records[3:5], "big")
        lengths.append(length)
        records = records[length:]
    assert max(lengths) == 512 + 17 and len(lengths) > 3, "TLS 1.3 adds a type and a tag"
