"""Manages a node's clients from Python: makes the PKI, calls the node, adds a client, and removes it again.

Start a node of its own, in a temporary directory::

    python3 automation.py --node ./rpc_node

Or use a node that runs already, with the authority and the client directory that it was configured with::

    python3 automation.py --url https://localhost:7076 --ca pki --clients tls/clients

The only thing that the node and this program share is the directory of certificates.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import trustdir
from rpc_client import Connection, Refused, RpcClient

T = TypeVar("T")

CONFIGURATION = """\
address = "127.0.0.1"
port = 0

[secure]
enable = true
verbose_logging = true
server_cert_path = "server.cert.pem"
server_key_path = "server.key.pem"
server_key_passphrase = "test"
client_certs_path = "clients"
"""


def say(text: str) -> None:
    """One line for each thing that happened."""
    print(text, flush=True)


def wait_for(what: str, ask: Callable[[], T | None], seconds: float = 10.0) -> T:
    """Asks until there is an answer."""
    deadline = time.monotonic() + seconds
    while (answer := ask()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: nothing after {seconds:.0f} s")
        time.sleep(0.01)
    return answer


def make_pki(directory: Path) -> tuple[trustdir.Authority, Path]:
    """An authority, and what the node needs: its identity, its configuration, an empty directory of clients."""
    ca = trustdir.Authority.create(directory / "pki", name="Automation CA")
    server = ca.issue_server("localhost", "127.0.0.1")
    server.save(directory / "server.cert.pem", directory / "server.key.pem", passphrase="test")
    clients = directory / "clients"
    clients.mkdir()
    (directory / "config-rpc.toml").write_text(CONFIGURATION)
    say(f"made {ca.certificate.subject} and the identity {', '.join(server.certificate.names)}")
    return ca, clients


@contextmanager
def running_node(program: Path, directory: Path) -> Iterator[str]:
    """The node's URL, while it runs."""
    port_file = directory / "port"
    command = [str(program.resolve()), "config-rpc.toml", "--port-file", str(port_file)]
    with (directory / "node.log").open("w") as log:
        node = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def port() -> str | None:
        if node.poll() is not None:
            raise RuntimeError(f"the node ended:\n{(directory / 'node.log').read_text()}")
        return (port_file.exists() and port_file.read_text().strip()) or None

    try:
        yield f"https://localhost:{wait_for('the port of the node', port)}"
    finally:
        node.terminate()
        try:
            status = node.wait(timeout=10)
        except subprocess.TimeoutExpired:
            node.kill()
            raise
    if status != 0:
        raise RuntimeError(f"the node ended with {status}")


def refusal(client: RpcClient) -> str:
    """The words of the refusal, which is what must happen."""
    try:
        client.call("block_count")
    except Refused as refused:
        return str(refused)
    raise AssertionError("the node admitted a client that it must refuse")


def manage(ca: trustdir.Authority, clients_path: Path, url: str, directory: Path) -> None:
    """The life of one client."""
    # The policy of the node's configuration: only names such as 0fb8533c.0 are entries.
    clients = trustdir.TrustDir(clients_path, entry_names="subject-hash")

    bob = ca.issue_client("bob")
    cert, key = directory / "bob.cert.pem", directory / "bob.key.pem"
    bob.save(cert, key)
    client = RpcClient(url, ca=ca.path / "cacert.pem", cert=cert, key=key)
    say(f"bob is not installed yet: {clients.decide(bob.certificate).reason}; the node says: {refusal(client)}")

    entry = clients.install(bob.certificate)
    try:
        say(f"installed bob as {entry.file.name}: {clients.decide(bob.certificate).reason}")
        connection: Connection = client.connect()
        say(f"bob asks for the block count: {connection.call('block_count')['count']}")
    finally:
        removed = clients.remove("bob")
    say(f"removed bob: {', '.join(path.name for path in removed)}; {clients.decide(bob.certificate).reason}")

    how = connection.wait_until_closed(5.0)
    if how is None:
        raise AssertionError("bob's open connection is still open")
    connection.close()
    say(f"bob's open connection was closed: {how}")
    say(f"bob connects again; the node says: {refusal(client)}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Add and remove a client of the example node.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--node", type=Path, help="the rpc_node program to start")
    where.add_argument("--url", help="a node that runs already; needs --ca and --clients")
    parser.add_argument("--ca", type=Path, help="the authority's directory")
    parser.add_argument("--clients", type=Path, help="the node's directory of clients")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trustdir-") as name:
        directory = Path(name)
        if options.node is not None:
            ca, clients = make_pki(directory)
            with running_node(options.node, directory) as url:
                manage(ca, clients, url, directory)
        elif options.ca is None or options.clients is None:
            parser.error("--url needs --ca and --clients")
        else:
            manage(trustdir.Authority.open(options.ca), options.clients, options.url, directory)
    say("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
