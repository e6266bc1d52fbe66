"""Requests: made here or by openssl, and signed with what the operator grants."""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdir

OpenSsl = Callable[..., str]

NEW = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout r.key -out r.csr".split()


@pytest.fixture
def request_of(openssl: OpenSsl, tmp_path: Path) -> Callable[..., trustdir.CertificateRequest]:
    """A request made by openssl."""

    def make(subject: str, *extensions: str) -> trustdir.CertificateRequest:
        more = [option for extension in extensions for option in ("-addext", extension)]
        openssl(*NEW, "-subj", subject, *more)
        return trustdir.CertificateRequest.load(tmp_path / "r.csr")

    return make


RequestOf = Callable[..., trustdir.CertificateRequest]


def test_openssl_reads_ours(openssl: OpenSsl, tmp_path: Path) -> None:
    key = trustdir.PrivateKey.generate("P-384")
    names = "nas.home.arpa", ipaddress.ip_address("fd00::5"), "email:alice@home.arpa"
    request = trustdir.CertificateRequest.create(key, "CN=nas,O=Home", *names)
    assert request.names == ["DNS:nas.home.arpa", "IP:fd00::5", "email:alice@home.arpa"]
    assert (request.subject, request.asks_for_authority, request.ignored) == ("CN=nas,O=Home", False, [])
    assert repr(request) == "<trustdir.CertificateRequest CN=nas,O=Home>"

    (tmp_path / "r.pem").write_bytes(request.pem)
    text = openssl("req", "-in", "r.pem", "-verify", "-noout", "-text")
    assert "DNS:nas.home.arpa" in text and "email:alice@home.arpa" in text
    for again in (
        trustdir.CertificateRequest.load(tmp_path / "r.pem"),
        trustdir.CertificateRequest.from_pem(request.pem.decode()),
        trustdir.CertificateRequest.from_der(memoryview(request.der)),
    ):
        assert again.der == request.der


def test_what_openssl_asks_for_is_signed(
    ca: trustdir.Authority, openssl: OpenSsl, request_of: RequestOf, tmp_path: Path
) -> None:
    request = request_of("/O=Home/CN=nas", "subjectAltName=DNS:nas.home.arpa,IP:192.168.1.5,URI:urn:x:y")
    signed = ca.sign(request, days=timedelta(days=30))
    assert signed.certificate.subject == request.subject == "CN=nas,O=Home"
    assert signed.certificate.names == ["DNS:nas.home.arpa", "IP:192.168.1.5"]
    assert signed.notes == ["URI:urn:x:y was asked for and is not granted"]
    assert signed.certificate.not_after - datetime.now(UTC) <= timedelta(days=30)
    assert repr(signed) == "<trustdir.Signed CN=nas,O=Home>"

    (tmp_path / "cert.pem").write_bytes(signed.certificate.pem)
    (tmp_path / "ca.pem").write_bytes(ca.certificate.pem)
    openssl(*"verify -x509_strict -purpose sslserver -verify_ip 192.168.1.5 -CAfile ca.pem cert.pem".split())
    public = openssl("x509", "-in", "cert.pem", "-noout", "-pubkey")
    assert public == openssl("req", "-in", "r.csr", "-noout", "-pubkey")
    identity = trustdir.Identity.from_pem(signed.certificate.pem, (tmp_path / "r.key").read_bytes())
    assert identity.certificate == signed.certificate


def test_an_authority_is_not_granted(ca: trustdir.Authority, request_of: RequestOf) -> None:
    request = request_of(
        "/CN=nas.home.arpa", "basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign", "1.2.3.4=ASN1:UTF8String:x"
    )
    assert request.asks_for_authority
    assert request.ignored == ["extension 1.2.3.4"]
    signed = ca.sign(request)
    assert not signed.certificate.is_authority
    assert "CA:TRUE was asked for and is not granted" in signed.notes
    assert "extension 1.2.3.4 was asked for and is ignored" in signed.notes
    with pytest.raises(trustdir.UnsupportedError):
        ca.sign(request, profile="authority")  # type: ignore[arg-type]


def test_a_common_name_becomes_a_name(ca: trustdir.Authority, request_of: RequestOf) -> None:
    signed = ca.sign(request_of("/CN=chat.example"))
    assert signed.certificate.names == ["DNS:chat.example"]
    assert len(signed.notes) == 1 and "common name" in signed.notes[0]


def test_the_operator_grants(ca: trustdir.Authority, openssl: OpenSsl, request_of: RequestOf, tmp_path: Path) -> None:
    request = request_of("/CN=nas", "subjectAltName=DNS:nas.home.arpa,DNS:bank.example")
    signed = ca.sign(request, profile="both", names=["nas.home.arpa", ipaddress.ip_address("10.0.0.1")])
    assert signed.certificate.names == ["DNS:nas.home.arpa", "IP:10.0.0.1"]
    assert signed.notes == ["DNS:bank.example was asked for and is not granted"]
    (tmp_path / "cert.pem").write_bytes(signed.certificate.pem)
    (tmp_path / "ca.pem").write_bytes(ca.certificate.pem)
    for purpose in ("sslserver", "sslclient"):
        openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.pem", "cert.pem")

    assert ca.sign(request, profile="client").certificate.names == []
    with pytest.raises(trustdir.InvalidArgumentError, match="names no host"):
        ca.sign(request, names=[])


def test_times(ca: trustdir.Authority, request_of: RequestOf) -> None:
    begins, ends = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 2, 3, tzinfo=UTC)
    certificate = ca.sign(request_of("/CN=a.example"), not_before=begins, not_after=ends).certificate
    assert (certificate.not_before, certificate.not_after) == (begins, ends)


def test_what_makes_no_sense(ca: trustdir.Authority) -> None:
    key = trustdir.PrivateKey.generate()
    request = trustdir.CertificateRequest.create(key, "nas.home.arpa")
    assert request.subject == "CN=nas.home.arpa"
    with pytest.raises(trustdir.InvalidArgumentError, match="my nas"):
        trustdir.CertificateRequest.create(key, "nas", "my nas")
    with pytest.raises(TypeError, match="not list"):
        trustdir.CertificateRequest.create(key, "nas", ["a.example"])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ca.sign(request, names="nas.home.arpa")
    with pytest.raises(ValueError, match="profile"):
        ca.sign(request, profile="router")  # type: ignore[arg-type]


def test_what_cannot_be_read(openssl: OpenSsl, request_of: RequestOf, tmp_path: Path) -> None:
    good = request_of("/CN=a.example")
    with pytest.raises(trustdir.VerificationError):
        trustdir.CertificateRequest.from_der(good.der.replace(b"a.example", b"b.example"))
    with pytest.raises(trustdir.ParseError):
        trustdir.CertificateRequest.from_pem("nonsense")
    with pytest.raises(FileNotFoundError):
        trustdir.CertificateRequest.load(tmp_path / "none.csr")
    openssl(*NEW, "-subj", "/CN=a.example", "-sha1")
    with pytest.raises(trustdir.UnsupportedError, match="SHA-1"):
        trustdir.CertificateRequest.load(tmp_path / "r.csr")
