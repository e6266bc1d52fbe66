"""Servers fork workers."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, pathlib, sys, time
import trustdir

ca = trustdir.Authority.create("pki")
alice = ca.issue_client("alice").certificate
os.mkdir("clients")
clients = trustdir.TrustDir("clients")
file = clients.install(alice).file
while time.time() - file.stat().st_ctime < 0.2:  # so old that its times alone tell a change
    assert clients.decide(alice).admitted
(wait_parent, tell_child), (wait_child, tell_parent) = os.pipe(), os.pipe()
if (child := os.fork()) == 0:
    admitted = clients.decide(alice).admitted
    os.write(tell_parent, b"x")
    os.read(wait_parent, 1)
    os._exit(0 if admitted and not clients.decide(alice).admitted else 1)
os.read(wait_child, 1)
file.unlink()
os.write(tell_child, b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("number", range(3))
def test_a_removal_counts_at_once_in_a_forked_process(tmp_path: Path, number: int) -> None:
    """No thread watches there, and nobody tells it of changes: it looks each time."""
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, check=True, timeout=60)
