import asyncio
import os
import select
from pathlib import Path

import pytest

import trustdir


@pytest.fixture
def unwatched(tmp_path: Path) -> trustdir.TrustDir:
    """A directory that is looked at when it is asked to."""
    return trustdir.TrustDir(tmp_path / "unwatched", create=True, watch=False)


def readable(removals: trustdir.Removals) -> bool:
    return bool(select.select([removals], [], [], 0)[0])


def test_asyncio_is_woken(clients: trustdir.TrustDir, ca: trustdir.Authority, alice: trustdir.Identity) -> None:
    """The watcher's thread notices; whoever nobody stands on is not listed."""
    unused = clients.install(ca.issue_client("bob").certificate)
    entry = clients.install(alice.certificate)

    async def serve() -> list[trustdir.Removal]:
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[list[trustdir.Removal]] = loop.create_future()
        with clients.removals() as removals:
            loop.add_reader(removals, lambda: heard.set_result(list(removals)))
            admission = clients.decide(alice.certificate, hold=True)
            assert admission.admitted
            unused.file.unlink()
            entry.file.unlink()
            try:
                return await asyncio.wait_for(heard, 60)
            finally:
                loop.remove_reader(removals)

    (removal,) = asyncio.run(serve())
    assert (removal.fingerprint, removal.file) == (alice.certificate.fingerprint, entry.file)
    assert repr(removal) == f"<trustdir.Removal {entry.file} {alice.certificate.fingerprint}>"


def test_each_list_has_each_removal(unwatched: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    entry = unwatched.install(alice.certificate)
    with unwatched.removals() as removals, unwatched.removals() as others:
        admissions = [unwatched.decide(alice.certificate, hold=True) for _ in range(3)]
        assert not readable(removals) and list(removals) == []
        entry.file.unlink()
        assert list(removals) == []
        unwatched.refresh()
        assert readable(removals) and readable(others)
        assert list(removals) == list(others) != []
        assert not readable(removals) and list(removals) == []
        assert not removals.missed()
        assert all(admission.admitted for admission in admissions), "what was decided stays so"


@pytest.mark.parametrize("hold", [False, True])
def test_who_holds_nothing_is_told_nothing(
    unwatched: trustdir.TrustDir, alice: trustdir.Identity, hold: bool
) -> None:
    unwatched.install(alice.certificate)
    with unwatched.removals() as removals:
        kept = unwatched.decide(alice.certificate, hold=hold)
        if hold:
            del kept
        unwatched.remove("alice")
        unwatched.refresh()
        assert list(removals) == []


def test_too_many(unwatched: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    path = unwatched.path / "alice.pem"
    with unwatched.removals() as removals:
        kept = []
        for _ in range(1025):
            path.write_bytes(alice.certificate.der)
            kept.append(unwatched.decide(alice.certificate, hold=True))
            path.unlink()
            unwatched.refresh()
        assert all(admission.admitted for admission in kept)
        assert len(list(removals)) == 1024
        assert removals.missed() and not removals.missed()


def test_closing(clients: trustdir.TrustDir) -> None:
    removals = clients.removals()
    descriptor = removals.fileno()
    os.fstat(descriptor)
    assert repr(removals) == "<trustdir.Removals>" and iter(removals) is removals
    removals.close()
    removals.close()
    with pytest.raises(OSError):
        os.fstat(descriptor)
    assert repr(removals) == "<trustdir.Removals closed>"
    for use in (removals.fileno, removals.missed, lambda: next(removals)):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_the_directory_may_go_first(tmp_path: Path) -> None:
    removals = trustdir.TrustDir(tmp_path / "clients", create=True).removals()
    assert list(removals) == [] and not readable(removals)
    removals.close()
