"""Tests of the search for programs of the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

from spokeshave_pants.cc.project.system_tools import FoundTool, find_script, parse_found, shim


def test_programs_are_found_with_their_versions() -> None:
    script = find_script(["sed", "no-such-program"])
    output = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    (tool,) = parse_found(output)
    assert (tool.name, Path(tool.path).name) == ("sed", "sed")
    assert tool.version


def test_a_shim_runs_the_program_and_names_its_version(tmp_path: Path) -> None:
    path = tmp_path / "echo"
    path.write_bytes(shim(FoundTool("echo", "/bin/echo", "echo 1.0\x1b")))
    path.chmod(0o755)
    assert "# echo 1.0" in path.read_text()
    assert subprocess.run([str(path), "a b"], capture_output=True, text=True, check=True).stdout == "a b\n"
