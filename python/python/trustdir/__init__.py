"""Access control for TLS services by a directory of certificates, with the private CA that makes them.

A *trust directory* holds the certificates of the clients that a service admits: add a file and that client is admitted,
remove it and it is refused. An *authority* issues the certificates of servers and clients.

Example:
    >>> import trustdir
    >>> ca = trustdir.Authority.create("pki", name="Home CA")
    >>> ca.issue_server("nas.home.arpa", "192.168.1.5").save("nas.cert.pem", "nas.key.pem")
    >>> alice = ca.issue_client("alice")

    >>> clients = trustdir.TrustDir("clients", create=True)
    >>> entry = clients.install(alice.certificate)
    >>> clients.decide(alice.certificate).reason
    <Reason.ADMITTED: 'ADMITTED'>
    >>> removed = clients.remove("alice")
    >>> clients.decide(alice.certificate).admitted
    False
"""

from trustdir import export
from trustdir._context import ClientContext, ServerContext
from trustdir._current import current_admission
from trustdir._errors import (
    AlreadyExistsError,
    HandshakeTimeoutError,
    InvalidArgumentError,
    IoError,
    KeyMismatchError,
    NotFoundError,
    ParseError,
    PassphraseError,
    PermissionDeniedError,
    RevokedError,
    TlsError,
    TruncatedError,
    TrustDirError,
    UnsupportedError,
    VerificationError,
)
from trustdir._issued import IssuedList, IssuedStatus, RevocationReason
from trustdir._reason import Reason
from trustdir._settings import AcceptorSettings, ConnectorSettings
from trustdir._severity import Severity
from trustdir._tls_object import TLSObject
from trustdir._tls_socket import TLSSocket
from trustdir._trustdir import (
    Acceptor,
    Authority,
    AuthorityDir,
    Certificate,
    CertificateRequest,
    Connection,
    Connector,
    Counters,
    Crl,
    Decision,
    Entry,
    Finding,
    Identity,
    Installed,
    Issued,
    Limit,
    NameConstraints,
    Notice,
    OpenConnection,
    Policy,
    PrivateKey,
    Problem,
    Rehashed,
    Removal,
    Removals,
    Signed,
    TrustDir,
    __version__,
    lint,
)

__all__ = [
    "Acceptor",
    "AcceptorSettings",
    "AlreadyExistsError",
    "Authority",
    "AuthorityDir",
    "Certificate",
    "CertificateRequest",
    "ClientContext",
    "Connection",
    "Connector",
    "ConnectorSettings",
    "Counters",
    "Crl",
    "Decision",
    "Entry",
    "Finding",
    "HandshakeTimeoutError",
    "Identity",
    "Installed",
    "InvalidArgumentError",
    "IoError",
    "Issued",
    "IssuedList",
    "IssuedStatus",
    "KeyMismatchError",
    "Limit",
    "NameConstraints",
    "NotFoundError",
    "Notice",
    "OpenConnection",
    "ParseError",
    "PassphraseError",
    "PermissionDeniedError",
    "Policy",
    "PrivateKey",
    "Problem",
    "Reason",
    "Rehashed",
    "Removal",
    "Removals",
    "RevocationReason",
    "RevokedError",
    "ServerContext",
    "Severity",
    "Signed",
    "TLSObject",
    "TLSSocket",
    "TlsError",
    "TruncatedError",
    "TrustDir",
    "TrustDirError",
    "UnsupportedError",
    "VerificationError",
    "__version__",
    "current_admission",
    "export",
    "lint",
]
