"""asyncio's transports, and uvloop's, over `ServerContext` and `ClientContext`."""

import asyncio
import contextlib
import gc
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, cast

import aiohttp
import aiohttp.web
import httpx
import pytest
import uvloop

import trustdir
from trustdir import Reason
from trustdir._uvloop import UvloopHost

LIMIT = 20
LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]

new_loop = LOOPS[0]


@pytest.fixture(autouse=True, params=LOOPS, ids=["asyncio", "uvloop"])
def each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "new_loop", request.param)


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(work, LIMIT))


class Recorder(asyncio.Protocol):
    """A server's end that keeps what happens to it."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.made: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made.set_result(cast(asyncio.Transport, transport))  # uvloop's are of no class

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def connected(
    serving: trustdir.ServerContext, calling: ssl.SSLContext
) -> AsyncIterator[tuple[Recorder, Streams]]:
    recorders: list[Recorder] = []

    def record() -> Recorder:
        recorders.append(Recorder())
        return recorders[-1]

    async with await asyncio.get_running_loop().create_server(record, "127.0.0.1", 0, ssl=serving) as server:
        streams = await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=calling)
        try:
            transport = await recorders[0].made
            yield recorders[0], streams
            transport.abort()
            await recorders[0].lost
        finally:
            await closed(streams[1])


@pytest.fixture(autouse=True)
def installed(clients: trustdir.TrustDir, alice: trustdir.Identity) -> trustdir.Entry:
    return clients.install(alice.certificate)


def revoked(error: object) -> bool:
    return isinstance(error, trustdir.RevokedError) and error.kind == "REVOKED"


@pytest.mark.parametrize("state", ["idle", "paused", "writing"])
def test_a_removal_closes_the_transport(
    serving: trustdir.ServerContext, calling: trustdir.ClientContext, installed: trustdir.Entry, state: str
) -> None:
    """Nothing arrives and nobody asks: the directory's watcher wakes the loop."""

    async def main() -> None:
        async with connected(serving, calling) as (server, (reader, _)):
            transport = await server.made
            assert transport.get_extra_info("ssl_object").admission.entry == installed.file
            if state == "paused":
                transport.pause_reading()
            elif state == "writing":
                transport.write(bytes(1 << 24))
            installed.file.unlink()
            assert revoked(await server.lost)
            if state == "idle":
                assert await reader.read() == b"", "close_notify has come"

    run(main())
    assert serving.counters().revocations(Reason.REMOVED) == 1


