"""Tests of outcomes: what is not listed fails, and so does what is listed and does not occur."""

from __future__ import annotations

from pathlib import Path

import pytest

from differential.command import COMPARISONS
from differential.comparison import (
    LISTED,
    Compared,
    InvalidListError,
    Listed,
    Outcome,
    compare_sets,
    compare_values,
    read_listed,
)

LIST = """
[[difference]]
aspect = "tag"
case = "numpy-*"
difference = "ours *"
count = 2
reason = "Because."
"""
KNOWN = Listed(aspect="tag", case="numpy-*", difference="ours *", count=2, reason="Because.")


def outcome(*compared: Compared, listed: tuple[Listed, ...] = (KNOWN,)) -> Outcome:
    return Outcome(compared, listed)


def test_listed_differences_pass() -> None:
    cases = [Compared("tag", f"numpy-{number}", "ours 1, theirs 2") for number in range(2)]
    assert outcome(*cases, Compared("tag", "other")).failures == []


def test_a_difference_that_is_not_listed_fails() -> None:
    cases = [Compared("tag", f"numpy-{number}", "ours 1, theirs 2") for number in range(2)]
    failures = outcome(*cases, Compared("tag", "pandas", "ours 1, theirs 2")).failures
    assert failures == ["not listed: tag: pandas: ours 1, theirs 2"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_listed_difference_that_occurs_less_or_more_fails(count: int) -> None:
    cases = [Compared("tag", f"numpy-{number}", "ours 1, theirs 2") for number in range(count)]
    assert outcome(*cases).failures == [f"listed 2 times, but found {count} times: tag: numpy-*: ours *"]


def test_the_table_counts_cases_and_differences() -> None:
    texts = ("ours 1, theirs 2", "ours 3, theirs 4", "only ours: b")
    cases = [*(Compared("tag", "numpy-1", text) for text in texts), Compared("tag", "a"), Compared("files", "a")]
    lines = [line.split() for line in outcome(*cases).table().splitlines()]
    assert lines[1:] == [["tag", "2", "1", "1", "3", "2"], ["files", "1", "1", "0", "0", "0"]]


def test_sets_differ_by_each_member() -> None:
    found = compare_sets("files", "a", {"x", "y"}, {"y", "z"})
    assert [case.difference for case in found] == ["only ours: x", "only theirs: z"]
    assert compare_sets("files", "a", {"y"}, ["y"]) == [Compared("files", "a")]
    assert compare_values("tag", "a", 1, 2).difference == "ours 1, theirs 2"


def test_a_list_is_read(tmp_path: Path) -> None:
    (tmp_path / "list.toml").write_text(LIST)
    assert read_listed(tmp_path / "list.toml") == [KNOWN]
    assert read_listed(tmp_path / "other.toml") == []


@pytest.mark.parametrize("change", [('"Because."', '" "'), ("count = 2", "count = 0"), ("reason", "why")])
def test_an_entry_without_a_reason_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    (tmp_path / "list.toml").write_text(LIST.replace(*change))
    with pytest.raises(InvalidListError):
        read_listed(tmp_path / "list.toml")


def test_each_list_belongs_to_a_comparison() -> None:
    files = {file.stem: read_listed(file) for file in LISTED.glob("*.toml")}
    assert files
    assert set(files) <= set(COMPARISONS)
