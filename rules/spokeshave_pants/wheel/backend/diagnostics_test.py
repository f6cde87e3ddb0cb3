"""Tests of hints for errors of a project's own build."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.backend.diagnostics import failure_text, hints


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
    ],
)
def test_a_known_error_has_a_hint(output: str, hint: str) -> None:
    (found,) = hints(output)
    assert hint in found


def test_other_errors_have_none() -> None:
    assert [*hints("a.c:1:1: error: unknown type name 'x'\nnetwork.c compiled")] == []


def test_a_long_output_is_cut_at_its_beginning() -> None:
    text = failure_text("the target //a:wheel", "\n".join(f"line {number}" for number in range(100)))
    assert text.splitlines()[:3] == [
        "the target //a:wheel: the project's build failed:",
        "(40 lines before these)",
        "line 40",
    ]
    assert text.endswith("line 99")
