"""TLS over a blocking socket: what `wrap_socket` gives."""

import contextlib
import socket
import ssl
import threading
import time
import weakref
from typing import NoReturn

from trustdir._engine import PIECE, Engine
from trustdir._errors import TruncatedError, TrustDirError, VerificationError
from trustdir._host import LINGER
from trustdir._trustdir import Connection, Decision


class TLSSocket(ssl.SSLSocket):
    """A connection over a socket, with all of `ssl.SSLSocket`; `ServerContext.wrap_socket` makes it.

    One thread may read while another writes. When the peer's entry goes, whoever waits for it is woken by
    `RevokedError`. Closing it, or shutting it down for writing, tells the peer that this is the end.
    """

    _sslobj: "SocketEngine | None"
    suppress_ragged_eofs: bool

    @property
    def admission(self) -> Decision | None:
        """The decision about the peer: None until it is made, a refusal once its entry has gone."""
        return None if self._sslobj is None else self._sslobj.admission

    def get_unverified_chain(self) -> list[bytes]:
        """The certificates that the peer has sent, its own first, as DER; Python's own `ssl` has it from 3.13 on."""
        return [] if self._sslobj is None else [sent.der for sent in self._sslobj.connection.peer_chain]

    def get_channel_binding(self, cb_type: str = "tls-exporter") -> bytes | None:
        """What binds a log-in to this connection.

        Args:
            cb_type: `"tls-exporter"` (RFC 9266).

        Raises:
            ValueError: It is another one.
            TlsError: The handshake is not over.
        """
        return None if self._sslobj is None else self._sslobj.get_channel_binding(cb_type)

    def shutdown(self, how: int) -> None:
        """Shuts the socket down, for writing with word to the peer.

        Args:
            how: As for `socket.socket.shutdown`.
        """
        if how != socket.SHUT_RD:
            self._say_goodbye()
        super().shutdown(how)

    def _real_close(self) -> None:
        self._say_goodbye()
        super()._real_close()  # type: ignore[misc]

    def _say_goodbye(self) -> None:
        # Without waiting: who does not read is told nothing.
        if self._sslobj is None or self._sslobj.connection.decision is None:
            return
        timeout = self.gettimeout()
        with contextlib.suppress(OSError):
            self.settimeout(0)
            self._sslobj.connection.close_notify()
            self._sslobj.send(wait=False)
            self.settimeout(timeout)


class SocketEngine(Engine):
    """A connection over a socket, which owns it."""

    _removed = False

    def __init__(
        self,
        connection: Connection,
        context: ssl.SSLContext,
        server_side: bool,
        server_hostname: str | None,
        owner: TLSSocket,
        ends_on_removal: bool,
    ) -> None:
        super().__init__(connection, context, server_side, server_hostname)
        self._owner = weakref.ref(owner)
        self._receiving, self._sending = threading.Lock(), threading.Lock()
        self._unsent = b""
        this = weakref.ref(self)  # the connection keeps the callback

        def woken() -> None:
            if (engine := this()) is not None:
                engine._wake()

        if ends_on_removal:
            connection.on_removed(woken)

    @property
    def owner(self) -> TLSSocket:  # type: ignore[override]
        owner = self._owner()
        if owner is None:
            raise OSError("the socket is gone")
        return owner

    def _read(self, size: int) -> bytes:
        try:
            return super()._read(size)
        except TruncatedError:
            if self.owner.suppress_ragged_eofs and not self.connection.is_handshaking:
                return b""
            raise

    def receive(self) -> None:
        with self._receiving:
            if self.connection.pending():
                return  # another thread has received it
            ciphertext = self._recv()
            if ciphertext:
                self.ask(lambda: self.connection.read_tls(ciphertext))
                return
            self.connection.received_eof()
        if self.connection.is_handshaking:
            self.ask(lambda: self.connection.read(1))

    def failed(self, error: TrustDirError) -> NoReturn:
        """A refused client has a while to read why: with bytes of its unread, a close would take the alert back."""
        try:
            super().failed(error)
        finally:
            if self.server_side and self.connection.is_handshaking and isinstance(error, VerificationError):
                with contextlib.suppress(OSError):
                    self._drain(time.monotonic() + LINGER)
            del error  # as there

    def _drain(self, until: float) -> None:
        owner = self.owner
        socket.socket.shutdown(owner, socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0 and owner.gettimeout() != 0:
            owner.settimeout(left)
            if not socket.socket.recv(owner, PIECE):
                break

    def send(self, wait: bool = True) -> None:
        if not self._sending.acquire(blocking=wait):
            return
        try:
            self._send()
        finally:
            self._sending.release()

    def _send(self) -> None:
        self._unsent += self.connection.write_tls()
        while self._unsent:
            try:
                # Nobody waits for who is removed.
                sent = socket.socket.send(self.owner, self._unsent, socket.MSG_DONTWAIT if self._removed else 0)
            except (BlockingIOError, ConnectionError) as error:
                if self._removed:
                    self.recheck()
                if isinstance(error, ConnectionError):
                    raise
                raise ssl.SSLWantWriteError(ssl.SSL_ERROR_WANT_WRITE, "the socket takes nothing now") from None
            self._unsent = self._unsent[sent:]

    def _recv(self) -> bytes:
        owner = self.owner
        timeout, left = owner.gettimeout(), self.connection.time_left
        limited = left is not None and (timeout is None or left < timeout)
        if limited:
            owner.settimeout(left or 1e-6)
        try:
            return socket.socket.recv(owner, PIECE)
        except BlockingIOError:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more ciphertext has to arrive") from None
        except TimeoutError:
            self.ask(self.connection.expire)
            raise
        finally:
            if limited:
                owner.settimeout(timeout)

    def _wake(self) -> None:
        """Ends what waits for the peer. A sender who is stuck can send no more, not even the close."""
        self._removed = True
        owner = self._owner()
        if owner is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(owner, socket.SHUT_RDWR if self._sending.locked() else socket.SHUT_RD)
