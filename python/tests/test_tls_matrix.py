"""Servers of every kind, clients of every kind, and what becomes of clients: over real sockets."""

import asyncio
import contextlib
import http.client
import http.server
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiohttp import web
from uvicorn import Config, Server

import trustdir
from trustdir import Reason

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@dataclass
class Service:
    """A server that tells who calls, and whose clients are those of a directory."""

    context: trustdir.ServerContext
    port: int
    clients: trustdir.TrustDir
    ca: trustdir.Authority


def answer(admission: trustdir.Decision) -> bytes:
    return json.dumps([admission.reason, admission.subject]).encode()


def http_answer(admission: trustdir.Decision) -> bytes:
    body = answer(admission)
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%s" % (len(body), body)


class Starting(Protocol):
    def __call__(self, context: trustdir.ServerContext) -> contextlib.AbstractContextManager[int]: ...


@contextlib.contextmanager
def in_a_loop(begin: Callable[[], Any]) -> Iterator[Any]:
    """Runs what `begin` starts in an event loop of its own thread; `begin` gives the port and how to end it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    try:
        port, end = run(begin())
        yield port
        run(end())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.contextmanager
def streams(context: trustdir.ServerContext) -> Iterator[int]:
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

    with in_a_loop(begin) as port:
        yield port


class HttpProtocol(asyncio.Protocol):
    received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.received.endswith(b"\r\n\r\n"):
            self.received = b""
            self.transport.write(http_answer(self.transport.get_extra_info("ssl_object").admission))


@contextlib.contextmanager
def create_server(context: trustdir.ServerContext) -> Iterator[int]:
    async def begin() -> Any:
        server = await asyncio.get_running_loop().create_server(HttpProtocol, "127.0.0.1", 0, ssl=context)

        async def end() -> None:
            server.close()

        return server.sockets[0].getsockname()[1], end

    with in_a_loop(begin) as port:
        yield port


@contextlib.contextmanager
def aiohttp(context: trustdir.ServerContext) -> Iterator[int]:
    async def handle(request: web.Request) -> web.Response:
        ssl_object = request.get_extra_info("ssl_object")
        return web.Response(body=answer(ssl_object.admission))

    async def begin() -> Any:
        app = web.Application()
        app.router.add_get("/", handle)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        return runner.addresses[0][1], runner.cleanup

    with in_a_loop(begin) as port:
        yield port


@contextlib.contextmanager
def uvicorn(context: trustdir.ServerContext) -> Iterator[int]:
    """ASGI does not tell an application of its TLS: the decision is heard from `on_decision` instead."""
    decisions: list[trustdir.Decision] = []
    context.reload(on_decision=decisions.append)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer(decisions[-1])})

    config = Config(app, log_level="critical", lifespan="off", loop="asyncio", ws="none",
                    ssl_context_factory=lambda config, default: context)
    server = Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join()


@contextlib.contextmanager
def http_server(context: trustdir.ServerContext) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert isinstance(self.connection, trustdir.TLSSocket)
            admission = self.connection.admission
            assert admission is not None
            body = answer(admission)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


SERVERS: list[Starting] = [streams, create_server, aiohttp, uvicorn, http_server]


@pytest.fixture(params=SERVERS, ids=lambda server: server.__name__)
def server(request: pytest.FixtureRequest) -> Starting:
    starting: Starting = request.param
    return starting


@pytest.fixture
def service(server: Starting, ca: trustdir.Authority, clients: trustdir.TrustDir) -> Iterator[Service]:
    context = trustdir.ServerContext(ca.issue_server("localhost", "127.0.0.1"), clients=clients, alpn=["http/1.1"])
    with server(context) as port:
        yield Service(context, port, clients, ca)


class Refused(Exception):
    """The client was not admitted."""


class Client:
    """One that asks again on the same connection, if it can."""

    def __init__(
        self, service: Service, identity: trustdir.Identity | None, version: ssl.TLSVersion, directory: Path
    ) -> None:
        self.service, self.identity, self.version, self.directory = service, identity, version, directory

    def get(self) -> list[str]:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Curl(Client):
    def get(self) -> list[str]:
        version = "1.2" if self.version == ssl.TLSVersion.TLSv1_2 else "1.3"
        (self.directory / "ca.pem").write_bytes(self.service.ca.certificate.pem)
        command = ["curl", "--silent", "--cacert", "ca.pem", f"--tlsv{version}", "--tls-max", version]
        if self.identity is not None:
            if not (self.directory / "client.pem").exists():
                self.identity.save_bundle(self.directory / "client.pem")
            command += ["--cert", "client.pem"]
        command.append(f"https://localhost:{self.service.port}/")
        command += ["--resolve", f"localhost:{self.service.port}:127.0.0.1"]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, timeout=60)
        if done.returncode != 0:
            raise Refused(done.returncode)
        return list(json.loads(done.stdout))


class HttpClient(Client):
    """http.client, with a context that each kind makes."""

    def __init__(
        self, service: Service, identity: trustdir.Identity | None, version: ssl.TLSVersion, directory: Path
    ) -> None:
        super().__init__(service, identity, version, directory)
        self.context = self.make_context()
        self.context.minimum_version = self.context.maximum_version = version
        self.connect()

    def make_context(self) -> ssl.SSLContext:
        raise NotImplementedError

    def connect(self) -> None:
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", self.service.port, context=self.context, timeout=60
        )

    def get(self) -> list[str]:
        try:
            self.connection.request("GET", "/")
            return list(json.loads(self.connection.getresponse().read()))
        except (OSError, http.client.HTTPException) as error:
            raise Refused from error

    def close(self) -> None:
        self.connection.close()


class Remembering(ssl.SSLContext):
    """Python resumes a session that it is handed."""

    session: ssl.SSLSession | None = None

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **{**kwargs, "session": self.session})


class PythonSsl(HttpClient):
    def get(self) -> list[str]:
        got = super().get()
        assert isinstance(self.context, Remembering) and isinstance(self.connection.sock, ssl.SSLSocket)
        self.context.session = self.connection.sock.session
        return got

    def make_context(self) -> ssl.SSLContext:
        context = Remembering(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.service.ca.certificate.der)
        if self.identity is not None:
            cert, key = self.directory / "client.cert.pem", self.directory / "client.key.pem"
            if not cert.exists():
                self.identity.save(cert, key)
            context.load_cert_chain(cert, key)
        return context


class Ours(HttpClient):
    def make_context(self) -> ssl.SSLContext:
        return trustdir.ClientContext(authorities=self.service.ca.certificate, identity=self.identity)


CLIENTS = [Curl, PythonSsl, Ours]

pytestmark = pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
everyone = pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.__name__)


@everyone
def test_admitted(
    service: Service, kind: type[Client], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    service.clients.install(alice.certificate)
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client:
        assert client.get() == client.get() == ["ADMITTED", "CN=alice"]
    assert service.context.counters().full >= 1


@everyone
def test_no_certificate(service: Service, kind: type[Client], version: ssl.TLSVersion, tmp_path: Path) -> None:
    with contextlib.closing(kind(service, None, version, tmp_path)) as client, pytest.raises(Refused):
        client.get()
    counters = service.context.counters()
    assert (counters.refusals(Reason.NO_CERTIFICATE), counters.full) == (1, 0)


@everyone
def test_a_stranger(
    service: Service, kind: type[Client], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client, pytest.raises(Refused):
        client.get()
    counters = service.context.counters()
    assert (counters.refusals(Reason.NOT_INSTALLED), counters.full) == (1, 0)


@everyone
def test_removed_while_open(
    service: Service, kind: type[Client], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    entry = service.clients.install(alice.certificate)
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client:
        client.get()
        entry.file.unlink()
        with pytest.raises(Refused):
            client.get()
    assert service.context.counters().full == 1


# curl forgets its sessions when it ends.
@pytest.mark.parametrize("kind", [PythonSsl, Ours], ids=lambda kind: kind.__name__)
def test_removed_then_resumed(
    service: Service, kind: type[HttpClient], version: ssl.TLSVersion, alice: trustdir.Identity, tmp_path: Path
) -> None:
    """Who has a session resumes it, and is refused all the same once the entry is gone; back again, it is admitted."""
    entry = service.clients.install(alice.certificate)
    with contextlib.closing(kind(service, alice, version, tmp_path)) as client:

        def again() -> None:
            client.close()
            client.connect()
            client.get()

        client.get()
        again()
        assert service.context.counters().resumed == 1
        entry.file.unlink()
        with pytest.raises(Refused):
            again()
        assert service.context.counters().refusals(Reason.REMOVED) == 1
        service.clients.install(alice.certificate)
        again()
