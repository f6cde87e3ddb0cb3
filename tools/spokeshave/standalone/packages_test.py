"""Tests of the list of packages, and that an installation contains nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from spokeshave.standalone.packages import KEPT, LIST, main

# A stand-in for the pex tool, which makes a loose PEX with a folder that becomes empty.
MAKE = """\
from pathlib import Path
wheel = Path("packages.pex/.deps/tool-1.0-py3-none-any.whl")
(wheel / "tool/empty/deeper").mkdir(parents=True)
(wheel / "tool/__init__.py").write_text("name = 'tool'\\n")
(wheel / "tool/run").write_bytes(b"\\x7fELF")
(wheel / "tool/run").chmod(0o755)
"""
ROOT = "tool-1.0-py3-none-any.whl/tool"


@pytest.fixture(autouse=True)
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "make.py").write_text(MAKE)
    return tmp_path


def test_a_list_has_path_hash_size_and_mode(sandbox: Path) -> None:
    assert main(["list", "out", "--keep", "*/tool/*.py", "--", "make.py"]) == 0
    assert json.loads((sandbox / "out" / LIST).read_text()) == [
        [f"{ROOT}/__init__.py", hashlib.sha256(b"name = 'tool'\n").hexdigest(), 14, False],
        [f"{ROOT}/run", hashlib.sha256(b"\x7fELF").hexdigest(), 4, True],
    ]
    kept = sandbox / "out" / KEPT
    assert [path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()] == [f"{ROOT}/__init__.py"]
    assert not (sandbox / "packages.pex").exists()


def test_an_installation_matches_the_list(sandbox: Path) -> None:
    assert main(["install", "out", "--", "make.py"]) == 0
    below = [path.relative_to(sandbox / "out").as_posix() for path in sorted((sandbox / "out").rglob("*"))]
    assert below == ["tool-1.0-py3-none-any.whl", ROOT, f"{ROOT}/__init__.py", f"{ROOT}/run"]


def test_the_commands_failure_is_the_tools(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "out", "--", "-c", "import sys; sys.exit('no such release')"]) == 1
    assert capfd.readouterr().err == "no such release\n"
