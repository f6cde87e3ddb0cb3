"""The base class of errors that a user can fix, and the collection of several problems into one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class SpokeshaveError(Exception):
    """An error that the user can fix. The message says what happened, where, and what to do."""


class InvalidPlatformError(SpokeshaveError):
    """An invalid platform tag, or one that no toolchain builds for."""


class InvalidPythonError(SpokeshaveError):
    """A Python version not of the form `3.X` or `3.Xt`, or one that cannot be built for."""


class InvalidTargetError(SpokeshaveError):
    """A target with contradicting or missing fields."""


class CompileError(SpokeshaveError):
    """The compiler reported errors. The message contains its diagnostics unchanged."""


class LinkError(SpokeshaveError):
    """The linker could not make a library."""


class WrongHashError(SpokeshaveError):
    """A pinned requirement whose file has another hash than the pinned one."""


class ToolError(SpokeshaveError):
    """A tool in a sandbox found a problem in the user's input."""


class MissingInterpreterError(SpokeshaveError):
    """A target lists a Python that has no interpreter or no headers here."""


class Problems:
    """The problems of one target, for one message."""

    def __init__(self) -> None:
        self._found: list[str] = []

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Add a `SpokeshaveError` that the block raises, and continue after the block."""
        try:
            yield
        except SpokeshaveError as error:
            self._found.append(str(error))

    def add(self, problem: str) -> None:
        """Add a problem. An empty text is ignored."""
        if problem:
            self._found.append(problem)

    def raise_if_any(self) -> None:
        """Raise an `InvalidTargetError` with all added problems."""
        if self._found:
            raise InvalidTargetError("\n".join(dict.fromkeys(self._found)))


def bullet_list(problems: Iterable[str]) -> str:
    """Return problems as an indented list, with a bullet each and continuation lines indented."""
    return "\n".join("  * " + problem.replace("\n", "\n    ") for problem in problems)
