"""Tests of the names of CMake variables."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.cmake_names import cmake_names_problem


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("BUILD_SHARED_LIBS", ""),
        ("-DBUILD_SHARED_LIBS", "without `-D`"),
        ("A;B", "the name 'A;B'"),
        ("", "the name ''"),
        ("CMAKE_TOOLCHAIN_FILE", "which each build sets itself"),
        ("CMAKE_SYSTEM_NAME", "which each build sets itself"),
    ],
)
def test_a_name_is_that_of_a_variable_of_the_project(name: str, problem: str) -> None:
    found = cmake_names_problem(["X", name])
    assert problem in found
    assert bool(problem) == bool(found)
