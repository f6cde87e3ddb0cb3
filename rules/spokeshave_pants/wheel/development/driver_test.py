from __future__ import annotations

import pytest

from spokeshave_pants.wheel.development.driver import DriverDefaults, UnknownDriverOutputError

OUTPUT = """\
clang version 22.1.8
 (in-process)
 "/s/__toolchain/zig" "-cc1" "-triple" "x86_64-unknown-linux5.10.0-gnu2.17.0" "-O2" "-isystem" \
"__toolchain/lib/libcxx/include" "-isystem" "__toolchain/lib/libcxxabi/include" "-isystem" "__toolchain/lib/include" \
"-isystem" "__toolchain/lib/libc/include/generic-glibc" "-D" "NDEBUG" "-D" "__GLIBC_MINOR__=17" "-o" "a.o" "empty.cc"
"""


def test_the_headers_and_macros_of_the_driver_are_read() -> None:
    assert DriverDefaults.parse(OUTPUT, ["-O2", "-DNDEBUG"]) == DriverDefaults(
        target="x86_64-unknown-linux5.10.0-gnu2.17.0",
        defines=("__GLIBC_MINOR__=17",),
        cxx_dirs=("__toolchain/lib/libcxx/include", "__toolchain/lib/libcxxabi/include"),
        system_dirs=("__toolchain/lib/libc/include/generic-glibc",),
    )


def test_another_output_is_an_error_with_its_text() -> None:
    with pytest.raises(UnknownDriverOutputError, match="unknown option"):
        DriverDefaults.parse("error: unknown option", [])
