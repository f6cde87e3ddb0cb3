"""Tests of unsupported languages and flags."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.unsupported import check_languages, unsupported_flag
from spokeshave_pants.errors import InvalidTargetError


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("lib.cppm", "C++20 modules are not supported"),
        ("lib.ixx", "#include"),
        ("kernel.cu", "CUDA"),
        ("view.m", "Objective-C"),
        ("view.mm", "Objective-C"),
        ("solve.f90", "Fortran"),
        ("solve.F90", "Fortran"),
        ("solve.f", "Fortran"),
        ("fast.asm", "NASM"),
        ("fast.nasm", "`.S`"),
    ],
)
def test_an_unsupported_language_is_refused_with_a_remedy(source: str, reason: str) -> None:
    with pytest.raises(InvalidTargetError) as caught:
        check_languages(["src/a.c", f"src/{source}"], where="src:ext")
    assert f"src/{source}: " in str(caught.value)
    assert reason in str(caught.value)


def test_all_sources_of_other_languages_are_reported_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        check_languages(["a.cu", "b.f90", "c.cc"], where="src:ext")
    assert str(caught.value).startswith("src:ext has sources that cannot be compiled:")
    assert "a.cu" in str(caught.value)
    assert "b.f90" in str(caught.value)
    assert "c.cc" not in str(caught.value)


def test_c_cxx_and_assembler_are_compiled() -> None:
    check_languages(["a.c", "a.cc", "a.h", "a.s", "a.S", "a.sx", "a.inc", "m", "a.f.c"], where="src:ext")


@pytest.mark.parametrize("flag", ["-fopenmp", "-fopenmp=libomp", "-fiopenmp", "/openmp", "-qopenmp", "/openmp:llvm"])
def test_openmp_is_refused_with_an_alternative(flag: str) -> None:
    reason = unsupported_flag(flag)
    assert reason is not None
    assert "no OpenMP runtime" in reason
    assert "one thread" in reason


@pytest.mark.parametrize("flag", ["-fopenmp-simd", "-O2", "-fmodules", "-DOPENMP", "-openmpx"])
def test_other_flags_are_not_refused(flag: str) -> None:
    assert unsupported_flag(flag) is None
