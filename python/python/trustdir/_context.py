"""The contexts that servers and clients are given: `ssl.SSLContext` as far as they use one."""

import ssl
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NoReturn, Unpack

from trustdir._errors import InvalidArgumentError, UnsupportedError
from trustdir._settings import AcceptorSettings, ConnectorSettings
from trustdir._tls_object import BioEngine, TLSObject
from trustdir._tls_socket import SocketEngine, TLSSocket
from trustdir._trustdir import Acceptor, Connection, Connector, Counters, Identity, OpenConnection

_WHO = "say whom it trusts when it is made (clients, authorities, pins)"
_SAFE = "ciphers, groups and signatures are chosen by the library, and all of them are safe"
_INSTEAD = {
    "check_hostname": "a pin is trusted under any name, and an authority's certificate by its name",
    "hostname_checks_common_name": "a common name never counts",
    "keylog_filename": "give it key_log",
    "num_tickets": "sessions are resumed by whoever is still admitted",
    "options": "give it minimum_version or maximum_version",
    "post_handshake_auth": "peers are decided about in the handshake",
    "security_level": _SAFE,
    "sni_callback": "give it several identities",
    "verify_flags": _WHO,
    "verify_mode": "give it client_auth",
}
"""What has no effect here, and what has it instead."""

_ENDS = {
    ssl.TLSVersion.MINIMUM_SUPPORTED: ssl.TLSVersion.TLSv1_2,
    ssl.TLSVersion.MAXIMUM_SUPPORTED: ssl.TLSVersion.TLSv1_3,
}
"""What the words for the ends of the range stand for."""


def _refused(name: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(self: ssl.SSLContext, *args: object, **kwargs: object) -> NoReturn:
        raise UnsupportedError(f"{type(self).__name__}.{name} would have no effect: {instead}")

    refuse.__name__ = name
    refuse.__doc__ = f"Raises UnsupportedError: {instead}."
    return refuse


class Context(ssl.SSLContext):
    """What both have in common."""

    sslobject_class = TLSObject
    sslsocket_class = TLSSocket

    _protocol: ClassVar[int]
    _settings: Any

    def __new__(cls, *args: object, **kwargs: object) -> Any:
        """Makes the part that is `ssl`'s own."""
        return super().__new__(cls, cls._protocol)

    load_cert_chain = _refused("load_cert_chain", "give it an Identity")
    load_default_certs = _refused("load_default_certs", _WHO)
    load_dh_params = _refused("load_dh_params", _SAFE)
    load_verify_locations = _refused("load_verify_locations", _WHO)
    set_ciphers = _refused("set_ciphers", _SAFE)
    set_default_verify_paths = _refused("set_default_verify_paths", _WHO)
    set_ecdh_curve = _refused("set_ecdh_curve", _SAFE)
    set_npn_protocols = _refused("set_npn_protocols", "use set_alpn_protocols")
    set_servername_callback = _refused("set_servername_callback", _INSTEAD["sni_callback"])

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _INSTEAD:
            super().__setattr__(name, value)
        elif value != getattr(self, name):  # libraries set again what is so already
            raise UnsupportedError(f"setting {type(self).__name__}.{name} would have no effect: {_INSTEAD[name]}")

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        """Sets the application protocols to negotiate, best first."""
        self._change(alpn=list(alpn_protocols))

    @property  # type: ignore[override]
    def minimum_version(self) -> ssl.TLSVersion:
        """The oldest version to speak."""
        return ssl.TLSVersion(self._settings.get("minimum_version", ssl.TLSVersion.TLSv1_2))

    @minimum_version.setter
    def minimum_version(self, value: ssl.TLSVersion) -> None:
        self._change(minimum_version=_ENDS.get(value, value))

    @property  # type: ignore[override]
    def maximum_version(self) -> ssl.TLSVersion:
        """The newest version to speak."""
        return ssl.TLSVersion(self._settings.get("maximum_version", ssl.TLSVersion.TLSv1_3))

    @maximum_version.setter
    def maximum_version(self, value: ssl.TLSVersion) -> None:
        self._change(maximum_version=_ENDS.get(value, value))

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> TLSObject:
        """A connection over two buffers, as `ssl.SSLContext.wrap_bio` makes one."""
        wrapped = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        assert isinstance(wrapped, TLSObject)  # by `sslobject_class`
        return wrapped

    # What `ssl` makes of its objects and sockets calls these two.

    def _wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool,
        server_hostname: str | None = None,
        **_: object,
    ) -> BioEngine:
        connection = self._connect(server_side, server_hostname)
        return BioEngine(connection, self, server_side, server_hostname, (incoming, outgoing))

    def _wrap_socket(
        self, sock: TLSSocket, server_side: bool, server_hostname: str | None = None, **_: object
    ) -> SocketEngine:
        connection = self._connect(server_side, server_hostname)
        return SocketEngine(connection, self, server_side, server_hostname, sock, self._ends_on_removal())

    @abstractmethod
    def _change(self, **settings: Any) -> None: ...

    @abstractmethod
    def _connect(self, server_side: bool, server_hostname: str | None) -> Connection: ...

    @abstractmethod
    def _ends_on_removal(self) -> bool: ...


