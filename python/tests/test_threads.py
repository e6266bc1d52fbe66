import contextlib
import fcntl
import os
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import trustdir


def test_threads_share_one_trust_dir(ca: trustdir.Authority, clients: trustdir.TrustDir) -> None:
    """Each thread sees its own change at once, whatever the others do."""
    stranger = ca.issue_client("stranger").certificate
    fixed = ca.issue_client("fixed").certificate
    clients.install(fixed)

    def hammer(name: str) -> None:
        mine = ca.issue_client(name).certificate
        for _ in range(40):
            clients.install(mine)
            assert clients.decide(mine).admitted
            assert clients.decide(fixed.der).admitted
            assert mine in clients
            assert len(clients.remove(mine)) == 1
            assert clients.decide(mine).reason == trustdir.Reason.REMOVED
            assert clients.decide(stranger).reason == trustdir.Reason.NOT_INSTALLED
            assert mine not in {entry.certificate for entry in clients}
            clients.refresh()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(hammer, f"client {n}") for n in range(8)]:
            done.result()
    assert [entry.certificate for entry in clients] == [fixed]
    assert clients.problems() == []


def test_threads_share_one_authority(ca: trustdir.Authority) -> None:
    with ThreadPoolExecutor(8) as pool:
        issued = list(pool.map(lambda n: ca.issue_client(f"client {n}").certificate.serial, range(64)))
    assert len(set(issued)) == len(issued)


def test_threads_share_everything(
    ca: trustdir.Authority, clients: trustdir.TrustDir, serving: trustdir.ServerContext, alice: trustdir.Identity
) -> None:
    """Clients call while others come and go, the identity is renewed, and certificates are issued: who is in stays in."""
    clients.install(alice.certificate)
    over = threading.Event()

    def call(identity: trustdir.Identity) -> trustdir.Reason:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        calling = trustdir.ClientContext(authorities=ca.certificate, identity=identity)
        client = calling.wrap_bio(to_client, to_server, server_hostname="localhost")
        server = serving.wrap_bio(to_server, to_client, server_side=True)
        try:
            for end in (client, server, client, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
            client.write(b"hello")
            assert server.read(5) == b"hello"
        except trustdir.VerificationError:
            pass
        assert server.admission is not None
        return server.admission.reason

    def call_as_alice() -> None:
        for _ in range(40):
            assert call(alice) is trustdir.Reason.ADMITTED

    def come_and_go() -> None:
        while not over.is_set():
            bob = ca.issue_client("bob")
            clients.install(bob.certificate)
            assert call(bob) is trustdir.Reason.ADMITTED
            clients.remove(bob.certificate)
            assert call(bob) is trustdir.Reason.REMOVED

    def renew() -> None:
        while not over.is_set():
            serving.reload(ca.issue_server("localhost"))
            assert all(connection.certificate.subject for connection in serving.connections())

    with ThreadPoolExecutor(8) as pool:
        callers = [pool.submit(call_as_alice) for _ in range(4)]
        others = [pool.submit(work) for work in (come_and_go, come_and_go, renew)]
        try:
            for caller in callers:
                caller.result()
        finally:
            over.set()
        for other in others:
            other.result()
    counters = serving.counters()
    assert counters.open == 0 and counters.reloads > 0
    assert counters.full + counters.resumed + counters.refusals(trustdir.Reason.REMOVED) == counters.accepted


@pytest.fixture
def no_switching() -> Iterator[None]:
    """A thread gives way to others only where it says so."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("no_switching")
@pytest.mark.parametrize("work", ["generate", "encrypt", "pack", "handshake"])
def test_others_run_while_it_computes(work: str, ca: trustdir.Authority, alice: trustdir.Identity) -> None:
    acceptor = trustdir.Acceptor(ca.issue_server("localhost"))
    connector = trustdir.Connector(authorities=ca.certificate)

    go, ran = threading.Event(), threading.Event()

    def wait() -> None:
        go.wait()
        ran.set()

    other = threading.Thread(target=wait)
    other.start()
    go.set()
    deadline = time.monotonic() + 20
    while not ran.is_set():
        assert time.monotonic() < deadline, "the interpreter is held all the time"
        if work == "generate":
            trustdir.PrivateKey.generate("RSA-3072")
        elif work == "encrypt":
            alice.key.to_pem("test")
        elif work == "handshake":
            server, client = acceptor.accept(), connector.connect("localhost")
            while client.write(b"hello") == 0:
                server.read_tls(client.write_tls())
                client.read_tls(server.write_tls())
        else:
            alice.p12("test")
    other.join()


@pytest.mark.usefixtures("no_switching")
@pytest.mark.parametrize(
    "work",
    [
        lambda clients, new: clients.install(new),
        lambda clients, new: clients.replace("alice", new),
        lambda clients, new: clients.rehash(),
        lambda clients, new: clients.rehash(dry_run=True),
    ],
    ids=["install", "replace", "rehash", "plan"],
)
def test_others_run_while_it_waits_for_a_lock(
    work: Callable[[trustdir.TrustDir, trustdir.Certificate], object],
    ca: trustdir.Authority,
    clients: trustdir.TrustDir,
    alice: trustdir.Identity,
) -> None:
    """Else the one that has the lock could not let it go, and the one that waits would give up."""
    clients.install(alice.certificate)
    new = ca.issue_client("bob").certificate
    begun = threading.Event()

    def wait() -> None:
        begun.set()
        work(clients, new)

    lock = os.open(clients.path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait)
        begun.wait()
        os.close(lock)
        waiting.result()
