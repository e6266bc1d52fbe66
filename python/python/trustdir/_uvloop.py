"""uvloop's transports, which are compiled: no frame shows them."""

import asyncio
import contextlib
import gc
import ssl
import weakref
from collections.abc import Callable
from typing import Any

from trustdir._errors import TrustDirError
from trustdir._host import Host, want_read


class UvloopHost(Host):
    """A loop of uvloop's, and the object whose protocol is looked for when its peer is removed."""

    _found = False

    def __init__(self, tls_object: ssl.SSLObject, loop: asyncio.AbstractEventLoop) -> None:
        self._tls_object = weakref.ref(tls_object)
        self._loop = loop

    @classmethod
    def of(cls, tls_object: ssl.SSLObject) -> "UvloopHost | None":
        """The host, if this runs in a callback of uvloop's; whoever has a task drives the object by itself."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        ours = type(loop).__module__.startswith("uvloop") and asyncio.current_task() is None
        return cls(tls_object, loop) if ours else None

    def wake(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and so are its transports
            self._loop.call_soon_threadsafe(callback)

    def removed(self, error: TrustDirError) -> None:
        protocol = self._protocol()
        if protocol is not None:
            self._found = True
            protocol.buffer_updated(0)  # sends what waits
            self._loop.call_soon(protocol._get_app_transport()._force_close, error.with_traceback(None))

    def failed(self, error: TrustDirError, *, alert: bool, refused: bool) -> Exception:
        return want_read() if self._found or self._lets_read(alert, refused) else error

    def _protocol(self) -> Any:
        # Nothing leads from the object to its protocol, but the collector knows who holds it. That takes milliseconds,
        # and removals are rare.
        holders = gc.get_referrers(self._tls_object())
        return next((holder for holder in holders if type(holder).__name__ == "SSLProtocol"), None)