def test_a_removal_closes_all_transports_at_once(
    serving: trustdir.ServerContext, calling: trustdir.ClientContext, installed: trustdir.Entry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who holds an object is looked for once for all of them, where that has to be."""
    looks: list[int] = []
    woken: list[object] = []
    referrers, wake = gc.get_referrers, UvloopHost.wake

    def look(*objects: object) -> list[Any]:
        looks.append(len(objects))
        return referrers(*objects)

    def count(host: UvloopHost, callback: Callable[[], None]) -> None:
        wake(host, callback)
        woken.append(host)

    monkeypatch.setattr(gc, "get_referrers", look)
    monkeypatch.setattr(UvloopHost, "wake", count)
    is_uvloop = new_loop is LOOPS[1]

    async def main() -> None:
        async with contextlib.AsyncExitStack() as stack:
            servers = [(await stack.enter_async_context(connected(serving, calling)))[0] for _ in range(30)]
            installed.file.unlink()
            while is_uvloop and len(woken) < len(servers):
                time.sleep(0.001)  # the loop is busy
            assert all(revoked(error) for error in await asyncio.gather(*(server.lost for server in servers)))

    run(main())
    assert serving.counters().revocations(Reason.REMOVED) == 30
    assert looks == ([30] if is_uvloop else [])


def test_who_cannot_be_ended_keeps_nobody_else_open(
    serving: trustdir.ServerContext, calling: trustdir.ClientContext, installed: trustdir.Entry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """uvloop's parts may be other ones tomorrow."""
    if new_loop is not LOOPS[1]:
        pytest.skip("asyncio has no such parts")
    end, failures, told = UvloopHost._end, [RuntimeError("changed")], list[Exception]()

    def fail_once(host: UvloopHost, protocol: Any, error: trustdir.TrustDirError) -> None:
        if failures:
            raise failures.pop()
        end(host, protocol, error)

    monkeypatch.setattr(UvloopHost, "_end", fail_once)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
        async with contextlib.AsyncExitStack() as stack:
            servers = [(await stack.enter_async_context(connected(serving, calling)))[0] for _ in range(3)]
            installed.file.unlink()
            await until(lambda: sum(server.lost.done() for server in servers) == 2 and len(told) == 1)

    run(main())
    assert str(told[0]) == "changed"


def test_finish(
    ca: trustdir.Authority, clients: trustdir.TrustDir, calling: trustdir.ClientContext, installed: trustdir.Entry
) -> None:
    """Who may finish does."""
    decisions: asyncio.Queue[trustdir.Decision] = asyncio.Queue()
    serving = trustdir.ServerContext(
        ca.issue_server("127.0.0.1"), clients=clients, on_removal="finish", on_decision=decisions.put_nowait
    )

    async def main() -> None:
        async with connected(serving, calling) as (server, (reader, writer)):
            assert (await decisions.get()).admitted
            installed.file.unlink()
            assert (await decisions.get()).reason is Reason.REMOVED
            (await server.made).write(b"the rest")
            assert await reader.readexactly(8) == b"the rest"
            writer.close()
            assert await server.lost is None

    run(main())


def test_a_pin_that_goes_closes_the_client(ca: trustdir.Authority, clients: trustdir.TrustDir) -> None:
    nas = ca.issue_server("localhost")
    pin = clients.install(nas.certificate)

    async def main() -> None:
        async with connected(trustdir.ServerContext(nas), trustdir.ClientContext(pins=clients)) as (_, (reader, _)):
            pin.file.unlink()
            with pytest.raises(trustdir.VerificationError) as error:
                await reader.read()
            assert revoked(error.value)

    run(main())


@pytest.mark.parametrize("kind", ["no certificate", "stranger"])
def test_the_refused_hear_why(
    serving: trustdir.ServerContext, ca: trustdir.Authority, installed: trustdir.Entry, kind: str
) -> None:
    """The alert arrives, although more of the client's bytes arrive behind its certificate."""
    identity = None if kind == "no certificate" else ca.issue_client("mallory")
    calling = trustdir.ClientContext(authorities=ca.certificate, identity=identity)

    async def main() -> None:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=serving)
        for _ in range(20):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=calling)
            for _ in range(4):
                writer.write(bytes(10_000))
                await asyncio.sleep(0)
            with pytest.raises(trustdir.TlsError, match="give the connector an identity|have it installed") as error:
                await reader.read()
            assert error.value.kind == "ALERT"
            await closed(writer)
        # The loop leaves the collector what failed in the handshake.
        await until(lambda: gc.collect() >= 0 and serving.counters().open == 0)
        server.close()

    run(main())


def test_the_client_hears_why_it_refuses(serving: trustdir.ServerContext, tmp_path: Any) -> None:
    calling = trustdir.ClientContext(authorities=trustdir.Authority.create(tmp_path / "other").certificate)

    async def main() -> None:
        with pytest.raises(trustdir.VerificationError) as error:
            async with connected(serving, calling):
                pass
        assert error.value.kind == "UNTRUSTED"

    run(main())


