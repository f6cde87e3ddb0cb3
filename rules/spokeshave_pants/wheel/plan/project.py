"""What the source tree of a project says of its wheel, before the project's own build backend runs.

Sources: PEP 518 and PEP 517 (`[build-system]`), PEP 621 (`[project]`), and the core metadata of an sdist (`PKG-INFO`).
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api.requirement import parse_requirement
from spokeshave_pants.wheel.plan.pyproject import parse_build_system, parse_pyproject, read_toml

PYPROJECT = "pyproject.toml"
PKG_INFO = "PKG-INFO"
DESCRIPTIONS = (PYPROJECT, PKG_INFO, "setup.py", "setup.cfg")
"""The files that make a folder a project, or describe one."""
# What takes the version of a checkout, and the placeholder in its place.
_CHECKOUT_TOOLS = re.compile(
    r"(?i)\s*(?:setuptools[-_.]scm|vcs[-_.]versioning|hatch[-_.]vcs|versioningit|versioneer|pbr|dunamai"
    r"|setuptools[-_.]git[-_.]versioning|poetry[-_.]dynamic[-_.]versioning|scikit[-_.]build[-_.]core\[scm\])"
)
# Build requirements that compile Rust.
_RUST = ("maturin", "setuptools-rust")


@dataclass(frozen=True)
class Project:
    """A project with a build backend.

    Attributes:
        name: The name of the distribution. None if only a build states it, and so are the other facts.
        version: The version that the project states, in its normal form.
        has_version_in_files: Whether it has one in a file that only a build reads.
    """

    name: str | None
    version: str | None
    requires_python: str | None
    has_version_in_files: bool = False

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
            has_version_in_files=is_version_in_files(
                read_toml(content, f"{where}: {PYPROJECT}"), files.get("setup.cfg", b"")
            ),
        )


def is_version_in_files(pyproject: Mapping[str, object], setup_cfg: bytes) -> bool:
    """Return whether the project reads its version from a file of its own, such as `__init__.py`.

    The version is then in the source tree, although only a build can read it. Each backend has words of its own for it.

    Args:
        pyproject: The document. A value of the wrong type counts as missing.
    """
    system = _table(pyproject, "build-system")
    requires = system.get("requires")
    listed = [text for text in requires if isinstance(text, str)] if isinstance(requires, list) else []
    if any(map(_CHECKOUT_TOOLS.match, listed)):
        return False
    backend = system.get("build-backend")
    tool = _table(pyproject, "tool")
    hatch = _table(tool, "hatch", "version")
    return (
        backend == "mesonpy"  # meson.build
        or "version" in _table(tool, "setuptools", "dynamic")
        or str(_table(tool, "scikit-build", "metadata", "version").get("provider")).endswith(".regex")
        or bool(hatch and hatch.get("source", "regex") in ("regex", "code"))
        or _table(tool, "pdm", "version").get("source") in ("file", "call")
        or "version" in _table(tool, "poetry")
        or _is_in_setup_cfg(setup_cfg)
    )


def _is_in_setup_cfg(content: bytes) -> bool:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except configparser.Error:
        return False  # the backend reports it
    return parser.has_option("metadata", "version")


def _table(content: Mapping[str, object], *names: str) -> Mapping[str, object]:
    found: object = content
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


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
