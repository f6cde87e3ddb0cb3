"""Tests of the command lines of the plugin's own programs."""

from __future__ import annotations

import pytest

from spokeshave_pants.toolchain.machine_program import build_argv, machine_platform


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
    argv = build_argv(machine_platform(name), "confine")
    assert argv[:4] == ("__toolchain/zig", "cc", "-target", target)
    assert ("-static" in argv) is name.startswith("linux")
