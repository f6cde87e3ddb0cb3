"""Tests of several problems in one message."""

from __future__ import annotations

from spokeshave_pants.errors import bullet_list


def test_problems_have_bullets_and_indented_lines() -> None:
    assert bullet_list(["one", "two\nmore of two"]) == "  * one\n  * two\n    more of two"


def test_no_problems_give_an_empty_text() -> None:
    assert bullet_list([]) == ""
