"""The streams of Trio and AnyIO: whoever waits for one is woken by the end of its socket."""

import asyncio
import contextlib
import os
import selectors
import socket
import ssl
import sys
import weakref
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from trustdir._errors import TrustDirError
from trustdir._host import LINGER, Host, want_read


class StreamHost(Host):
    """A stream that asks again once it has sent what waits."""

    def __init__(self, stream: Any) -> None:
        self._stream = weakref.ref(stream)
        self._run_soon = _run_soon()

    def wake(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._run_soon(callback)

    def removed(self, error: TrustDirError) -> None:
        self._shut(gently=True)
        _run_later(LINGER, self._shut)  # who is stuck only now

    def _shut(self, gently: bool = False) -> None:
        stream = self._stream()
        raw = None if stream is None else self._socket(stream)
        if raw is None:
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(raw.fileno())) as shared:
            # A sender who is stuck can send no more, not even the close.
            shared.shutdown(socket.SHUT_RD if gently and _takes_more(shared) else socket.SHUT_RDWR)

    def failed(self, error: TrustDirError, *, alert: bool, refused: bool) -> Exception:
        reads = self._lets_read(alert, refused)
        if alert:
            return self._send_first()
        return want_read() if reads else error

    @abstractmethod
    def _socket(self, stream: Any) -> Any: ...

    @abstractmethod
    def _send_first(self) -> ssl.SSLError: ...


class TrioHost(StreamHost):
    """`trio.SSLStream`."""

    def _socket(self, stream: Any) -> Any:
        return getattr(stream.transport_stream, "socket", None)

    def _send_first(self) -> ssl.SSLError:
        return want_read()


class AnyioHost(StreamHost):
    """`anyio.streams.tls.TLSStream`, over asyncio, uvloop or Trio."""

    def _socket(self, stream: Any) -> Any:
        return stream.extra(sys.modules["anyio.abc"].SocketAttribute.raw_socket, None)

    def _send_first(self) -> ssl.SSLError:
        return ssl.SSLWantWriteError(ssl.SSL_ERROR_WANT_WRITE, "ciphertext has to be sent")


def _run_soon() -> Callable[[Callable[[], None]], object]:
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        run_soon: Callable[[Callable[[], None]], object] = sys.modules["trio"].lowlevel.current_trio_token().run_sync_soon
        return run_soon


def _run_later(delay: float, callback: Callable[[], None]) -> None:
    try:
        asyncio.get_running_loop().call_later(delay, callback)
    except RuntimeError:
        trio = sys.modules["trio"]

        async def later() -> None:
            await trio.sleep(delay)
            callback()

        trio.lowlevel.spawn_system_task(later)


def _takes_more(sock: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        return bool(selector.select(0))
