"""The exit codes of the ``spokeshave`` command, and the errors of wheels that more than one command raises."""

from __future__ import annotations

import enum

from spokeshave_core.problems import SpokeshaveError


class ExitCode(enum.IntEnum):
    """The exit codes of the ``spokeshave`` command."""

    OK = 0
    USER_ERROR = 1
    USAGE = 2


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
