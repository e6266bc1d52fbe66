"""What drives a connection behind a TLS object or socket, as `ssl` expects it of its own native part.

`ssl.SSLObject` and `ssl.SSLSocket` do little but ask such an engine: `read`, `write`, `do_handshake`, `shutdown`, and what
was negotiated. All else of theirs serves here as it is.
"""

import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar

from trustdir._errors import TrustDirError, UnsupportedError, of_connection
from trustdir._peer import certificate_dict, cipher
from trustdir._trustdir import Connection, Decision

if TYPE_CHECKING:
    from typing_extensions import Buffer

PIECE = 64 * 1024
"""As much as is moved at once."""

_T = TypeVar("_T")


class Engine(ABC):
    """A connection, and how its ciphertext comes and goes."""

    session = None
    owner: object = None

    def __init__(
        self, connection: Connection, context: ssl.SSLContext, server_side: bool, server_hostname: str | None
    ) -> None:
        self.connection = connection
        self.context = context
        self.server_side = server_side
        self.server_hostname = server_hostname

    @abstractmethod
    def receive(self) -> None:
        """Feeds the connection once, or raises `ssl.SSLWantReadError`."""

    @abstractmethod
    def send(self, wait: bool = True) -> None:
        """Sends the ciphertext that waits; without waiting only if nobody else does."""

    def failed(self, error: TrustDirError) -> NoReturn:
        """Ends the connection: what waits, such as the alert, is sent."""
        try:
            self.send()
        except OSError:
            pass  # who is gone needs no alert
        try:
            raise self.seen(error)
        finally:
            del error  # it refers to this frame: without the collector it would keep the connection

    def seen(self, error: TrustDirError) -> Exception:
        """What is raised for an error."""
        return error

    def ask(self, call: Callable[[], _T]) -> _T:
        """Calls into the connection."""
        try:
            return call()
        except TrustDirError as error:
            self.failed(of_connection(error))

    def recheck(self) -> None:
        """Raises `RevokedError` if the peer is admitted no more, and does nothing else about it."""
        try:
            self.connection.recheck()
        except TrustDirError as error:
            raise of_connection(error) from None

    def do_handshake(self) -> None:
        self.send()
        while self.connection.is_handshaking:
            self.receive()
            self.send()

    def read(self, size: int = 1024, buffer: "Buffer | None" = None) -> bytes | int:
        if buffer is None:
            return self._read(size)
        view = memoryview(buffer).cast("B")
        plaintext = self._read(min(size, len(view)) if size > 0 else len(view))
        view[: len(plaintext)] = plaintext
        return len(plaintext)

    def _read(self, size: int) -> bytes:
        if size <= 0:
            return b""
        while (plaintext := self.ask(lambda: self.connection.read(size))) is None:
            self.receive()
            self.send(wait=False)
        self.send(wait=False)
        return plaintext

    def write(self, data: "Buffer") -> int:
        if self.connection.is_handshaking:
            self.do_handshake()
        self.send()
        view = memoryview(data).cast("B")
        written = 0
        while written < len(view):
            piece = view[written : written + PIECE]
            written += self.ask(lambda: self.connection.write(piece))
            try:
                self.send()
            except ssl.SSLWantWriteError:
                break  # the bytes are taken, and are sent with the next ones
        return written

    def shutdown(self) -> object:
        """Closes for writing, and waits until the peer has closed too; what it still sends is lost."""
        self.connection.close_notify()
        self.send()
        while self._read(PIECE):
            pass
        return self.owner

    def pending(self) -> int:
        return self.connection.pending()

    @property
    def admission(self) -> Decision | None:
        return self.connection.decision

    def getpeercert(self, binary_form: bool = False) -> dict[str, object] | bytes | None:
        if self.connection.is_handshaking:
            raise ValueError("handshake not done yet")
        decision = self.connection.decision
        if decision is None or (certificate := decision.certificate) is None:
            return None
        return certificate.der if binary_form else certificate_dict(certificate)

    def cipher(self) -> tuple[str, str, int] | None:
        suite, version = self.connection.cipher_suite, self.connection.version
        return None if suite is None or version is None else cipher(suite, version)

    def version(self) -> str | None:
        return self.connection.version

    def selected_alpn_protocol(self) -> str | None:
        return self.connection.alpn

    def shared_ciphers(self) -> None:
        return None

    def compression(self) -> None:
        return None

    @property
    def session_reused(self) -> bool:
        return self.connection.resumed

    def get_channel_binding(self, cb_type: str) -> bytes:
        if cb_type != "tls-exporter":
            raise ValueError(f"{cb_type} is not for TLS 1.3; use tls-exporter (RFC 9266)")
        return self.connection.channel_binding()

    def verify_client_post_handshake(self) -> NoReturn:
        raise UnsupportedError("clients are decided about in the handshake; give the context client_auth")
