"""What runs a TLS object: how it is reached while nothing arrives, and how it comes to send an alert.

A TLS object is given two buffers and is asked for bytes; it has no way to tell that a connection is over while nobody
asks, and whoever sees it fail sends nothing more. Its host is found where that asks for the handshake, which is the one
place that knows both.
"""

import ssl
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import FrameType
from typing import Any

from trustdir._errors import TrustDirError

LINGER = 5.0
"""How many seconds a refused client has to read why, before its transport is closed."""


class Host(ABC):
    """The host of a connection. It does not keep alive what the connection belongs to."""

    _until = 0.0

    @abstractmethod
    def wake(self, callback: Callable[[], None]) -> None:
        """Has something called where the connection lives, from any thread."""

    @abstractmethod
    def removed(self, error: TrustDirError) -> None:
        """Ends the connection, whose peer was removed; called where the connection lives."""

    @abstractmethod
    def failed(self, error: TrustDirError, *, alert: bool, refused: bool) -> Exception:
        """What is raised for an error.

        Args:
            error: Why the connection is over.
            alert: Whether something has to be sent first, and the host was not asked before.
            refused: Whether a client is told that it may not come in, and is still there.
        """

    def _lets_read(self, alert: bool, refused: bool) -> bool:
        """Whether a refused client may still read why: with bytes of its unread, a close would take that back."""
        if alert:
            self._until = time.monotonic() + LINGER
        return refused and time.monotonic() < self._until


def host_of(caller: FrameType, tls_object: ssl.SSLObject) -> Host | None:
    """The host for whom this frame runs, if it is one that is known."""
    user: Any = caller.f_locals.get("self")
    if _is(user, "asyncio.sslproto", "SSLProtocol"):
        from trustdir._asyncio import AsyncioHost

        return AsyncioHost(user)
    if _is(user, "trio", "SSLStream"):
        from trustdir._streams import TrioHost

        return TrioHost(user)
    if _is(user, "anyio.streams.tls", "TLSStream"):
        from trustdir._streams import AnyioHost

        return AnyioHost(user)
    if "uvloop" in sys.modules:
        from trustdir._uvloop import UvloopHost

        return UvloopHost.of(tls_object)
    return None


def _is(user: Any, module: str, name: str) -> bool:
    return module in sys.modules and isinstance(user, getattr(sys.modules[module], name))


def want_read() -> ssl.SSLWantReadError:
    return ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "more ciphertext has to arrive")
