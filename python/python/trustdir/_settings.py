"""What a service and a client can set of their TLS."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Literal, TypedDict

from trustdir._trustdir import AuthorityDir, Certificate, Decision, Identity, Policy, TrustDir


class AcceptorSettings(TypedDict, total=False):
    """What a service can set, as keyword arguments of `ServerContext` and `Acceptor`.

    Attributes:
        clients: The directory of the certificates that are admitted.
        authorities: The directory of authorities whose clients are admitted too.
        client_auth: Whether clients show a certificate: `"required"` if one of the directories is given, else `"off"`; or
            `"optional"`.
        service: The service's name, for entries that are limited to services.
        policies: Whom the hosts of these names admit instead; `*.example.org` stands for all names with one label more.
            The host that a request names may be another one: compare it with `Connection.server_name`.
        on_removal: What becomes of open connections when their entry goes: `"close"`, or `"finish"`.
        on_decision: Called with each `Decision`, once, by the thread that drives the connection. It must not use the
            connection.
        alpn: The application protocols to negotiate, best first.
        minimum_version: The oldest version to speak, TLS 1.2 if not given.
        maximum_version: The newest version to speak, TLS 1.3 if not given.
        plain_http: How clients are answered that open `http://` on this port: `"alert"`, `"bad-request"`, or the
            address to redirect them to, such as `"https://nas.home.arpa:8443"`.
        handshake_timeout: How long a handshake may take, in seconds or as a `timedelta`; 30 s if not given.
        handshake_bytes: How many bytes a client may send before it is decided about; 65,536 if not given.
        max_chain: How many certificates a client may send; 10 if not given.
        max_fragment_size: The largest TLS record to send, from 32 to 16,389 bytes with its header and before its
            encryption; the largest if not given.
        max_tiny_records: How many records of fewer than 64 bytes a client may send a second, or None for any number;
            10,000 if not given.
        key_log: Called with a line in the format of `SSLKEYLOGFILE` for each session. Whoever has these lines reads all
            that is sent: for debugging only.
    """

    clients: TrustDir | None
    authorities: AuthorityDir | None
    client_auth: Literal["off", "optional", "required"] | None
    service: str | None
    policies: Mapping[str, Policy]
    on_removal: Literal["close", "finish"]
    on_decision: Callable[[Decision], object] | None
    alpn: Sequence[str]
    minimum_version: ssl.TLSVersion
    maximum_version: ssl.TLSVersion
    plain_http: str
    handshake_timeout: float | timedelta
    handshake_bytes: int
    max_chain: int
    max_fragment_size: int
    max_tiny_records: int | None
    key_log: Callable[[str], object] | None


class ConnectorSettings(TypedDict, total=False):
    """What a client can set, as keyword arguments of `ClientContext` and `Connector`. It trusts nobody by itself.

    Attributes:
        pins: The certificates that servers are trusted by, whatever their shape: one, several, or a directory of them. Their
            names do not count; a server proves that it has the pinned key.
        authorities: Who vouches for servers, whose certificates must bear the name that is connected to: a certificate,
            several, or a directory of them with their revocation lists.
        identity: What is shown to servers that ask who calls.
        alpn: The application protocols to negotiate, best first.
        minimum_version: The oldest version to speak, TLS 1.2 if not given.
        maximum_version: The newest version to speak, TLS 1.3 if not given.
        handshake_timeout: How long a handshake may take, in seconds or as a `timedelta`; 30 s if not given.
        handshake_bytes: How many bytes a server may send before it is decided about; 65,536 if not given.
        max_chain: How many certificates a server may send; 10 if not given.
        max_fragment_size: The largest TLS record to send, from 32 to 16,389 bytes with its header and before its
            encryption; the largest if not given.
        key_log: As for a service.
    """

    pins: Certificate | Sequence[Certificate] | TrustDir
    authorities: Certificate | Sequence[Certificate] | AuthorityDir
    identity: Identity | None
    alpn: Sequence[str]
    minimum_version: ssl.TLSVersion
    maximum_version: ssl.TLSVersion
    handshake_timeout: float | timedelta
    handshake_bytes: int
    max_chain: int
    max_fragment_size: int
    key_log: Callable[[str], object] | None


# Where they are imported from.
AcceptorSettings.__module__ = "trustdir"
ConnectorSettings.__module__ = "trustdir"
