"""Tests of the visible lines of a header."""

from __future__ import annotations

import pytest

from spokeshave_pants.headers.preprocessor import evaluate, visible_text

MACROS = {"MS_WINDOWS": 1, "SIZEOF_VOID_P": 8, "Py_LIMITED_API": 0x030B0000}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("defined(MS_WINDOWS)", 1),
        ("!defined MS_WINDOWS", 0),
        ("!defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030b0000", 1),
        ("Py_LIMITED_API+0 >= 0x030C0000", 0),
        ("defined(_MSC_VER) && _MSC_VER >= 1300", 0),
        ("SIZEOF_VOID_P >= 8 && !(defined(__arm__) || 0)", 1),
        ("__STDC_VERSION__ >= 201112L", 0),
        ("defined(__has_attribute) && __has_attribute(nonnull)", 0),
        ("-1 < 0", 1),
    ],
)
def test_a_condition_has_the_value_that_a_compiler_gives_it(expression: str, value: int) -> None:
    assert evaluate(expression, MACROS) == value


@pytest.mark.parametrize("expression", ["", "1 +", "'a' == 97", "1 < 2 < 3", "a ? b : c"])
def test_unsupported_expressions_raise_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match="is not understood"):
        evaluate(expression, MACROS)


def test_branches_nest_and_comments_go() -> None:
    header = """\
#ifndef GUARD_H
#define GUARD_H
#ifdef MS_WINDOWS
windows /* not
#else
*/ here
#  if SIZEOF_VOID_P == 4
small
#  elif SIZEOF_VOID_P == 8 // the usual
large
#  else
odd
#  endif
#else
#  if this is never ( looked at
posix
#  elif nor this (
#  endif
#endif
both \\
lines
#endif
"""
    seen = visible_text(header, MACROS).split("\n")
    assert [line.split() for line in seen if line.strip() and "#" not in line] == [
        ["windows", "here"],
        ["large"],
        ["both", "lines"],
    ]


def test_a_macro_that_the_header_defines_counts_from_there_on() -> None:
    header = "#ifdef CHECK\nbefore\n#endif\n#ifdef MS_WINDOWS\n#define CHECK\n#endif\n#if CHECK\nafter\n#endif\n"
    assert [line for line in visible_text(header, MACROS).split("\n") if line in ("before", "after")] == ["after"]
