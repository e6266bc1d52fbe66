"""How a connection reaches the asyncio transport that it works for.

asyncio gives a TLS object two buffers and asks it for bytes; it has no way to be told that a connection is over while
nothing arrives. Its protocol is found where it asks for the object, which is the one place that knows both.
"""

import contextlib
import sys
import weakref
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from asyncio.sslproto import SSLProtocol

LINGER = 5.0
"""How many seconds a refused client has to read why, before its transport is closed."""


class Host:
    """asyncio's end of a connection. It does not keep the protocol alive, whose the connection is."""

    def __init__(self, protocol: "SSLProtocol", loop: "AbstractEventLoop") -> None:
        self._protocol = weakref.ref(protocol)
        self._loop = loop

    @classmethod
    def of(cls, caller: FrameType) -> "Host | None":
        """The host for whom this frame runs, if it is one of asyncio's."""
        sslproto = sys.modules.get("asyncio.sslproto")
        protocol = caller.f_locals.get("self")
        if sslproto is None or not isinstance(protocol, sslproto.SSLProtocol):
            return None
        return cls(protocol, sys.modules["asyncio"].get_running_loop())

    def wake(self, callback: Callable[[], None]) -> None:
        """Has something called in the loop's thread, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, and so are its transports
            self._loop.call_soon_threadsafe(callback)

    def pump(self) -> None:
        """Has asyncio send what waits."""
        if (protocol := self._protocol()) is not None:
            protocol.buffer_updated(0)

    def end(self, error: Exception, delay: float) -> None:
        """Closes the transport and tells the application why, once what waits has been sent."""
        # Its traceback would keep the connection until then.
        self._loop.call_later(delay, self._end, error.with_traceback(None))

    def _end(self, error: Exception) -> None:
        if (protocol := self._protocol()) is not None:
            protocol._fatal_error(error)
