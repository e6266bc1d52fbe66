"""Servers of every kind, clients of every kind, and what becomes of clients: over real sockets."""

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from tls_clients import CLIENTS, RESUMING, Client, HttpClient, PythonSsl, Refused, Service
from tls_servers import LIMIT, SERVERS, Starting

import trustdir
from trustdir import Reason

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(params=SERVERS, ids=lambda server: server.__name__)
def server(request: pytest.FixtureRequest) -> Starting:
    starting: Starting = request.param
    return starting


@pytest.fixture
def service(server: Starting, ca: trustdir.Authority, clients: trustdir.TrustDir) -> Iterator[Service]:
    context = trustdir.ServerContext(ca.issue_server("localhost", "127.0.0.1"), clients=clients, alpn=["http/1.1"])
    with server(context) as port:
        yield Service(context, port, clients, ca)


versions = pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
everyone = pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.__name__)


@versions
@everyone
def test_admitted(
    service: Service, kind: type[Client], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    service.clients.install(alice.certificate)
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client:
        assert client.get() == client.get() == ["ADMITTED", "CN=alice"]
    assert service.context.counters().full >= 1


@versions
@everyone
def test_no_certificate(service: Service, kind: type[Client], version: ssl.TLSVersion, tmp_path: Path) -> None:
    with contextlib.closing(kind(service, None, version, tmp_path)) as client, pytest.raises(Refused):
        client.get()
    counters = service.context.counters()
    assert (counters.refusals(Reason.NO_CERTIFICATE), counters.full) == (1, 0)


@versions
@everyone
def test_a_stranger(
    service: Service, kind: type[Client], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client, pytest.raises(Refused):
        client.get()
    counters = service.context.counters()
    assert (counters.refusals(Reason.NOT_INSTALLED), counters.full) == (1, 0)


@versions
def test_the_refused_hear_why(
    service: Service, version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    """The alert arrives, although a request lies behind the certificate."""
    client = PythonSsl(service, alice, version, tmp_path)
    with contextlib.closing(client), pytest.raises(Refused) as refused:
        client.get()
    assert "ALERT_UNKNOWN_CA" in str(refused.value.__cause__)


@versions
@everyone
def test_removed_while_open(
    service: Service, kind: type[Client], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    entry = service.clients.install(alice.certificate)
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client:
        client.get()
        entry.file.unlink()
        with pytest.raises(Refused):
            client.get()
    assert service.context.counters().full == 1


@versions
def test_removed_while_idle(
    service: Service, version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    """Nothing arrives and nobody asks: the connection ends all the same."""
    entry = service.clients.install(alice.certificate)
    with contextlib.closing(PythonSsl(service, alice, version, tmp_path)) as client:
        client.get()
        sock = client.connection.sock
        sock.settimeout(LIMIT / 2)
        entry.file.unlink()
        assert sock.recv(1) == b"", "close_notify has come"


@versions
@pytest.mark.parametrize("kind", RESUMING, ids=lambda kind: kind.__name__)
def test_removed_then_resumed(
    service: Service, kind: type[HttpClient], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    """Who has a session resumes it, and is refused all the same once the entry is gone; back again, it is admitted."""
    entry = service.clients.install(alice.certificate)
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client:

        def again() -> None:
            client.close()
            client.connect()
            client.get()

        client.get()
        again()
        assert service.context.counters().resumed == 1
        entry.file.unlink()
        with pytest.raises(Refused):
            again()
        assert service.context.counters().refusals(Reason.REMOVED) == 1
        service.clients.install(alice.certificate)
        again()
