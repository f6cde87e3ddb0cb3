"""Errors of any kind as those that a user reads, and the stack behind them."""

from __future__ import annotations

import argparse
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

from spokeshave_core.problems import Problem, SpokeshaveError

DEBUG_VARIABLE = "SPOKESHAVE_DEBUG"
INSTALL_AGAIN = (
    "Install the package spokeshave again with pip, which installs the libraries in the versions that it requires. "
    "In Pants, the file of `[spokeshave-tools].requirements` must pin them."
)
UNEXPECTED = f"This is a bug in Spokeshave. --traceback, or {DEBUG_VARIABLE}=1, shows the stack to report with it."


def wants_traceback(args: argparse.Namespace) -> bool:
    """Whether the stack behind an error is printed too."""
    return getattr(args, "traceback", False) or os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0")


def show_stack(args: argparse.Namespace, error: Exception) -> None:
    """Print the stack behind an error, if the user wants it."""
    if wants_traceback(args):
        traceback.print_exception(type(error), error, error.__traceback__)


def user_error(subject: str, error: Exception) -> SpokeshaveError:
    """Return the error that the user reads: the error itself, or one that describes it in a line.

    Args:
        subject: What failed, such as a command.
    """
    if isinstance(error, SpokeshaveError):
        return error
    if isinstance(error, OSError):
        path = str(error.filename or subject)
        return SpokeshaveError(Problem(path, f"failed: {error.strerror or error}", "Check the path and the disk."))
    if isinstance(error, ImportError):
        return SpokeshaveError(Problem(subject, _import_failure(error), INSTALL_AGAIN))
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return SpokeshaveError(Problem(subject, f"failed unexpectedly{_raised_at(error)}: {what}", UNEXPECTED))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, then the errors that caused it, from the outermost to the innermost."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _import_failure(error: ImportError) -> str:
    """What is wrong with the library that cannot be imported."""
    library = (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError):
        return f"needs the library {library!r}, which is not installed ({error})"
    return f"needs another version of the library {library!r} ({error})"


def _raised_at(error: Exception) -> str:
    """Where in Spokeshave's own code an error was raised, or passed through last."""
    package = Path(__file__).parent
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(package)
    ]
    if not frames:
        return ""
    return f" at {Path(frames[-1].filename).relative_to(package.parent).as_posix()}:{frames[-1].lineno}"
