"""What we pack, others open; what others pack, we open."""

import plistlib
import ssl
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_der_x509_certificate

import trustdir
from trustdir.export import MobileConfig

PASSWORD = "correct hörse"
AES_256_CBC = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a"  # the object identifier 2.16.840.1.101.3.4.1.42
OpenSsl = Callable[..., str]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_cryptography_opens_ours(ca: trustdir.Authority, alice: trustdir.Identity) -> None:
    for p12 in (
        alice.p12(PASSWORD, authorities=[ca.certificate]),
        alice.p12(PASSWORD, profile="compat", authorities=(ca.certificate,)),
    ):
        opened = pkcs12.load_pkcs12(p12, PASSWORD.encode())
        assert opened.cert is not None
        assert opened.cert.certificate == load_der_x509_certificate(alice.certificate.der)
        assert [more.certificate for more in opened.additional_certs] == [load_der_x509_certificate(ca.certificate.der)]
        assert opened.key is not None
        assert opened.key.public_key() == load_pem_private_key(alice.key_pem(), None).public_key()


def test_openssl_opens_ours(alice: trustdir.Identity, openssl: OpenSsl, tmp_path: Path) -> None:
    alice.save_pkcs12(tmp_path / "modern.p12", "test", name="Alice's phone")
    alice.save_pkcs12(tmp_path / "compat.p12", "test", profile="compat")
    for file, aes in [("modern.p12", True), ("compat.p12", False)]:
        assert mode(tmp_path / file) == 0o600
        assert (AES_256_CBC in (tmp_path / file).read_bytes()) == aes
        opened = openssl("pkcs12", "-in", file, "-passin", "pass:test", "-nodes")
        assert trustdir.Identity.from_pem(opened, opened).chain == alice.chain
        assert ("friendlyName: Alice's phone" in opened) == aes
    with pytest.raises(trustdir.AlreadyExistsError):
        alice.save_pkcs12(tmp_path / "modern.p12", "test")


def test_we_open_what_cryptography_packs(alice: trustdir.Identity, tmp_path: Path) -> None:
    key = load_pem_private_key(alice.key_pem(), None)
    certificate = load_der_x509_certificate(alice.certificate.der)
    packed = pkcs12.serialize_key_and_certificates(
        b"alice",
        key,  # type: ignore[arg-type]
        certificate,
        None,
        BestAvailableEncryption(PASSWORD.encode()),
    )
    (tmp_path / "alice.p12").write_bytes(packed)
    for opened in (
        trustdir.Identity.from_pkcs12(packed, PASSWORD),
        trustdir.Identity.from_pkcs12(memoryview(packed), PASSWORD),
        trustdir.Identity.load_pkcs12(tmp_path / "alice.p12", PASSWORD),
    ):
        assert opened.chain == [alice.certificate]
        assert opened.key_pem() == alice.key_pem()

    with pytest.raises(trustdir.PassphraseError) as caught:
        trustdir.Identity.load_pkcs12(str(tmp_path / "alice.p12"), "wrong")
    assert (caught.value.kind, caught.value.path) == ("WRONG_PASSPHRASE", tmp_path / "alice.p12")
    assert PASSWORD not in str(caught.value)
    with pytest.raises(trustdir.ParseError):
        trustdir.Identity.from_pkcs12(b"hello", PASSWORD)
    with pytest.raises(FileNotFoundError):
        trustdir.Identity.load_pkcs12(tmp_path / "missing.p12", PASSWORD)


def test_passwords_and_profiles_that_cannot_be(alice: trustdir.Identity) -> None:
    for password in ("", "\N{KEY}", "a\0b"):
        with pytest.raises(trustdir.InvalidArgumentError, match="password"):
            alice.p12(password)
    with pytest.raises(ValueError, match='"modern" or "compat"'):
        alice.p12("test", profile="strong")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        alice.p12("test", authorities=alice.certificate)  # type: ignore[arg-type]


