"""The values that options take. Each function is the `type` of an argument and raises argparse's error."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

# A year: the functions of the system that wait do not take every number.
_LONGEST = 365 * 24 * 60 * 60
_MOST = 1_000_000


def seconds(text: str) -> float:
    """Return a duration that may be 0."""
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= _LONGEST:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to {_LONGEST}")


def positive_seconds(text: str) -> float:
    """Return a duration above 0, such as a timeout."""
    with contextlib.suppress(ValueError):
        if 0 < float(text) <= _LONGEST:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, and up to {_LONGEST}")


def count(text: str) -> int:
    """Return a whole number above 0."""
    with contextlib.suppress(ValueError):
        if 0 < int(text) <= _MOST:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0, and up to {_MOST}")


def local_path(text: str) -> Path:
    """Return the path of what is written: not a URL, of which a path would be a new folder here."""
    if "://" in text:
        raise argparse.ArgumentTypeError("it is a URL, where a path on this machine belongs")
    return Path(text)


def named_value(text: str) -> tuple[str, str]:
    """Return a name and its value, written as `NAME=VALUE`."""
    name, _, value = text.partition("=")
    if not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value
