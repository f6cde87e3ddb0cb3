"""The time at which a set comes into an index, as its pages list it."""

from __future__ import annotations

import datetime

from spokeshave_core.problems import Problem, SpokeshaveError

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class InvalidTimeError(SpokeshaveError):
    """A text that is not a time."""


def upload_time(text: str | None) -> str:
    """Return a time in the form of PEP 700, in UTC.

    The time of a build (SOURCE_DATE_EPOCH) is not one: `index prune` removes a set by the age that it has here.

    Args:
        text: In ISO 8601, or in seconds since 1970. None for the current time.

    Raises:
        InvalidTimeError: If it is neither.
    """
    if text is None:
        return datetime.datetime.now(datetime.timezone.utc).strftime(_FORMAT)
    try:
        return parse_time(text).strftime(_FORMAT)
    except ValueError as err:
        remedy = "Give one such as 2026-11-30T01:02:03Z."
        raise InvalidTimeError(Problem("--added", f"{text!r} is not a time", remedy)) from err


def parse_time(text: str) -> datetime.datetime:
    """Return the time in UTC of a text in ISO 8601, or in seconds since 1970.

    Raises:
        ValueError: If it is neither.
    """
    try:
        if text.isdecimal():
            return datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc)
        # Python 3.9 reads no Z.
        time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
        # A time without an offset is one of UTC.
        time = time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)
        return time.astimezone(datetime.timezone.utc)
    except (OverflowError, OSError) as err:
        raise ValueError(f"{text!r} is not a time") from err
