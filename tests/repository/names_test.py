"""Names of tests and the dialect of docstrings."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LONGEST = 60
# Sphinx fields. Docstrings are in Google style: `Args:`, `Returns:`, `Raises:`, `Attributes:`.
FIELD = re.compile(r"^\s*:(param|returns?|raises|type|rtype)\b.*:", re.MULTILINE)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Yield every Python file of the repository, whether or not it is committed, with its syntax tree."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.py"]
    listed = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in listed.splitlines():
        path = REPOSITORY / name
        if path.exists():
            yield name, ast.parse(path.read_text())


def test_test_names_are_short() -> None:
    tests = [
        (name, node.name)
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    ]
    assert tests
    assert not [f"{name}: {test}" for name, test in tests if len(test) > LONGEST]


def test_docstrings_are_in_google_style() -> None:
    assert not [
        f"{name}:{getattr(node, 'lineno', 1)}: {match[0].strip()}"
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, DOCUMENTED)
        for match in FIELD.finditer(ast.get_docstring(node) or "")
    ]
