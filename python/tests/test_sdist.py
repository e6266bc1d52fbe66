"""The source distribution builds where nothing else is. `TRUSTDIR_SDIST=1` has it built, which takes minutes."""

import os
import subprocess
import tarfile
import venv
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(not os.environ.get("TRUSTDIR_SDIST"), reason="takes minutes: TRUSTDIR_SDIST=1")


def test_the_source_distribution_builds(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv/bin/python"

    def run(*command: object) -> str:
        done = subprocess.run(list(map(str, command)), cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(python, "-m", "pip", "install", "--quiet", "maturin>=1.9.4,<2")
    run(tmp_path / "venv/bin/maturin", "sdist", "--manifest-path", SOURCES / "Cargo.toml", "--out", tmp_path)
    (sdist,) = tmp_path.glob("trustdir-*.tar.gz")
    with tarfile.open(sdist) as packed:
        names = packed.getnames()
    assert any(name.endswith("/Cargo.lock") for name in names)
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, sdist)
    (wheel,) = tmp_path.glob("trustdir-*.whl")
    print(f"{sdist.name}: {sdist.stat().st_size / 1024:.0f} KB, {wheel.name}: {wheel.stat().st_size / (1 << 20):.1f} MB")
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel)
    assert run(python, "-c", "import trustdir; print(trustdir.__version__)").startswith("0.")
    assert run(tmp_path / "venv/bin/trustdir", "--version").startswith("trustdir ")
    contents = run(python, "-m", "zipfile", "--list", wheel)
    for name in ["sboms/trustdir-python.cyclonedx.json", "licenses/LICENSE-APACHE", "licenses/LICENSE-MIT"]:
        assert name in contents
