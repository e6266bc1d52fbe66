"""Everything public is documented, and every example runs and type-checks."""

import doctest
import inspect
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import trustdir
import trustdir.asgi
import trustdir.requests

README = Path(__file__).parent.parent / "README.md"


def docstrings(module: ModuleType = trustdir, prefix: str = "") -> Iterator[tuple[str, str]]:
    yield prefix.removesuffix(".") or "trustdir", inspect.getdoc(module) or ""
    for name in module.__all__:
        public = getattr(module, name)
        name = prefix + name
        if inspect.ismodule(public):
            yield from docstrings(public, f"{name}.")
        if not callable(public):
            continue
        yield name, inspect.getdoc(public) or ""
        if not inspect.isclass(public):
            continue
        if not issubclass(public, (Exception, str)):
            for member in vars(public):
                if not member.startswith("_"):
                    yield f"{name}.{member}", inspect.getdoc(getattr(public, member)) or ""


DOCSTRINGS = {
    **dict(docstrings()),
    **dict(docstrings(trustdir.asgi, "asgi.")),  # these two need what not everybody has
    **dict(docstrings(trustdir.requests, "requests.")),
}
EXAMPLES = [name for name, text in DOCSTRINGS.items() if ">>>" in text]


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_documented(name: str) -> None:
    text = DOCSTRINGS[name]
    assert text and text.split("\n\n")[0].endswith("."), "the first paragraph is a sentence"
    for section in re.findall(r"^(\w+):$", text, re.MULTILINE):
        assert section in {"Args", "Attributes", "Example", "Raises", "Returns"}
    public = trustdir
    for part in name.split(".") if name != "trustdir" else ():
        public = getattr(public, part)
    if callable(public) and "Args:" in text:
        arguments = text.partition("Args:")[2].partition("\n\n")[0]
        named = re.findall(r"^    (\w+):", arguments, re.MULTILINE)
        assert named == [parameter for parameter in inspect.signature(public).parameters if parameter != "self"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(DOCSTRINGS[name], {}, name, None, None)
    out: list[str] = []
    doctest.DocTestRunner().run(test, out=out.append)
    assert not out, "".join(out)


def readme_program() -> str:
    return "\n".join(re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL))


def test_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(readme_program(), str(README), "exec"), {})


def tool(*command: str, directory: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=directory,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPY_CACHE_DIR": str(directory / "cache")},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_examples_type_check(tmp_path: Path) -> None:
    programs = {"README": readme_program()}
    for name in EXAMPLES:
        examples = doctest.DocTestParser().get_examples(DOCSTRINGS[name])
        programs[name] = "".join(example.source for example in examples)
    for name, program in programs.items():
        # Only the type checker reads it; within a function the examples keep their names apart.
        source = f"def example() -> None:\n{textwrap.indent(program, '    ')}"
        (tmp_path / f"example_{name.replace('.', '_')}.py").write_text(source)
    tool("mypy", "--strict", ".", directory=tmp_path)


def test_tests_type_check(tmp_path: Path) -> None:
    tool("mypy", "--strict", str(Path(__file__).parent), directory=tmp_path)


def test_stub_is_true(tmp_path: Path) -> None:
    tool("mypy.stubtest", "trustdir", directory=tmp_path)
