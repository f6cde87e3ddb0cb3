from __future__ import annotations

import pytest

from spokeshave.sdist.conditions import platform_condition

PLATFORMS = ("manylinux_2_28_x86_64", "musllinux_1_2_x86_64", "macosx_11_0_universal2", "win_amd64")
LINUX = 'CMAKE_SYSTEM_NAME STREQUAL "Linux"'
WINDOWS = 'CMAKE_SYSTEM_NAME STREQUAL "Windows"'
DARWIN = 'CMAKE_SYSTEM_NAME STREQUAL "Darwin"'


@pytest.mark.parametrize(
    ("globs", "condition"),
    [
        (["*"], "TRUE"),
        (["win_*"], WINDOWS),
        (["*linux_*"], LINUX),
        (["manylinux_*"], f"{LINUX} AND NOT IS_MUSL"),
        (["musllinux_*"], f"{LINUX} AND IS_MUSL"),
        (["macosx_*"], DARWIN),
        (["*linux_*", "macosx_*"], f"({LINUX}) OR ({DARWIN})"),
        (["macosx_*_arm64"], f'{DARWIN} AND PROCESSOR MATCHES "^(aarch64)$"'),
        (["win_amd64"], f'{WINDOWS} AND PROCESSOR MATCHES "^(x86_64)$"'),
        (["*linux_*_aarch64", "*linux_*_armv7l"], f'{LINUX} AND PROCESSOR MATCHES "^(aarch64|armv7l)$"'),
        (["freebsd_*"], "FALSE"),
    ],
)
def test_a_glob_becomes_a_condition_of_cmake(globs: list[str], condition: str) -> None:
    assert platform_condition(globs, PLATFORMS) == condition


def test_a_version_in_a_glob_means_the_wheel_of_the_target() -> None:
    wanted = f'{LINUX} AND NOT IS_MUSL AND PROCESSOR MATCHES "^(x86_64)$"'
    assert platform_condition(["manylinux_2_28_*"], PLATFORMS) == wanted
    assert platform_condition(["manylinux_2_34_*"], PLATFORMS) == "FALSE"
