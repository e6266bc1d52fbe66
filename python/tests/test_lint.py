"""Who refuses a certificate, as Python is told."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdir
from trustdir import Severity
from trustdir._trustdir import SEVERITIES

OpenSsl = Callable[..., str]


def test_every_severity_of_the_core_is_a_member() -> None:
    assert tuple(Severity) == SEVERITIES


def test_what_we_issue_is_refused_by_nobody(tmp_path: Path) -> None:
    ca = trustdir.Authority.create(tmp_path / "pki")
    server, alice = ca.issue_server("nas.home.arpa"), ca.issue_client("alice")
    assert trustdir.lint(ca.path) == []
    assert trustdir.lint(server.chain) == trustdir.lint(server.certificate, profile="server") == []
    assert trustdir.lint(alice.certificate) == trustdir.lint(ca.certificate, profile="authority") == []


def test_a_finding(openssl: OpenSsl, tmp_path: Path) -> None:
    openssl(*"req -x509 -newkey rsa:2048 -nodes -keyout nas.key.pem -out nas.pem -days 3650 -subj /CN=nas.home".split())
    findings = trustdir.lint(str(tmp_path / "nas.pem"), profile="server")
    rules = {finding.rule: finding for finding in findings}
    assert {"CA_AS_END_ENTITY", "NO_SAN", "VALIDITY_OVER_825_DAYS"} <= rules.keys()
    finding = rules["VALIDITY_OVER_825_DAYS"]
    assert (finding.severity, finding.refused_by) == (Severity.REFUSED, ["APPLE"])
    assert (finding.path, finding.subject) == (tmp_path / "nas.pem", "CN=nas.home")
    assert str(finding) == f"{finding.message}; {finding.remedy}" and "3650" in finding.message
    assert repr(finding).startswith("<trustdir.Finding REFUSED VALIDITY_OVER_825_DAYS ")
    assert finding in trustdir.lint(tmp_path / "nas.pem", profile="server")
    for one in findings:
        assert bool(one.refused_by) == (one.severity is Severity.REFUSED)


def test_the_order_of_a_chain(ca: trustdir.Authority) -> None:
    reversed_chain = (ca.certificate, ca.issue_server("nas.home.arpa").certificate)
    assert "CHAIN_ORDER" in [finding.rule for finding in trustdir.lint(reversed_chain)]


def test_an_identity(alice: trustdir.Identity, ca: trustdir.Authority) -> None:
    (finding,) = trustdir.lint(alice)
    assert (finding.rule, finding.severity) == ("CHAIN_MISSING_ISSUER", Severity.NOTE)
    assert trustdir.lint(alice.with_issuers([ca.certificate])) == []
    later = alice.certificate.not_after + timedelta(seconds=1)
    assert trustdir.lint(alice, profile="client", at=later)[0].rule == "EXPIRED"
    with pytest.raises(TypeError, match="an Identity"):
        trustdir.lint(1)  # type: ignore[arg-type]


def test_a_request() -> None:
    key = trustdir.PrivateKey.generate()
    request = trustdir.CertificateRequest.create(key, "alice")
    assert trustdir.lint(request, profile="client") == []
    (finding,) = trustdir.lint(request, profile="server")
    assert (finding.rule, finding.path) == ("NO_SAN", None)


def test_the_instant_of_the_judgement(alice: trustdir.Identity) -> None:
    (finding,) = trustdir.lint(alice.certificate, at=alice.certificate.not_after + timedelta(seconds=1))
    assert (finding.rule, finding.severity) == ("EXPIRED", Severity.REFUSED)
    with pytest.raises(ValueError, match="time zone"):
        trustdir.lint(alice.certificate, at=datetime(2030, 1, 1))
    (finding,) = trustdir.lint(alice.certificate, at=datetime(2020, 1, 1, tzinfo=UTC))
    assert finding.rule == "NOT_YET_VALID"


def test_a_folder(alice: trustdir.Identity, tmp_path: Path) -> None:
    alice.save(tmp_path / "alice.pem", tmp_path / "alice.key.pem")
    os.chmod(tmp_path / "alice.key.pem", 0o644)
    (tmp_path / "empty.pem").touch()
    found = {(finding.rule, finding.path) for finding in trustdir.lint(tmp_path)}
    assert found >= {("KEY_READABLE", tmp_path / "alice.key.pem")}


@pytest.mark.parametrize("what", [None, 5, [5], {}])
def test_what_cannot_be_judged(what: object, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="expected a path"):
        trustdir.lint(what)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        trustdir.lint(tmp_path / "missing")
    with pytest.raises(trustdir.InvalidArgumentError, match="profile"):
        trustdir.lint(tmp_path, profile="root")  # type: ignore[arg-type]
