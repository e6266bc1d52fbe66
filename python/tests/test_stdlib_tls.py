"""The identities and decisions work with Python's own `ssl`."""

import ssl
from pathlib import Path

import pytest

import trustdir


def context(protocol: int, identity: trustdir.Identity, ca: trustdir.Authority, directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=ca.trust_anchor.der)
    identity.save(directory / f"{protocol}.cert.pem", directory / f"{protocol}.key.pem", passphrase="test")
    context.load_cert_chain(directory / f"{protocol}.cert.pem", directory / f"{protocol}.key.pem", password="test")
    return context


def handshake(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> ssl.SSLObject:
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
    assert not todo
    return server


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_handshake(
    ca: trustdir.Authority, alice: trustdir.Identity, clients: trustdir.TrustDir, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    server_context = context(ssl.PROTOCOL_TLS_SERVER, ca.issue_server("nas.home.arpa"), ca, tmp_path)
    server_context.maximum_version = version
    client_context = context(ssl.PROTOCOL_TLS_CLIENT, alice, ca, tmp_path)
    server = handshake(server_context, client_context)
    assert server.version() == f"TLSv{version.name[4:].replace('_', '.')}"

    presented = server.getpeercert(True)
    assert presented is not None
    assert clients.decide(presented).reason == trustdir.Reason.NOT_INSTALLED
    clients.install(alice.certificate)
    assert clients.decide(presented).admitted


def test_a_handshake_below_an_intermediate(ca: trustdir.Authority, tmp_path: Path) -> None:
    office = ca.create_intermediate(tmp_path / "office", home=True)
    server_context = context(ssl.PROTOCOL_TLS_SERVER, office.issue_server("nas.home.arpa"), office, tmp_path)
    carried = trustdir.Identity.from_pkcs12(office.issue_client("alice").p12("test"), "test")
    client_context = context(ssl.PROTOCOL_TLS_CLIENT, carried, office, tmp_path)
    assert handshake(server_context, client_context).getpeercert(True) == carried.certificate.der


def test_a_revoked_client_is_refused_by_the_list(tmp_path: Path) -> None:
    ca = trustdir.Authority.create(tmp_path / "pki")
    alice, bob = ca.issue_client("alice"), ca.issue_client("bob")
    ca.revoke(bob.certificate, trustdir.RevocationReason.KEY_COMPROMISE)
    server_context = context(ssl.PROTOCOL_TLS_SERVER, ca.issue_server("nas.home.arpa"), ca, tmp_path)
    server_context.load_verify_locations(ca.crl())
    server_context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    (tmp_path / "alice").mkdir()
    handshake(server_context, context(ssl.PROTOCOL_TLS_CLIENT, alice, ca, tmp_path / "alice"))
    (tmp_path / "bob").mkdir()
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate revoked"):
        handshake(server_context, context(ssl.PROTOCOL_TLS_CLIENT, bob, ca, tmp_path / "bob"))
