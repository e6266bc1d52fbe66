"""Authorities below authorities, their limits, and what else becomes of an authority."""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

import trustdir

OpenSsl = Callable[..., str]


def extension(certificate: trustdir.Certificate) -> x509.NameConstraints:
    read = x509.load_der_x509_certificate(certificate.der)
    found = read.extensions.get_extension_for_class(x509.NameConstraints)
    assert found.critical
    return found.value


def test_an_intermediate(ca: trustdir.Authority, openssl: OpenSsl, tmp_path: Path) -> None:
    office = ca.create_intermediate(tmp_path / "office", name="Office", days=90, passphrase="test", algorithm="P-384")
    assert [one.subject for one in office.chain] == ["CN=Office", "CN=Home CA"]
    assert office.trust_anchor == ca.certificate == ca.trust_anchor
    assert trustdir.Certificate.load_all(office.trust_anchor_path) == office.chain
    assert trustdir.Certificate.load(office.certificate_path) == office.certificate
    assert (office.certificate.path_length, ca.certificate.path_length) == (0, None)
    assert not office.certificate.is_self_issued and ca.certificate.is_self_issued
    assert office.certificate.is_signed_by(ca.certificate)
    assert office.certificate.key_algorithm == "P-384"

    again = trustdir.Authority.open(tmp_path / "office", passphrase="test")
    server = again.issue_server("nas.home.arpa")
    assert server.chain[1:] == [office.certificate]
    server.save(tmp_path / "server.pem", tmp_path / "server.key.pem")
    openssl(
        *f"verify -x509_strict -purpose sslserver -CAfile {ca.certificate_path}".split(),
        *"-untrusted server.pem server.pem".split(),
    )
    with pytest.raises(trustdir.InvalidArgumentError, match="no room"):
        office.create_intermediate(tmp_path / "desk")
    assert not (tmp_path / "desk").exists()


def test_a_path_length(ca: trustdir.Authority, tmp_path: Path) -> None:
    assert trustdir.Authority.create(tmp_path / "root", path_length=0).certificate.path_length == 0
    assert ca.create_intermediate(tmp_path / "office", path_length=2).certificate.path_length == 2
    for length in (-1, 256, 2**80):
        with pytest.raises(ValueError, match="path_length"):
            trustdir.Authority.create(tmp_path / "pki", path_length=length)


def test_constraints(openssl: OpenSsl, tmp_path: Path) -> None:
    ca = trustdir.Authority.create(
        tmp_path / "pki",
        permitted=[
            "home.arpa",
            ipaddress.ip_network("192.168.0.0/16"),
            ipaddress.ip_address("fd00::1"),
            "email:home.arpa",
        ],
        excluded=("bad.home.arpa", ipaddress.IPv4Network("192.168.66.0/24")),
    )
    constraints = ca.certificate.name_constraints
    assert constraints is not None
    assert constraints.permitted == ["DNS:home.arpa", "IP:192.168.0.0/16", "IP:fd00::1/128", "email:home.arpa"]
    assert constraints.excluded == ["DNS:bad.home.arpa", "IP:192.168.66.0/24"]
    assert extension(ca.certificate).permitted_subtrees == [
        x509.DNSName("home.arpa"),
        x509.IPAddress(ipaddress.ip_network("192.168.0.0/16")),
        x509.IPAddress(ipaddress.ip_network("fd00::1/128")),
        x509.RFC822Name("home.arpa"),
    ]
    assert constraints.allow("nas.home.arpa") and constraints.allow(ipaddress.ip_address("192.168.1.5"))
    assert not constraints.allow("very.bad.home.arpa") and not constraints.allow("192.168.66.1")
    assert constraints == trustdir.Authority.open(tmp_path / "pki").certificate.name_constraints
    assert len({constraints, ca.certificate.name_constraints}) == 1
    assert "DNS:bad.home.arpa" in repr(constraints)

    ca.issue_server("nas.home.arpa", "192.168.1.5").save(tmp_path / "nas.pem", tmp_path / "nas.key.pem")
    openssl("verify", "-x509_strict", "-CAfile", "pki/cacert.pem", "nas.pem")
    for name in ("bank.example", "bad.home.arpa", "10.0.0.1"):
        with pytest.raises(trustdir.VerificationError) as caught:
            ca.issue_server(name)
        assert caught.value.kind == "NAME_MISMATCH"


