"""The example node over secure WebSockets, and what its clients may ask: one is limited to questions.

    python3 websockets.py NODE

Prints "N passed, M failed" as its last line.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trustdir

CONFIGURATION = """\
address = "127.0.0.1"
port = 0

[secure]
{switches}
server_cert_path = "server.cert.pem"
server_key_path = "server.key.pem"
client_certs_path = "clients"
"""


def context_of(pki: Path, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=pki / "ca" / "cacert.pem")
    context.load_cert_chain(pki / f"{name}.cert.pem", pki / f"{name}.key.pem")
    return context


class WebSocket:
    """A client of RFC 6455, as much of it as a test needs."""

    def __init__(self, port: int, pki: Path, name: str, *fields: str) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket = context_of(pki, name).wrap_socket(plain, server_hostname="localhost")
        key = base64.b64encode(os.urandom(16)).decode()
        head = ["GET / HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket", *fields]
        head += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]
        self.socket.sendall("\r\n".join(head).encode())
        self.status = int(self._until(b"\r\n\r\n").split()[1])

    def _until(self, end: bytes) -> bytes:
        data = b""
        while not data.endswith(end):
            data += self._exactly(1)
        return data

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def _send(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def _receive(self) -> tuple[int, bytes]:
        first, length = self._exactly(2)
        if length == 126:
            length = int.from_bytes(self._exactly(2), "big")
        return first & 0x0F, self._exactly(length)

    def ask(self, action: str) -> dict[str, str]:
        self._send(1, json.dumps({"action": action}).encode())
        opcode, payload = self._receive()
        assert opcode == 1, opcode
        answer: dict[str, str] = json.loads(payload)
        return answer

    def wait_for_end(self) -> None:
        """Until the node ends the connection; it is an error when it does not."""
        try:
            while self.socket.recv(100):
                pass
        except (ConnectionError, ssl.SSLError):
            pass

    def close(self) -> None:
        """Says goodbye and hears it."""
        self._send(8, (1000).to_bytes(2, "big"))
        assert self._receive()[0] == 8
        self.socket.close()


class Node:
    """The node, while it runs."""

    def __init__(self, program: str, home: Path, switches: str) -> None:
        (home / "config.toml").write_text(CONFIGURATION.format(switches=switches))
        port_file = home / "port"
        port_file.unlink(missing_ok=True)
        command = [program, str(home / "config.toml"), "--port-file", str(port_file)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not port_file.exists():
            assert self.process.poll() is None and time.monotonic() < deadline, "the node does not start"
            time.sleep(0.01)
        self.port = int(port_file.read_text())

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        assert self.process.wait(20) == 0


def make_pki(home: Path) -> trustdir.TrustDir:
    authority = trustdir.Authority.create(home / "ca")
    authority.issue_server("localhost", "127.0.0.1").save(home / "server.cert.pem", home / "server.key.pem")
    (home / "clients").mkdir()
    clients = trustdir.TrustDir(home / "clients", entry_names="subject-hash")
    for name in ["operator", "monitor"]:
        identity = authority.issue_client(name)
        identity.save(home / f"{name}.cert.pem", home / f"{name}.key.pem")
        clients.install(identity.certificate)
    clients.limit("monitor", services=["rpc"])
    return clients


def both_are_answered_as_they_may_ask(program: str, home: Path, clients: trustdir.TrustDir) -> None:
    with Node(program, home, "enable_https = true\nenable_wss = true") as node:
        operator, monitor = WebSocket(node.port, home, "operator"), WebSocket(node.port, home, "monitor")
        assert operator.status == monitor.status == 101
        assert monitor.ask("block_count")["unchecked"] == "10"
        assert monitor.ask("unchecked_clear") == {"error": "RPC control is disabled"}
        assert monitor.ask("block_count")["unchecked"] == "10"
        assert operator.ask("unchecked_clear") == {"success": ""}
        assert monitor.ask("block_count")["unchecked"] == "0"
        # The entry is asked at each request, not at the handshake alone.
        clients.limit("operator", services=["rpc"])
        assert operator.ask("unchecked_clear") == {"error": "RPC control is disabled"}
        clients.unlimit("operator")
        assert operator.ask("unchecked_clear") == {"success": ""}
        monitor.close()


def a_removal_ends_an_idle_web_socket(program: str, home: Path, clients: trustdir.TrustDir) -> None:
    with Node(program, home, "enable_https = false\nenable_wss = true") as node:
        monitor = WebSocket(node.port, home, "monitor")
        assert monitor.ask("version")["network"] == "test"
        clients.remove("monitor")
        monitor.wait_for_end()


def what_is_switched_off_is_refused(program: str, home: Path, clients: trustdir.TrustDir) -> None:
    with Node(program, home, "enable_https = true") as node:
        assert WebSocket(node.port, home, "operator").status == 403


def post(port: int, pki: Path, fields: dict[str, str]) -> int:
    """The status that the operator's question gets."""
    client = http.client.HTTPSConnection("localhost", port, timeout=20, context=context_of(pki, "operator"))
    with contextlib.closing(client):
        client.request("POST", "/", json.dumps({"action": "version"}), fields)
        return client.getresponse().status


def a_web_page_may_not_use_its_visitors_certificate(program: str, home: Path, clients: trustdir.TrustDir) -> None:
    with Node(program, home, "enable_https = true\nenable_wss = true") as node:
        for origin in ["https://evil.example", "null"]:
            assert WebSocket(node.port, home, "operator", f"Origin: {origin}").status == 403
            assert post(node.port, home, {"Origin": origin}) == 403
        assert post(node.port, home, {}) == 200


def main() -> int:
    tests = [
        both_are_answered_as_they_may_ask,
        a_removal_ends_an_idle_web_socket,
        what_is_switched_off_is_refused,
        a_web_page_may_not_use_its_visitors_certificate,
    ]
    with tempfile.TemporaryDirectory() as directory:
        clients = make_pki(Path(directory))
        for test in tests:
            test(sys.argv[1], Path(directory), clients)
            print("ok", test.__name__)
    print(f"{len(tests)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
