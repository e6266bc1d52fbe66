"""The connection that a task works for, whichever server has begun it."""

import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING

from trustdir._trustdir import Decision

if TYPE_CHECKING:
    from trustdir._engine import Engine

# Whoever handles what was read is called right after the read, in the same context or in one that begins with a copy of
# it. Only a reference: a task that goes on does not keep the connection.
_current: "ContextVar[weakref.ref[Engine]]" = ContextVar("trustdir")


def enter(engine: "weakref.ref[Engine]") -> None:
    """What is called from now on works for this connection."""
    _current.set(engine)


def current() -> "Engine | None":
    """The connection, while there is it."""
    engine = _current.get(None)
    return None if engine is None else engine()


def current_admission() -> Decision | None:
    """The decision about the client that this task works for, in a handler of any server that asks an event loop.

    asyncio, uvloop, Trio and AnyIO have it, and what is built on them: aiohttp, uvicorn, hypercorn and each framework
    for ASGI. A task has it from the connection that was read from when it was begun, or that it has read from last
    itself. A thread that serves a `TLSSocket` asks that for its `admission`.

    Returns:
        The decision; a refusal once the client's entry has gone. None where no client of a `ServerContext` is worked
        for, or its connection is no more.

    Example:
        >>> import asyncio, trustdir
        >>> ca = trustdir.Authority.create("pki")
        >>> serving = trustdir.ServerContext(ca.issue_server("localhost"))

        >>> async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ...     admission = trustdir.current_admission()
        ...     assert admission is not None
        ...     writer.write(admission.reason.encode())
        ...     writer.close()

        >>> async def main() -> None:
        ...     async with await asyncio.start_server(greet, "localhost", 0, ssl=serving) as server:
        ...         port = server.sockets[0].getsockname()[1]
        ...         calling = trustdir.ClientContext(authorities=ca.certificate)
        ...         reader, writer = await asyncio.open_connection("localhost", port, ssl=calling)
        ...         print((await reader.read()).decode())
        ...         writer.close()
        >>> asyncio.run(main())
        ANONYMOUS
    """
    engine = current()
    return None if engine is None else engine.admission


current_admission.__module__ = "trustdir"  # where it is imported from
