"""Clients of every kind: each asks who it is, again on the same connection if it can."""

import http.client
import json
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import trustdir


@dataclass
class Service:
    """A server that tells who calls, and whose clients are those of a directory."""

    context: trustdir.ServerContext
    port: int
    clients: trustdir.TrustDir
    ca: trustdir.Authority


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


def python_context(service: Service, identity: trustdir.Identity | None, directory: Path) -> Remembering:
    context = Remembering(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=service.ca.certificate.der)
    if identity is not None:
        cert, key = directory / "client.cert.pem", directory / "client.key.pem"
        if not cert.exists():
            identity.save(cert, key)
        context.load_cert_chain(cert, key)
    return context


class PythonSsl(HttpClient):
    def get(self) -> list[str]:
        got = super().get()
        assert isinstance(self.context, Remembering) and isinstance(self.connection.sock, ssl.SSLSocket)
        self.context.session = self.connection.sock.session
        return got

    def make_context(self) -> ssl.SSLContext:
        return python_context(self.service, self.identity, self.directory)


class Httpx(Client):
    def __init__(
        self, service: Service, identity: trustdir.Identity | None, version: ssl.TLSVersion, directory: Path
    ) -> None:
        super().__init__(service, identity, version, directory)
        context = python_context(service, identity, directory)
        context.minimum_version = context.maximum_version = version
        self.client = httpx.Client(verify=context, trust_env=False, timeout=60)

    def get(self) -> list[str]:
        try:
            return list(self.client.get(f"https://127.0.0.1:{self.service.port}/").json())
        except httpx.TransportError as error:
            raise Refused from error

    def close(self) -> None:
        self.client.close()


class Ours(HttpClient):
    def make_context(self) -> ssl.SSLContext:
        return trustdir.ClientContext(authorities=self.service.ca.certificate, identity=self.identity)


CLIENTS: list[type[Client]] = [Curl, PythonSsl, Httpx, Ours]
RESUMING: list[type[HttpClient]] = [PythonSsl, Ours]  # curl forgets its sessions when it ends
