from __future__ import annotations

import pytest

from spokeshave.release.conda.evaluation import Evaluator, Variant
from spokeshave.release.conda.subdirs import SUBDIRS

LINUX = next(subdir for subdir in SUBDIRS if subdir.name == "linux-64")
CONTEXT: dict[str, object] = {
    "name": "abacus",
    "python_min": "3.10",
    "full": "${{ name }}-${{ python_min }}",
    "odd": "${{ x | sha256 }}",
    "number": 12,
    "is_number": "${{ number == 12 }}",
    "is_text": "${{ number == '12' }}",
}
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
        ("is_number and not is_text", True),
        ("1 in 'x'", None),
        ("name[0] == 1 or name in 1", None),
        ("match(python)", None),
        pytest.param("not " * 3000 + "linux", None, id="deep"),
        pytest.param("(" * 300 + "linux" + ")" * 300, None, id="parentheses"),
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
        ("${{ true if linux }}", "true"),
        ("${{ 'a' if win }}", ""),
        ("${{ 'a' if cuda }}", "${{ 'a' if cuda }}"),
        ("${{ 'a' if linux else 'b' }}", "a"),
        ("${{ odd }}", "${{ odd }}"),
        ("${{ name ~ '-' ~ 'X|Y~' | lower }}-lib", "abacus-x|y~-lib"),
        ("${{ (python_min | split('.'))[1] }}", "10"),
        ("${{ (python_min | split('.'))[:-1] | join('.') }}", "3"),
        ("${{ name[0] | upper }}${{ name | replace('abacus', '-beads') | trim }}", "A-beads"),
        ("${{ number + 1 }} ${{ is_number }}", "13 true"),
        ("${{ name[99] }}", "${{ name[99] }}"),
        ("${{ name | first(1, 2) }}", "${{ name | first(1, 2) }}"),
        ("${{ compiler('c') }}", "${{ compiler('c') }}"),
    ],
)
def test_variables_are_replaced(template: str, text: str) -> None:
    assert EVALUATOR.text(template) == text


def test_items_of_conditions() -> None:
    node = ["a", {"if": "win", "then": "b", "else": ["c", {"if": "cuda", "then": "d", "else": "e"}]}]
    assert list(EVALUATOR.items(node)) == ["a", "c"]
    assert list(EVALUATOR.uncertain(node)) == ["d", "e"]


@pytest.mark.parametrize(
    ("template", "pin"),
    [
        ("${{ pin_subpackage('Abacus-Runtime', exact=True) }}", ("abacus-runtime", True)),
        ("${{ pin_subpackage(name ~ '-runtime', exact=true) }}", ("abacus-runtime", True)),
        ("${{ pin_subpackage(name + '-runtime', exact=exact) }}", ("abacus-runtime", False)),
        ('${{ pin_compatible("numpy", upper_bound="x.x") }}', ("numpy", False)),
        ("${{ pin_subpackage(cuda ~ '-runtime') }}", ("", False)),
        ("${{ pin_subpackage() }}", ("", False)),
        ("${{ compiler('c') }}", None),
        ("numpy", None),
    ],
)
def test_pins_of_the_build_are_read(template: str, pin: tuple[str, bool] | None) -> None:
    assert EVALUATOR.pin(template) == pin
