"""The software of others in a wheel's native files: the file that the plugin gives to `repair --components`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional
from urllib.parse import quote

from spokeshave_core.json_values import from_value, parse_text, to_text, to_value


def package_url(name: str, version: str, part: str = "") -> str:
    """Return the package URL of a distribution on PyPI, or of a folder in it.

    Args:
        name: The normalized name.
    """
    return f"pkg:pypi/{name}@{quote(version, safe='')}" + (f"#{part}" if part else "")


def project_url(name: str, version: Optional[str]) -> str:
    """Return the package URL of a project that is in no package index that is known."""
    return f"pkg:generic/{quote(name, safe='')}" + (f"@{quote(version, safe='')}" if version else "")


@dataclass(frozen=True)
class Component:
    """A library, or sources and headers of a package, from which code is part of a native file.

    Attributes:
        version: None if it is unknown.
        purl: The package URL.
        license: An SPDX license expression. None if it is unknown.
        description: What it is, in one line.
    """

    name: str
    version: Optional[str] = None
    purl: Optional[str] = None
    license: Optional[str] = None
    description: Optional[str] = None


@dataclass(frozen=True)
class Components:
    """All components of a wheel that its build knows."""

    components: tuple[Component, ...] = ()

    def to_json(self) -> str:
        """The file as JSON text; equal components are equal texts."""
        return to_text(to_value(self))

    @classmethod
    def from_json(cls, text: str) -> "Components":
        """The components that `to_json` wrote.

        Raises:
            InvalidJsonError: The text is not JSON, a key is missing, or a value has another type.
        """
        return from_value(cls, parse_text(text))
