"""Tests of the toolchain's files in a compile and a link."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.toolchain.layout import (
    ToolchainLayoutError,
    compare_types_by_name,
    compile_globs,
    link_globs,
)

PLATFORM = Platform.parse("manylinux_2_17_x86_64")
# The text of libc++ in zig 0.17.0, shortened.
TYPEINFO = """\
#    if defined(_LIBCPP_ABI_MICROSOFT)
#    else
#      ifndef _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION
#        define _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION 1
#      endif
#    endif
"""


def test_a_compile_has_its_platforms_compiler_and_headers() -> None:
    globs = compile_globs(PLATFORM)
    assert "zig" in globs
    assert "lib/libcxx/include/**" in globs
    assert "lib/libc/include/x86-linux-gnu/**" in globs
    assert not [glob for glob in globs if "musl" in glob or "darwin" in glob or "windows" in glob]


@pytest.mark.parametrize(
    ("tag", "present", "missing"),
    [
        ("manylinux_2_17_x86_64", "sys/auxv.h", "sys/random.h"),
        ("manylinux_2_24_aarch64", "sys/auxv.h", "sys/random.h"),
        ("manylinux_2_25_x86_64", "sys/random.h", "threads.h"),
        ("manylinux_2_28_s390x", "threads.h", "sys/single_threaded.h"),
        ("manylinux_2_39_x86_64", "stdbit.h", "sys/hwprobe.h"),
        ("musllinux_1_2_x86_64", "threads.h", None),
        ("win_amd64", "threads.h", None),
    ],
)
def test_headers_of_newer_glibcs_are_missing(tag: str, present: str, missing: str | None) -> None:
    left_out = [glob for glob in compile_globs(Platform.parse(tag)) if glob.startswith("!")]
    assert f"!lib/libc/include/*/{present}" not in left_out
    assert left_out == [] if missing is None else f"!lib/libc/include/*/{missing}" in left_out


def test_a_link_gets_no_header() -> None:
    assert not [glob for glob in link_globs(PLATFORM) if "include" in glob]


@pytest.mark.parametrize(
    ("tag", "own", "others"),
    [
        ("manylinux_2_17_ppc64le", "powerpc-linux-gnu", "x86"),
        ("manylinux_2_31_armv7l", "arm-linux-gnu", "aarch64"),
        ("musllinux_1_2_x86_64", "x86_64-linux-musl", "gnu"),
        ("macosx_11_0_arm64", "any-darwin-any", "linux"),
        ("win_arm64", "any-windows-any", "linux"),
    ],
)
def test_each_platform_has_its_own_headers_alone(tag: str, own: str, others: str) -> None:
    globs = compile_globs(Platform.parse(tag))
    assert f"lib/libc/include/{own}/**" in globs
    assert not [glob for glob in globs if glob.startswith("lib/libc/") and others in glob]


def test_a_link_for_macos_gets_the_stub_of_the_systems_library() -> None:
    assert "lib/libc/darwin/*" in link_globs(Platform.parse("macosx_11_0_arm64"))


def test_types_are_compared_by_name_before_the_header_chooses() -> None:
    changed = compare_types_by_name(TYPEINFO).splitlines()
    by_name = changed.index("#        define _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION 2")
    assert by_name < changed.index("#      ifndef _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION")
    assert [line for line in TYPEINFO.splitlines() if line not in changed] == []


@pytest.mark.parametrize("typeinfo", ["", TYPEINFO + TYPEINFO, TYPEINFO.replace("ifndef", "if !defined")])
def test_a_header_that_is_not_as_known_is_refused(typeinfo: str) -> None:
    with pytest.raises(ToolchainLayoutError, match="selects the comparison of types in an unknown way"):
        compare_types_by_name(typeinfo)
