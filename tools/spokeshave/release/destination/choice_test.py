from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from spokeshave.release.destination.choice import (
    DestinationOptions,
    add_destination_arguments,
    destination_options,
    open_destination,
)
from spokeshave_core.problems import SpokeshaveError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("index:", "'index:' has no path"),
        ("folder:", "'folder:' has no path"),
        ("index:https://user:secret@example.org/x", "'index:' has a URL"),
        ("folder:file:///srv/wheels", "'folder:' has a URL"),
        ("pypi", "'pypi' is not a destination"),
        ("@", "'@' is not a destination"),
        ("ftp://example.org/", "'ftp://example.org/' is not a destination"),
        ("@nowhere", "is not known: ~/.pypirc has no URL for it"),
        ("https://user:secret@example.org/", "contains credentials"),
    ],
)
def test_a_text_that_names_no_destination_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SpokeshaveError) as raised, open_destination(text, DestinationOptions(), {}):
        pass
    assert message in str(raised.value)
    assert str(raised.value).startswith(("--to: ", "the repository"))
    assert "secret" not in str(raised.value)


def test_invalid_limits_are_reported_together() -> None:
    options = DestinationOptions(file_limit="big", project_limits=("10X", "demo=much"))
    with pytest.raises(SpokeshaveError) as raised, open_destination("folder:wheels", options, {}):
        pass
    assert [problem.message for problem in raised.value.problems] == [
        "'big' is not a valid size",
        "'10X' is not a valid size",
        "'much' is not a valid size",
    ]


def test_the_options_of_commands_are_those_of_a_destination() -> None:
    parser = argparse.ArgumentParser()
    add_destination_arguments(parser)
    given = ["--to", "@ours", "--repository-url", "https://example.org/legacy/", "--timeout", "3"]
    limits = ["--file-limit", "1M", "--project-limit", "1G", "--project-limit", "demo=2G"]
    args = parser.parse_args([*given, *limits, "--check-url", "https://example.org/simple/"])
    assert args.to == "@ours"
    assert destination_options(args) == DestinationOptions(
        url="https://example.org/legacy/",
        check_url="https://example.org/simple/",
        timeout=3,
        file_limit="1M",
        project_limits=("1G", "demo=2G"),
    )
