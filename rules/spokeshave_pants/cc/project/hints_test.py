"""Tests of the advice for builds that fail."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.project.hints import failure_hint


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("spokeshave: z would be downloaded from https://example.org/z.tar.gz", "no build has a network"),
        ("FETCHCONTENT_FULLY_DISCONNECTED is set to true, which requires", "no build has a network"),
        ('  no 6;"Could not resolve hostname"', "no build has a network"),
        ("  Could NOT find ZLIB (missing: ZLIB_LIBRARY ZLIB_INCLUDE_DIR)", "`dependencies`"),
        ('  Could not find a package configuration file provided by "fmt"', "`dependencies`"),
        ("  Could NOT find Python (missing: Python_EXECUTABLE Interpreter)", "`system_tools`"),
        ("  Could NOT find PkgConfig (missing: PKG_CONFIG_EXECUTABLE)", "pins `pkgconf`"),
        ("/bin/sh: 1: sed: not found\n[2/3] Building", "`system_tools`"),
        ("  Could not find P using the following names: perl", "`system_tools`"),
        ("  Could NOT find OpenMP_C (missing: OpenMP_C_FLAGS)", "C, C++ and assembler"),
        ("  No CMAKE_Fortran_COMPILER could be found.", "C, C++ and assembler"),
        ("confine: cannot run __cmake/cmake-4.4.5.whl/cmake/data/bin/cmake", "`[cc-execution].projects`"),
        ("configure: error: no working C compiler in CC_FOR_BUILD", "native_compiler=True"),
        ("./generate: 1: cannot execute binary file: Exec format error", "native_compiler=True"),
        ("/bin/sh: 1: ./gen: not found\nmake: *** [Makefile:5: made.c] Error 127", "native_compiler=True"),
        ("make: ./gen: No such file or directory", "native_compiler=True"),
        ("make: perl: No such file or directory", "`system_tools`"),
        ("make: /usr/bin/perl: No such file or directory", "`system_tools`"),
        ("name a processor in place of -march=native", "depend on the machine"),
        ("t.cc:1:10: fatal error: 'CoreFoundation/CFTimeZone.h' file not found", "Switch the part off for macOS"),
        ("error: unable to find framework 'CoreFoundation'. searched paths: none", "Switch the part off for macOS"),
        ("error: undefined symbol: _pipe2\n  note: referenced by main.o", "pipe2 came with macOS 27."),
        ("/bin/sh: 1: CMAKE_CXX_COMPILER_CLANG_SCAN_DEPS-NOTFOUND: not found", "C++20 modules are not supported"),
        ("  CMake 4.9 or higher is required.  You are running version 4.4.5", "by the field `requirements`"),
    ],
)
def test_a_failure_has_advice(output: str, advice: str) -> None:
    assert advice in failure_hint(output)


def test_an_error_of_the_source_has_no_advice() -> None:
    assert failure_hint("p.c:1:1: error: unknown type name 'x'\nninja: build stopped: subcommand failed.") == ""
    assert failure_hint("ld.lld: error: undefined symbol: pipe2\nerror: undefined symbol: _own") == ""
