from __future__ import annotations

import random
import string

import pytest
import yaml
from ruamel.yaml import YAML

from spokeshave.release.conda.yaml_text import Node, to_yaml

MISREAD = (
    "",
    " ",
    "no",
    "Yes",
    "off",
    "null",
    "~",
    "3.10",
    "1e3",
    "0x10",
    "1_000",
    "12:30:45",
    "2026-08-21",
    ".inf",
    "- item",
    "a: b",
    "a #b",
    "#b",
    "*",
    "*alias",
    "&anchor",
    "!tag",
    "%directive",
    "@at",
    "`tick`",
    "'quoted'",
    '"quoted"',
    "[1]",
    "{a: 1}",
    "? key",
    "| block",
    "> folded",
    "ends ",
    "ends:",
    "tab\there",
    "two\nlines",
    "next\x85line",
    "line\u2028separator",
    "\ufeffmark",
    "delete\x7f",
    "=",
    "<<",
    "${{ version }}",
    'match(python, ">=3.12")',
    "python >=3.9,!=3.9.1",
    "https://host/a#b",
    "emoji \U0001f9ee",
    "back\\slash",
)


def assert_read_as_written(document: dict[str, Node]) -> None:
    text = to_yaml(document)
    assert YAML(typ="safe", pure=True).load(text) == document
    assert yaml.safe_load(text) == document


@pytest.mark.parametrize("text", MISREAD)
def test_readers_of_both_yaml_versions_read_each_text(text: str) -> None:
    assert_read_as_written({"key": text, "items": [text, {"if": text, "then": [text]}], "nested": {"a": {"b": text}}})


def test_random_texts_are_read_as_written() -> None:
    generator = random.Random(14)
    letters = string.printable.replace("\x0b", "").replace("\x0c", "") + "é\x85\u2029\U0001f9ee"
    for _ in range(40):
        texts = ["".join(generator.choices(letters, k=generator.randrange(12))) for _ in range(10)]
        assert_read_as_written({f"k{number}": [text] for number, text in enumerate(texts)})


def test_other_values_and_empty_collections() -> None:
    assert_read_as_written({"number": 12, "yes": True, "no": False, "list": [], "map": {}, "lists": [[1, 2], [["x"]]]})


def test_usual_texts_are_not_quoted() -> None:
    document: dict[str, Node] = {
        "name": "abacus",
        "version": "3.10",
        "run": ["numpy >=1.2,<3", {"if": "win", "then": "x"}],
    }
    assert to_yaml(document) == ('name: abacus\nversion: "3.10"\nrun:\n  - numpy >=1.2,<3\n  - if: win\n    then: x\n')
