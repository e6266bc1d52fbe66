from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import trustdir


def test_what_it_says(ca: trustdir.Authority) -> None:
    certificate = ca.issue_server("nas.home.arpa", "192.168.1.5", "fd00::5", days=30).certificate
    assert certificate.subject == "CN=nas.home.arpa"
    assert certificate.issuer == ca.certificate.subject == "CN=Home CA"
    assert certificate.names == ["DNS:nas.home.arpa", "IP:192.168.1.5", "IP:fd00::5"]
    assert certificate.version == 3
    assert (certificate.is_authority, ca.certificate.is_authority) == (False, True)
    assert (certificate.is_self_issued, ca.certificate.is_self_issued) == (False, True)
    assert (certificate.purposes, ca.certificate.purposes) == (["server"], ["authority"])
    assert (certificate.path_length, certificate.name_constraints) == (None, None)
    assert certificate.key_algorithm == "P-256"
    assert certificate.is_signed_by(ca.certificate) and not ca.certificate.is_signed_by(certificate)
    assert int(certificate.serial, 16) > 0
    for digits, length in [
        (certificate.fingerprint, 64),
        (certificate.subject_hash, 8),
        (certificate.subject_hash_old, 8),
    ]:
        assert len(digits) == length and digits == digits.lower() and int(digits, 16)


def test_times_are_aware_and_exact(ca: trustdir.Authority) -> None:
    begin = datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC)
    end = ca.certificate.not_after - timedelta(seconds=1)
    abroad = end.astimezone(timezone(timedelta(hours=5, minutes=30)))
    certificate = ca.issue_client("alice", not_before=begin, not_after=abroad).certificate
    assert (certificate.not_before, certificate.not_after) == (begin, end)
    assert certificate.not_after.utcoffset() == timedelta(0)


def test_reads_what_it_writes(alice: trustdir.Identity, tmp_path: Path) -> None:
    certificate = alice.certificate
    (tmp_path / "pem").write_bytes(certificate.pem)
    (tmp_path / "der").write_bytes(certificate.der)
    copies = [
        trustdir.Certificate.load(tmp_path / "pem"),
        trustdir.Certificate.load(str(tmp_path / "der")),
        trustdir.Certificate.from_pem(certificate.pem),
        trustdir.Certificate.from_pem(certificate.pem.decode()),
    ]
    for bytes_like in (bytes, bytearray, memoryview):
        copies.append(trustdir.Certificate.from_pem(bytes_like(certificate.pem)))
        copies.append(trustdir.Certificate.from_der(bytes_like(certificate.der)))
    copies += trustdir.Certificate.load_all(tmp_path / "pem") + trustdir.Certificate.load_all(tmp_path / "der")
    assert set(copies) == {certificate}


def test_a_strided_view_is_read_as_python_sees_it(alice: trustdir.Identity) -> None:
    spread = bytearray(2 * len(alice.certificate.der))
    spread[::2] = alice.certificate.der
    assert trustdir.Certificate.from_der(memoryview(spread)[::2]) == alice.certificate


def test_equality_and_hash(ca: trustdir.Authority, alice: trustdir.Identity) -> None:
    other = ca.issue_client("alice").certificate
    assert other != alice.certificate
    assert alice.certificate != alice.certificate.der
    assert len({other, alice.certificate, alice.chain[0]}) == 2


def test_repr(alice: trustdir.Identity) -> None:
    assert repr(alice.certificate) == f"<trustdir.Certificate CN=alice {alice.certificate.fingerprint}>"


@pytest.mark.parametrize("argument", [None, 5, object(), ["-----BEGIN"]])
def test_other_types_are_type_errors(argument: object) -> None:
    with pytest.raises(TypeError):
        trustdir.Certificate.from_pem(argument)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        trustdir.Certificate.from_der(argument)  # type: ignore[arg-type]


def test_cannot_be_made_from_nothing_or_changed(alice: trustdir.Identity) -> None:
    with pytest.raises(TypeError):
        trustdir.Certificate()
    with pytest.raises(AttributeError):
        alice.certificate.subject = "CN=bob"  # type: ignore[misc]
