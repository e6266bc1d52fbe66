import errno
import os
import pickle
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

import trustdir
from trustdir._errors import from_core

# Every status of the C interface that is an error of the core, and what it is in Python.
CLASSES: list[tuple[str, type[trustdir.TrustDirError], type[Exception]]] = [
    ("INVALID_ARGUMENT", trustdir.InvalidArgumentError, ValueError),
    ("IO", trustdir.IoError, OSError),
    ("NOT_FOUND", trustdir.NotFoundError, FileNotFoundError),
    ("ALREADY_EXISTS", trustdir.AlreadyExistsError, FileExistsError),
    ("PARSE", trustdir.ParseError, ValueError),
    ("UNSUPPORTED", trustdir.UnsupportedError, ValueError),
    ("WRONG_PASSPHRASE", trustdir.PassphraseError, ValueError),
    ("PASSPHRASE_REQUIRED", trustdir.PassphraseError, ValueError),
    ("KEY_MISMATCH", trustdir.KeyMismatchError, ValueError),
    ("UNTRUSTED", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("EXPIRED", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("NOT_YET_VALID", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("WRONG_PURPOSE", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("NAME_MISMATCH", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("BAD_SIGNATURE", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("REVOKED", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("NO_CERTIFICATE", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("WEAK_KEY", trustdir.VerificationError, ssl.SSLCertVerificationError),
    ("TLS", trustdir.TlsError, ssl.SSLError),
    ("ALERT", trustdir.TlsError, ssl.SSLError),
    ("CLOSED", trustdir.TlsError, ssl.SSLError),
    ("TRUNCATED", trustdir.TruncatedError, ssl.SSLEOFError),
    ("TIMED_OUT", trustdir.HandshakeTimeoutError, TimeoutError),
    ("A_KIND_OF_LATER", trustdir.TrustDirError, Exception),
]


@pytest.mark.parametrize(("kind", "ours", "pythons"), CLASSES)
def test_classes(kind: str, ours: type[trustdir.TrustDirError], pythons: type[Exception]) -> None:
    error = from_core(kind, "clients/a.pem: wrong; do this", Path("clients/a.pem"), "CN=a", None)
    assert type(error) is ours
    assert isinstance(error, trustdir.TrustDirError) and isinstance(error, pythons)
    for copy in (error, pickle.loads(pickle.dumps(error))):
        assert str(copy) == "clients/a.pem: wrong; do this"
        assert (copy.kind, copy.path, copy.subject) == (kind, Path("clients/a.pem"), "CN=a")
        if isinstance(copy, trustdir.IoError):
            assert copy.filename == "clients/a.pem"
        if isinstance(copy, ssl.SSLError):
            assert copy.strerror == str(copy)


def check(error: trustdir.TrustDirError, kind: str, path: Path | None = None) -> None:
    assert error.kind == kind
    ours = next(ours for word, ours, _ in CLASSES if word == kind)
    assert isinstance(error, ours)
    assert str(error) and "\n" not in str(error)
    if path:
        assert error.path == path
        assert str(path) in str(error)


LOADERS: list[Callable[[Path], object]] = [
    trustdir.Certificate.load,
    trustdir.PrivateKey.load,
    trustdir.Authority.open,
    trustdir.TrustDir,
    trustdir.lint,
    lambda path: trustdir.Authority.open(path, key=False),
    lambda path: trustdir.Identity.load(path, path),
    lambda path: trustdir.Identity.load_pkcs12(path, "test"),
]


@pytest.mark.parametrize("load", LOADERS)
def test_not_found(load: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load(tmp_path / "missing")
    assert isinstance(caught.value, trustdir.NotFoundError)
    check(caught.value, "NOT_FOUND")
    assert caught.value.errno == errno.ENOENT
    assert caught.value.path is not None and caught.value.path.is_relative_to(tmp_path / "missing")


@pytest.mark.parametrize("load", [trustdir.Certificate.load, trustdir.PrivateKey.load])
def test_io(load: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / ("long" * 100)
    with pytest.raises(OSError) as caught:
        load(path)
    assert isinstance(caught.value, trustdir.IoError)
    check(caught.value, "IO", path)
    assert (caught.value.errno, caught.value.filename) == (errno.ENAMETOOLONG, str(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission(tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0)
    with pytest.raises(PermissionError) as caught:
        trustdir.PrivateKey.load(tmp_path / "key")
    assert caught.value.errno == errno.EACCES


def test_permission_is_told_by_errno() -> None:
    error = from_core("IO", "no", None, None, errno.EPERM)
    assert isinstance(error, trustdir.PermissionDeniedError) and isinstance(error, PermissionError)
    assert pickle.loads(pickle.dumps(error)).errno == errno.EPERM


@pytest.mark.parametrize("load", [trustdir.Certificate.load, trustdir.PrivateKey.load])
def test_parse(load: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "hello.pem"
    path.write_text("hello")
    with pytest.raises(trustdir.ParseError) as caught:
        load(path)
    check(caught.value, "PARSE", path)


def test_passphrases(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(trustdir.PrivateKey.generate().to_pem("right"))
    with pytest.raises(trustdir.PassphraseError) as caught:
        trustdir.PrivateKey.load(path, passphrase="wrong")
    check(caught.value, "WRONG_PASSPHRASE", path)
    with pytest.raises(trustdir.PassphraseError) as caught:
        trustdir.PrivateKey.load(path)
    check(caught.value, "PASSPHRASE_REQUIRED", path)


def test_key_mismatch(alice: trustdir.Identity) -> None:
    with pytest.raises(trustdir.KeyMismatchError) as caught:
        trustdir.Identity.from_pem(alice.chain_pem, trustdir.PrivateKey.generate().to_pem())
    check(caught.value, "KEY_MISMATCH")


def test_already_exists(tmp_path: Path) -> None:
    trustdir.Authority.create(tmp_path)
    with pytest.raises(trustdir.AlreadyExistsError) as caught:
        trustdir.Authority.create(tmp_path)
    check(caught.value, "ALREADY_EXISTS")
    assert caught.value.errno == errno.EEXIST


def test_invalid_argument(ca: trustdir.Authority) -> None:
    with pytest.raises(trustdir.InvalidArgumentError) as caught:
        ca.issue_client("")
    check(caught.value, "INVALID_ARGUMENT")


def test_secrets_are_not_in_messages(tmp_path: Path) -> None:
    pem = trustdir.PrivateKey.generate().to_pem("the-right-one")
    with pytest.raises(trustdir.PassphraseError) as caught:
        trustdir.PrivateKey.from_pem(pem, passphrase="the-wrong-one")
    assert "the-wrong-one" not in repr(caught.value)
