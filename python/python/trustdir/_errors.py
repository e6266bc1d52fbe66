"""The exceptions: one class for each thing that a program does about an error."""

import errno
import ssl
from pathlib import Path


class TrustDirError(Exception):
    """What every error of this library is.

    Its text is one line that names the file or the subject, what is wrong, and what to do about it.

    Attributes:
        kind: What went wrong, as a word that never changes, such as `"WRONG_PASSPHRASE"`; the same in every language.
        path: The file that it is about, or None.
        subject: The subject of the certificate that it is about, or None.

    Example:
        >>> import trustdir
        >>> try:
        ...     trustdir.Certificate.load("missing.pem")
        ... except trustdir.TrustDirError as error:
        ...     print(error.kind, error.path)
        NOT_FOUND missing.pem
    """

    kind: str
    path: Path | None
    subject: str | None

    def __init__(self, message: str, *, kind: str = "", path: Path | None = None, subject: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.path = path
        self.subject = subject
        if isinstance(self, ssl.SSLError):
            setattr(self, "strerror", message)  # Trio and AnyIO look for words in it

    def __str__(self) -> str:
        # OSError and SSLError would compose a text of their own.
        return str(self.args[0])


class InvalidArgumentError(TrustDirError, ValueError):
    """An argument that cannot be used."""


class ParseError(TrustDirError, ValueError):
    """What was read is not a certificate, key, name or configuration."""


class UnsupportedError(TrustDirError, ValueError):
    """It is well-formed, and this library does not handle it."""


class PassphraseError(TrustDirError, ValueError):
    """The passphrase is wrong, or is missing."""


class KeyMismatchError(TrustDirError, ValueError):
    """The key does not belong to the certificate."""


class IoError(TrustDirError, OSError):
    """A file could not be read or written; `errno` and `filename` are as in any `OSError`."""

    # They hide the slots of OSError, which pickling would lose.
    errno: int | None = None
    filename: str | None = None


class PermissionDeniedError(IoError, PermissionError):
    """The operating system does not allow it."""


class NotFoundError(IoError, FileNotFoundError):
    """There is no such file, authority or entry."""

    errno = errno.ENOENT


class AlreadyExistsError(IoError, FileExistsError):
    """There is something in that place already, and it is not overwritten."""

    errno = errno.EEXIST


class VerificationError(TrustDirError, ssl.SSLCertVerificationError):
    """A certificate was refused; `kind` says why."""


class RevokedError(VerificationError, ConnectionAbortedError):
    """The peer of a connection is admitted no more: its entry has gone, or it was revoked.

    Servers take it for what it is to them, a connection that was aborted.
    """


class TlsError(TrustDirError, ssl.SSLError):
    """TLS failed: the peer speaks another protocol, sent an alert, or the connection is closed."""


class TruncatedError(TlsError, ssl.SSLEOFError):
    """The transport has ended without word that this is the end: what was read may not be all."""


class HandshakeTimeoutError(TlsError, TimeoutError):
    """The handshake took too long."""


_CLASSES: dict[str, type[TrustDirError]] = {
    "INVALID_ARGUMENT": InvalidArgumentError,
    "IO": IoError,
    "NOT_FOUND": NotFoundError,
    "ALREADY_EXISTS": AlreadyExistsError,
    "PARSE": ParseError,
    "UNSUPPORTED": UnsupportedError,
    "WRONG_PASSPHRASE": PassphraseError,
    "PASSPHRASE_REQUIRED": PassphraseError,
    "KEY_MISMATCH": KeyMismatchError,
    "UNTRUSTED": VerificationError,
    "EXPIRED": VerificationError,
    "NOT_YET_VALID": VerificationError,
    "WRONG_PURPOSE": VerificationError,
    "NAME_MISMATCH": VerificationError,
    "BAD_SIGNATURE": VerificationError,
    "REVOKED": VerificationError,
    "NO_CERTIFICATE": VerificationError,
    "WEAK_KEY": VerificationError,
    "TLS": TlsError,
    "ALERT": TlsError,
    "CLOSED": TlsError,
    "TRUNCATED": TruncatedError,
    "TIMED_OUT": HandshakeTimeoutError,
}

for _class in (TrustDirError, PermissionDeniedError, RevokedError, *_CLASSES.values()):
    _class.__module__ = "trustdir"  # where they are imported from


def of_connection(error: TrustDirError) -> TrustDirError:
    """What an error is where it ends a connection."""
    if error.kind != "REVOKED":
        return error
    return RevokedError(str(error), kind=error.kind, path=error.path, subject=error.subject)


def from_core(
    kind: str, message: str, path: Path | None, subject: str | None, number: int | None
) -> TrustDirError:
    """Makes the exception for an error of the native module; `number` is the system's errno, if it has one."""
    error_class = _CLASSES.get(kind, TrustDirError)
    if error_class is IoError and number in (errno.EACCES, errno.EPERM):
        error_class = PermissionDeniedError
    error = error_class(message, kind=kind, path=path, subject=subject)
    if isinstance(error, IoError):
        error.errno = number or error.errno
        error.filename = None if path is None else str(path)
    return error
