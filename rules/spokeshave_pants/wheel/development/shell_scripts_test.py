from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spokeshave_pants.wheel.development.shell_scripts import run_paths, run_script, shell_argv, tool_scripts


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_script_runs_the_command_with_its_environment_only(tmp_path: Path) -> None:
    executable(tmp_path / "tool", '#!/bin/sh\nprintf "%s|" "$PWD" "$A" "$HOME" "$@"\n')
    text = run_script("Compile it", ("./tool", "a b", "$x"), {"A": "it's"})
    variables = {"CC_SHELL_ROOT": str(tmp_path), "HOME": "/h", "PATH": "/usr/bin:/bin"}
    for path in run_paths(["src/a.cc"]):
        script = executable(tmp_path / path, text)
        ran = subprocess.run([script], cwd="/", env=variables, stdout=-1, check=True)
        assert ran.stdout.decode() == f"{tmp_path}|it's||a b|$x|"


@pytest.mark.parametrize("path", ["run", "run/a.cc", "Run/a.cc"])
def test_the_script_is_only_on_path_if_the_build_has_its_name(path: str) -> None:
    assert run_paths(["src/a.cc", path]) == ("__tools/run",)
    assert run_paths(["src/run", "runner/a.cc"]) == ("__tools/run", "run")


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
