"""What the source tree of a project says of its wheel, before the project's own build backend runs.

Sources: PEP 518 and PEP 517 (`[build-system]`), PEP 621 (`[project]`), and the core metadata of an sdist (`PKG-INFO`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api.requirement import parse_requirement
from spokeshave_pants.wheel.plan.pyproject import parse_build_system, parse_pyproject

PYPROJECT = "pyproject.toml"
PKG_INFO = "PKG-INFO"
DESCRIPTIONS = (PYPROJECT, PKG_INFO, "setup.py", "setup.cfg")
"""The files that make a folder a project, or describe one."""
# Build requirements that compile Rust.
_RUST = ("maturin", "setuptools-rust")


@dataclass(frozen=True)
class Project:
    """A project with a build backend.

    Attributes:
        name: The name of the distribution. None if only a build states it, and so are the other facts.
        version: The version that the project states, in its normal form.
    """

    name: str | None
    version: str | None
    requires_python: str | None

    @classmethod
    def parse(cls, files: Mapping[str, bytes], where: str) -> Project:
        """Read the descriptions in the folder of a project.

        Args:
            files: The content of those of `DESCRIPTIONS` that exist.
            where: The target, for messages.

        Raises:
            InvalidTargetError: If the folder has no project, or one that cannot be built here.
        """
        if not {PYPROJECT, "setup.py", "setup.cfg"}.intersection(files):
            raise InvalidTargetError(
                f"{where}: its source tree has neither `{PYPROJECT}` nor `setup.py`, so it is not a Python project. If "
                "the project is in a folder of the tree, set `subdirectory`."
            )
        content = files.get(PYPROJECT, b"")
        described = parse_pyproject(content, f"{where}: {PYPROJECT}")
        _refuse_rust(parse_build_system(content, f"{where}: {PYPROJECT}").requires, where)
        # An sdist's own metadata is complete: it has what the backend computed.
        stated = BytesHeaderParser().parsebytes(files.get(PKG_INFO, b""))
        version = _text(stated.get("Version")) or described.version
        return cls(
            name=_text(stated.get("Name")) or described.name,
            version=None if version is None else _normal_version(version),
            requires_python=_text(stated.get("Requires-Python")) or described.requires_python,
        )


def _refuse_rust(requires: tuple[str, ...], where: str) -> None:
    for text in requires:
        try:
            name = canonicalize_name(parse_requirement(text).name)
        except ValueError:
            continue  # the backend reports it
        if name in _RUST:
            raise InvalidTargetError(
                f"{where}: the project is built by {name}, which compiles Rust. Spokeshave compiles C and C++ only. "
                "Build its wheels with that tool, such as `maturin build --zig`, and use them as a "
                "`python_requirement`."
            )


def _normal_version(version: str) -> str | None:
    try:
        return str(Version(version))
    except ValueError:
        return None  # the backend reports it


def _text(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None
