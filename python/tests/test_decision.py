import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdir
from trustdir import Reason
from trustdir._trustdir import REASONS

OpenSsl = Callable[..., str]


def test_every_reason_of_the_core_is_a_member() -> None:
    assert tuple(Reason) == REASONS


def test_admission(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    entry = clients.install(alice.certificate)
    for presented in (alice.certificate, alice.certificate.der, memoryview(alice.certificate.der)):
        decision = clients.decide(presented)
        assert decision.admitted
        assert decision.reason is Reason.ADMITTED
        assert decision.subject == "CN=alice"
        assert decision.fingerprint == alice.certificate.fingerprint
        assert decision.certificate == alice.certificate
        assert decision.entry is not None and decision.entry.name == entry.file.name
        assert decision.message and "\n" not in decision.message
        assert repr(decision).startswith("<trustdir.Decision ADMITTED ")


def test_a_decision_is_not_a_truth_value(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    with pytest.raises(TypeError, match="admitted"):
        if clients.decide(alice.certificate):
            pytest.fail("a refusal must never count as true")


def test_strangers(ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    refusal = clients.decide(alice.certificate)
    assert (refusal.admitted, refusal.reason, refusal.entry) == (False, Reason.NOT_INSTALLED, None)
    clients.install(alice.certificate)
    assert clients.decide(ca.issue_client("alice").certificate).reason == Reason.SAME_NAME_OTHER_KEY
    assert clients.decide(ca.issue_client("bob").certificate).reason == "NOT_INSTALLED"


def test_removed(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    assert clients.decide(alice.certificate).admitted
    clients.remove("alice")
    assert clients.decide(alice.certificate).reason == Reason.REMOVED


def test_what_an_entry_signed_is_refused(ca: trustdir.Authority, clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(ca.certificate)
    assert clients.decide(alice.certificate).reason == Reason.MINTED_BY_PIN


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"\x30\x82\xff\xff", bytes(10_000)])
def test_garbage_is_refused_and_not_raised(clients: trustdir.TrustDir, garbage: bytes) -> None:
    refusal = clients.decide(garbage)
    assert (refusal.admitted, refusal.reason) == (False, Reason.MALFORMED)
    assert (refusal.subject, refusal.certificate, refusal.entry) == (None, None, None)


def test_what_is_too_large_is_not_looked_into(clients: trustdir.TrustDir) -> None:
    refusal = clients.decide(bytes(100_000))
    assert (refusal.admitted, refusal.reason, refusal.certificate) == (False, Reason.NOT_INSTALLED, None)


def test_time(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    clients.install(alice.certificate)
    begin, end = alice.certificate.not_before, alice.certificate.not_after
    second = timedelta(seconds=1)
    assert clients.decide(alice.certificate, at=begin - second).reason == Reason.NOT_YET_VALID
    assert clients.decide(alice.certificate, at=begin).admitted
    assert clients.decide(alice.certificate, at=end).admitted
    assert clients.decide(alice.certificate, at=end + second).reason == Reason.EXPIRED
    with pytest.raises(ValueError, match="time zone"):
        clients.decide(alice.certificate, at=datetime(2030, 1, 1))


def test_expired_now(ca: trustdir.Authority, clients: trustdir.TrustDir) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    late = ca.issue_client("late", not_before=yesterday - timedelta(days=1), not_after=yesterday).certificate
    clients.install(late)
    assert clients.decide(late).reason == Reason.EXPIRED


def test_purpose(ca: trustdir.Authority, clients: trustdir.TrustDir) -> None:
    server = ca.issue_server("nas.home.arpa").certificate
    clients.install(server)
    assert clients.decide(server).reason == Reason.WRONG_PURPOSE


def test_minted_by_a_client(clients: trustdir.TrustDir, openssl: OpenSsl, tmp_path: Path) -> None:
    openssl(*"req -x509 -newkey rsa:2048 -nodes -keyout k -out clients/minter.pem -subj /CN=minter -days 9".split())
    openssl(*"req -newkey rsa:2048 -nodes -keyout l -out minted.csr -subj /CN=minted".split())
    openssl(*"x509 -req -in minted.csr -CA clients/minter.pem -CAkey k -set_serial 1 -days 9 -out minted.pem".split())
    assert clients.decide(trustdir.Certificate.load(tmp_path / "minted.pem")).reason == Reason.MINTED_BY_PIN


def test_weak_key(clients: trustdir.TrustDir, openssl: OpenSsl, tmp_path: Path) -> None:
    openssl(*"req -newkey rsa:1024 -nodes -keyout k -x509 -days 365 -out clients/weak.pem -subj /CN=weak".split())
    weak = trustdir.Certificate.load(tmp_path / "clients/weak.pem")
    assert clients.decide(weak).reason == Reason.WEAK_KEY


def test_the_record(clients: trustdir.TrustDir, alice: trustdir.Identity) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    certificate = alice.certificate
    entry = clients.install(certificate)
    decision = clients.decide(certificate, at=at, service="rpc")
    assert (decision.issuer, decision.serial) == (certificate.issuer, certificate.serial)
    assert (decision.time, decision.service) == (at, "rpc")
    assert json.loads(decision.to_json()) == {
        "reason": "ADMITTED",
        "admitted": True,
        "message": decision.message,
        "subject": "CN=alice",
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "sha256": certificate.fingerprint,
        "file": str(entry.file),
        "time": at.isoformat().replace("+00:00", "Z"),
        "service": "rpc",
    }
    garbage = json.loads(clients.decide(b"garbage").to_json())
    assert garbage["reason"] == "MALFORMED"
    assert [key for key, value in garbage.items() if value is None] == [
        "subject", "issuer", "serial", "sha256", "file", "service",
    ]  # fmt: skip


HOSTILE = Path(__file__).parents[2] / "tests/support/hostile.py"


@pytest.mark.skipif(not HOSTILE.exists(), reason="needs the repository")
def test_hostile_names_disturb_no_log(clients: trustdir.TrustDir, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(HOSTILE), str(tmp_path)], check=True)
    files = list(tmp_path.glob("*.der"))
    assert len(files) == 10
    for file in files:
        der = file.read_bytes()
        for installed in (False, True):
            if installed:
                (clients.path / f"{file.stem}\n\u202e.der").write_bytes(der)
                clients.refresh()
            decision = clients.decide(der)
            assert decision.admitted == installed
            record = decision.to_json()
            for text in (record, decision.message, decision.subject, decision.issuer, decision.serial, repr(decision)):
                assert not [c for c in text or "" if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
                assert len(text or "") < 8192
            assert json.loads(record)["subject"] == decision.subject
