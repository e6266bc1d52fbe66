from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdir
from trustdir import Reason


@pytest.fixture
def home(tmp_path: Path) -> trustdir.Authority:
    """An authority that may revoke."""
    return trustdir.Authority.create(tmp_path / "home", name="Home CA")


@pytest.fixture
def authorities(tmp_path: Path, home: trustdir.Authority) -> trustdir.AuthorityDir:
    """A directory with that authority in it."""
    directory = trustdir.AuthorityDir(tmp_path / "authorities", create=True)
    directory.directory.install(home.trust_anchor)
    return directory


def test_who_is_vouched_for(
    authorities: trustdir.AuthorityDir, home: trustdir.Authority, alice: trustdir.Identity
) -> None:
    (anchor,) = authorities.directory
    certificate = home.issue_client("alice").certificate
    for chain in (certificate, certificate.der, [certificate], (memoryview(certificate.der),)):
        decision = authorities.decide(chain)
        assert (decision.reason, decision.entry) == (Reason.ADMITTED, anchor.file)
        assert decision.certificate == certificate
    assert authorities.decide(alice.certificate).reason == Reason.UNTRUSTED_ISSUER
    assert authorities.decide([]).reason == Reason.NO_CERTIFICATE
    assert authorities.decide(b"garbage").reason == Reason.MALFORMED
    late = certificate.not_after + timedelta(seconds=1)
    assert authorities.decide(certificate, at=late).reason == Reason.EXPIRED
    for other in (None, 5, "alice", [5]):
        with pytest.raises(TypeError, match="expected a Certificate"):
            authorities.decide(other)  # type: ignore[arg-type]
    assert repr(authorities) == f"<trustdir.AuthorityDir {authorities.directory.path}>"

    anchor.file.unlink()
    assert authorities.decide(certificate).reason == Reason.UNTRUSTED_ISSUER


def test_an_intermediate(authorities: trustdir.AuthorityDir, home: trustdir.Authority, tmp_path: Path) -> None:
    alice = home.create_intermediate(tmp_path / "below", name="Below").issue_client("alice")
    assert authorities.decide(alice.chain).admitted
    assert authorities.decide([certificate.der for certificate in alice.chain]).admitted
    assert authorities.decide(alice.certificate).reason == Reason.UNTRUSTED_ISSUER


@pytest.mark.parametrize("form", ["path", "text", "PEM", "DER"])
def test_revocation_lists(
    authorities: trustdir.AuthorityDir, home: trustdir.Authority, openssl: Callable[..., str], tmp_path: Path, form: str
) -> None:
    alice, bob = home.issue_client("alice").certificate, home.issue_client("bob").certificate
    home.revoke(alice, "keyCompromise")
    path = home.crl(days=7)
    openssl("crl", "-in", str(path), "-outform", "DER", "-out", "list.der")
    crls: dict[str, str | Path | bytes] = {
        "path": path,
        "text": str(path),
        "PEM": path.read_bytes(),
        "DER": (tmp_path / "list.der").read_bytes(),
    }
    file = authorities.install_crl(crls[form])
    assert file.name == f"{home.certificate.subject_hash}.r0"
    assert authorities.decide(alice).reason == Reason.REVOKED_BY_CRL
    assert authorities.decide(bob).admitted
    (crl,) = authorities.crls()
    assert (crl.file, crl.issuer, crl.revoked) == (file, home.certificate.subject, 1)
    assert crl.next_update - crl.this_update == timedelta(days=7)
    assert timedelta() <= datetime.now(UTC) - crl.this_update < timedelta(hours=1)
    assert f"crlNumber=0x{crl.number}".lower() == openssl("crl", "-in", str(file), "-noout", "-crlnumber").lower()
    assert repr(crl) == f"<trustdir.Crl {file} CN=Home CA>"
    assert authorities.problems() == []


def test_lists_that_are_refused(
    authorities: trustdir.AuthorityDir, home: trustdir.Authority, tmp_path: Path
) -> None:
    namesake = trustdir.Authority.create(tmp_path / "namesake", name="Home CA")
    with pytest.raises(trustdir.VerificationError) as error:
        authorities.install_crl(namesake.crl())
    assert (error.value.kind, error.value.subject) == ("BAD_SIGNATURE", "CN=Home CA")
    with pytest.raises(trustdir.ParseError):
        authorities.install_crl(b"garbage")
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("garbage")
    with pytest.raises(trustdir.ParseError) as unreadable:
        authorities.install_crl(garbage)
    assert unreadable.value.path == garbage
    with pytest.raises(FileNotFoundError):
        authorities.install_crl(tmp_path / "missing.pem")
    with pytest.raises(TypeError, match="expected a path, or bytes"):
        authorities.install_crl(None)  # type: ignore[arg-type]
    assert authorities.crls() == []


def test_lists_that_are_out_of_date(authorities: trustdir.AuthorityDir, home: trustdir.Authority) -> None:
    alice = home.issue_client("alice").certificate
    authorities.install_crl(home.crl(days=1))
    later = datetime.now(UTC) + timedelta(days=2)
    patient = trustdir.AuthorityDir(authorities.directory.path, stale_crls="admit", watch=False)
    assert (authorities.stale_crls, patient.stale_crls) == ("refuse", "admit")
    assert authorities.decide(alice).admitted
    assert authorities.decide(alice, at=later).reason == Reason.STALE_CRL
    assert patient.decide(alice, at=later).admitted
    home.revoke(alice)
    patient.install_crl(home.crl(days=1))
    assert patient.decide(alice, at=later).reason == Reason.REVOKED_BY_CRL


def test_how_it_is_opened(tmp_path: Path, home: trustdir.Authority) -> None:
    with pytest.raises(FileNotFoundError):
        trustdir.AuthorityDir(tmp_path / "authorities")
    with pytest.raises(ValueError, match='stale_crls is "refuse" or "admit"'):
        trustdir.AuthorityDir(tmp_path / "authorities", stale_crls="ignore")  # type: ignore[arg-type]
    hashed = trustdir.AuthorityDir(tmp_path / "authorities", create=True, entry_names="subject-hash")
    assert hashed.directory.entry_names == "subject-hash"
    alice = home.issue_client("alice").certificate
    (hashed.directory.path / "home.pem").write_bytes(home.trust_anchor.pem)
    hashed.refresh()
    assert not hashed.decide(alice).admitted
    hashed.directory.rehash()
    assert hashed.decide(alice).admitted


def test_problems(authorities: trustdir.AuthorityDir, alice: trustdir.Identity) -> None:
    assert authorities.problems() == []
    entry = authorities.directory.install(alice.certificate)
    broken = authorities.directory.path / "broken.pem"
    broken.write_text("not a certificate")
    problems = authorities.problems()
    assert {problem.file for problem in problems} == {entry.file, broken}
    assert all(problem.message for problem in problems)
