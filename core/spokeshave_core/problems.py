"""Errors that a user can fix: problems, the exception that carries them, and their collection into one message."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        place: The file, target or option that it is in; empty where the message says so itself.
        message: What is wrong with the place.
        remedy: What the user can do; empty where the message says so itself.
    """

    place: str
    message: str
    remedy: str

    @classmethod
    def of_text(cls, text: str) -> Problem:
        """A problem whose text names the place and the remedy."""
        return cls("", text, "")

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        remedy = f"\n    {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"


class SpokeshaveError(Exception):
    """An error that the user can fix; `str()` of it is the complete text for the user."""

    def __init__(self, *problems: Problem | str) -> None:
        super().__init__(*problems)
        self.problems = tuple(Problem.of_text(p) if isinstance(p, str) else p for p in problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class Problems:
    """Collects problems, so that all of them are reported together."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self._problems)

    def add(self, place: str, message: str, remedy: str) -> None:
        """Add one problem; nothing is raised yet."""
        self._problems.append(Problem(place, message, remedy))

    def add_text(self, text: str) -> None:
        """Add a problem whose text names the place and the remedy; an empty text is ignored."""
        if text:
            self._problems.append(Problem.of_text(text))

    def extend(self, error: SpokeshaveError) -> None:
        """Add every problem of an error that another step raised."""
        self._problems.extend(error.problems)

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Add the problems of a `SpokeshaveError` that the block raises, and continue after the block."""
        try:
            yield
        except SpokeshaveError as err:
            self.extend(err)

    def as_error(self, error: type[SpokeshaveError]) -> SpokeshaveError:
        """An `error` with all problems, each one once, in the order in which they were added."""
        return error(*dict.fromkeys(self._problems))

    def raise_if_any(self, error: type[SpokeshaveError], render: Callable[[Iterable[str]], str] | None = None) -> None:
        """Raise an error with all problems if there are any.

        Args:
            render: Makes one text of the problems, such as a list with a heading. By default each stands alone.
        """
        if self._problems and render is not None:
            raise error(render(str(problem) for problem in dict.fromkeys(self._problems)))
        if self._problems:
            raise self.as_error(error)


def bullet_list(problems: Iterable[str]) -> str:
    """Return problems as an indented list, with a bullet each and continuation lines indented."""
    return "\n".join("  * " + problem.replace("\n", "\n    ") for problem in problems)
