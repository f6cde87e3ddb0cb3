"""Habits of CONTRIBUTING.md that ruff has no rule for, checked in the syntax trees of all Python files."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TESTS = ("tests/", "src/python/smoke/")


def python_files() -> list[Path]:
    """The repository's own Python files, without the links that lead from one tree into another."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [Path(line) for line in listed.stdout.splitlines() if (REPOSITORY / line).is_file()]


def is_test(file: Path) -> bool:
    return file.name.endswith(("_test.py", "_fixtures.py")) or file.as_posix().startswith(TESTS)


def parse(file: Path) -> ast.Module:
    return ast.parse((REPOSITORY / file).read_text("utf-8"))


def programs(tree: ast.Module) -> Iterator[tuple[int, ast.Module]]:
    """The module, and the programs that it holds as texts: each with the line before its first."""
    yield 0, tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\nassert " in node.value:
            try:
                yield node.lineno - 1, ast.parse(node.value)
            except SyntaxError:
                continue


def checking_asserts(tree: ast.Module) -> Iterator[int]:
    """The lines of assert statements that do more than narrow a type."""
    for before, program in programs(tree):
        for node in ast.walk(program):
            if isinstance(node, ast.Assert) and not narrows_a_type(node.test):
                yield before + node.lineno


def narrows_a_type(test: ast.expr) -> bool:
    """Whether a test is `NAME is not None` or `isinstance(NAME, TYPE)`."""
    if isinstance(test, ast.Call):
        return isinstance(test.func, ast.Name) and test.func.id == "isinstance" and is_name(test.args[0])
    return (
        isinstance(test, ast.Compare)
        and is_name(test.left)
        and isinstance(test.ops[0], ast.IsNot)
        and isinstance(test.comparators[0], ast.Constant)
    )


def is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and is_name(node.value))


def test_asserts_outside_tests_only_narrow_types() -> None:
    """`python -O` removes asserts, and with them a check or an effect."""
    files = [file for file in python_files() if not is_test(file)]
    assert Path("tools/spokeshave/emulation/apt.py") in files
    assert [f"{file}:{line}" for file in files for line in checking_asserts(parse(file))] == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("assert self._updated", [1]),
        ("assert run()", [1]),
        ("assert spec is not None and spec.origin is not None", [1]),
        ("assert find(x) is not None", [1]),
        ("SCRIPT = '''\nassert sys.prefix\n'''", [2]),
        ("assert self.file is not None", []),
        ("assert isinstance(platform, WindowsPlatform)", []),
    ],
)
def test_an_assert_that_is_a_check_is_found(statement: str, found: list[int]) -> None:
    assert list(checking_asserts(ast.parse(statement))) == found
