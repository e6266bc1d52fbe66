"""What an authority has issued: renewed, listed and revoked."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

import trustdir
from trustdir import IssuedStatus, RevocationReason
from trustdir._trustdir import REVOCATION_REASONS

OpenSsl = Callable[..., str]


@pytest.fixture
def office(ca: trustdir.Authority, tmp_path: Path) -> trustdir.Authority:
    """An authority that a test has for itself."""
    return ca.create_intermediate(tmp_path / "office", name="Office")


def test_every_reason_of_the_core_is_a_member() -> None:
    assert tuple(RevocationReason) == REVOCATION_REASONS


def test_both_purposes(ca: trustdir.Authority) -> None:
    peer = ca.issue_both("peer.home.arpa", "10.0.0.7", days=10).certificate
    assert peer.purposes == ["server", "client"]
    assert peer.names == ["DNS:peer.home.arpa", "IP:10.0.0.7"]
    usage = x509.load_der_x509_certificate(peer.der).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1"), x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")}


def test_a_client_with_names(ca: trustdir.Authority) -> None:
    alice = ca.issue_client("alice", names=["email:alice@home.arpa", "alice.home.arpa"]).certificate
    assert (alice.subject, alice.purposes) == ("CN=alice", ["client"])
    assert alice.names == ["email:alice@home.arpa", "DNS:alice.home.arpa"]
    with pytest.raises(TypeError):
        ca.issue_client("alice", names="alice.home.arpa")


def test_any_subject(ca: trustdir.Authority) -> None:
    nas = ca.issue("server", "CN=nas,O=Home", names=["nas.home.arpa"], days=3, algorithm="Ed25519")
    assert (nas.certificate.subject, nas.certificate.purposes, nas.key.algorithm) == (
        "CN=nas,O=Home",
        ["server"],
        "Ed25519",
    )
    with pytest.raises(trustdir.InvalidArgumentError, match="create_intermediate"):
        ca.issue("authority", "Evil")  # type: ignore[arg-type]
    with pytest.raises(trustdir.InvalidArgumentError, match="profile"):
        ca.issue("root", "Evil")  # type: ignore[arg-type]


def test_renewing_keeps_the_key(office: trustdir.Authority) -> None:
    old = office.issue_server("nas.home.arpa", "192.168.1.5")
    renewed = office.renew(old.certificate, days=5)
    assert renewed.notes == []
    assert (renewed.certificate.subject, renewed.certificate.names) == (old.certificate.subject, old.certificate.names)
    assert renewed.certificate.serial != old.certificate.serial
    assert renewed.certificate.not_after - datetime.now(UTC) <= timedelta(days=5)
    again = trustdir.Identity([renewed.certificate, office.certificate], old.key)
    assert again.chain_pem == renewed.certificate.pem + office.certificate.pem
    with pytest.raises(trustdir.KeyMismatchError):
        trustdir.Identity([office.certificate], old.key)
    jumbled = trustdir.Identity([office.certificate, renewed.certificate, renewed.certificate], old.key)
    assert jumbled.chain_pem == again.chain_pem


def test_renewing_with_a_new_key(office: trustdir.Authority) -> None:
    old = office.issue_client("alice", algorithm="P-384")
    identity, notes = office.renew_with_new_key(old.certificate)
    assert (identity.key.algorithm, notes) == ("P-384", [])
    assert identity.key_pem() != old.key_pem()
    assert office.renew_with_new_key(old.certificate, algorithm="P-256")[0].key.algorithm == "P-256"


def test_what_is_not_renewed(office: trustdir.Authority, alice: trustdir.Identity) -> None:
    with pytest.raises(trustdir.InvalidArgumentError, match="was not issued by"):
        office.renew(alice.certificate)
    revoked = office.issue_client("bob").certificate
    office.revoke(revoked)
    with pytest.raises(trustdir.VerificationError) as caught:
        office.renew(revoked)
    assert caught.value.kind == "REVOKED"


def test_the_list_of_what_was_issued(office: trustdir.Authority) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    valid = office.issue_server("nas.home.arpa", days=20).certificate
    over = office.issue_client("old", not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)).certificate
    revoked = office.issue_client("bob").certificate
    office.revoke(revoked, RevocationReason.KEY_COMPROMISE)

    issued = office.issued()
    assert [one.certificate for one in issued] == [valid, over, revoked]
    assert [one.status for one in issued] == [IssuedStatus.VALID, IssuedStatus.EXPIRED, IssuedStatus.REVOKED]
    assert [one.reason for one in issued] == [None, None, RevocationReason.KEY_COMPROMISE]
    for one, certificate in zip(issued, [valid, over, revoked], strict=True):
        assert (one.serial, one.subject, one.not_after) == (
            certificate.serial,
            certificate.subject,
            certificate.not_after,
        )
        assert trustdir.Certificate.load(one.file) == certificate
    assert issued[0].revoked_at is None
    assert issued[2].revoked_at is not None and timedelta(0) <= issued[2].revoked_at - now < timedelta(minutes=5)
    assert repr(issued[2]) == f"<trustdir.Issued {revoked.serial} REVOKED CN=bob>"

    for name in ("nas.home.arpa", "DNS:nas.home.arpa", "CN=nas.home.arpa", valid.serial, valid.fingerprint):
        assert [one.certificate for one in office.find(name)] == [valid]
        assert issued[0].is_named(name) and not issued[1].is_named(name)
    assert office.find("nobody") == []
    assert [one.certificate for one in office.expiring(30)] == [valid, over]
    assert [one.certificate for one in office.expiring(timedelta(days=10))] == [over]

    issued[0].file.unlink()
    gone = office.issued()[0]
    assert (gone.certificate, gone.subject) == (None, "/CN=nas.home.arpa")


@pytest.mark.parametrize("reason", RevocationReason)
def test_a_list_of_what_is_revoked(office: trustdir.Authority, reason: RevocationReason) -> None:
    alice = office.issue_client("alice").certificate
    office.revoke(alice, reason.value)
    path = office.crl(days=7)
    assert path.parent == office.path

    read = x509.load_pem_x509_crl(path.read_bytes())
    authority = x509.load_der_x509_certificate(office.certificate.der)
    assert read.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    assert read.issuer == authority.subject
    assert read.next_update_utc is not None
    assert read.next_update_utc - read.last_update_utc == timedelta(days=7)
    entry = read.get_revoked_certificate_by_serial_number(int(alice.serial, 16))
    assert entry is not None
    if reason is RevocationReason.UNSPECIFIED:
        assert len(entry.extensions) == 0  # RFC 5280, 5.3.1
    else:
        said = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
        assert said.lower() == reason.lower()


def test_on_hold(office: trustdir.Authority) -> None:
    alice, bob = (office.issue_client(name).certificate for name in ("alice", "bob"))
    office.revoke(alice, RevocationReason.CERTIFICATE_HOLD)
    office.unhold(alice)
    assert [one.status for one in office.issued()] == [IssuedStatus.VALID, IssuedStatus.VALID]
    with pytest.raises(trustdir.InvalidArgumentError, match="not on hold"):
        office.unhold(alice)
    office.revoke(bob)
    with pytest.raises(trustdir.AlreadyExistsError, match="revoked already"):
        office.revoke(bob)
    with pytest.raises(trustdir.InvalidArgumentError, match="keyCompromise"):
        office.revoke(alice, "because")


def test_openssl_and_python_find_the_installed_list(openssl: OpenSsl, tmp_path: Path) -> None:
    ca = trustdir.Authority.create(tmp_path / "pki")
    bob = ca.issue_client("bob")
    bob.save(tmp_path / "bob.pem", tmp_path / "bob.key.pem")
    anchors = trustdir.TrustDir(tmp_path / "anchors", create=True)
    anchors.install(ca.certificate)
    with pytest.raises(FileNotFoundError):
        ca.install_crl(anchors.path)
    ca.crl()
    installed = ca.install_crl(str(anchors.path))
    assert installed == anchors.path / f"{ca.certificate.subject_hash}.r0"
    check = ("verify", "-crl_check", "-x509_strict", "-CApath", "anchors", "bob.pem")
    openssl(*check)

    ca.revoke(bob.certificate, "keyCompromise")
    ca.crl()
    assert ca.install_crl(anchors.path) == installed
    with pytest.raises(AssertionError, match="certificate revoked"):
        openssl(*check)
    context = ssl.create_default_context(cafile=str(ca.certificate_path))
    context.load_verify_locations(installed)
    assert context.cert_store_stats()["crl"] == 1


def test_notebooks_show_a_table(office: trustdir.Authority) -> None:
    late = office.issue_client("<late>", days=10)
    office.issue_server("nas.home.arpa", days=100)
    office.revoke(late.certificate)
    shown = office.issued()._repr_html_()
    assert shown.count("<tr>") == 3 and "CN=\\<late\\>" not in shown and "<late" not in shown
    assert f"<td>{late.certificate.not_after:%Y-%m-%d}</td><td>REVOKED</td>" in shown
    assert isinstance(office.find("nas.home.arpa"), trustdir.IssuedList) and len(office.expiring(365)) == 1


def test_how_long_certificates_last_is_drawn(office: trustdir.Authority) -> None:
    for days in (100, 10):
        office.issue_client(f"client of {days}", days=days)
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    axes = office.issued().plot()
    lasting = [round(bar.get_width()) for bar in axes.patches]
    assert lasting == [100, 10], "the one that ends first is the last, which is the top"
    assert [label.get_text().split(" (")[0] for label in axes.get_yticklabels()] == ["CN=client of 100", "CN=client of 10"]
    pyplot.close()
