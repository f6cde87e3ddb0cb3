"""Tests of the expansion of macros that a text defines."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.compile.macros import Macros

DEFINITIONS = """\
#define EMPTY
#define ONE 1
  #  define TWO ONE ONE
#define CALL(a, b) a(b)
#define PASTE(a, b) a##b
#define PASTED(a, b) PASTE(a, b)
#define NAME name
#define SELF SELF + OTHER
#define OTHER SELF
#define START PyInit_x
#define LATER(a) START
#ifdef A
#define CHOICE first
#else
#define CHOICE second
#endif
"""


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("EMPTY ONE;", " 1;"),
        ("TWO", "1 1"),
        ("CALL(ONE, CALL(f, (x, y)))", "1(f((x, y)))"),
        ("CALL (f,\n ONE)", "f(1)"),
        ("CALL f", "CALL f"),
        ("CALL(f", "CALL(f"),
        ("PASTE(PyInit_, NAME)", "PyInit_NAME"),
        ("PASTED(PyInit_, NAME)", "PyInit_name"),
        ("CALL(f)", "f(b)"),
        ("SELF", "SELF + SELF"),
        ("ONESELF", "ONESELF"),
        ("CHOICE", "first"),
    ],
)
def test_macros_are_expanded(text: str, expanded: str) -> None:
    assert Macros.of(DEFINITIONS).expand(text, 0) == expanded


def test_each_meaning_of_a_macro_can_be_chosen() -> None:
    macros = Macros.of(DEFINITIONS)
    assert [macros.expand("CHOICE ONE", choice) for choice in range(3)] == ["first 1", "second 1", "second 1"]


def test_macros_that_lead_to_a_word_are_found() -> None:
    assert Macros.of(DEFINITIONS).leading_to("PyInit") == {"START", "LATER"}


@pytest.mark.parametrize("body", ["B{0}(a) B{0}(a)", "B{0}(a a)", "B{0}(B{0}(a))"])
def test_an_expansion_without_an_end_in_sight_is_given_up(body: str) -> None:
    definitions = [f"#define B{level}(a) {body.format(level - 1)}" for level in range(1, 60)]
    macros = Macros.of("\n".join(["#define B0(a)", *definitions]))
    assert macros.expand("B5(x);", 0).strip() == ";"
    assert macros.expand("B59(x);", 0).endswith(";")
