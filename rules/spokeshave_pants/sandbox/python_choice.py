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
# The name of an interpreter, of which the folder is searched. A folder can have it too.
_INTERPRETER = re.compile(r"python\d*(\.\d+t?)?")
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
            SandboxPythonError: If a text is not a constraint of CPython, or there is none.
        """
        constraints = tuple(_parse(text) for text in texts)
        if not constraints:
            raise SandboxPythonError(
                f"{_OPTION} is an empty list, which accepts no Python. Write a constraint such as 'CPython==3.11.*' "
                "into it, or remove the option: its default accepts each CPython that can run the tools."
            )
        return cls(constraints)

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
    """Return the folders of Pants' search path, whose entries may also be interpreters.

    The name does not say whether an entry such as `/opt/python` is a folder, so it stays beside the folder above it.
    """
    found: list[str] = []
    for entry in entries:
        found.append(entry)
        if _INTERPRETER.fullmatch(posixpath.basename(entry)):
            found.append(posixpath.dirname(entry))
    return tuple(dict.fromkeys(found))


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
