from __future__ import annotations

import pytest

from spokeshave.python_code import code_of


@pytest.mark.parametrize(
    "source",
    [
        "# found",
        "x = 1  # found",
        '"""found"""',
        '"""One.\n\nfound\n"""\nx = 1\n',
        "def f():\n    '''found'''\n    return 1\n",
        "class A:\n    # a\n\n    'found'\n",
    ],
)
def test_comments_and_docstrings_are_removed(source: str) -> None:
    assert "found" not in code_of(source.encode())


@pytest.mark.parametrize(
    "source",
    [
        "found()",
        "x = 'found'  # a comment",
        "f('# found')",
        "import os; exec('found()')",
        "def f(:\n  found",
        "x = '''\nfound",
        "  found\n found",
        "\ufefffound",
        "# coding: nonsense\nfound",
        "# coding: latin-1\nx = 'found'",
        "x = (\n    'found'\n)",
    ],
)
def test_code_and_ambiguous_text_are_kept(source: str) -> None:
    assert "found" in code_of(source.encode())


def test_bytes_of_any_kind_are_read() -> None:
    assert code_of(b"\xff\xfe\0found")
    assert code_of(b"") == ""
