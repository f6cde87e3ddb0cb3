from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.option_values import count, local_path, named_value, positive_seconds, seconds


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (seconds, "0", 0),
        (seconds, "1.5", 1.5),
        (positive_seconds, "0.1", 0.1),
        (positive_seconds, "31536000", 31536000),
        (count, "5", 5),
    ],
)
def test_a_number_of_an_option_is_read(read: Callable[[str], float], text: str, value: float) -> None:
    assert read(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf", "-inf", "1e300"])
@pytest.mark.parametrize("read", [seconds, positive_seconds, count])
def test_another_text_is_refused(read: Callable[[str], float], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a"):
        read(text)


@pytest.mark.parametrize("read", [positive_seconds, count])
def test_zero_may_be_refused(read: Callable[[str], float]) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="above 0"):
        read("0")


def test_a_named_value_has_a_name_and_a_value() -> None:
    assert named_value("llvm=a=b") == ("llvm", "a=b")
    for text in ("", "llvm", "llvm=", "=a"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not of the form NAME=VALUE"):
            named_value(text)


PUBLISH = ["release", "publish", "REC", "--to", "@pypi"]


@pytest.mark.parametrize(
    "command",
    [
        PUBLISH,
        ["release", "status", "REC", "--to", "@pypi"],
        ["release", "check", "REC", "--to", "@pypi"],
        ["release", "try", "REC"],
        ["release", "promote", "REC", "--to-version", "1.0"],
        ["upload", "--repository-url", "https://example.org/", "a.whl"],
        ["smoke-test", "a.whl"],
    ],
    ids=lambda command: command[1] if command[0] == "release" else command[0],
)
@pytest.mark.parametrize("value", ["0", "-1", "nan", "1e300", "soon"])
def test_each_timeout_of_a_command_is_checked(
    command: list[str], value: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main([*command, f"--timeout={value}"])
    assert raised.value.code == 2
    assert f"argument --timeout: {value!r} is not a number of seconds" in capfd.readouterr().err


@pytest.mark.parametrize("option", ["--wait=1e300", "--pause=nan", f"--attempts={10**9}"])
def test_each_number_of_publish_is_checked(option: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*PUBLISH, option])
    assert "is not a" in capfd.readouterr().err


def test_a_path_is_not_a_url() -> None:
    assert local_path("a/b") == Path("a/b")
    with pytest.raises(argparse.ArgumentTypeError, match="URL"):
        local_path("https://example.org/index")
