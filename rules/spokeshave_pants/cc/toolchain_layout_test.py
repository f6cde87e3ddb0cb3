"""What of the toolchain's package a compile and a link get."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.toolchain_layout import (
    ToolchainLayoutError,
    compare_types_by_name,
    compile_globs,
    link_globs,
)
from spokeshave_pants.platform import Platform

PLATFORM = Platform.parse("manylinux_2_17_x86_64", where="this test")
# As libc++ of zig 0.17.0 has it, shortened.
TYPEINFO = """\
#    if defined(_LIBCPP_ABI_MICROSOFT)
#    else
#      ifndef _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION
#        define _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION 1
#      endif
#    endif
"""


def test_a_compile_gets_the_compiler_and_the_headers_of_its_platform() -> None:
    globs = compile_globs(PLATFORM)
    assert "zig" in globs and "lib/libcxx/include/**" in globs and "lib/libc/include/x86-linux-gnu/**" in globs
    assert not [glob for glob in globs if "musl" in glob or "darwin" in glob or "windows" in glob]


def test_every_floor_of_an_architecture_is_compiled_with_the_same_headers() -> None:
    assert compile_globs(PLATFORM) == compile_globs(Platform.parse("manylinux_2_34_x86_64", where="this test"))


def test_a_link_gets_no_header() -> None:
    assert not [glob for glob in link_globs() if "include" in glob]


def test_types_are_compared_by_name_before_the_header_chooses() -> None:
    changed = compare_types_by_name(TYPEINFO).splitlines()
    by_name = changed.index("#        define _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION 2")
    assert by_name < changed.index("#      ifndef _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION")
    assert [line for line in TYPEINFO.splitlines() if line not in changed] == []


@pytest.mark.parametrize("typeinfo", ["", TYPEINFO + TYPEINFO, TYPEINFO.replace("ifndef", "if !defined")])
def test_a_header_that_is_not_as_known_is_refused(typeinfo: str) -> None:
    with pytest.raises(ToolchainLayoutError, match="does not choose its comparison of types as known"):
        compare_types_by_name(typeinfo)
