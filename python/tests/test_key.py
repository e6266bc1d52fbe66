"""Private keys go to and from other programs in DER and PEM, plain and encrypted."""

from typing import Literal

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

import trustdir

PASSPHRASE = "größe"


@pytest.mark.parametrize("algorithm", ["P-256", "P-384", "RSA-2048", "Ed25519"])
def test_plain_der(algorithm: str) -> None:
    key = trustdir.PrivateKey.generate(algorithm)
    again = trustdir.PrivateKey.from_der(key.to_der())
    assert (again.algorithm, again.to_der()) == (algorithm, key.to_der())
    public = load_pem_private_key(key.to_pem(), None).public_key()
    assert load_der_private_key(key.to_der(), None).public_key() == public


@pytest.mark.parametrize(
    ("derivation", "identifier"),
    [("scrypt", b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"), ("pbkdf2", b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c")],
)
def test_either_derivation(derivation: Literal["scrypt", "pbkdf2"], identifier: bytes) -> None:
    key = trustdir.PrivateKey.generate()
    public = load_pem_private_key(key.to_pem(), None).public_key()
    der = key.to_der(PASSPHRASE, derivation=derivation)
    assert identifier in der
    assert trustdir.PrivateKey.from_der(bytearray(der), passphrase=PASSPHRASE).to_der() == key.to_der()
    pem = key.to_pem(PASSPHRASE, derivation=derivation)
    assert load_pem_private_key(pem, PASSPHRASE.encode()).public_key() == public
    for passphrase, kind in [(None, "PASSPHRASE_REQUIRED"), ("wrong", "WRONG_PASSPHRASE")]:
        with pytest.raises(trustdir.PassphraseError) as caught:
            trustdir.PrivateKey.from_der(der, passphrase=passphrase)
        assert caught.value.kind == kind


def test_what_cryptography_encrypts_is_read(alice: trustdir.Identity) -> None:
    theirs = load_pem_private_key(alice.key_pem(), None)
    encrypted = theirs.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"test"))
    assert trustdir.PrivateKey.from_der(encrypted, passphrase="test").to_pem() == alice.key_pem()


def test_other_words_and_other_bytes(alice: trustdir.Identity) -> None:
    with pytest.raises(ValueError, match='"scrypt" or "pbkdf2"'):
        alice.key_pem("test", derivation="md5")  # type: ignore[arg-type]
    with pytest.raises(trustdir.ParseError):
        trustdir.PrivateKey.from_der(b"hello")
    with pytest.raises(TypeError):
        trustdir.PrivateKey.from_der("hello")  # type: ignore[arg-type]
