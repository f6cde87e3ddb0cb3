"""The names of projects in conda: the normalized name, or what a file of the user says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from spokeshave.toml_text import InvalidTomlError, parse_toml
from spokeshave_core.problems import Problem, SpokeshaveError

FORM = 'torch = "pytorch", "requests[socks]" = ["requests", "pysocks"], or "cuda-runtime" = [] for none'


class InvalidNamesError(SpokeshaveError):
    """A file of conda's names that cannot be used."""


@dataclass(frozen=True)
class CondaNames:
    """The packages of conda by a project's normalized name, with an extra in brackets if the entry is for one."""

    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> CondaNames:
        """Read a TOML file with a line for each project.

        Raises:
            InvalidNamesError: If it cannot be read, or has other values.
        """
        try:
            document = parse_toml(path.read_bytes())
        except (OSError, InvalidTomlError) as err:
            raise InvalidNamesError(Problem(str(path), f"cannot be read: {err}", f"Write TOML: {FORM}.")) from err
        packages = {}
        for name, value in document.items():
            values = [value] if isinstance(value, str) else value
            if not isinstance(values, list) or not all(isinstance(package, str) for package in values):
                raise InvalidNamesError(Problem(str(path), f"{name!r} is not the name of packages", f"Write {FORM}."))
            packages[_key(name)] = tuple(values)
        return cls(packages)

    def of(self, project: str) -> tuple[str, ...]:
        """Return the packages of a project."""
        key = canonicalize_name(project)
        return self.packages.get(key, (str(key),))

    def of_extra(self, project: str, extra: str) -> tuple[str, ...] | None:
        """Return the packages that stand for a project with an extra. None if the file does not say."""
        return self.packages.get(_key(f"{project}[{extra}]"))


def _key(text: str) -> str:
    name, bracket, extra = text.strip().rstrip("]").partition("[")
    return canonicalize_name(name) + (f"[{canonicalize_name(extra)}]" if bracket else "")
