"""TLS over two buffers: what `wrap_bio` gives."""

import ssl
import weakref
from typing import NoReturn

from trustdir._asyncio import LINGER, Host
from trustdir._engine import PIECE, Engine
from trustdir._errors import TrustDirError
from trustdir._trustdir import Connection, Decision


class TLSObject(ssl.SSLObject):
    """A connection over two `ssl.MemoryBIO`, with all of `ssl.SSLObject`; `ServerContext.wrap_bio` makes it.

    asyncio and what is built on it have it as `transport.get_extra_info("ssl_object")`.
    """

    _sslobj: "BioEngine"

    @property
    def admission(self) -> Decision | None:
        """The decision about the peer: None until it is made, a refusal once its entry has gone."""
        return self._sslobj.admission

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
    _over = False

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

    def serve(self, host: Host) -> None:
        """Works for a transport of asyncio's from now on: a removal closes it."""
        self._host = host
        this = weakref.ref(self)  # the connection keeps the callback

        def woken() -> None:
            if (engine := this()) is not None:
                host.wake(engine._removed)

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
            raise _want_read()

    def send(self, wait: bool = True) -> None:
        if ciphertext := self.connection.write_tls():
            self._outgoing.write(ciphertext)

    def failed(self, error: TrustDirError) -> NoReturn:
        """asyncio drops what waits when it sees an error. So it sees none until that was sent."""
        if self._host is None:
            super().failed(error)
        self.send()
        self._incoming.read()
        if not self._over:
            self._over = True
            refused = self.server_side and self.connection.is_handshaking
            self._host.end(error, LINGER if refused else 0)
        raise _want_read()

    def _removed(self) -> None:
        try:
            self.ask(self.connection.recheck)
        except ssl.SSLWantReadError:
            pass  # its end is on the way
        if self._host is not None:
            self._host.pump()


def _want_read() -> ssl.SSLWantReadError:
    return ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more ciphertext has to arrive")