def test_backpressure(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    """A writer waits for a slow reader: what lies in buffers does not grow with what is sent."""
    piece, pieces = bytes(1 << 16), 1024

    async def main() -> None:
        async with connected(serving, calling) as (server, (reader, _)):
            transport = await server.made
            resumed = asyncio.Event()
            server.pause_writing = resumed.clear  # type: ignore[method-assign]
            server.resume_writing = resumed.set  # type: ignore[method-assign]
            resumed.set()
            waiting = 0

            async def write() -> None:
                nonlocal waiting
                for _ in range(pieces):
                    transport.write(piece)
                    waiting = max(waiting, transport.get_write_buffer_size())
                    await resumed.wait()

            writing = asyncio.create_task(write())
            read = 0
            while read < pieces * len(piece):
                chunk = await reader.read(1 << 16)
                assert chunk
                read += len(chunk)
            await writing
            assert 0 < waiting < 1 << 20

    run(main())


def test_large_bodies_both_ways(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    body = bytes(range(256)) * (1 << 16)

    async def main() -> None:
        async with connected(serving, calling) as (server, (reader, writer)):
            (await server.made).write(body)
            writer.write(body)
            assert await reader.readexactly(len(body)) == body
            await writer.drain()
            writer.close()
            assert await server.lost is None
            assert server.received == body

    run(main())


def test_cancellation(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    """A read that is given up takes nothing with it, and a connection that is given up goes."""

    async def main() -> None:
        async with connected(serving, calling) as (server, (reader, writer)):
            waiting = asyncio.create_task(reader.readexactly(5))
            (await server.made).write(b"hel")
            await until(lambda: calling.counters().plaintext_in == 3)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            (await server.made).write(b"lo")
            assert await reader.readexactly(5) == b"hello"
            writer.transport.abort()
            await server.lost

        silent = socket.create_server(("127.0.0.1", 0))
        silent.setblocking(False)
        connecting = asyncio.create_task(asyncio.open_connection(*silent.getsockname(), ssl=calling))
        accepted, _ = await asyncio.get_running_loop().sock_accept(silent)
        assert await asyncio.get_running_loop().sock_recv(accepted, 1) == b"\x16", "a handshake has begun"
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        while await asyncio.get_running_loop().sock_recv(accepted, 1 << 16):
            pass  # until the transport is closed
        accepted.close()
        silent.close()

    run(main())


def test_nothing_is_left(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    """Connections go when they are closed, not when the collector comes by."""

    async def main() -> None:
        for _ in range(20):
            async with connected(serving, calling) as (server, (_, writer)):
                writer.close()
                await server.lost

    gc.collect()
    gc.disable()
    try:
        run(main())
    finally:
        gc.enable()
    counters = serving.counters()
    assert counters.full + counters.resumed == 20
    assert counters.open < 3


def test_start_tls(serving: trustdir.ServerContext, calling: trustdir.ClientContext) -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            await writer.start_tls(serving)
            writer.write(writer.get_extra_info("ssl_object").admission.subject.encode())
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"STARTTLS\n"
        await writer.start_tls(calling, server_hostname="127.0.0.1")
        assert await reader.read() == b"CN=alice"
        await closed(writer)
        server.close()

    run(main())


Get = Callable[[str, trustdir.ClientContext], Awaitable[str]]


async def get_by_aiohttp(url: str, context: trustdir.ClientContext) -> str:
    async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
        return await response.text()


async def get_by_httpx(url: str, context: trustdir.ClientContext) -> str:
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        return (await client.get(url)).text


async def get_by_httpx_in_a_thread(url: str, context: trustdir.ClientContext) -> str:
    def get() -> str:
        with httpx.Client(verify=context, trust_env=False) as client:
            return client.get(url).text

    return await asyncio.to_thread(get)


@pytest.mark.parametrize("get", [get_by_aiohttp, get_by_httpx, get_by_httpx_in_a_thread], ids=lambda get: get.__name__)
def test_clients_take_the_context(
    get: Get, ca: trustdir.Authority, alice: trustdir.Identity, serving: trustdir.ServerContext
) -> None:
    calling = trustdir.ClientContext(pins=ca.issue_server("127.0.0.1").certificate, identity=alice)
    good = trustdir.ClientContext(authorities=ca.certificate, identity=alice)

    async def main() -> None:
        async def serve(request: aiohttp.web.BaseRequest) -> aiohttp.web.Response:
            return aiohttp.web.Response(text=request.get_extra_info("ssl_object").admission.subject)

        runner = aiohttp.web.ServerRunner(aiohttp.web.Server(serve), shutdown_timeout=1)
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serving).start()
        url = f"https://127.0.0.1:{runner.addresses[0][1]}/"
        assert await get(url, good) == "CN=alice"
        with pytest.raises((aiohttp.ClientError, httpx.TransportError)):
            await get(url, calling)
        await runner.cleanup()

    run(main())
