"""Tests of the arguments that a platform adds to each compile."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.toolchain.clang import clang_headers


@pytest.mark.parametrize("cxx", [False, True])
@pytest.mark.parametrize(
    ("tag", "has_threads"),
    [
        ("manylinux_2_17_x86_64", False),
        ("manylinux_2_27_aarch64", False),
        ("manylinux_2_28_x86_64", True),
        ("manylinux_2_17_ppc64le", False),
        ("musllinux_1_2_x86_64", True),
        ("win_amd64", False),
    ],
)
def test_a_c_library_without_c11_threads_says_so(tag: str, has_threads: bool, cxx: bool) -> None:
    arguments = clang_headers(Platform.parse(tag), "zig", cxx=cxx)
    assert ("-D__STDC_NO_THREADS__=1" in arguments) is not has_threads
