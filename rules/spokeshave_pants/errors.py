"""The base class of the errors that a user can fix, and the collection of several problems into one message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager


class SpokeshaveError(Exception):
    """Something that the user can put right; the message says what happened, where, and what to do."""


class InvalidPlatformError(SpokeshaveError):
    """A platform tag that is not one, or that no toolchain here builds for."""


class InvalidPythonError(SpokeshaveError):
    """A Python version that is not written `3.X` (or `3.Xt`), or that cannot be built for."""


class InvalidTargetError(SpokeshaveError):
    """A target whose fields contradict each other or miss something."""


class CompileError(SpokeshaveError):
    """The compiler refused sources; holds its diagnostics as the compiler wrote them."""


class LinkError(SpokeshaveError):
    """The linker could not make a library."""


class WrongHashError(SpokeshaveError):
    """A pinned requirement whose file is another than the one that was pinned."""


class ToolError(SpokeshaveError):
    """A tool of ours, run in a sandbox, found something wrong with the user's input."""


class MissingInterpreterError(SpokeshaveError):
    """No interpreter (or headers) of a Python that a target lists."""


class Problems:
    """The problems of one target, for one message."""

    def __init__(self) -> None:
        self._found: list[str] = []

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep the `SpokeshaveError` of a block, and go on behind it."""
        try:
            yield
        except SpokeshaveError as error:
            self._found.append(str(error))

    def add_text(self, problem: str) -> None:
        """Keep a problem; an empty text is ignored."""
        if problem:
            self._found.append(problem)

    def raise_if_any(self, error: type[SpokeshaveError], render: Callable[[Iterable[str]], str] = "\n".join) -> None:
        """Raise an error with all problems that were kept, each one once.

        Args:
            render: How they become one text; a line each by default.
        """
        if self._found:
            raise error(render(dict.fromkeys(self._found)))


def bullet_list(problems: Iterable[str]) -> str:
    """Problems as an indented list, one bullet each, continuation lines indented under it."""
    return "\n".join("  * " + problem.replace("\n", "\n    ") for problem in problems)
