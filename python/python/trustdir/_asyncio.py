"""asyncio's own transports."""

import asyncio
import contextlib
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from trustdir._errors import TrustDirError
from trustdir._host import LINGER, Host, want_read

if TYPE_CHECKING:
    from asyncio.sslproto import SSLProtocol


class AsyncioHost(Host):
    """A protocol of asyncio's, and its loop."""

    _over = False

    def __init__(self, protocol: "SSLProtocol") -> None:
        self._protocol = weakref.ref(protocol)
        self._loop = asyncio.get_running_loop()

    def wake(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and so are its transports
            self._loop.call_soon_threadsafe(callback)

    def removed(self, error: TrustDirError) -> None:
        self._end_soon(error)
        if (protocol := self._protocol()) is not None:
            protocol.buffer_updated(0)  # sends what waits

    def failed(self, error: TrustDirError, *, alert: bool, refused: bool) -> Exception:
        """asyncio drops what waits when it sees an error. So it sees none until that was sent."""
        self._end_soon(error, LINGER if refused else 0)
        return want_read()

    def _end_soon(self, error: TrustDirError, delay: float = 0) -> None:
        if self._over:
            return
        self._over = True
        error = error.with_traceback(None)  # it would keep the connection until then
        if delay:
            self._loop.call_later(delay, self._end, error)
        else:
            self._loop.call_soon(self._end, error)  # before anything that the peer does about it

    def _end(self, error: TrustDirError) -> None:
        if (protocol := self._protocol()) is not None:
            protocol._fatal_error(error)
