"""`wrap_socket`: threads over blocking sockets, ours and Python's own against each other."""

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import trustdir


@pytest.fixture(autouse=True)
def installed(clients: trustdir.TrustDir, alice: trustdir.Identity) -> trustdir.Entry:
    return clients.install(alice.certificate)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


Ends = tuple[trustdir.TLSSocket, trustdir.TLSSocket]


@pytest.fixture
def ends(serving: trustdir.ServerContext, calling: trustdir.ClientContext, pool: ThreadPoolExecutor) -> Iterator[Ends]:
    """A server's and a client's, whose handshake is done."""
    raw_server, raw_client = pair()
    accepting = pool.submit(serving.wrap_socket, raw_server, server_side=True)
    client = calling.wrap_socket(raw_client, server_hostname="localhost")
    server = accepting.result()
    assert isinstance(server, trustdir.TLSSocket) and isinstance(client, trustdir.TLSSocket)
    with closing(server), closing(client):
        yield server, client


def pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=60)
        server, _ = listener.accept()
    server.settimeout(60)
    return server, client


def test_a_conversation(ends: Ends, alice: trustdir.Identity, pool: ThreadPoolExecutor) -> None:
    server, client = ends
    assert server.admission is not None and server.admission.subject == "CN=alice"
    assert server.version() == "TLSv1.3" and server.getpeercert(True) == alice.certificate.der
    assert server.get_channel_binding() == client.get_channel_binding()
    assert server.get_unverified_chain() == [alice.certificate.der]
    body = bytes(range(256)) * 40_000
    for sender, receiver in ((server, client), (client, server)):
        sending = pool.submit(sender.sendall, body)
        received = bytearray()
        while len(received) < len(body):
            received += receiver.recv(1 << 16)
        sending.result()
        assert received == body
    with client.makefile("rwb") as file:
        file.write(b"a line\n")
        file.flush()
        with server.makefile("rb") as read:
            assert read.readline() == b"a line\n"


def test_both_directions_at_once(ends: Ends, pool: ThreadPoolExecutor) -> None:
    """One thread reads while another writes, at both ends, with more under way than the system's buffers hold."""
    body = bytes(range(256)) * 60_000

    def receive(end: trustdir.TLSSocket) -> bytes:
        received = bytearray()
        while len(received) < len(body):
            received += end.recv(1 << 16)
        return bytes(received)

    sending = [pool.submit(end.sendall, body) for end in ends]
    receiving = [pool.submit(receive, end) for end in ends]
    assert all(work.result() == body for work in receiving)
    for work in sending:
        work.result()


@pytest.mark.parametrize("waits", ["receiving", "sending"])
def test_a_removal_wakes_who_waits(
    ends: Ends, installed: trustdir.Entry, pool: ThreadPoolExecutor, waits: str, serving: trustdir.ServerContext
) -> None:
    server, client = ends
    server.settimeout(None)
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        while True:
            if waits == "receiving":
                server.recv(1)
            else:
                server.sendall(bytes(1 << 20))

    waiting = pool.submit(wait)
    begun.wait()
    installed.file.unlink()
    error = waiting.exception(timeout=60)
    assert isinstance(error, trustdir.RevokedError) and error.kind == "REVOKED"
    with pytest.raises(trustdir.VerificationError):
        server.send(b"more")
    assert serving.counters().revocations(trustdir.Reason.REMOVED) == 1
    if waits == "receiving":
        assert client.recv(1) == b"", "close_notify has come"


def test_an_end_without_word(ends: Ends) -> None:
    """It is an end by default, as with `ssl`, and an error to who asks for it."""
    server, client = ends
    client.sendall(b"the beginning")
    socket.socket.shutdown(client, socket.SHUT_WR)
    assert server.recv(100) == b"the beginning"
    assert server.recv(100) == b""
    server.suppress_ragged_eofs = False
    with pytest.raises(trustdir.TruncatedError):
        server.recv(100)


