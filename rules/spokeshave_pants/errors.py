"""The errors of the plugin that a user can fix and that more than one room raises."""

from __future__ import annotations

from spokeshave_core.problems import SpokeshaveError


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
