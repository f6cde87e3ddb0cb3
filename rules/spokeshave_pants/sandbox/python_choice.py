"""The choice of the Python that runs the tools."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.pythons.interpreters import Interpreter

_CONSTRAINT = re.compile(r"\s*CPython\s*(?P<specifiers>.*)", re.IGNORECASE)
_OPTION = "the option `[sandbox-python].interpreter_constraints`"


class SandboxPythonError(SpokeshaveError):
    """No Python of this machine may run the tools, or the option cannot be read."""


@dataclass(frozen=True)
class AcceptedPythons:
    """The Pythons that one of several constraints accepts."""

    constraints: tuple[SpecifierSet, ...]

    @classmethod
    def parse(cls, texts: Iterable[str]) -> AcceptedPythons:
        """Return the Pythons that Pants' interpreter constraints accept, such as `CPython>=3.11`.

        Raises:
            SandboxPythonError: If a text is not a constraint of CPython.
        """
        return cls(tuple(_parse(text) for text in texts))

    def accepts(self, version: str) -> bool:
        """Return whether a full version, such as `3.11.7`, is accepted."""
        return any(constraint.contains(version.rstrip("+"), prereleases=True) for constraint in self.constraints)

    def oldest(self, interpreters: Iterable[Interpreter]) -> Interpreter:
        """Return the accepted Python that stays the choice if a newer one is installed.

        Raises:
            SandboxPythonError: If none is accepted.
        """
        found = sorted(interpreters)
        for interpreter in found:
            if self.accepts(interpreter.version):
                return interpreter
        constraints = " or ".join(f"CPython{constraint}" for constraint in self.constraints)
        versions = ", ".join(dict.fromkeys(interpreter.version for interpreter in found)) or "none"
        raise SandboxPythonError(
            f"{_OPTION} asks for {constraints}, but the Pythons in `[python-bootstrap].search_path` are {versions}. "
            "Install one that the option accepts, or change one of the two options."
        )


def search_folders(entries: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of Pants' search path, whose entries may also be interpreters."""
    folders = (
        posixpath.dirname(entry) if posixpath.basename(entry).startswith("python") else entry for entry in entries
    )
    return tuple(dict.fromkeys(folders))


def _parse(text: str) -> SpecifierSet:
    match = _CONSTRAINT.fullmatch(text)
    try:
        if match is not None:
            return SpecifierSet(match["specifiers"])
    except InvalidSpecifier:
        pass
    raise SandboxPythonError(
        f"{_OPTION} has {text!r}, which is not a constraint of CPython. Write one such as 'CPython==3.11.*'."
    )
