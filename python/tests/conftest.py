"""Fixtures that several tests share."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import trustdir


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> trustdir.Authority:
    """An authority that tests only issue from."""
    return trustdir.Authority.create(tmp_path_factory.mktemp("ca") / "pki", name="Home CA")


@pytest.fixture(scope="session")
def alice(ca: trustdir.Authority) -> trustdir.Identity:
    """A client of that authority."""
    return ca.issue_client("alice")


@pytest.fixture
def clients(tmp_path: Path) -> trustdir.TrustDir:
    """An empty trust directory."""
    return trustdir.TrustDir(tmp_path / "clients", create=True)


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., str]:
    """The openssl command, run in the test's directory."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def serving(ca: trustdir.Authority, clients: trustdir.TrustDir) -> trustdir.ServerContext:
    """A service whose clients are those of the directory."""
    return trustdir.ServerContext(ca.issue_server("localhost", "127.0.0.1"), clients=clients)


@pytest.fixture
def calling(ca: trustdir.Authority, alice: trustdir.Identity) -> trustdir.ClientContext:
    """Alice, who trusts the authority."""
    return trustdir.ClientContext(authorities=ca.certificate, identity=alice)
