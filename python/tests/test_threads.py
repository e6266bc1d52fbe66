import fcntl
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

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
    for attempt in count():
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
        if ran.is_set():
            break
        assert attempt < 20, "the interpreter is held all the time"
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
