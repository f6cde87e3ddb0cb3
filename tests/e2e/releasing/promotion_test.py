"""Promotions of wheels that other projects published: what would go on naming a candidate, and what follows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY
from e2e.support.upstream import fetch_files

WHEELS = Path(__file__).parent / "wheels.txt"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return fetch_files(WHEELS, tmp_path_factory.mktemp("wheels"))


def spokeshave(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command of the tools, as a user does who has no Pants."""
    command = [sys.executable, "-m", "spokeshave", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "tools")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def refused_members(wheel: Path, version: str, folder: Path, *options: str) -> dict[str, str]:
    """Return the message for each member of a wheel that keeps it from being promoted."""
    output = folder / "refused"
    arguments = (wheel.parent, "--version", version, "--untested", "--output", output, *options)
    ran = spokeshave("release", "promote", *arguments, "--report", folder / "report.json")
    assert ran.returncode == 1, ran.stderr
    assert not output.exists()
    problems = json.loads((folder / "report.json").read_text())["problems"]
    return {problem["place"].partition(": ")[2]: problem["message"] for problem in problems}


def test_a_final_that_was_made_of_a_candidate_is_refused(wheels: Mapping[str, Path], tmp_path: Path) -> None:
    """IREE's finals are candidates whose METADATA was changed."""
    members = refused_members(wheels["iree-base-runtime"], "3.13.0", tmp_path)
    assert sorted(members) == ["iree/_runtime_libs/version.py", "iree/_runtime_libs_tracy/version.py"]
    assert all(message.startswith("holds 3.13.0rc20261016 at offset 62 ") for message in members.values())


def test_a_candidate_with_the_version_compiled_in_is_refused(wheels: Mapping[str, Path], tmp_path: Path) -> None:
    library = "contourpy/_contourpy.cpython-312-x86_64-linux-gnu.so"
    candidate = wheels["contourpy"]
    assert refused_members(candidate, "1.2.1", tmp_path).keys() == {
        library,
        "contourpy/_version.py",
        "contourpy/util/_build_config.py",
    }
    assert refused_members(candidate, "1.2.1", tmp_path, "--rewrite-text", "*.py").keys() == {library}


def test_a_candidate_with_texts_alone_becomes_final(wheels: Mapping[str, Path], tmp_path: Path) -> None:
    candidate = wheels["markupsafe"]
    assert refused_members(candidate, "2.0.0", tmp_path).keys() == {"markupsafe/__init__.py"}
    final = tmp_path / "final"
    options = ("--version", "2.0.0", "--untested", "--rewrite-text", "markupsafe/__init__.py", "--output", final)
    promoted = spokeshave("release", "promote", candidate.parent, *options)
    assert promoted.returncode == 0, promoted.stderr
    assert "UNTESTED" in promoted.stdout
    assert json.loads((final / "release.json").read_text())["promoted_from"]["untested"] is True
    compared = spokeshave("release", "compare", candidate.parent, final)
    assert compared.returncode == 0, compared.stderr
    assert "rewritten text  markupsafe/__init__.py" in compared.stdout
    (wheel,) = (final / "files").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if b"2.0.0rc2" in archive.read(name)]
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(installed)]
    subprocess.run([*pip, str(wheel)], check=True)
    program = "import markupsafe, importlib.metadata as m; print(markupsafe.__version__, m.version('markupsafe'))"
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, cwd=installed, capture_output=True, text=True, check=True)
    assert printed.stdout == "2.0.0 2.0.0\n"
