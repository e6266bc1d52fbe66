"""Servers of every kind that tell who calls; each is run by a thread and gives its port."""

import asyncio
import contextlib
import functools
import http.server
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol, cast

import anyio
import anyio.streams.tls
import hypercorn.asyncio
import hypercorn.config
import hypercorn.trio
import trio
import uvicorn
import uvloop
from aiohttp import web

import trustdir
import trustdir.asgi

LIMIT = 60
"""So many seconds a server keeps a connection that asks for nothing."""


class Starting(Protocol):
    def __call__(self, context: trustdir.ServerContext) -> contextlib.AbstractContextManager[int]: ...


def answer(admission: trustdir.Decision | None) -> bytes:
    assert admission is not None
    return json.dumps([admission.reason, admission.subject]).encode()


def http_answer(admission: trustdir.Decision | None) -> bytes:
    body = answer(admission)
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%s" % (len(body), body)


@contextlib.contextmanager
def in_a_thread(run: Callable[[], object], stop: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join()


@contextlib.contextmanager
def in_a_loop(begin: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> Iterator[int]:
    """Runs what `begin` starts in this loop; `begin` gives the port and how to end it."""

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(LIMIT)

    with in_a_thread(loop.run_forever, lambda: loop.call_soon_threadsafe(loop.stop)):
        port, end = run(begin())
        yield port
        run(end())
    loop.close()


@contextlib.contextmanager
def streams(context: trustdir.ServerContext, loop: asyncio.AbstractEventLoop | None = None) -> Iterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(http_answer(writer.get_extra_info("ssl_object").admission))
                await writer.drain()
        writer.close()

    async def begin() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)

        async def end() -> None:
            server.close()

        return server.sockets[0].getsockname()[1], end

    with in_a_loop(begin, loop or asyncio.new_event_loop()) as port:
        yield port


def uvloop_streams(context: trustdir.ServerContext) -> contextlib.AbstractContextManager[int]:
    return streams(context, uvloop.new_event_loop())


class HttpProtocol(asyncio.Protocol):
    received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.received.endswith(b"\r\n\r\n"):
            self.received = b""
            self.transport.write(http_answer(trustdir.current_admission()))


@contextlib.contextmanager
def create_server(context: trustdir.ServerContext) -> Iterator[int]:
    async def begin() -> Any:
        server = await asyncio.get_running_loop().create_server(HttpProtocol, "127.0.0.1", 0, ssl=context)

        async def end() -> None:
            server.close()

        return server.sockets[0].getsockname()[1], end

    with in_a_loop(begin, asyncio.new_event_loop()) as port:
        yield port


@contextlib.contextmanager
def aiohttp(context: trustdir.ServerContext) -> Iterator[int]:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=answer(request.get_extra_info("ssl_object").admission))

    async def begin() -> Any:
        app = web.Application()
        app.router.add_get("/", handle)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        return runner.addresses[0][1], runner.cleanup

    with in_a_loop(begin, asyncio.new_event_loop()) as port:
        yield port


async def application(scope: Any, receive: Any, send: Any) -> None:
    """What ASGI servers are given."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            assert await receive() == {"type": f"lifespan.{phase}"}
            await send({"type": f"lifespan.{phase}.complete"})
        return
    extensions = scope["extensions"]
    assert extensions["tls"]["client_cert_name"] == extensions["trustdir"]["admission"].subject
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer(extensions["trustdir"]["admission"])})


APPLICATION: Any = application


@contextlib.contextmanager
def uvicorn_asyncio(context: trustdir.ServerContext, loop: str = "asyncio") -> Iterator[int]:
    config = uvicorn.Config(
        trustdir.asgi.TlsExtension(APPLICATION, context),
        log_level="critical",
        lifespan="off",
        loop=loop,
        ws="none",
        timeout_keep_alive=LIMIT,
        ssl_context_factory=lambda config, default: context,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True
        server.force_exit = True

    with socket.create_server(("127.0.0.1", 0)) as listener:
        with in_a_thread(functools.partial(server.run, sockets=[listener]), stop):
            yield listener.getsockname()[1]


def uvicorn_uvloop(context: trustdir.ServerContext) -> contextlib.AbstractContextManager[int]:
    return uvicorn_asyncio(context, "uvloop")


class HypercornConfig(hypercorn.config.Config):
    ssl_enabled = True
    keep_alive_timeout = LIMIT
    errorlog = None

    def __init__(self, context: trustdir.ServerContext, listener: socket.socket) -> None:
        super().__init__()
        self._context = context
        self.bind = [f"fd://{listener.fileno()}"]

    def create_ssl_context(self) -> ssl.SSLContext:
        return self._context


@contextlib.contextmanager
def hypercorn_asyncio(context: trustdir.ServerContext) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    config = HypercornConfig(context, listener)
    app: Any = trustdir.asgi.TlsExtension(APPLICATION, context)

    def run() -> None:
        loop.run_until_complete(hypercorn.asyncio.serve(app, config, shutdown_trigger=stopping.wait))
        loop.close()

    with in_a_thread(run, lambda: loop.call_soon_threadsafe(stopping.set)):
        yield listener.getsockname()[1]
    listener.detach()


@contextlib.contextmanager
def in_trio(serve: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Runs it under Trio until it is cancelled."""
    cancel = trio.CancelScope()
    started = threading.Event()
    tokens: list[trio.lowlevel.TrioToken] = []

    async def main() -> None:
        tokens.append(trio.lowlevel.current_trio_token())
        started.set()
        with cancel:
            await serve()

    def stop() -> None:
        with contextlib.suppress(trio.RunFinishedError):  # what has ended it tells why
            tokens[0].run_sync_soon(cancel.cancel)

    with in_a_thread(lambda: trio.run(main), stop):
        assert started.wait(LIMIT)
        yield


