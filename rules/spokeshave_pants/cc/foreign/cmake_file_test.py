"""Tests of CMake's toolchain file."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.foreign.cmake_file import toolchain_file

PLATFORMS = ("manylinux_2_17_aarch64", "musllinux_1_2_x86_64", "macosx_11_0_arm64", "win_amd64")


@pytest.mark.parametrize("tag", PLATFORMS)
@pytest.mark.parametrize(
    "setting",
    [
        # nanobind by FetchContent, as a build requirement.
        "FETCHCONTENT_TRY_FIND_PACKAGE_MODE ALWAYS",
        # Else all C++20 sources need `clang-scan-deps`.
        "CMAKE_CXX_SCAN_FOR_MODULES OFF",
    ],
)
def test_settings_that_projects_rely_on_are_defaults(tag: str, setting: str) -> None:
    """A `-D` wins over a variable of the cache."""
    (line,) = [line for line in toolchain_file(Platform.parse(tag)).splitlines() if setting in line]
    assert " CACHE " in line
