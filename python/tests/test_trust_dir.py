import subprocess
import sys
from pathlib import Path

import pytest

import trustdir


def test_install_list_and_remove(ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    assert (len(clients), list(clients), alice.certificate in clients) == (0, [], False)
    before = clients.generation

    entry = clients.install(alice.certificate)
    assert entry.certificate == alice.certificate
    assert (clients.path / entry.file).name == f"{alice.certificate.subject_hash}.0"
    assert entry.link_target is None
    assert clients.install(alice.certificate).file == entry.file
    assert clients.generation > before

    bob = ca.issue_client("bob").certificate
    clients.install(bob)
    assert len(clients) == len(clients.list()) == 2
    assert {entry.certificate for entry in clients} == {alice.certificate, bob}
    assert alice.certificate in clients and "alice" not in clients
    assert clients.problems() == []

    removed = clients.remove(alice.certificate)
    assert [path.name for path in removed] == [entry.file.name]
    assert [entry.certificate for entry in clients] == [bob]


@pytest.mark.parametrize(
    "which",
    [
        lambda entry: entry,
        lambda entry: entry.certificate,
        lambda entry: entry.file.name,
        lambda entry: entry.certificate.fingerprint,
        lambda entry: entry.certificate.fingerprint[:8],
        lambda entry: entry.certificate.subject,
        lambda entry: "alice",
    ],
)
def test_what_remove_takes(clients: trustdir.TrustDir, alice: trustdir.Identity, which) -> None:  # type: ignore[no-untyped-def]
    entry = clients.install(alice.certificate)
    assert len(clients.remove(which(entry))) == 1
    assert len(clients) == 0


def test_remove_takes_every_file_and_link(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    (clients.path / "alice.pem").write_bytes(alice.certificate.pem)
    (clients.path / "again.pem").symlink_to("alice.pem")
    entries = {entry.file.name: entry for entry in clients}
    assert entries["alice.pem"].link_target is None
    target = entries["again.pem"].link_target
    assert target is not None and target.name == "alice.pem"

    assert {path.name for path in clients.remove("alice")} == {"alice.pem", "again.pem"}
    assert list(clients.path.iterdir()) == []


def test_find(ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    clients.install(ca.issue_client("alice").certificate)
    assert len(clients.find("alice")) == len(clients.find("CN=alice")) == 2
    assert [entry.certificate for entry in clients.find(alice.certificate.fingerprint)] == [alice.certificate]
    with pytest.raises(trustdir.InvalidArgumentError, match="names 2 certificates"):
        clients.remove("alice")
    assert len(clients) == 2
    assert clients.find("mallory") == []
    with pytest.raises(trustdir.NotFoundError):
        clients.remove("mallory")


def test_files_that_come_and_go_by_themselves(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    path = clients.path / "alice.pem"
    path.write_bytes(alice.certificate.pem)
    assert clients.decide(alice.certificate).admitted
    path.unlink()
    assert not clients.decide(alice.certificate).admitted


def test_entry_names(tmp_path: Path, alice: trustdir.Identity) -> None:
    (tmp_path / "alice.pem").write_bytes(alice.certificate.pem)
    assert len(trustdir.TrustDir(tmp_path)) == 1
    hashed = trustdir.TrustDir(str(tmp_path), entry_names="subject-hash")
    assert len(hashed) == 0
    (tmp_path / f"{alice.certificate.subject_hash}.0").symlink_to("alice.pem")
    assert len(hashed) == 1
    assert hashed.entry_names == "subject-hash"
    with pytest.raises(ValueError, match="subject-hash"):
        trustdir.TrustDir(tmp_path, entry_names="all")  # type: ignore[arg-type]


def test_problems(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    (clients.path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nnot base64\n")
    (problem,) = clients.problems()
    assert problem.file.name == "broken.pem"
    assert problem.message and "\n" not in problem.message
    assert repr(problem) == f"<trustdir.Problem {problem.file}: {problem.message}>"
    assert len(clients) == 1


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        trustdir.TrustDir(tmp_path / "clients")
    trustdir.TrustDir(tmp_path / "clients", create=True)
    assert (tmp_path / "clients").is_dir()


@pytest.mark.parametrize("which", [None, 5, b"alice"])
def test_other_types_are_type_errors(clients: trustdir.TrustDir, which: object) -> None:
    with pytest.raises(TypeError):
        clients.remove(which)  # type: ignore[arg-type]


def test_progress(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    """It is called from threads that the interpreter has not started, while the one that opens waits."""
    for number in range(2000):
        (clients.path / f"{number}.pem").write_bytes(alice.certificate.pem)
    told: list[tuple[int, int]] = []
    again = trustdir.TrustDir(clients.path, progress=lambda done, total: told.append((done, total)))
    assert len(again) == 2000
    assert max(told) == (2000, 2000) and len(told) > 1
    assert {total for _, total in told} == {2000}


def test_progress_that_fails(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    told: list[int] = []

    def fail(done: int, total: int) -> None:
        told.append(done)
        raise KeyError(done)

    with pytest.raises(KeyError, match="1"):
        trustdir.TrustDir(clients.path, progress=fail)
    assert told == [1]
    with pytest.raises(TypeError, match="not callable"):
        trustdir.TrustDir(clients.path, progress=5)  # type: ignore[arg-type]


def test_without_a_watcher(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    threads = Path("/proc/self/task")
    before = len(list(threads.iterdir()))
    unwatched = trustdir.TrustDir(clients.path, watch=False)
    assert len(list(threads.iterdir())) == before
    entry = clients.install(alice.certificate)
    assert unwatched.decide(alice.certificate).admitted
    entry.file.unlink()
    assert not unwatched.decide(alice.certificate).admitted


def test_repr(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    assert repr(clients) == f"<trustdir.TrustDir {clients.path}>"
    entry = clients.install(alice.certificate)
    assert repr(entry) == f"<trustdir.Installed {entry.file} CN=alice>"
    assert repr(clients.list()) == f"[<trustdir.Entry {entry.file} CN=alice>]"


OUT_OF_DESCRIPTORS = """
import os, resource, sys, time, trustdir
clients = trustdir.TrustDir(sys.argv[1])
[entry] = clients.list()
assert clients.decide(entry.certificate).admitted
def settle(path):  # what changed a moment ago is looked at again anyway
    while time.time() - path.stat().st_ctime < 0.3:
        pass
settle(clients.path)
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, limit[1]))
try:
    while True:  # numbers that were closed in between are free too
        os.dup(0)
except OSError:
    pass
entry.file.chmod(0o640)  # it must be read again, and cannot be
settle(entry.file)
during = clients.decide(entry.certificate)
resource.setrlimit(resource.RLIMIT_NOFILE, limit)
after = clients.decide(entry.certificate)
print(during.admitted, after.admitted)
"""


def test_what_could_not_be_read_for_a_moment_is_read_again(
    clients: trustdir.TrustDir, alice: trustdir.Identity
) -> None:
    clients.install(alice.certificate)
    told = subprocess.run(
        [sys.executable, "-c", OUT_OF_DESCRIPTORS, str(clients.path)], capture_output=True, text=True, check=False
    )
    assert (told.stdout, told.stderr) == ("False True\n", "")