def test_a_bundle_is_what_the_ssl_module_loads(
    ca: trustdir.Authority, alice: trustdir.Identity, tmp_path: Path
) -> None:
    alice.save_bundle(tmp_path / "alice.pem", passphrase="test")
    assert mode(tmp_path / "alice.pem") == 0o600
    context = ssl.create_default_context()
    context.load_cert_chain(tmp_path / "alice.pem", password="test")
    with pytest.raises(FileExistsError):
        alice.save_bundle(tmp_path / "alice.pem")
    assert alice.bundle() == alice.chain_pem + alice.key_pem()

    trustdir.export.save_bundle([ca.certificate, alice.certificate, ca.certificate], tmp_path / "both.pem")
    assert trustdir.Certificate.load_all(tmp_path / "both.pem") == [ca.certificate, alice.certificate]
    assert mode(tmp_path / "both.pem") == 0o644
    with pytest.raises(FileExistsError):
        trustdir.export.save_bundle([ca.certificate], tmp_path / "both.pem")


def test_chains_are_put_in_order(ca: trustdir.Authority, alice: trustdir.Identity, tmp_path: Path) -> None:
    stranger = trustdir.Authority.create(tmp_path / "stranger").certificate
    pool: Sequence[trustdir.Certificate] = [stranger, ca.certificate]
    assert trustdir.export.full_chain(alice.certificate, pool) == [alice.certificate, ca.certificate]
    whole = alice.with_issuers(pool)
    assert whole.chain == [alice.certificate, ca.certificate] and whole.key_pem() == alice.key_pem()


def test_der_is_what_python_reads(ca: trustdir.Authority, tmp_path: Path) -> None:
    trustdir.export.save_der(ca.trust_anchor, tmp_path / "ca.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=(tmp_path / "ca.crt").read_bytes())
    assert context.get_ca_certs(binary_form=True) == [ca.certificate.der]
    with pytest.raises(trustdir.AlreadyExistsError):
        trustdir.export.save_der(ca.trust_anchor, tmp_path / "ca.crt")


def test_a_truststore_holds_authorities_alone(ca: trustdir.Authority) -> None:
    opened = pkcs12.load_pkcs12(trustdir.export.truststore([ca.certificate], "changeit"), b"changeit")
    assert opened.key is None and opened.cert is None
    assert [one.certificate for one in opened.additional_certs] == [load_der_x509_certificate(ca.certificate.der)]
    with pytest.raises(trustdir.InvalidArgumentError, match="at least one"):
        trustdir.export.truststore([], "changeit")


def test_an_apple_profile(ca: trustdir.Authority, alice: trustdir.Identity, tmp_path: Path) -> None:
    profile = MobileConfig("Home <of Alice>", [ca.trust_anchor], identities=[alice], password=PASSWORD)
    assert repr(profile) == "<trustdir.export.MobileConfig 'Home <of Alice>'>"
    read = plistlib.loads(profile.xml)
    assert read["PayloadDisplayName"] == "Home <of Alice>"
    root, identity = read["PayloadContent"]
    assert (root["PayloadType"], root["PayloadContent"]) == ("com.apple.security.root", ca.certificate.der)
    assert trustdir.Identity.from_pkcs12(identity["PayloadContent"], PASSWORD).certificate == alice.certificate
    assert "Password" not in identity

    profile.save(tmp_path / "alice.mobileconfig")
    assert mode(tmp_path / "alice.mobileconfig") == 0o600
    MobileConfig("Home", [ca.trust_anchor]).save(tmp_path / "home.mobileconfig")
    assert mode(tmp_path / "home.mobileconfig") == 0o644
    with pytest.raises(FileExistsError):
        profile.save(tmp_path / "home.mobileconfig")


def test_an_apple_profile_has_the_password_only_if_asked(alice: trustdir.Identity) -> None:
    profile = MobileConfig("Home", identities=[alice], password=PASSWORD, embed_password=True)
    assert plistlib.loads(profile.xml)["PayloadContent"][0]["Password"] == PASSWORD
    with pytest.raises(trustdir.InvalidArgumentError, match="empty password"):
        MobileConfig("Home", identities=[alice])
