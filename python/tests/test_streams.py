"""Trio's and AnyIO's streams over `ServerContext`: what a removal does to who waits."""

import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.streams.tls
import pytest
import trio

import trustdir

LIMIT = 30

Serve = Callable[[Any], Awaitable[None]]


@contextlib.asynccontextmanager
async def anyio_server(context: trustdir.ServerContext, serve: Serve) -> Any:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as tcp, anyio.create_task_group() as group:
        group.start_soon(anyio.streams.tls.TLSListener(tcp, context).serve, serve)
        yield tcp.extra(anyio.abc.SocketAttribute.local_port)
        group.cancel_scope.cancel()


@contextlib.asynccontextmanager
async def trio_server(context: trustdir.ServerContext, serve: Serve) -> Any:
    async with trio.open_nursery() as nursery:
        tcp = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
        nursery.start_soon(trio.serve_listeners, serve, [trio.SSLListener(tcp, context)])
        yield tcp.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def receive(stream: Any) -> None:
    while True:
        await (stream.receive_some() if isinstance(stream, trio.SSLStream) else stream.receive())


async def send(stream: Any) -> None:
    while True:
        await (stream.send_all if isinstance(stream, trio.SSLStream) else stream.send)(bytes(1 << 20))


@pytest.mark.parametrize("waits", [receive, send], ids=lambda waits: waits.__name__)
@pytest.mark.parametrize(
    ("server", "backend"),
    [(trio_server, "trio"), (anyio_server, "trio"), (anyio_server, "asyncio"), (anyio_server, "uvloop")],
    ids=["trio", "anyio-trio", "anyio-asyncio", "anyio-uvloop"],
)
def test_a_removal_wakes_who_waits(
    server: Any, backend: str, waits: Serve, serving: trustdir.ServerContext, calling: trustdir.ClientContext,
    clients: trustdir.TrustDir, alice: trustdir.Identity,
) -> None:
    """Whether it waits for the peer to send or to read."""
    entry = clients.install(alice.certificate)

    async def main() -> None:
        begun, ended = anyio.Event(), anyio.Event()
        errors: list[Exception] = []

        async def serve(stream: Any) -> None:
            if isinstance(stream, trio.SSLStream):
                await stream.do_handshake()
            assert (admission := trustdir.current_admission()) is not None and admission.entry == entry.file
            begun.set()
            try:
                await waits(stream)
            except Exception as error:
                errors.append(error)
            await (trio if isinstance(stream, trio.SSLStream) else anyio).aclose_forcefully(stream)
            ended.set()

        def call() -> ssl.SSLSocket:
            return calling.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")

        with anyio.fail_after(LIMIT):
            async with server(serving, serve) as port:
                with await anyio.to_thread.run_sync(call) as client:
                    await begun.wait()
                    while waits is send and serving.counters().ciphertext_out < 1 << 20:
                        await anyio.sleep(0.001)
                    entry.file.unlink()
                    await ended.wait()
                    if waits is receive:
                        assert client.recv(1) == b"", "close_notify has come"
        (error,) = errors
        if waits is receive:
            causes = (error, error.__cause__)
            assert any(isinstance(cause, trustdir.RevokedError) for cause in causes), causes

    options = {"use_uvloop": True} if backend == "uvloop" else {}
    anyio.run(main, backend="asyncio" if backend == "uvloop" else backend, backend_options=options)
    assert serving.counters().revocations(trustdir.Reason.REMOVED) == 1
