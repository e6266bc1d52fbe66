import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import trustdir


def names(directory: Path) -> dict[str, str | None]:
    return {path.name: str(path.readlink()) if path.is_symlink() else None for path in directory.iterdir()}


def test_rehash(clients: trustdir.TrustDir, alice: trustdir.Identity, openssl: Callable[..., str]) -> None:
    path, stray = clients.path / "alice.pem", clients.path / "0fb8533c.0"
    path.write_bytes(alice.certificate.pem)
    stray.symlink_to("missing.pem")
    before = names(clients.path)
    link = clients.path / f"{alice.certificate.subject_hash}.0"

    plan = clients.rehash(dry_run=True)
    assert names(clients.path) == before
    done = clients.rehash()
    for rehashed in (plan, done):
        assert rehashed.linked == [(link, path)]
        assert (rehashed.renamed, rehashed.removed, rehashed.left) == ([], [stray], [])
        assert [(entry.file, entry.certificate) for entry in rehashed.newly_admitted] == [(path, alice.certificate)]
        assert not rehashed.is_unchanged
        assert repr(rehashed) == "<trustdir.Rehashed 1 linked, 0 renamed, 1 removed, 0 left>"
    after = names(clients.path)
    assert after == {"alice.pem": None, link.name: "alice.pem"}
    assert clients.rehash().is_unchanged and clients.rehash(dry_run=True).newly_admitted == []

    openssl("rehash", str(clients.path))
    assert names(clients.path) == after


def test_gaps_are_closed(clients: trustdir.TrustDir, ca: trustdir.Authority, alice: trustdir.Identity) -> None:
    first = clients.install(alice.certificate).file
    second = clients.install(ca.issue_client("alice").certificate).file
    first.unlink()
    assert clients.rehash().renamed == [(second, first)]


def test_what_is_left_is_told(clients: trustdir.TrustDir) -> None:
    bad = clients.path / "0fb8533c.0"
    bad.write_text("not a certificate")
    (problem,) = clients.rehash().left
    assert problem.file == bad and problem.message


def test_who_looks_on_holds_no_lock(clients: trustdir.TrustDir) -> None:
    plan = clients.rehash(dry_run=True)
    directory = os.open(clients.path, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(directory)
    assert plan.is_unchanged
