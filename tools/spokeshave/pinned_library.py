"""Errors of the adapters: the modules that use what a pinned library does not document."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import metadata

from spokeshave_core.problems import Problem, SpokeshaveError


class ChangedLibraryError(SpokeshaveError):
    """A library that lacks a private API which an adapter uses."""


@contextlib.contextmanager
def private_api(distribution: str, adapter: str) -> Iterator[None]:
    """Use a library's private API.

    Args:
        distribution: The library's name on PyPI.
        adapter: The name of the only module that uses the API.

    Raises:
        ChangedLibraryError: The installed version does not have the API, or has it in another form.
    """
    try:
        yield
    except (ImportError, AttributeError, TypeError) as err:
        message = f"does not have the private API that Spokeshave uses: {err}"
        file = f"tools/{adapter.replace('.', '/')}.py"
        remedy = (
            f"Install the version that the tools' requirements pin. For a newer one the adapter {file} must change."
        )
        raise ChangedLibraryError(Problem(f"{distribution} {_version(distribution)}", message, remedy)) from err


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(not installed)"
