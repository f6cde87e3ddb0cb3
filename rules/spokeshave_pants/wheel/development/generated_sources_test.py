"""Tests of the Python files that developer installs wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave_pants.wheel.development.generated_sources import generated_sources, taken_for_sources


def test_the_python_files_of_the_record_are_found(tmp_path: Path) -> None:
    text = '{"vm cpython-312": {"src/vm/_native.py": ["00"], "src/vm/_native.abi3.so": ["00"]}, "b": {"c.py": []}}'
    (tmp_path / "develop.json").write_text(text)
    assert generated_sources(tmp_path) == ("c.py", "src/vm/_native.py")


@pytest.mark.parametrize("text", [None, "", "[]", '{"vm": 1}'])
def test_a_record_that_cannot_be_read_lists_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "develop.json").write_text(text)
    assert generated_sources(tmp_path) == ()


def test_the_error_has_the_lines_to_add() -> None:
    assert taken_for_sources(["src/vm/_native.py"]).endswith("\n    /src/vm/_native.py")
