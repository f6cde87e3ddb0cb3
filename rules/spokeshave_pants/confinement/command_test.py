"""Tests of the command lines of confined compilers."""

from __future__ import annotations

from spokeshave_pants.confinement.command import confined_argv, offline_argv


def test_a_command_is_run_behind_the_program_and_its_inputs() -> None:
    argv = confined_argv(("__toolchain/zig", "cc", "--", "a.c"), ["__toolchain", "__python"], "__objects/a.d")
    assert argv == (
        *("__confine/confine", "--reads=__objects/a.d", "__python", "__toolchain", "--"),
        *("__toolchain/zig", "cc", "--", "a.c"),
    )
    assert confined_argv(("x",), []) == ("__confine/confine", "--", "x")


def test_a_command_without_a_network_sees_all_files() -> None:
    assert offline_argv(("cmake", "-P", "build.cmake")) == (
        "__confine/confine",
        "--by=o",
        "--",
        "cmake",
        "-P",
        "build.cmake",
    )
