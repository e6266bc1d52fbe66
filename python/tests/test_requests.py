"""requests with the adapter, and urllib3 with the context alone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import urllib3
from tls_servers import http_server

import trustdir
import trustdir.requests


@pytest.fixture
def port(serving: trustdir.ServerContext, clients: trustdir.TrustDir, alice: trustdir.Identity) -> Iterator[int]:
    clients.install(alice.certificate)
    with http_server(serving) as port:
        yield port


@pytest.fixture
def session(calling: trustdir.ClientContext) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://", trustdir.requests.Adapter(calling))
        yield session


@pytest.mark.parametrize("bundle", [None, "/nowhere/bundle.pem"])
def test_the_context_counts(
    session: requests.Session, port: int, bundle: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bundle:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    for _ in range(2):
        assert session.get(f"https://localhost:{port}/", timeout=60).json() == ["ADMITTED", "CN=alice"]


def test_a_stranger(ca: trustdir.Authority, port: int) -> None:
    calling = trustdir.ClientContext(authorities=ca.certificate, identity=ca.issue_client("mallory"))
    with requests.Session() as session:
        session.mount("https://", trustdir.requests.Adapter(calling))
        with pytest.raises(requests.ConnectionError):
            session.get(f"https://localhost:{port}/", timeout=60)


def test_public_authorities_do_not_count(port: int, tmp_path: Path) -> None:
    other = trustdir.Authority.create(tmp_path / "other").certificate
    with requests.Session() as session:
        session.mount("https://", trustdir.requests.Adapter(trustdir.ClientContext(authorities=other)))
        with pytest.raises(requests.exceptions.SSLError, match="which is no authority here"):
            session.get(f"https://localhost:{port}/", timeout=60)


def test_a_pin_of_a_self_signed_server(openssl: Callable[..., str], tmp_path: Path) -> None:
    """Its certificate bears no name at all, as the guides' commands make it."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=node",
            "-keyout", "node.key.pem", "-out", "node.cert.pem")
    node = trustdir.Identity.load(tmp_path / "node.cert.pem", tmp_path / "node.key.pem")
    calling = trustdir.ClientContext(pins=node.certificate)
    with http_server(trustdir.ServerContext(node)) as port, requests.Session() as session:
        session.mount("https://", trustdir.requests.Adapter(calling))
        assert session.get(f"https://localhost:{port}/", timeout=60).json() == ["ANONYMOUS", None]


def test_what_would_have_no_effect(session: requests.Session, port: int) -> None:
    with pytest.raises(trustdir.UnsupportedError, match="verify=False"):
        session.get(f"https://localhost:{port}/", verify=False, timeout=60)
    with pytest.raises(trustdir.UnsupportedError, match="identity"):
        session.get(f"https://localhost:{port}/", cert="alice.pem", timeout=60)


def test_through_a_proxy(calling: trustdir.ClientContext) -> None:
    manager = trustdir.requests.Adapter(calling).proxy_manager_for("http://proxy.home.arpa:3128")
    assert manager.connection_pool_kw["ssl_context"] is calling


def test_urllib3(calling: trustdir.ClientContext, port: int) -> None:
    with urllib3.PoolManager(ssl_context=calling) as pool:
        assert pool.request("GET", f"https://localhost:{port}/", timeout=60).json() == ["ADMITTED", "CN=alice"]
