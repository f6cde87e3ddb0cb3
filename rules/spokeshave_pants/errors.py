"""The errors of the plugin that a user can fix and that more than one room raises."""

from __future__ import annotations

from spokeshave_core.problems import SpokeshaveError


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
