import stat
from pathlib import Path

import pytest

import trustdir

PASSPHRASE = "correct horse"


@pytest.mark.parametrize("algorithm", ["P-256", "P-384", "P-521", "Ed25519", "RSA-2048"])
def test_keys_of_each_kind(algorithm: str) -> None:
    key = trustdir.PrivateKey.generate(algorithm)
    assert key.algorithm == algorithm
    assert trustdir.PrivateKey.from_pem(key.to_pem()).to_pem() == key.to_pem()


def test_a_key_shows_no_secret() -> None:
    key = trustdir.PrivateKey.generate()
    assert repr(key) == str(key) == "<trustdir.PrivateKey P-256>"
    with pytest.raises(TypeError):
        key.__reduce_ex__(4)


@pytest.mark.parametrize("passphrase", ["größe", "größe".encode(), bytearray(b"gr\xc3\xb6\xc3\x9fe")])
def test_an_encrypted_key(passphrase: str | bytes, tmp_path: Path) -> None:
    key = trustdir.PrivateKey.generate()
    pem = key.to_pem(passphrase)
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert trustdir.PrivateKey.from_pem(pem, passphrase="größe").to_pem() == key.to_pem()
    (tmp_path / "key").write_bytes(pem)
    assert trustdir.PrivateKey.load(tmp_path / "key", passphrase="größe").to_pem() == key.to_pem()


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_save_and_load(alice: trustdir.Identity, passphrase: str | None, tmp_path: Path) -> None:
    certificate, key = tmp_path / "alice.cert.pem", tmp_path / "alice.key.pem"
    alice.save(certificate, key, passphrase=passphrase)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (b"ENCRYPTED" in key.read_bytes()) == (passphrase is not None)

    again = trustdir.Identity.load(str(certificate), str(key), passphrase=passphrase)
    assert again.chain == alice.chain
    assert again.key.to_pem() == again.key_pem() == alice.key_pem()


def test_from_pem(alice: trustdir.Identity) -> None:
    again = trustdir.Identity.from_pem(alice.chain_pem, alice.key_pem(PASSPHRASE), passphrase=PASSPHRASE)
    assert again.certificate == again.chain[0] == alice.certificate
    text = trustdir.Identity.from_pem(alice.chain_pem.decode(), alice.key_pem().decode())
    assert text.chain == alice.chain


def test_certificates_in_any_order(alice: trustdir.Identity, ca: trustdir.Authority, tmp_path: Path) -> None:
    chain = [alice.certificate, ca.certificate]
    mixed = [ca.certificate, alice.certificate, ca.certificate]
    assert trustdir.Identity(mixed, alice.key).chain == chain
    trustdir.export.save_bundle(mixed, tmp_path / "mixed.pem")
    (tmp_path / "key.pem").write_bytes(alice.key_pem())
    assert trustdir.Identity.load(tmp_path / "mixed.pem", tmp_path / "key.pem").chain == chain
    bob = ca.issue_client("bob")
    with pytest.raises(trustdir.InvalidArgumentError, match="^CN=bob issued nothing in the chain of CN=alice"):
        trustdir.Identity([bob.certificate, alice.certificate], alice.key)
    with pytest.raises(trustdir.KeyMismatchError, match="CN=bob"):
        trustdir.Identity([bob.certificate], alice.key)


def test_save_overwrites_nothing(alice: trustdir.Identity, tmp_path: Path) -> None:
    certificate, key = tmp_path / "alice.cert.pem", tmp_path / "alice.key.pem"
    key.write_text("precious")
    with pytest.raises(FileExistsError) as error:
        alice.save(certificate, key)
    assert isinstance(error.value, trustdir.AlreadyExistsError)
    assert key.read_text() == "precious"
    assert not certificate.exists()


def test_repr_shows_no_secret(alice: trustdir.Identity) -> None:
    assert repr(alice) == "<trustdir.Identity CN=alice>"
