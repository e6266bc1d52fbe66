"""TLS over two buffers: what `wrap_bio` gives."""

import ssl
import sys
import weakref
from types import FrameType
from typing import TYPE_CHECKING

from trustdir._current import enter
from trustdir._engine import PIECE, Engine
from trustdir._errors import TrustDirError
from trustdir._host import Host, host_of, want_read
from trustdir._trustdir import Connection, Decision

if TYPE_CHECKING:
    from typing_extensions import Buffer


class TLSObject(ssl.SSLObject):
    """A connection over two `ssl.MemoryBIO`, with all of `ssl.SSLObject`; `ServerContext.wrap_bio` makes it.

    asyncio and what is built on it have it as `transport.get_extra_info("ssl_object")`.
    """

    _sslobj: "BioEngine"

    @property
    def admission(self) -> Decision | None:
        """The decision about the peer: None until it is made, a refusal once its entry has gone."""
        return self._sslobj.admission

    def do_handshake(self) -> None:
        """Goes on with the handshake, as `ssl.SSLObject.do_handshake` does."""
        self._sslobj.serve(sys._getframe(1), self)
        super().do_handshake()

    def get_unverified_chain(self) -> list[bytes]:
        """The certificates that the peer has sent, its own first, as DER; Python's own `ssl` has it from 3.13 on."""
        return [certificate.der for certificate in self._sslobj.connection.peer_chain]

    def get_channel_binding(self, cb_type: str = "tls-exporter") -> bytes | None:
        """What binds a log-in to this connection.

        Args:
            cb_type: `"tls-exporter"` (RFC 9266).

        Raises:
            ValueError: It is another one.
            TlsError: The handshake is not over.
        """
        return self._sslobj.get_channel_binding(cb_type)


class BioEngine(Engine):
    """A connection between two buffers."""

    _host: Host | None = None
    _found = _told = _unwrapping = False

    def __init__(
        self,
        connection: Connection,
        context: ssl.SSLContext,
        server_side: bool,
        server_hostname: str | None,
        buffers: tuple[ssl.MemoryBIO, ssl.MemoryBIO],
    ) -> None:
        super().__init__(connection, context, server_side, server_hostname)
        self._incoming, self._outgoing = buffers
        self._this: weakref.ref[Engine] = weakref.ref(self)

    def do_handshake(self) -> None:
        self._enter()
        super().do_handshake()

    def read(self, size: int = 1024, buffer: "Buffer | None" = None) -> bytes | int:
        self._enter()
        read = super().read(size, buffer)
        if self._unwrapping and size > 0 and not read:
            raise ssl.SSLZeroReturnError(ssl.SSL_ERROR_ZERO_RETURN, "both ends have closed")  # as `ssl` has it
        return read

    def shutdown(self) -> object:
        self._unwrapping = True
        return super().shutdown()

    def _enter(self) -> None:
        if self.server_side:
            enter(self._this)

    def serve(self, caller: FrameType, tls_object: TLSObject) -> None:
        """Works for the host of its first caller, if that is one that can be told of a removal."""
        if self._found:
            return
        self._found = True
        self._host = host = host_of(caller, tls_object)
        if host is None:
            return
        this = weakref.ref(self)  # the connection keeps the callback

        def woken() -> None:
            if (engine := this()) is not None:
                host.wake(lambda: engine._removed(host))

        self.connection.on_removed(woken)

    def receive(self) -> None:
        ciphertext = self._incoming.read(PIECE)
        if ciphertext:
            self.ask(lambda: self.connection.read_tls(ciphertext))
        elif self._incoming.eof:
            self.connection.received_eof()
            if self.connection.is_handshaking:
                self.ask(lambda: self.connection.read(1))
        else:
            if self._told:
                self.ask(lambda: self.connection.read(1))
            raise want_read()

    def send(self, wait: bool = True) -> None:
        if ciphertext := self.connection.write_tls():
            self._outgoing.write(ciphertext)

    def seen(self, error: TrustDirError) -> Exception:
        """The host decides when it sees the error, so that the alert is sent."""
        if self._host is None:
            return error
        self._incoming.read()
        alert = not self._told and self._outgoing.pending > 0
        refused = self.server_side and self.connection.is_handshaking and not self._incoming.eof
        self._told = True
        return self._host.failed(error, alert=alert, refused=refused)

    def _removed(self, host: Host) -> None:
        try:
            self.recheck()
        except TrustDirError as error:
            host.removed(error)
