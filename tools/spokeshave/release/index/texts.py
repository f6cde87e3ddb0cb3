"""Texts of users that an index shows."""

from __future__ import annotations

from spokeshave_core.problems import Problem, SpokeshaveError


class InvalidReasonError(SpokeshaveError):
    """A reason that a page cannot show."""


def checked_reason(option: str, reason: str | None) -> str | None:
    """Return a reason as a line of text. None if none is given.

    Raises:
        InvalidReasonError: If it is not text.
    """
    if reason is None:
        return None
    line = " ".join(reason.split())
    try:
        line.encode()
    except UnicodeEncodeError as err:
        raise InvalidReasonError(Problem(option, "is not text in UTF-8", "Write the reason again.")) from err
    return line
