"""The identities and decisions work with Python's own `ssl`."""

import ssl
from pathlib import Path

import pytest

import trustdir


def context(protocol: int, identity: trustdir.Identity, ca: trustdir.Authority, directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=ca.certificate.der)
    identity.save(directory / f"{protocol}.cert.pem", directory / f"{protocol}.key.pem", passphrase="test")
    context.load_cert_chain(directory / f"{protocol}.cert.pem", directory / f"{protocol}.key.pem", password="test")
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_handshake(
    ca: trustdir.Authority, alice: trustdir.Identity, clients: trustdir.TrustDir, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    server_context = context(ssl.PROTOCOL_TLS_SERVER, ca.issue_server("nas.home.arpa"), ca, tmp_path)
    server_context.maximum_version = version
    client_context = context(ssl.PROTOCOL_TLS_CLIENT, alice, ca, tmp_path)

    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname="nas.home.arpa")
    todo = [client, server]
    for _ in range(10):
        for side in todo[:]:
            try:
                side.do_handshake()
                todo.remove(side)
            except ssl.SSLWantReadError:
                pass
    assert not todo and server.version() == f"TLSv{version.name[4:].replace('_', '.')}"

    presented = server.getpeercert(True)
    assert presented is not None
    assert clients.decide(presented).reason == trustdir.Reason.NOT_INSTALLED
    clients.install(alice.certificate)
    assert clients.decide(presented).admitted
