"""The parts of a wheel's pyproject.toml that its plan needs. The tools read the file again and validate all of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import tomli
from packaging.utils import canonicalize_name

from spokeshave_core.license_files import LICENSE_GLOBS
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api.requirement import parse_requirement

_CHARACTER_CLASS = re.compile(r"\[!?.[^\]]*\]")
_LONGEST_PATH = 255


@dataclass(frozen=True)
class Pyproject:
    """The values of a `[project]` table that decide what is built. A value of the wrong type counts as missing.

    Attributes:
        version: The static version, if there is one.
        dependencies: The normalized names of all distributions in `dependencies` and `optional-dependencies`.
        dynamic_dependencies: Whether `dynamic` lists `dependencies`.
        paths: Readme and license files, as globs relative to the file.
    """

    name: str | None
    description: str | None
    version: str | None
    requires_python: str | None
    dependencies: frozenset[str]
    dynamic_dependencies: bool
    paths: tuple[str, ...]


def parse_pyproject(content: bytes, path: str) -> Pyproject:
    """Parse the bytes of a pyproject.toml.

    Raises:
        InvalidTargetError: If the file is not UTF-8 or not TOML. The message has the file and the line.
    """
    document = read_toml(content, path)
    table = document.get("project")
    project: Mapping[str, object] = table if isinstance(table, dict) else {}
    return Pyproject(
        name=_text(project.get("name")),
        description=_text(project.get("description")),
        version=_text(project.get("version")),
        requires_python=_text(project.get("requires-python")),
        dependencies=frozenset(_distributions(project)),
        dynamic_dependencies="dependencies" in _texts(project.get("dynamic")),
        paths=tuple(sorted({path for path in _paths(project) if _is_relative_glob(path)})),
    )


@dataclass(frozen=True)
class BuildSystem:
    """The table `[build-system]` (PEP 518).

    Attributes:
        requires: The build requirements.
    """

    requires: tuple[str, ...]


def parse_build_system(content: bytes, path: str) -> BuildSystem:
    """Parse the build requirements in the bytes of a pyproject.toml. A value of the wrong type counts as missing.

    Raises:
        InvalidTargetError: If the file is not UTF-8 or not TOML.
    """
    table = read_toml(content, path).get("build-system")
    return BuildSystem(tuple(_texts(table.get("requires"))) if isinstance(table, dict) else ())


def not_utf8(content: bytes) -> str:
    """Return the position of the first bytes that are not UTF-8. Empty if there are none."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"byte 0x{content[error.start]:02x} in line {line} is not UTF-8"
    return ""


def read_toml(content: bytes, path: str) -> Mapping[str, object]:
    """Parse the bytes of a TOML file.

    Raises:
        InvalidTargetError: If the file is not UTF-8 or not TOML.
    """
    fault = not_utf8(content)
    if fault:
        raise InvalidTargetError(f"{path}: is not TOML ({fault}). Correct the file's syntax: save it as UTF-8.")
    try:
        return tomli.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        bom = " without a byte order mark" if content.startswith(b"\xef\xbb\xbf") else ""
        reason = str(error) or "it is nested too deeply"
        remedy = f"save it as UTF-8{bom}" if bom else "see the position in the message"
        raise InvalidTargetError(f"{path}: is not TOML ({reason}). Correct the file's syntax: {remedy}.") from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _distributions(project: Mapping[str, object]) -> list[str]:
    extras = project.get("optional-dependencies")
    groups = [project.get("dependencies"), *(extras.values() if isinstance(extras, dict) else ())]
    found: list[str] = []
    for text in (text for group in groups for text in _texts(group)):
        try:
            found.append(canonicalize_name(parse_requirement(text).name))
        except ValueError:
            continue  # the tools report it with all other problems
    return found


def _paths(project: Mapping[str, object]) -> list[str]:
    """Return the readme, and the license files in the forms of PEP 639 and PEP 621."""
    readme = project.get("readme")
    license_value = project.get("license")
    license_files = project.get("license-files")
    tables = [value for value in (readme, license_value) if isinstance(value, dict)]
    singles = [_text(readme), *(_text(table.get("file")) for table in tables)]
    return [
        *(single for single in singles if single is not None),
        *(LICENSE_GLOBS if license_files is None else _texts(license_files)),
    ]


def _is_relative_glob(text: str) -> bool:
    """Return whether a text is a valid Pants glob for something below a directory, but not for all of it."""
    parts = text.split("/")
    return (
        len(text) <= _LONGEST_PATH
        and not text.startswith(("/", "!"))
        and ".." not in parts
        and text.strip("*/. ") != ""
        and all(part == "**" or "**" not in part for part in parts)
        and all("[" not in _CHARACTER_CLASS.sub("", part) for part in parts)
    )
