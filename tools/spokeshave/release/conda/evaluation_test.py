from __future__ import annotations

import pytest

from spokeshave.release.conda.evaluation import Evaluator, Variant
from spokeshave.release.conda.subdirs import SUBDIRS

LINUX = next(subdir for subdir in SUBDIRS if subdir.name == "linux-64")
CONTEXT = {"name": "abacus", "python_min": "3.10", "full": "${{ name }}-${{ python_min }}", "odd": "${{ x | sha256 }}"}
EVALUATOR = Evaluator(Variant(LINUX, 12), CONTEXT)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("linux", True),
        ("win or osx", False),
        ("unix and x86_64 and not aarch64", True),
        ('target_platform == "linux-64"', True),
        ('target_platform in ["linux-64", "win-64"]', True),
        ("build_platform != target_platform", False),
        ('match(python, ">=3.11,<3.13")', True),
        ('match(python, "3.11.*")', False),
        ('match(python, "3.12")', True),
        ('python | last == "t"', False),
        ("is_freethreading", False),
        ("cuda_compiler_version != 'None'", None),
        ("linux or cuda", True),
        ("win and cuda", False),
        ("linux and cuda", None),
        ("not cuda", None),
        ("not (", None),
        (True, True),
    ],
)
def test_conditions_hold_or_are_unknown(condition: object, holds: bool | None) -> None:
    assert EVALUATOR.holds(condition) is holds


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("${{ name }}", "abacus"),
        ("python >=${{python_min}}", "python >=3.10"),
        ("${{ full }}", "abacus-3.10"),
        ("${{ true if linux }}", "${{ true if linux }}"),
        ("${{ 'a' if linux else 'b' }}", "a"),
        ("${{ odd }}", "${{ odd }}"),
        ("${{ compiler('c') }}", "${{ compiler('c') }}"),
    ],
)
def test_variables_are_replaced(template: str, text: str) -> None:
    assert EVALUATOR.text(template) == text


def test_items_of_conditions() -> None:
    node = ["a", {"if": "win", "then": "b", "else": ["c", {"if": "cuda", "then": "d", "else": "e"}]}]
    assert list(EVALUATOR.items(node)) == ["a", "c", "d", "e"]