@contextlib.contextmanager
def hypercorn_trio(context: trustdir.ServerContext) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = HypercornConfig(context, listener)
    app: Any = trustdir.asgi.TlsExtension(APPLICATION, context)
    with in_trio(lambda: hypercorn.trio.serve(app, config, shutdown_trigger=trio.sleep_forever)):
        yield port
    listener.detach()


@contextlib.contextmanager
def trio_streams(context: trustdir.ServerContext) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    async def serve(stream: "trio.SSLStream[trio.SocketStream]") -> None:
        with contextlib.suppress(trio.BrokenResourceError):
            async with stream:
                received = bytearray()
                async for data in stream:
                    received += data
                    if received.endswith(b"\r\n\r\n"):
                        received.clear()
                        await stream.send_all(http_answer(trustdir.current_admission()))

    async def main() -> None:
        tcp = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
        await trio.serve_listeners(serve, [trio.SSLListener(tcp, context, https_compatible=True)])

    with in_trio(main):
        yield listener.getsockname()[1]
    listener.close()


@contextlib.contextmanager
def anyio_streams(context: trustdir.ServerContext, backend: str = "asyncio") -> Iterator[int]:
    ports: list[int] = []
    started = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve(stream: anyio.streams.tls.TLSStream) -> None:
        with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream, ssl.SSLError):
            async with stream:
                received = bytearray()
                while True:
                    received += await stream.receive()
                    if received.endswith(b"\r\n\r\n"):
                        received.clear()
                        tls_object = stream.extra(anyio.streams.tls.TLSAttribute.ssl_object)
                        assert isinstance(tls_object, trustdir.TLSObject)
                        await stream.send(http_answer(tls_object.admission))

    async def main() -> None:
        async with anyio.from_thread.BlockingPortal() as portal:
            stopping = anyio.Event()
            stop.append(lambda: portal.call(stopping.set))
            tcp = await anyio.create_tcp_listener(local_host="127.0.0.1")
            ports.append(tcp.extra(anyio.abc.SocketAttribute.local_port))
            async with tcp, anyio.create_task_group() as group:
                group.start_soon(anyio.streams.tls.TLSListener(tcp, context, standard_compatible=False).serve, serve)
                started.set()
                await stopping.wait()
                group.cancel_scope.cancel()

    with in_a_thread(lambda: anyio.run(main, backend=backend), lambda: stop[0]()):
        assert started.wait(LIMIT)
        yield ports[0]


def anyio_trio(context: trustdir.ServerContext) -> contextlib.AbstractContextManager[int]:
    return anyio_streams(context, "trio")


@contextlib.contextmanager
def threading_server(context: trustdir.ServerContext, server: socketserver.TCPServer) -> Iterator[int]:
    with server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        with in_a_thread(functools.partial(server.serve_forever, poll_interval=0.01), server.shutdown):
            yield server.server_address[1]


def http_server(context: trustdir.ServerContext) -> contextlib.AbstractContextManager[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert isinstance(self.connection, trustdir.TLSSocket)
            body = answer(self.connection.admission)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return threading_server(context, http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))


def socket_server(context: trustdir.ServerContext) -> contextlib.AbstractContextManager[int]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert isinstance(self.connection, trustdir.TLSSocket)
            for line in self.rfile:
                if line == b"\r\n":
                    self.wfile.write(http_answer(self.connection.admission))

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    return threading_server(context, server)


SERVERS: list[Starting] = [
    streams,
    create_server,
    uvloop_streams,
    aiohttp,
    uvicorn_asyncio,
    uvicorn_uvloop,
    hypercorn_asyncio,
    hypercorn_trio,
    trio_streams,
    anyio_streams,
    anyio_trio,
    http_server,
    socket_server,
]
