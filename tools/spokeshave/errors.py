"""What goes wrong, told in one go: problems, the error that carries them, and exit codes."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator

from spokeshave_core.problems import Problem as Problem


class ExitCode(enum.IntEnum):
    """The exit codes of the ``spokeshave`` command."""

    OK = 0
    USER_ERROR = 1
    USAGE = 2


class SpokeshaveError(Exception):
    """Everything that a user can mend; ``str()`` of it is the final text for the user."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class InvalidMetadataError(SpokeshaveError):
    """A pyproject.toml that cannot become a wheel's metadata."""


class InvalidPayloadError(SpokeshaveError):
    """A tree of files that cannot become a wheel."""


class InvalidInputsError(SpokeshaveError):
    """Inputs of more than one kind that do not make a wheel."""


class InvalidWheelError(SpokeshaveError):
    """A file that is not a wheel, or a wheel that contradicts itself."""


class InvalidVersionError(SpokeshaveError):
    """Version files, or arguments, that give no PEP 440 version."""


class Problems:
    """Collects problems, so that a user is told all of them at once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self._problems)

    def add(self, place: str, message: str, remedy: str) -> None:
        """Note one problem; nothing is raised yet."""
        self._problems.append(Problem(place, message, remedy))

    def extend(self, error: SpokeshaveError) -> None:
        """Note every problem of an error that another step raised."""
        self._problems.extend(error.problems)

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Note, in place of raising, what the block raises for the user."""
        try:
            yield
        except SpokeshaveError as err:
            self.extend(err)

    def as_error(self, error: type[SpokeshaveError]) -> SpokeshaveError:
        """An ``error`` with everything that was noted, each problem once, in the order noted."""
        return error(*dict.fromkeys(self._problems))

    def raise_if_any(self, error: type[SpokeshaveError]) -> None:
        """Raise ``error`` when anything was noted."""
        if self._problems:
            raise self.as_error(error)
