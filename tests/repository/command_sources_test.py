"""The sources that the plugin mounts for a command are all that the command needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave_pants.resources.files import importable_sources
from spokeshave_pants.sandbox.command_sources import command_modules, command_sources

SOURCES = importable_sources()
# Import every mounted module, those included that a command imports late, and then start as a sandbox does.
PROGRAM = """
import importlib, pathlib, sys
sys.path.insert(0, sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    name = ".".join(path.relative_to(sys.argv[1]).with_suffix("").parts)
    importlib.import_module(name[:-9] if name.endswith(".__init__") else name)
from spokeshave.cli import main
main([*sys.argv[2].split(), "--help"])
"""


@pytest.mark.parametrize("command", sorted(command_modules(SOURCES["spokeshave/cli.py"])))
def test_a_command_runs_with_its_own_sources_alone(tmp_path: Path, command: str) -> None:
    for path, content in command_sources(command, SOURCES).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(tmp_path), command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: spokeshave {command}" in done.stdout
