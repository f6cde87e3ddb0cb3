"""Tests of hints for errors of a project's own build."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.backend.diagnostics import (
    closing_lines,
    failure_text,
    hints,
    left_out_text,
)


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("meson.build:1:0: ERROR: Unknown compiler(s): [['gfortran'], ['flang']]", "compiles Fortran"),
        ("CMake Error: CMAKE_Fortran_COMPILER not set, after EnableLanguage", "compiles Fortran"),
        ("curl: (6) Could not resolve host: example.org", "Builds have no network"),
        ("urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", "have no network"),
        ("meson.build:14:14: ERROR: Git program not found, cannot download libx.wrap via git.", "have no network"),
        ("  FETCHCONTENT_FULLY_DISCONNECTED is set to true, which requires", "takes what `find_package` finds"),
        ("/bin/sh: 1: cargo: not found", "compiles Rust"),
        ("LookupError: setuptools-scm was unable to detect version for /project.", 'Set version="stamped"'),
        ("a.c:1:10: fatal error: 'omp.h' file not found", "uses OpenMP"),
        ("meson.build:2:0: ERROR: Unknown compiler(s): [['/s/__foreign/bin/build-cc']]", "native_compiler=True"),
        ("ld.lld: error: undefined symbol: __kmpc_fork_call", "uses OpenMP"),
        ("error: [Errno 2] No such file or directory: 'cmake'", "starts cmake."),
        ("RuntimeError: CMake >= 3.5 is required to build pycares.", "starts CMake."),
        ("/bin/sh: 1: pkg-config: not found", "starts pkg-config."),
        ("Exception: ERROR: The 'perl' utility was not found: cannot run 'perl'", "one of the `dependencies`"),
        ("Error: pg_config executable not found.", "starts pg_config,"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'git'", "starts git,"),
        ("make: nasm: No such file or directory", "starts nasm,"),
        ("make[3]: *** [Makefile:1969: check-TESTS] Error 2", "(`make check`)"),
        ("a.c:15:10: fatal error: 'ffi.h' file not found", "No header ffi.h is found."),
        ("a.c:1:10: fatal error: 'sys/epoll.h' file not found", "The platform has no header sys/epoll.h;"),
        ("a.c:1:10: fatal error: 'Windows.h' file not found", "The platform has no header Windows.h;"),
        (
            "a.m:1:9: fatal error: 'Foundation/Foundation.h' file not found",
            "frameworks of macOS (Foundation/Foundation.h)",
        ),
        ("a.c:1:9: fatal error: 'systemd/sd-bus.h' file not found", "No header systemd/sd-bus.h is found."),
        ("nb_types.h:314:13: error: use of undeclared identifier 'stderr'", 'env={"CXXFLAGS": "-include cstdio"}'),
        ("  CMake 4.9 or higher is required.  You are running version 4.4.5", "needs a newer cmake"),
        ('"CMAKE_CXX_COMPILER_CLANG_SCAN_DEPS-NOTFOUND" -format=p1689', "C++20 modules"),
        ("ModuleNotFoundError: No module named 'numpy.core'", "imports numpy, which neither"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "`setuptools<81`"),
        ("error: unknown file type '.cu' (from 'k.cu')", "Leave sources of .cu out"),
        (
            "NOTE: a relevant symbol 'opj_version' is available in libopenjp2.a but cannot be used because it is not "
            "an import library.",
            "as if it were a DLL (opj_version)",
        ),
        ("ld.lld: error: unable to find library -lcrc32c", "No library crc32c is found."),
        (
            "a.c:8:5: error: always_inline function '__crc32cd' requires target feature 'crc', but",
            "a function uses crc,",
        ),
        ("CMake Error: Could NOT find ZeroMQ (missing: X)", "did not find ZeroMQ."),
        ('meson.build:3:0: ERROR: Dependency "cairo" not found, tried pkgconfig', "did not find cairo."),
    ],
)
def test_a_known_error_has_a_hint(output: str, hint: str) -> None:
    (found,) = hints(output)
    assert hint in found


def test_other_errors_have_none() -> None:
    assert [*hints("a.c:1:1: error: unknown type name 'x'\nnetwork.c compiled")] == []


def test_a_long_output_is_cut_at_its_beginning() -> None:
    text = failure_text(
        "the target //a:wheel", "for win_arm64 and cp312", "\n".join(f"line {number}" for number in range(100))
    )
    assert text.splitlines()[:3] == [
        "the target //a:wheel: the project's build for win_arm64 and cp312 failed:",
        "(40 lines before the last 60)",
        "line 40",
    ]
    assert text.endswith("line 99")


def test_the_stack_of_a_backend_does_not_hide_its_message() -> None:
    """Cython prints what is wrong, and then ends by an exception that says nothing."""
    frame = '  File "/s/lib/python3.12/site-packages/setuptools/build_meta.py", line 1, in f\n    g()\n'
    stack = f"Traceback (most recent call last):\n{frame * 40}CompileError: a.pyx"
    assert (
        closing_lines(f"a.pyx:1:0: undeclared name: x\n{stack}") == "a.pyx:1:0: undeclared name: x\nCompileError: a.pyx"
    )


def test_errors_are_shown_that_a_traceback_follows() -> None:
    passed = ["checking for x... not found", "cc -Werror -c error.c", "raise RuntimeError(", "-- Could NOT find x"]
    errors = ["configure: error: cannot run C compiled programs.", "a.c:1:2: fatal error: 'x.h' file not found"]
    traceback = ['  File "setup.py", line 1, in f'] * 70
    assert closing_lines("\n".join([*passed, *errors, *errors, *traceback])).splitlines() == [
        "(18 lines before the last 60. Of these:)",
        *errors,
        "...",
        *traceback[:60],
    ]


def test_an_optional_extension_that_failed_is_named() -> None:
    output = """building 'demo._speed' extension
cc -c speed.c -o build/speed.o
speed.c:3:10: fatal error: 'crc32c/crc32c.h' file not found
1 error generated.
warning: build_ext: building extension "demo._speed" failed: command 'cc' failed with exit code 1
"""
    lines = left_out_text(output).splitlines()
    assert lines[0].startswith("the project went on without demo._speed, which")
    assert lines[1] == "speed.c:3:10: fatal error: 'crc32c/crc32c.h' file not found"
    assert lines[-1].startswith("No header crc32c/crc32c.h is found.")


def test_a_build_that_left_nothing_out_says_nothing() -> None:
    assert left_out_text("building 'demo._speed' extension\nwarning: error: none\n") == ""