def test_home(tmp_path: Path) -> None:
    ca = trustdir.Authority.create(tmp_path / "pki", home=True, permitted=["example.org"], excluded=["10.0.0.0/8"])
    constraints = ca.certificate.name_constraints
    assert constraints is not None and constraints.excluded == ["IP:10.0.0.0/8"]
    for name in ("nas.home.arpa", "printer.local", "192.168.1.5", "fd00::5", "www.example.org"):
        assert constraints.allow(name), name
    for name in ("example.com", "10.1.2.3", "8.8.8.8"):
        assert not constraints.allow(name), name


def test_no_constraints(ca: trustdir.Authority) -> None:
    assert ca.certificate.name_constraints is None


@pytest.mark.parametrize("subtree", ["10.0.0.1/8", "*.home.arpa", "my home"])
def test_subtrees_that_make_no_sense(subtree: str, tmp_path: Path) -> None:
    with pytest.raises(trustdir.InvalidArgumentError, match="name constraint"):
        trustdir.Authority.create(tmp_path / "pki", permitted=[subtree])
    with pytest.raises(TypeError, match="ipaddress"):
        trustdir.Authority.create(tmp_path / "pki", permitted=[5])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        trustdir.Authority.create(tmp_path / "pki", permitted="home.arpa")
    assert not (tmp_path / "pki").exists()


def test_open_without_the_key(tmp_path: Path) -> None:
    alice = trustdir.Authority.create(tmp_path / "pki", passphrase="test").issue_client("alice").certificate
    ca = trustdir.Authority.open(tmp_path / "pki", key=False)
    assert [issued.certificate for issued in ca.issued()] == [alice]
    ca.revoke(alice)
    for sign in (lambda: ca.issue_client("bob"), ca.crl, ca.renew_authority):
        with pytest.raises(trustdir.InvalidArgumentError, match="without its private key"):
            sign()


def test_an_authority_of_openssl_is_taken_over(openssl: OpenSsl, tmp_path: Path) -> None:
    openssl(*"req -x509 -newkey rsa:2048 -nodes -keyout old.key.pem -out old.pem -days 30 -subj /CN=Old".split())
    old = trustdir.Identity.load(tmp_path / "old.pem", tmp_path / "old.key.pem")
    ca = trustdir.Authority.import_(tmp_path / "pki", old, passphrase="test")
    assert ca.certificate == old.certificate
    ca.issue_client("alice").save(tmp_path / "alice.pem", tmp_path / "alice.key.pem")
    openssl("verify", "-purpose", "sslclient", "-CAfile", "old.pem", "alice.pem")
    with pytest.raises(trustdir.AlreadyExistsError):
        trustdir.Authority.import_(tmp_path / "pki", old)
    with pytest.raises(trustdir.VerificationError) as caught:
        trustdir.Authority.import_(tmp_path / "other", ca.issue_client("mallory"))
    assert caught.value.kind == "WRONG_PURPOSE"


def test_renewing_an_authority(tmp_path: Path) -> None:
    root = trustdir.Authority.create(tmp_path / "root", days=1000)
    office = root.create_intermediate(tmp_path / "office", days=10)
    alice = office.issue_client("alice").certificate
    with pytest.raises(trustdir.InvalidArgumentError, match="name that authority"):
        office.renew_authority()

    renewed = office.renew_authority(root, days=timedelta(days=100))
    assert renewed.certificate.subject == office.certificate.subject
    assert renewed.certificate.serial != office.certificate.serial
    assert renewed.certificate.not_after - datetime.now(UTC) > timedelta(days=99)
    assert alice.is_signed_by(renewed.certificate)
    assert trustdir.Authority.open(tmp_path / "office").certificate == renewed.certificate

    again = root.renew_authority(days=2000)
    assert again.certificate.not_after > root.certificate.not_after
    assert renewed.certificate.is_signed_by(again.certificate)
