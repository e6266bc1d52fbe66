"""uvloop's transports, which are compiled: no frame shows them."""

import asyncio
import contextlib
import gc
import ssl
import threading
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
        ending: dict[UvloopHost, TrustDirError] = vars(_here).setdefault("ending", {})
        if not ending:
            self._loop.call_soon(_end_all)  # what else is removed now is looked for together
        ending[self] = error

    def failed(self, error: TrustDirError, *, alert: bool, refused: bool) -> Exception:
        return want_read() if self._found or self._lets_read(alert, refused) else error

    def _try_end(self, protocol: Any, error: TrustDirError) -> None:
        """Ends it; what fails is told to the loop, and keeps nobody else's connection open."""
        try:
            self._end(protocol, error)
        except Exception as failure:
            message = "a removed peer's connection could not be ended"
            self._loop.call_exception_handler({"message": message, "exception": failure, "protocol": protocol})

    def _end(self, protocol: Any, error: TrustDirError) -> None:
        self._found = True
        protocol.buffer_updated(0)  # sends what waits
        self._loop.call_soon(protocol._get_app_transport()._force_close, error.with_traceback(None))


_here = threading.local()


def _end_all() -> None:
    """Ends all whose peers were removed.

    Nothing leads from an object to its protocol, but the collector knows who holds it. That takes milliseconds for all of
    them, and removals are rare.
    """
    ending: dict[UvloopHost, TrustDirError] = vars(_here).pop("ending")
    objects = {id(held): (held, host) for host in ending if (held := host._tls_object()) is not None}
    for holder in gc.get_referrers(*(held for held, _ in objects.values())):
        if type(holder).__name__ == "SSLProtocol":
            for host in [objects[id(held)][1] for held in gc.get_referents(holder) if id(held) in objects][:1]:
                host._try_end(holder, ending[host])
