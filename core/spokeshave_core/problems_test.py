"""Problems, and many of them as one message."""

from __future__ import annotations

import pytest

from spokeshave_core.problems import Problem, Problems, SpokeshaveError, bullet_list


class WheelError(SpokeshaveError):
    """An error of a caller's own class."""


MISSING = Problem("a.txt", "is missing", "Write it.")


def test_a_problem_names_place_message_and_remedy() -> None:
    assert str(MISSING) == "a.txt: is missing\n    Write it."


def test_a_text_is_a_problem_as_it_is() -> None:
    error = SpokeshaveError("//a:b has no sources.")
    assert str(error) == "//a:b has no sources."
    assert error.problems == (Problem.of_text("//a:b has no sources."),)


def test_an_error_lists_all_its_problems() -> None:
    assert str(SpokeshaveError(MISSING, "More is wrong.")) == "a.txt: is missing\n    Write it.\nMore is wrong."


def test_problems_are_raised_together_and_each_once() -> None:
    problems = Problems()
    problems.add("a.txt", "is missing", "Write it.")
    problems.add_text("x")
    for _ in range(2):
        with problems.collecting():
            raise SpokeshaveError(MISSING, "y")
    with pytest.raises(WheelError) as caught:
        problems.raise_if_any(WheelError)
    assert caught.value.problems == (MISSING, Problem.of_text("x"), Problem.of_text("y"))


def test_no_problem_raises_nothing() -> None:
    problems = Problems()
    problems.add_text("")
    with problems.collecting():
        pass
    assert not problems
    problems.raise_if_any(WheelError)


def test_only_errors_of_users_are_collected() -> None:
    with pytest.raises(ValueError, match="not the user's"), Problems().collecting():
        raise ValueError("not the user's")


def test_problems_have_bullets_and_indented_continuations() -> None:
    assert bullet_list(["one", "two\nmore of two"]) == "  * one\n  * two\n    more of two"


def test_an_empty_list_of_problems_is_an_empty_text() -> None:
    assert bullet_list([]) == ""
