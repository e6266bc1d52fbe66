from datetime import UTC, datetime, timedelta

import pytest

import trustdir
from trustdir import Reason


def test_services(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    entry = clients.install(alice.certificate)
    assert clients.limits() == []
    limit = clients.limit("alice", services=["rpc", "admin"])
    assert (limit.key, limit.value) == ("sha256", alice.certificate.fingerprint)
    assert (limit.valid_until, limit.services, limit.files) == (None, ["rpc", "admin"], [entry.file])
    assert clients.decide(alice.certificate, service="rpc").admitted
    assert clients.decide(alice.certificate, service="backup").reason == Reason.SCOPE
    assert clients.decide(alice.certificate).reason is Reason.SCOPE
    assert repr(limit) == f"<trustdir.Limit sha256 \"{alice.certificate.fingerprint}\">"

    (taken,) = clients.unlimit("alice")
    assert taken.services == ["rpc", "admin"]
    assert clients.decide(alice.certificate).admitted
    with pytest.raises(trustdir.NotFoundError):
        clients.unlimit("alice")


def test_an_end(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    assert clients.limit("alice", until=until).valid_until == until
    (limit,) = clients.limits()
    assert (limit.valid_until, limit.services) == (until, None)
    assert clients.decide(alice.certificate, at=until).admitted
    late = clients.decide(alice.certificate, at=until + timedelta(seconds=1))
    assert late.reason == Reason.EXPIRED
    assert "trustdir.toml" in late.message
    with pytest.raises(ValueError, match="time zone"):
        clients.limit("alice", until=datetime(2030, 1, 1))


def test_a_limit_limits(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    with pytest.raises(trustdir.InvalidArgumentError, match="limits nothing"):
        clients.limit("alice")
    with pytest.raises(trustdir.NotFoundError):
        clients.limit("nobody", services=["rpc"])
    with pytest.raises(TypeError):
        clients.limit("alice", services="rpc")
    clients.limit("alice", services=[])
    assert clients.decide(alice.certificate, service="rpc").reason == Reason.SCOPE


@pytest.mark.parametrize("text", ["", "[[limit]]\n", "[[limit]]\nfile = \"a\"\nservces = []\n"])
def test_what_cannot_be_read_admits_nobody(clients: trustdir.TrustDir, alice: trustdir.Identity, text: str) -> None:
    clients.install(alice.certificate)
    limits = clients.path / "trustdir.toml"
    limits.write_text(text)
    refusal = clients.decide(alice.certificate, service="rpc")
    assert refusal.reason == Reason.SCOPE and str(limits) in refusal.message
    assert [problem.file for problem in clients.problems()] == [limits]
    with pytest.raises(trustdir.ParseError) as error:
        clients.limits()
    assert error.value.path == limits
    with pytest.raises(trustdir.ParseError):
        trustdir.TrustDir(clients.path)
    limits.write_text("limit = []\n")
    assert clients.decide(alice.certificate).admitted
    assert clients.problems() == []
