"""Tests of the search for programs of the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.project.system_tools import (
    FoundTool,
    find_script,
    parse_found,
    shim,
    shims,
    wanted_tools,
)


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


@pytest.mark.parametrize(
    ("platform", "arguments", "answer"),
    [
        ("manylinux_2_17_aarch64", "", "Linux"),
        ("musllinux_1_2_aarch64", "-sm", "Linux aarch64"),
        ("macosx_11_0_arm64", "-s", "Darwin"),
        ("macosx_11_0_arm64", "-m", "arm64"),
        ("win_amd64", "-s", "MINGW64_NT-10.0"),
        ("win_amd64", "--machine", "x86_64"),
        ("manylinux_2_17_x86_64", "-a", "Linux localhost 4.18.0 1 x86_64 GNU/Linux"),
    ],
)
def test_uname_answers_for_the_platform(tmp_path: Path, platform: str, arguments: str, answer: str) -> None:
    scripts = shims([FoundTool("uname", "/bin/uname", "uname 9")], Platform.parse(platform))
    path = tmp_path / "uname"
    path.write_bytes(scripts["uname"])
    path.chmod(0o755)
    asked = [str(path), *arguments.split()]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == f"{answer}\n"


def test_listed_tools_are_added_to_those_of_make() -> None:
    names, needed = wanted_tools(("m4", "sed"), is_make=True)
    assert {"m4", "sed", "make", "mkdir"} <= set(names)
    assert needed == ("grep", "make", "sed", "sh", "m4")
    assert len(names) == len(set(names))
    assert wanted_tools(("m4",), is_make=False) == (("m4",), ("m4",))
