"""A client of the example node, with a client certificate. It needs nothing but Python's standard library.

As a module, for programs::

    client = RpcClient("https://localhost:7076", ca="pki/cacert.pem", cert="alice.cert.pem", key="alice.key.pem")
    print(client.call("block_count")["count"])

As a command::

    python3 rpc_client.py --url https://localhost:7076 --ca pki/cacert.pem \
        --cert alice.cert.pem --key alice.key.pem block_count

With ``--hold`` instead of an action it reads orders from standard input, one a line, and answers each with one line that
begins with ``ok``, ``refused``, ``closed`` or ``open``. ``cargo xtask demo`` uses this to keep connections open:

    open            connect with a full handshake, ask for the block count, and keep the connection
    ask             ask again over the kept connection
    wait SECONDS    wait until the server closes the kept connection
    resume          connect once more with the session of the last connection, ask, and close
    fresh           connect once more with a full handshake, ask, and close
"""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import sys
from collections.abc import Mapping
from os import PathLike
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 10.0
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Refused(Exception):
    """The server ended the connection instead of answering: it does not admit this client."""


class Connection(http.client.HTTPSConnection):
    """One TLS connection, which is never opened again behind the caller's back."""

    auto_open = 0

    def __init__(self, host: str, port: int, context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        super().__init__(host, port, timeout=TIMEOUT, context=context)
        self._tls, self._session = context, session
        # A handshake is one flight with TLS 1.3: the client has finished before the server judges its certificate.
        http.client.HTTPConnection.connect(self)
        try:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=host, session=session)
        except (ssl.SSLError, ConnectionError) as error:
            self.close()
            raise refusal(error) from error

    def call(self, action: str, **arguments: object) -> Mapping[str, Any]:
        """Calls an action of the node and returns its answer."""
        body = json.dumps({"action": action, **arguments})
        try:
            self.request("POST", "/", body, {"Content-Type": "application/json"})
            answer: Mapping[str, Any] = json.loads(self.getresponse().read())
        except (ssl.SSLError, ConnectionError, http.client.NotConnected) as error:
            self.close()
            raise refusal(error) from error
        return answer

    @property
    def tls(self) -> ssl.SSLSocket:
        """The TLS socket; its `session` can resume, once something was read."""
        assert isinstance(self.sock, ssl.SSLSocket), "this connection is closed"
        return self.sock

    def wait_until_closed(self, seconds: float) -> str | None:
        """Waits for the server's end of the connection; tells how it ended, or None if it is still open."""
        self.tls.settimeout(seconds)
        try:
            return "more data came" if self.tls.recv(1) else "end of stream"
        except TimeoutError:
            return None
        except OSError as error:
            return reason(error)
        finally:
            self.tls.settimeout(TIMEOUT)


class RpcClient:
    """Calls a node by HTTPS, as the owner of a client certificate or as nobody."""

    def __init__(
        self,
        url: str,
        *,
        ca: str | PathLike[str],
        cert: str | PathLike[str] | None = None,
        key: str | PathLike[str] | None = None,
        passphrase: str | None = None,
        tls: str | None = None,
    ) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "localhost", parts.port or 443
        self._context = ssl.create_default_context(cafile=ca)
        if cert is not None:
            self._context.load_cert_chain(cert, key, passphrase)
        if tls is not None:
            self._context.minimum_version = self._context.maximum_version = VERSIONS[tls]

    def connect(self, session: ssl.SSLSession | None = None) -> Connection:
        """Opens a connection, resuming `session` if there is one."""
        return Connection(self.host, self.port, self._context, session)

    def call(self, action: str, **arguments: object) -> Mapping[str, Any]:
        """Calls one action over a connection of its own."""
        connection = self.connect()
        try:
            return connection.call(action, **arguments)
        finally:
            connection.close()


def refusal(error: Exception) -> Exception:
    """What an error means: our own doubts about the server, and a server that is not there, are no refusals."""
    if isinstance(error, (ssl.SSLCertVerificationError, ConnectionRefusedError)):
        return error
    return Refused(reason(error))


def reason(error: Exception) -> str:
    """The few words of an error that matter: of TLS alerts, their name."""
    name = error.reason if isinstance(error, ssl.SSLError) else None
    return (name or str(error) or type(error).__name__).lower().replace("_", " ")


def told(connection: Connection) -> str:
    """Calls the node and tells the answer in one line."""
    count = connection.call("block_count")["count"]
    handshake = "resumed" if connection.tls.session_reused else "full"
    return f"ok {connection.tls.version()} {handshake} count={count}"


def hold(client: RpcClient) -> None:
    """Obeys the orders on standard input."""
    kept: Connection | None = None
    session: ssl.SSLSession | None = None
    for line in sys.stdin:
        order, *rest = line.split()
        try:
            if order in ("open", "resume", "fresh"):
                connection = client.connect(session if order == "resume" else None)
                answer = told(connection)
                session = connection.tls.session
                if order == "open":
                    kept = connection
                else:
                    connection.close()
            elif kept is None:
                answer = "error: nothing is open"
            elif order == "ask":
                answer = told(kept)
            elif order == "wait":
                end = kept.wait_until_closed(float(rest[0]))
                answer = "open" if end is None else f"closed {end}"
            else:
                answer = f"error: what is {order}?"
        except Refused as error:
            answer = f"refused {error}"
        except Exception as error:
            answer = f"error: {error!r}"
        print(answer, flush=True)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Call the example node.")
    parser.add_argument("--url", required=True, help="https://HOST:PORT of the node")
    parser.add_argument("--ca", required=True, help="the authority's certificate")
    parser.add_argument("--cert", help="the client's certificate")
    parser.add_argument("--key", help="the client's private key")
    parser.add_argument("--tls", choices=sorted(VERSIONS), help="speak this version only")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("action", nargs="?", help="the action to call, for example block_count")
    what.add_argument("--hold", action="store_true", help="read orders from standard input")
    options = parser.parse_args()
    client = RpcClient(options.url, ca=options.ca, cert=options.cert, key=options.key, tls=options.tls)
    if options.hold:
        hold(client)
        return 0
    try:
        print(json.dumps(client.call(options.action)))
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