def test_closing_says_so(ends: Ends) -> None:
    server, client = ends
    server.suppress_ragged_eofs = client.suppress_ragged_eofs = False
    client.sendall(b"all of it")
    client.shutdown(socket.SHUT_WR)
    assert server.recv(100) == b"all of it"
    assert server.recv(100) == b""


def test_closing_the_other_way(ends: Ends) -> None:
    server, client = ends
    client.suppress_ragged_eofs = False
    server.sendall(b"all of it")
    server.close()
    assert client.recv(100) == b"all of it"
    assert client.recv(100) == b""


def test_unwrap(ends: Ends, pool: ThreadPoolExecutor) -> None:
    server, client = ends
    unwrapping = pool.submit(server.unwrap)
    plain_client = client.unwrap()
    plain_server = unwrapping.result()
    socket.socket.sendall(plain_client, b"in the clear")
    assert socket.socket.recv(plain_server, 100) == b"in the clear"


def test_without_blocking(ends: Ends) -> None:
    server, client = ends
    server.setblocking(False)
    with pytest.raises(ssl.SSLWantReadError):
        server.recv(1)
    piece, sent = bytes(range(256)) * 256, 0
    with pytest.raises(ssl.SSLWantWriteError):
        while True:
            sent += server.send(piece)
    received = 0
    while received < sent:
        data = client.recv(1 << 16)
        assert data == (piece * 2)[received % len(piece) :][: len(data)]
        received += len(data)
        if received < sent:
            try:
                server.send(b"")
            except ssl.SSLWantWriteError:
                pass


def test_timeouts(ends: Ends) -> None:
    server, _ = ends
    server.settimeout(0.001)
    with pytest.raises(TimeoutError):
        server.recv(1)


def test_a_handshake_takes_no_longer(ca: trustdir.Authority) -> None:
    serving = trustdir.ServerContext(ca.issue_server("localhost"), handshake_timeout=0.05)
    raw_server, raw_client = pair()
    with raw_client, pytest.raises(trustdir.HandshakeTimeoutError, match=r"within 0\.05 s") as error:
        serving.wrap_socket(raw_server, server_side=True)
    assert isinstance(error.value, TimeoutError) and isinstance(error.value, ssl.SSLError)


@pytest.mark.parametrize("identity", ["none", "stranger"])
def test_the_refused_hear_why(
    identity: str, ca: trustdir.Authority, serving: trustdir.ServerContext, pool: ThreadPoolExecutor
) -> None:
    shown = ca.issue_client("mallory") if identity == "stranger" else None
    calling = trustdir.ClientContext(authorities=ca.certificate, identity=shown)
    raw_server, raw_client = pair()
    accepting = pool.submit(serving.wrap_socket, raw_server, server_side=True)
    with calling.wrap_socket(raw_client, server_hostname="localhost") as client:
        client.sendall(bytes(1000))
        with pytest.raises(trustdir.TlsError, match="the alert"):
            client.recv(1)
    assert isinstance(accepting.exception(), ssl.SSLCertVerificationError)


def test_threads_share_one_context(
    serving: trustdir.ServerContext, calling: trustdir.ClientContext, pool: ThreadPoolExecutor
) -> None:
    def serve(raw: socket.socket) -> None:
        with serving.wrap_socket(raw, server_side=True) as server:
            server.sendall(server.recv(100))

    def call(_: int) -> bytes:
        raw_server, raw_client = pair()
        with ThreadPoolExecutor(1) as one:
            served = one.submit(serve, raw_server)
            with calling.wrap_socket(raw_client, server_hostname="localhost") as client:
                client.sendall(b"echo")
                echo = client.recv(100)
            served.result()
        return echo

    with ThreadPoolExecutor(8) as callers:
        assert set(callers.map(call, range(64))) == {b"echo"}
    counters = serving.counters()
    assert (counters.full + counters.resumed, counters.accepted, counters.open) == (64, 64, 0)
    assert serving.connections() == []
