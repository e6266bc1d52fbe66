import os
from pathlib import Path

import trustdir


def test_nothing_to_say(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    assert clients.check() == []


def test_every_kind(clients: trustdir.TrustDir, ca: trustdir.Authority, alice: trustdir.Identity) -> None:
    broken, both = clients.path / "broken.pem", clients.path / "both.pem"
    broken.write_text("not a certificate")
    both.write_bytes(alice.key_pem() + alice.certificate.pem)
    server = clients.install(ca.issue_server("nas.home.arpa").certificate)
    root = clients.install(ca.certificate)

    notices = clients.check()
    assert [(notice.kind, notice.is_problem, notice.file) for notice in notices] == [
        ("FILE", True, broken),
        ("PRIVATE_KEY", True, both),
        *sorted((("WRONG_PURPOSE", True, entry.file) for entry in (server, root)), key=lambda told: told[2]),
        ("AUTHORITY", False, root.file),
        ("ENTRY_NAMES", False, both),
    ]
    for notice in notices:
        assert notice.message and "\n" not in notice.message
        assert repr(notice) == f"<trustdir.Notice {notice.kind} {notice.file}: {notice.message}>"
    assert [notice.certificate for notice in notices[:2]] == [None, alice.certificate]
    assert notices[2].kind == trustdir.Reason.WRONG_PURPOSE


def test_where_only_hashes_count(tmp_path: Path, alice: trustdir.Identity) -> None:
    (tmp_path / "alice.pem").write_bytes(alice.certificate.pem)
    hashed = trustdir.TrustDir(tmp_path, entry_names="subject-hash")
    (notice,) = hashed.check()
    assert (notice.kind, notice.is_problem) == ("ENTRY_NAMES", True)
    assert alice.certificate.subject_hash in notice.message
    os.symlink("alice.pem", tmp_path / f"{alice.certificate.subject_hash}.0")
    assert hashed.check() == []
