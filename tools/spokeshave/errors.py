"""The exit codes of the `spokeshave` command, and the errors of wheels that more than one command raises."""

from __future__ import annotations

import enum

from spokeshave_core.problems import SpokeshaveError


class ExitCode(enum.IntEnum):
    """The exit codes of the `spokeshave` command. Only `release` commands have the last two.

    Attributes:
        PARTIAL: A part of a release was sent. The same command continues.
        NOT_VISIBLE: All of a release was sent, but the index does not show it yet.
    """

    OK = 0
    USER_ERROR = 1
    USAGE = 2
    PARTIAL = 3
    NOT_VISIBLE = 4


class InvalidMetadataError(SpokeshaveError):
    """A pyproject.toml with invalid metadata."""


class InvalidPayloadError(SpokeshaveError):
    """A tree of files that cannot become a wheel."""


class InvalidInputsError(SpokeshaveError):
    """Invalid inputs of more than one kind."""


class InvalidWheelError(SpokeshaveError):
    """A file that is not a wheel, or a wheel that contradicts itself."""


class InvalidVersionError(SpokeshaveError):
    """Version files or arguments without a valid PEP 440 version."""


_SHOWN = 6


def some(names: list[str]) -> str:
    """Return names for a message, shortened if there are many."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun in the right form."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
