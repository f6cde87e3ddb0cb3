"""Tests of the command lines of confined compilers."""

from __future__ import annotations

import pytest

from spokeshave_pants.confinement.command import build_argv, confined_argv, machine_platform


def test_a_command_is_run_behind_the_program_and_its_inputs() -> None:
    argv = confined_argv(("__toolchain/zig", "cc", "--", "a.c"), ["__toolchain", "__python"], "__objects/a.d")
    assert argv == (
        *("__confine/confine", "--reads=__objects/a.d", "__python", "__toolchain", "--"),
        *("__toolchain/zig", "cc", "--", "a.c"),
    )
    assert confined_argv(("x",), []) == ("__confine/confine", "--", "x")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("linux_x86_64", "x86_64-linux-musl"),
        ("linux_arm64", "aarch64-linux-musl"),
        ("macos_x86_64", "x86_64-macos.11.0"),
        ("macos_arm64", "aarch64-macos.11.0"),
    ],
)
def test_the_program_is_made_for_the_machine_of_the_compilers(name: str, target: str) -> None:
    argv = build_argv(machine_platform(name))
    assert argv[:4] == ("__toolchain/zig", "cc", "-target", target)
    assert ("-static" in argv) is name.startswith("linux")
