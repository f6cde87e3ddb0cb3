from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spokeshave_core
from spokeshave.release.environment import environment
from spokeshave.setup_steps import SetUpError

TOOLS = Path(__file__).parents[2]


def checkout(folder: Path, pins: str = "# Nothing.\n") -> Path:
    """Make a checkout with other pins. Return the path of its `tools/release`."""
    for name in ("tools.txt", "twine.txt"):
        file = folder / "3rdparty/python" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pins)
    for link, target in (
        ("tools/spokeshave", TOOLS / "spokeshave"),
        ("core/spokeshave_core", spokeshave_core.__path__[0]),
    ):
        (folder / link).parent.mkdir()
        (folder / link).symlink_to(target)
    shutil.copy(TOOLS / "emulation", folder / "tools")
    command = folder / "tools/release"
    command.symlink_to("emulation")
    return command


def prepared_home(folder: Path) -> Path:
    """Make a home with a stand-in of the Python that ./pants prepares."""
    python = folder / "pants-1-2-abcd/venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / "pants-1-2-abcd/ready").touch()
    return folder


def test_the_command_of_a_checkout_makes_its_environment_once(tmp_path: Path) -> None:
    """A folder that is not marked as ready was left by a start that was killed."""
    command = checkout(tmp_path / "check out")
    home = prepared_home(tmp_path / "home")
    place = environment(home, sorted((tmp_path / "check out/3rdparty/python").iterdir())).folder
    (place / "venv/bin").mkdir(parents=True)
    (place / "venv/bin/python").symlink_to("/bin/false")
    variables = {**os.environ, "SPOKESHAVE_HOME": str(home)}
    first, second = (
        subprocess.run([command, "--help"], env=variables, cwd="/", capture_output=True, text=True, check=False)
        for _ in range(2)
    )
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert f"preparing what the release commands import in {place} (once)" in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert "usage: spokeshave release" in first.stdout


def test_pins_that_cannot_be_installed_leave_nothing_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    pins = tmp_path / "tools.txt"
    pins.write_text(f"packaging==26.3 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SetUpError, match="PIP_INDEX_URL"):
        environment(tmp_path, [pins]).python(lambda: sys.executable)
    assert not (environment(tmp_path, [pins]).folder / "ready").exists()


def test_other_pins_are_another_environment(tmp_path: Path) -> None:
    pins = tmp_path / "tools.txt"
    pins.write_text("a==1")
    before = environment(tmp_path, [pins]).folder
    pins.write_text("a==2")
    assert environment(tmp_path, [pins]).folder != before
