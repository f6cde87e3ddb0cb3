from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spokeshave_pants.wheel.development.shell_scripts import run_script, shell_argv, tool_scripts


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_script_runs_the_command_with_its_environment_only(tmp_path: Path) -> None:
    executable(tmp_path / "tool", '#!/bin/sh\nprintf "%s|" "$PWD" "$A" "$HOME" "$@"\n')
    script = executable(tmp_path / "run", run_script("Compile it", ("./tool", "a b", "$x"), {"A": "it's"}))
    ran = subprocess.run([script], cwd="/", env={"HOME": "/h", "PATH": "/usr/bin:/bin"}, stdout=-1, check=True)
    assert ran.stdout.decode() == f"{tmp_path}|it's||a b|$x|"


def test_the_tools_run_from_any_folder(tmp_path: Path) -> None:
    executable(tmp_path / "__toolchain/zig", '#!/bin/sh\nprintf "%s|" "$ZIG_LIB_DIR" "$@"\n')
    script = executable(tmp_path / "__tools/cc", tool_scripts("x86_64-linux-gnu")["cc"])
    variables = {"CC_SHELL_ROOT": str(tmp_path), "PATH": "/usr/bin:/bin"}
    ran = subprocess.run([script, "-c", "a b.c"], cwd="/", env=variables, stdout=-1, check=True)
    assert ran.stdout.decode() == f"{tmp_path}/__toolchain/lib|cc|-target|x86_64-linux-gnu|-c|a b.c|"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ([], ("/bin/bash", "--noprofile", "--norc", "-i")),
        (["./run && ls"], ("/bin/bash", "-c", "./run && ls")),
        (["ls", "-l", "a b"], ("ls", "-l", "a b")),
    ],
)
def test_one_text_is_a_command_of_the_shell(command: list[str], expected: tuple[str, ...]) -> None:
    assert shell_argv("/bin/bash", command) == expected
