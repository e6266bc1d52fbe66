"""What openssl made, we read; what we make, it accepts."""

from collections.abc import Callable
from pathlib import Path

import pytest

import trustdir
from trustdir import Reason

OpenSsl = Callable[..., str]

# The commands of the Nano guide, with the answers to their questions as options.
SERVER = "req -newkey rsa:2048 -keyout server.key.pem -x509 -days 3650 -out server.cert.pem -passout pass:test"
CLIENT = "req -newkey rsa:2048 -nodes -keyout rpcuser1.key.pem -x509 -days 365 -out clients/rpcuser1.cert.pem"


def test_the_server_certificate_of_the_guide(openssl: OpenSsl, tmp_path: Path) -> None:
    openssl(*SERVER.split(), "-subj", "/C=US/O=MyNanoRPCServer/OU=My Nano Thing/CN=www.example.com")
    paths = tmp_path / "server.cert.pem", tmp_path / "server.key.pem"

    with pytest.raises(trustdir.PassphraseError) as error:
        trustdir.Identity.load(*paths)
    assert error.value.kind == "PASSPHRASE_REQUIRED"
    with pytest.raises(trustdir.PassphraseError) as error:
        trustdir.Identity.load(*paths, passphrase="tset")
    assert error.value.kind == "WRONG_PASSPHRASE"
    identity = trustdir.Identity.load(*paths, passphrase="test")

    assert identity.key.algorithm == "RSA-2048"
    assert identity.certificate.subject == "CN=www.example.com,OU=My Nano Thing,O=MyNanoRPCServer,C=US"
    assert identity.certificate.is_authority

    def says(what: str) -> str:
        return openssl("x509", "-in", "server.cert.pem", "-noout", what)

    assert identity.certificate.subject_hash == says("-subject_hash")
    assert identity.certificate.subject_hash_old == says("-subject_hash_old")
    assert identity.certificate.serial == says("-serial").removeprefix("serial=").lower()
    fingerprint = openssl("x509", "-in", "server.cert.pem", "-noout", "-fingerprint", "-sha256")
    assert identity.certificate.fingerprint == fingerprint.partition("=")[2].replace(":", "").lower()


def test_the_client_directory_of_the_guide(clients: trustdir.TrustDir, openssl: OpenSsl, tmp_path: Path) -> None:
    openssl(*CLIENT.split(), "-subj", "/O=Home/CN=rpc.user.1")
    certificate = trustdir.Certificate.load(clients.path / "rpcuser1.cert.pem")
    taken_over = trustdir.TrustDir(clients.path, entry_names="subject-hash")
    assert taken_over.decide(certificate).reason == Reason.NOT_INSTALLED

    name = openssl("x509", "-in", "clients/rpcuser1.cert.pem", "-noout", "-subject_hash")
    link = clients.path / f"{name}.0"
    link.symlink_to("rpcuser1.cert.pem")
    decision = taken_over.decide(certificate)
    assert decision.admitted
    assert decision.entry is not None and decision.entry.name == link.name

    link.unlink()
    assert taken_over.decide(certificate).reason == Reason.REMOVED


def test_what_an_openssl_client_mints_is_refused(
    clients: trustdir.TrustDir, openssl: OpenSsl, tmp_path: Path
) -> None:
    openssl(*CLIENT.split(), "-subj", "/CN=rpc.user.1")
    openssl(*"req -newkey rsa:2048 -nodes -keyout minted.key.pem -out minted.csr.pem -subj /CN=minted".split())
    openssl(
        *"x509 -req -in minted.csr.pem -CA clients/rpcuser1.cert.pem -CAkey rpcuser1.key.pem".split(),
        *"-CAcreateserial -out minted.cert.pem".split(),
    )
    minted = trustdir.Certificate.load(tmp_path / "minted.cert.pem")
    assert clients.decide(minted).reason == Reason.MINTED_BY_PIN


@pytest.mark.parametrize("algorithm", ["P-256", "RSA-2048", "Ed25519"])
@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
def test_strict_verification(
    ca: trustdir.Authority, openssl: OpenSsl, tmp_path: Path, purpose: str, algorithm: str
) -> None:
    if purpose == "sslserver":
        identity = ca.issue_server("nas.home.arpa", "192.168.1.5", algorithm=algorithm)
    else:
        identity = ca.issue_client("alice", algorithm=algorithm)
    identity.save(tmp_path / "cert.pem", tmp_path / "key.pem", passphrase="test")
    (tmp_path / "ca.pem").write_bytes(ca.certificate.pem)

    verified = openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.pem", "cert.pem")
    assert verified == "cert.pem: OK"
    public = openssl("x509", "-in", "cert.pem", "-noout", "-pubkey")
    assert public == openssl("pkey", "-in", "key.pem", "-passin", "pass:test", "-pubout")


def test_names_are_checked_by_openssl(ca: trustdir.Authority, openssl: OpenSsl, tmp_path: Path) -> None:
    ca.issue_server("nas.home.arpa", "192.168.1.5").save(tmp_path / "cert.pem", tmp_path / "key.pem")
    (tmp_path / "ca.pem").write_bytes(ca.certificate.pem)
    for option, name in [("-verify_hostname", "nas.home.arpa"), ("-verify_ip", "192.168.1.5")]:
        openssl("verify", "-x509_strict", option, name, "-CAfile", "ca.pem", "cert.pem")
