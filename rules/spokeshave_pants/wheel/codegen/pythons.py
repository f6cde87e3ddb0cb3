"""The Pythons that Pants' goals can choose, from what pex reports about those of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.json_values import parse_any
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pants_api.requirement import parse_requirement

# The release of an interpreter, and the ABI at the end of pex's name of its platform.
_VERSION = re.compile(r"3\.(?P<minor>[0-9]+)\.[0-9]+")
_OLDEST_MINOR = 8


@dataclass(frozen=True, order=True)
class LocalPython:
    """A CPython in `[python-bootstrap].search_path`: its feature release, and its version in full."""

    feature: PythonVersion
    version: str

    def satisfies(self, constraints: Iterable[str]) -> bool:
        """Return whether one of the interpreter constraints, such as `CPython>=3.11,<3.13`, allows this Python."""
        return any(self._satisfies(constraint) for constraint in constraints)

    def _satisfies(self, constraint: str) -> bool:
        parsed = parse_requirement(constraint)
        if parsed.name.lower() != "cpython" or not parsed.specifier.contains(self.version, prereleases=True):
            return False
        # Pex' names for the builds with and without the GIL. Without one of them, both are allowed.
        return not parsed.extras or ("free-threaded" in parsed.extras) == self.feature.free_threaded


def parse_inspection(output: str) -> tuple[LocalPython, ...]:
    """Parse the lines of JSON that `pex3 interpreter inspect --verbose` prints. Other implementations are left out."""
    found = set()
    for line in output.splitlines():
        if line.startswith("{"):
            answer = parse_any(line)
            match = _VERSION.match(answer["version"])
            if match and int(match["minor"]) >= _OLDEST_MINOR and answer["requirement"].startswith("CPython"):
                feature = PythonVersion(int(match["minor"]), answer["platform"].endswith("t"))
                found.add(LocalPython(feature, answer["version"]))
    return tuple(sorted(found))


@dataclass(frozen=True)
class Choice:
    """Interpreter constraints that hold together, and the Pythons of this machine that satisfy them all."""

    constraints: tuple[tuple[str, ...], ...]
    allowed: frozenset[LocalPython]


def possible_choices(
    pythons: Iterable[LocalPython], extension: Iterable[str], others: Iterable[tuple[str, ...]]
) -> tuple[Choice, ...]:
    """Return each set of Pythons among which Pants may have to choose one for code that uses an extension.

    Pants merges the constraints of all targets that run together, so each combination counts. Combinations that allow
    the same Pythons lead to one choice.

    Args:
        extension: The extension's constraints, which are alternatives.
        others: The constraints of the repository's Python targets.
    """
    own = tuple(extension)
    fitting = Choice((own,), frozenset(python for python in pythons if python.satisfies(own)))
    found: dict[frozenset[LocalPython], Choice] = {}
    for constraints in sorted(set(others)):
        for choice in (fitting, *found.values()):
            allowed = frozenset(python for python in choice.allowed if python.satisfies(constraints))
            if allowed:
                found.setdefault(allowed, Choice((*choice.constraints, constraints), allowed))
    return tuple(found.values())


def describe(pythons: Iterable[LocalPython]) -> str:
    """Return the versions in words, for messages."""
    return ", ".join(dict.fromkeys(python.version for python in sorted(pythons))) or "none"
