"""Who calls, as applications are told it."""

import asyncio
import concurrent.futures
import ssl
from pathlib import Path
from typing import Any

import pytest
import tls_servers
from aiohttp import web
from tls_clients import Ours, Service

import trustdir
import trustdir.asgi


class Heard:
    """An application that keeps the scopes of its requests."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            self.scopes.append(scope)
        await tls_servers.application(scope, receive, send)


@pytest.fixture
def service(ca: trustdir.Authority, clients: trustdir.TrustDir, serving: trustdir.ServerContext) -> Service:
    return Service(serving, 0, clients, ca)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize("server", ["uvicorn_asyncio", "uvicorn_uvloop", "hypercorn_asyncio", "hypercorn_trio"])
def test_the_tls_extension(
    server: str, version: ssl.TLSVersion, service: Service, alice: trustdir.Identity, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As ASGI's TLS extension 0.2 has it, with a resumed session as well."""
    service.clients.install(alice.certificate)
    heard = Heard()
    monkeypatch.setattr(tls_servers, "APPLICATION", heard)
    with getattr(tls_servers, server)(service.context) as service.port:
        client = Ours(service, alice, version, tmp_path)
        client.get()
        client.close()
        client.get()
        client.close()
    assert service.context.counters().resumed == 1
    for scope in heard.scopes:
        tls = scope["extensions"]["tls"]
        assert tls["client_cert_chain"][0].encode() == alice.certificate.pem
        assert (tls["client_cert_name"], tls["client_cert_error"], tls["server_cert"]) == ("CN=alice", None, None)
        older = version is ssl.TLSVersion.TLSv1_2
        assert tls["tls_version"] == (0x0303 if older else 0x0304)
        assert tls["cipher_suite"] in ((0xC02B, 0xC02C, 0xCCA9) if older else (0x1301, 0x1302, 0x1303))
        assert scope["extensions"]["trustdir"]["admission"].admitted


def test_what_did_not_come_through_the_context_has_no_extension(
    ca: trustdir.Authority, serving: trustdir.ServerContext
) -> None:
    """Also where a task that works for a client asks the application itself."""
    scopes: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    async def none(*_: Any) -> None:
        pass

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for context in (serving, other):
            for scheme in ("http", "https"):
                scope = {"type": "http", "scheme": scheme, "extensions": None}
                await trustdir.asgi.TlsExtension(application, context)(scope, none, none)
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=other) as server:
            calling = trustdir.ClientContext(authorities=ca.certificate)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=calling)
            await reader.read()
            writer.close()

    other = trustdir.ServerContext(ca.issue_server("127.0.0.1"))
    asyncio.run(main())
    assert [bool(scope["extensions"]) for scope in scopes] == [False, False, False, True]


def test_each_handler_knows_its_own_client(
    ca: trustdir.Authority, clients: trustdir.TrustDir, serving: trustdir.ServerContext
) -> None:
    """Requests of several clients that go on at once, in tasks, in their tasks and in threads; and a task outlives its client."""
    callers = [ca.issue_client(f"client {n}") for n in range(4)]
    for caller in callers:
        clients.install(caller.certificate)
    late: list[trustdir.Decision | None] = []

    def subject() -> str | None:
        admission = trustdir.current_admission()
        return None if admission is None else admission.subject

    async def main() -> None:
        everybody = asyncio.Barrier(len(callers))
        over = asyncio.Event()

        async def linger() -> None:
            await over.wait()
            late.append(trustdir.current_admission())

        async def handle(request: web.Request) -> web.Response:
            await everybody.wait()
            told = [subject(), await asyncio.create_task(asyncio.to_thread(subject))]
            lingering.append(asyncio.create_task(linger()))
            assert set(told) == {request.get_extra_info("ssl_object").admission.subject}
            return web.Response(text=told[0])

        lingering: list[asyncio.Task[None]] = []
        runner = web.ServerRunner(web.Server(handle), shutdown_timeout=1)  # type: ignore[arg-type]
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serving).start()
        with concurrent.futures.ThreadPoolExecutor(len(callers)) as pool:
            loop = asyncio.get_running_loop()
            answers = [loop.run_in_executor(pool, call, runner.addresses[0][1], caller) for caller in callers]
            assert await asyncio.gather(*answers) == [caller.certificate.subject for caller in callers]
        await runner.cleanup()
        assert serving.counters().open == 0, "no task keeps a connection"
        over.set()
        await asyncio.gather(*lingering)

    def call(port: int, caller: trustdir.Identity) -> str:
        import http.client

        context = trustdir.ClientContext(authorities=ca.certificate, identity=caller)
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=60)
        connection.request("GET", "/")
        answer = connection.getresponse().read().decode()
        connection.close()
        return answer

    asyncio.run(main())
    assert late == [None] * len(callers)
    assert trustdir.current_admission() is None