class ServerContext(Context):
    """What a server is given as its `ssl.SSLContext`: TLS whose clients are admitted by a directory.

    asyncio, uvloop, Trio and AnyIO take it as `ssl` or `ssl_context`, and so do aiohttp, uvicorn and hypercorn;
    `wrap_socket` makes sockets for `http.server` and other servers of threads. The decision about a client is the
    `admission` of its `ssl_object`, or of its socket, and `current_admission` in every handler. When its entry goes,
    its transport is closed, and who waits for it is woken by `RevokedError`. A program that moves the bytes of
    `wrap_bio` by itself hears of it at its next call.

    What would have no effect raises `UnsupportedError`, which says what to do instead. asyncio does not tell a TLS object
    that its transport has ended, so a stream that is cut off ends there as one that is closed, as with `ssl`'s own
    contexts. Several threads may use one object.

    Args:
        identity: What the service shows, or several of it: each client is shown the one whose certificate carries the name
            that it asks for.
        settings: Whom it admits, and how it speaks: `AcceptorSettings`.

    Raises:
        InvalidArgumentError: The settings contradict each other.
        VerificationError: The identity has expired.

    Example:
        >>> import asyncio, trustdir
        >>> ca = trustdir.Authority.create("pki")
        >>> alice = ca.issue_client("alice")
        >>> clients = trustdir.TrustDir("clients", create=True)
        >>> entry = clients.install(alice.certificate)
        >>> serving = trustdir.ServerContext(ca.issue_server("localhost"), clients=clients)
        >>> calling = trustdir.ClientContext(authorities=ca.certificate, identity=alice)

        >>> async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ...     admission: trustdir.Decision = writer.get_extra_info("ssl_object").admission
        ...     writer.write(f"hello, {admission.subject}".encode())
        ...     writer.close()

        >>> async def main() -> None:
        ...     server = await asyncio.start_server(greet, "localhost", 0, ssl=serving)
        ...     port = server.sockets[0].getsockname()[1]
        ...     reader, writer = await asyncio.open_connection("localhost", port, ssl=calling)
        ...     print((await reader.read()).decode())
        ...     writer.close()
        ...     server.close()
        >>> asyncio.run(main())
        hello, CN=alice
    """

    _protocol = ssl.PROTOCOL_TLS_SERVER

    def __init__(self, identity: Identity | Sequence[Identity], **settings: Unpack[AcceptorSettings]) -> None:
        self._identity = identity
        self._settings: AcceptorSettings = settings
        self._acceptor = Acceptor(identity, **settings)

    def reload(
        self, identity: Identity | Sequence[Identity] | None = None, **settings: Unpack[AcceptorSettings]
    ) -> None:
        """Takes another identity or other settings for all handshakes that begin from now on; what is not given stays.

        Connections that are open keep what they have, and sessions are resumed by whom the new settings admit.

        Args:
            identity: As for a new one.
            settings: As for a new one.

        Raises:
            InvalidArgumentError: The settings contradict each other; nothing has changed.
            VerificationError: The identity has expired; nothing has changed.
        """
        identity = self._identity if identity is None else identity
        settings = {**self._settings, **settings}
        self._acceptor.reload(identity, **settings)
        self._identity, self._settings = identity, settings

    def connections(self) -> list[OpenConnection]:
        """The open connections that stand on an entry, oldest first."""
        return self._acceptor.connections()

    def counters(self) -> Counters:
        """What it has done so far, in numbers."""
        return self._acceptor.counters()

    @property
    def verify_mode(self) -> ssl.VerifyMode:  # type: ignore[override]
        """Whether clients show a certificate, as `client_auth` says."""
        # An empty directory counts as false.
        admits = any(self._settings.get(name) is not None for name in ("clients", "authorities"))
        word = self._settings.get("client_auth") or ("required" if admits else "off")
        modes = {"off": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
        return modes[word]

    def _change(self, **settings: Any) -> None:
        self.reload(**settings)

    def _connect(self, server_side: bool, server_hostname: str | None) -> Connection:
        if not server_side:
            raise InvalidArgumentError("a ServerContext makes the server's end only; a client takes a ClientContext")
        return self._acceptor.accept()

    def _ends_on_removal(self) -> bool:
        return self._settings.get("on_removal", "close") == "close"


class ClientContext(Context):
    """What a client is given as its `ssl.SSLContext`: TLS to servers that it was told to trust, and to nobody else.

    `asyncio.open_connection`, `http.client`, `urllib`, urllib3, aiohttp and httpx take it; requests takes a
    `trustdir.requests.Adapter` with it. The system's authorities do not count.

    Args:
        settings: Whom it trusts, and how it speaks: `ConnectorSettings`.

    Raises:
        InvalidArgumentError: There is nobody to trust, or the settings contradict each other.

    Example:
        >>> import trustdir
        >>> ca = trustdir.Authority.create("pki")
        >>> node = ca.issue_server("node.home.arpa")
        >>> context = trustdir.ClientContext(pins=node.certificate, identity=ca.issue_client("alice"))

        >>> import http.client
        >>> connection = http.client.HTTPSConnection("node.home.arpa", context=context)
    """

    _protocol = ssl.PROTOCOL_TLS_CLIENT

    def __init__(self, **settings: Unpack[ConnectorSettings]) -> None:
        self._settings: ConnectorSettings = settings
        self._connector = Connector(**settings)

    def connections(self) -> list[OpenConnection]:
        """The open connections that stand on an entry of a directory, oldest first."""
        return self._connector.connections()

    def counters(self) -> Counters:
        """What it has done so far, in numbers; a server counts as a client does in a service's counters."""
        return self._connector.counters()

    def _change(self, **settings: Any) -> None:
        changed: ConnectorSettings = {**self._settings, **settings}  # type: ignore[typeddict-item]
        if changed != self._settings:  # a new connector has no sessions
            self._connector = Connector(**changed)
            self._settings = changed

    def _connect(self, server_side: bool, server_hostname: str | None) -> Connection:
        if server_side:
            raise InvalidArgumentError("a ClientContext makes the client's end only; a server takes a ServerContext")
        if not server_hostname:
            raise InvalidArgumentError("a client says which server it means; give server_hostname")
        return self._connector.connect(server_hostname)

    def _ends_on_removal(self) -> bool:
        return True


for _class in (ServerContext, ClientContext, TLSObject, TLSSocket):
    _class.__module__ = "trustdir"  # where they are imported from
