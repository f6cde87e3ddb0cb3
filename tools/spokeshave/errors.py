"""Problems, the errors that contain them, and exit codes. All problems of a command are reported together."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator
from dataclasses import dataclass


class ExitCode(enum.IntEnum):
    """The exit codes of the `spokeshave` command."""

    OK = 0
    USER_ERROR = 1
    USAGE = 2


@dataclass(frozen=True)
class Problem:
    """One problem: its location, what happened, and what to do about it."""

    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}\n    {self.remedy}"

    def as_json(self) -> dict[str, str]:
        """Return the problem for reports."""
        return {"place": self.place, "message": self.message, "remedy": self.remedy}


class SpokeshaveError(Exception):
    """An error that the user can fix. `str()` of it is the final text for the user."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


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


class Problems:
    """A collection of problems, so that all of them are reported together."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self._problems)

    def add(self, place: str, message: str, remedy: str) -> None:
        """Add one problem without raising an error."""
        self._problems.append(Problem(place, message, remedy))

    def extend(self, error: SpokeshaveError) -> None:
        """Add all problems of an error that another step raised."""
        self._problems.extend(error.problems)

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Add the problems of an error that the block raises, and continue after the block."""
        try:
            yield
        except SpokeshaveError as err:
            self.extend(err)

    def as_error(self, error: type[SpokeshaveError]) -> SpokeshaveError:
        """Return an `error` with all problems, without duplicates, in the order of addition."""
        return error(*dict.fromkeys(self._problems))

    def raise_if_any(self, error: type[SpokeshaveError]) -> None:
        """Raise `error` if there are any problems."""
        if self._problems:
            raise self.as_error(error)


_SHOWN = 6


def some(names: list[str]) -> str:
    """Return names for a message, shortened if there are many."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
