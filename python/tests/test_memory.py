"""What grows and what does not.

`TRUSTDIR_ROUNDS=100000` is for what takes minutes: so many handshakes and certificates, and downloads of a GB.
"""

import asyncio
import contextlib
import gc
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trio
import uvloop

import trustdir

MB = 1 << 20
ROUNDS = int(os.environ.get("TRUSTDIR_ROUNDS", 200))
SIZE = MB * (1024 if ROUNDS >= 100_000 else 48)

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is told by Linux")


def resident() -> int:
    """Bytes that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


Streaming = Callable[[trustdir.ServerContext, socket.socket], None]


def by_asyncio(context: trustdir.ServerContext, listener: socket.socket, loop: Any = None) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            for _ in range(SIZE // MB):
                writer.write(bytes(MB))
                await writer.drain()
            writer.close()
            await writer.wait_closed()
        over.set()

    async def main() -> None:
        async with await asyncio.start_server(serve, sock=listener, ssl=context):
            await over.wait()

    over = asyncio.Event()
    with asyncio.Runner(loop_factory=loop or asyncio.new_event_loop) as runner:
        runner.run(main())


def by_uvloop(context: trustdir.ServerContext, listener: socket.socket) -> None:
    by_asyncio(context, listener, uvloop.new_event_loop)


def by_trio(context: trustdir.ServerContext, listener: socket.socket) -> None:
    async def main() -> None:
        tcp = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
        async with await trio.SSLListener(tcp, context, https_compatible=True).accept() as stream:
            for _ in range(SIZE // MB):
                await stream.send_all(bytes(MB))

    trio.run(main)


def by_a_thread(context: trustdir.ServerContext, listener: socket.socket) -> None:
    with context.wrap_socket(listener.accept()[0], server_side=True) as client:
        for _ in range(SIZE // MB):
            client.sendall(bytes(MB))


@pytest.mark.parametrize("serve", [by_asyncio, by_uvloop, by_trio, by_a_thread], ids=lambda serve: serve.__name__)
def test_a_slow_reader_costs_no_memory(
    serve: Streaming, serving: trustdir.ServerContext, calling: trustdir.ClientContext,
    clients: trustdir.TrustDir, alice: trustdir.Identity,
) -> None:
    """A download that is much larger than what may lie in buffers."""
    clients.install(alice.certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve, serving, listener)
        raw = socket.create_connection(listener.getsockname(), timeout=60)
        with calling.wrap_socket(raw, server_hostname="localhost") as client:
            received, most, before = 0, 0, resident()
            while received < SIZE:
                # It reads no more before the service has written all that may wait, and is stuck.
                stuck = -1
                while stuck != (stuck := serving.counters().plaintext_out) and stuck < SIZE:
                    threading.Event().wait(0.02)
                most = max(most, resident() - before)
                received += sum(len(client.recv(1 << 16)) for _ in range(16))
        served.result(60)
    assert most < 16 * MB


Round = Callable[[], object]


@pytest.fixture(params=["handshakes", "resumed handshakes", "connections of sockets", "certificates"])
def work(
    request: pytest.FixtureRequest, ca: trustdir.Authority, serving: trustdir.ServerContext,
    calling: trustdir.ClientContext, clients: trustdir.TrustDir, alice: trustdir.Identity, tmp_path: Path,
) -> Iterator[Round]:
    clients.install(alice.certificate)

    def shake(context: trustdir.ClientContext) -> None:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends = [
            context.wrap_bio(to_client, to_server, server_hostname="localhost"),
            serving.wrap_bio(to_server, to_client, server_side=True),
        ]
        for end in ends * 2:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
        ends[1].write(b"hello")
        assert ends[0].read(5) == b"hello"

    def connect() -> None:
        raw_server, raw_client = socket.socketpair()
        server = pool.submit(serving.wrap_socket, raw_server, server_side=True)
        with calling.wrap_socket(raw_client, server_hostname="localhost") as client, server.result() as accepted:
            client.sendall(b"hello")
            assert accepted.recv(5) == b"hello"

    authority = trustdir.Authority.create(tmp_path / "authority")
    rounds: dict[str, Round] = {
        "handshakes": lambda: shake(trustdir.ClientContext(authorities=ca.certificate, identity=alice)),
        "resumed handshakes": lambda: shake(calling),
        "connections of sockets": connect,
        "certificates": lambda: authority.issue_client("alice"),
    }
    with ThreadPoolExecutor(1) as pool:
        yield rounds[request.param]


def test_nothing_leaks(work: Round, serving: trustdir.ServerContext) -> None:
    for _ in range(max(ROUNDS // 10, 100)):  # what is kept on purpose has come
        work()
    gc.collect()
    before = resident()
    for _ in range(ROUNDS):
        work()
    gc.collect()
    grown = resident() - before
    print(f"{ROUNDS} rounds: {grown / 1024:+.0f} KB, {before / MB:.0f} MB before")
    assert grown < 6 * MB
    assert serving.counters().open == 0
