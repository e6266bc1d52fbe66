import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdir

PASSPHRASE = "correct horse"


def test_create_and_open(tmp_path: Path) -> None:
    ca = trustdir.Authority.create(
        tmp_path / "pki", name="CN=Home CA,O=Home", days=timedelta(days=1000), passphrase=PASSPHRASE, algorithm="P-384"
    )
    assert ca.certificate.subject == "CN=Home CA,O=Home"
    assert ca.certificate.is_authority
    assert ca.path == tmp_path / "pki"
    assert timedelta(days=999) < ca.certificate.not_after - datetime.now(UTC) <= timedelta(days=1000)
    assert repr(ca) == f"<trustdir.Authority CN=Home CA,O=Home in {tmp_path / 'pki'}>"

    with pytest.raises(trustdir.AlreadyExistsError):
        trustdir.Authority.create(tmp_path / "pki")
    with pytest.raises(trustdir.PassphraseError):
        trustdir.Authority.open(tmp_path / "pki")
    again = trustdir.Authority.open(str(tmp_path / "pki"), passphrase=PASSPHRASE.encode())
    assert again.certificate == ca.certificate
    assert again.issue_client("alice").certificate.issuer == ca.certificate.subject


def test_names_are_text_or_addresses(ca: trustdir.Authority) -> None:
    names = ca.issue_server(
        "nas.home.arpa", ipaddress.ip_address("192.168.1.5"), ipaddress.IPv6Address("fd00::5"), "10.0.0.1"
    ).certificate.names
    assert names == ["DNS:nas.home.arpa", "IP:192.168.1.5", "IP:fd00::5", "IP:10.0.0.1"]


@pytest.mark.parametrize("names", [["nas", "192.168.1.5"], None, 5])
def test_a_list_of_names_is_told_how(ca: trustdir.Authority, names: object) -> None:
    with pytest.raises(TypeError, match="separate arguments"):
        ca.issue_server(names)  # type: ignore[arg-type]


def test_no_name_is_an_error(ca: trustdir.Authority) -> None:
    with pytest.raises(trustdir.InvalidArgumentError):
        ca.issue_server()


@pytest.mark.parametrize("days", [90, timedelta(days=90), timedelta(hours=24 * 90)])
def test_days(ca: trustdir.Authority, days: int | timedelta) -> None:
    certificate = ca.issue_client("alice", days=days).certificate
    assert timedelta(days=89) < certificate.not_after - datetime.now(UTC) <= timedelta(days=90)


@pytest.mark.parametrize("days", [0, -1, 2**40, 2**80, timedelta(hours=1), timedelta(days=-1)])
def test_days_that_make_no_sense(ca: trustdir.Authority, days: int | timedelta) -> None:
    with pytest.raises(ValueError, match="whole days"):
        ca.issue_client("alice", days=days)


def test_times_need_a_zone(ca: trustdir.Authority) -> None:
    with pytest.raises(ValueError, match="time zone"):
        ca.issue_client("alice", not_after=datetime(2030, 1, 1))
    with pytest.raises(TypeError):
        ca.issue_client("alice", not_after="2030-01-01")  # type: ignore[arg-type]


def test_algorithms(ca: trustdir.Authority) -> None:
    assert ca.issue_client("alice", algorithm="Ed25519").key.algorithm == "Ed25519"
    with pytest.raises(ValueError, match="DSA"):
        ca.issue_client("alice", algorithm="DSA")


def test_serials_differ(ca: trustdir.Authority) -> None:
    assert len({ca.issue_client("alice").certificate.serial for _ in range(8)}) == 8
