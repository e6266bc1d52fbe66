"""For ASGI applications: who calls, as the TLS extension of ASGI has it, under any server."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trustdir._context import ServerContext
from trustdir._current import current
from trustdir._engine import Engine
from trustdir._trustdir import Decision

__all__ = ["TlsExtension"]

_Scope = MutableMapping[str, Any]
_Application = Callable[[_Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

_VERSIONS = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
_SUITES = {
    "TLS13_AES_128_GCM_SHA256": 0x1301,
    "TLS13_AES_256_GCM_SHA384": 0x1302,
    "TLS13_CHACHA20_POLY1305_SHA256": 0x1303,
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": 0xC02B,
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": 0xC02C,
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": 0xC02F,
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": 0xC030,
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": 0xCCA8,
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": 0xCCA9,
}


class TlsExtension:
    """An ASGI application that tells another one of its TLS: `scope["extensions"]["tls"]` says who calls.

    That has what the TLS extension of ASGI (version 0.2) names, but for `server_cert`, which is None:
    `client_cert_chain` as PEM, `client_cert_name` as in RFC 4514, `client_cert_error`, `tls_version` and
    `cipher_suite`. The `Decision` is `scope["extensions"]["trustdir"]["admission"]`. It does not depend on the server.
    Requests that did not come through the context have neither.

    Args:
        application: What is told.
        context: What the server was given.

    Example:
        >>> import trustdir.asgi
        >>> context = trustdir.ServerContext(trustdir.Authority.create("pki").issue_server("localhost"))

        >>> async def application(scope, receive, send):  # type: ignore[no-untyped-def]
        ...     subject = scope["extensions"]["tls"]["client_cert_name"]
        ...     await send({"type": "http.response.start", "status": 200, "headers": []})
        ...     await send({"type": "http.response.body", "body": f"hello, {subject}".encode()})

        >>> served = trustdir.asgi.TlsExtension(application, context)
        >>> def serve() -> None:
        ...     import uvicorn
        ...
        ...     uvicorn.run(served, ssl_context_factory=lambda *_: context)
    """

    def __init__(self, application: _Application, context: ServerContext) -> None:
        self._application = application
        self._context = context

    async def __call__(
        self, scope: _Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Serves a request, or whatever the server asks for."""
        engine = current() if scope.get("scheme") in ("https", "wss") else None
        if engine is not None and engine.context is self._context and engine.admission is not None:
            extensions = {"tls": _tls(engine, engine.admission), "trustdir": {"admission": engine.admission}}
            scope = {**scope, "extensions": {**(scope.get("extensions") or {}), **extensions}}
        await self._application(scope, receive, send)


def _tls(engine: Engine, admission: Decision) -> dict[str, object]:
    connection = engine.connection
    return {
        "server_cert": None,
        "client_cert_chain": [certificate.pem.decode() for certificate in connection.peer_chain],
        "client_cert_name": admission.subject,
        "client_cert_error": None if admission.admitted else admission.message,
        "tls_version": _VERSIONS.get(connection.version or ""),
        "cipher_suite": _SUITES.get(connection.cipher_suite or ""),
    }


TlsExtension.__module__ = "trustdir.asgi"
