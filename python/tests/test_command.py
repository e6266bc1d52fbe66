import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import trustdir

SCRIPT = [str(Path(sysconfig.get_path("scripts")) / "trustdir")]
MODULE = [sys.executable, "-m", "trustdir"]


@pytest.mark.parametrize("command", [SCRIPT, MODULE])
def test_the_command(command: list[str], tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True)

    assert trustdir.__version__ in run("--version").stdout
    assert run("no-such-verb").returncode == 2
    assert run("clients", "list", "missing").returncode == 1

    done = run("ca", "init", "pki", "--no-passphrase")
    assert done.returncode == 0, done.stderr
    done = run("issue", "client", "alice", "--ca", "pki", "--install", "clients")
    assert done.returncode == 0, done.stderr
    assert json.loads(run("--json", "clients", "list", "clients").stdout)

    alice = trustdir.Identity.load(tmp_path / "alice.cert.pem", tmp_path / "alice.key.pem")
    assert trustdir.TrustDir(tmp_path / "clients").decide(alice.certificate).admitted


def test_interrupt_stops_it() -> None:
    """Ctrl-C reaches the native code, which Python's own handler would keep waiting."""
    probe = "import signal, trustdir.__main__ as m; m.main(); print(signal.getsignal(signal.SIGINT) == signal.SIG_DFL)"
    done = subprocess.run([sys.executable, "-c", probe, "--version"], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "True"
