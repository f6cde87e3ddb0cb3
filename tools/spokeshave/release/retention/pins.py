"""Pins: requirements of exactly one version, from METADATA, requirements files and lock files.

Markers are not looked at: a pin for one platform needs its version as well.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
)
from packaging.version import InvalidVersion, Version

from spokeshave.requirement_text import parse_requirement, parse_sdist_file_name, parse_version, parse_wheel_file_name
from spokeshave.toml_text import InvalidTomlError, parse_toml
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.requirement_lines import LineKind, RequirementLine, decode_requirements, requirement_lines

_TOML = (".toml", ".lock")
EXACT = ("==", "===")
"""The operators of specifiers that name one version."""
# The tables of packages in pylock.toml (PEP 751), and in the lock files of uv, Poetry and PDM.
_PACKAGES = ("packages", "package")
_AFTER_NAME = re.compile(r"[\[;].*")
_SPLIT = "Give the file that it names with another --pins."


class InvalidPinsError(SpokeshaveError):
    """A file of pins that cannot be read. What it pins might be removed, so nothing is."""


@dataclass(frozen=True)
class Pin:
    """A version of a project that something needs.

    Attributes:
        project: The normalized name.
        detail: Where the pin is in the file of its holder, such as `, line 3`.
    """

    project: str
    version: Version
    detail: str = ""


def pins_of_metadata(data: bytes) -> Iterator[Pin]:
    """Yield the pins in the METADATA of a wheel. What is not a requirement cannot be installed, and pins nothing."""
    raw, _ = parse_email(data)
    for text in raw.get("requires_dist", ()):
        with contextlib.suppress(InvalidRequirement):
            yield from pins_of_requirement(parse_requirement(text))


def pins_of_requirement(requirement: Requirement) -> Iterator[Pin]:
    """Yield the version that a requirement names with `==` or `===`, or by the address of a file."""
    if requirement.url:
        yield from _pins_of_address(requirement.url)
    for specifier in requirement.specifier:
        # What is not a version is a wildcard, or matches nothing that an index has.
        if specifier.operator in EXACT:
            with contextlib.suppress(InvalidVersion):
                yield Pin(canonicalize_name(requirement.name), parse_version(specifier.version))


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Return the pins of a file: requirements, constraints, or a lock file in TOML such as pylock.toml.

    Files that it includes with `-r` and `-c` are read too.

    Raises:
        InvalidPinsError: For everything that cannot be read.
    """
    problems = Problems()
    with problems.collecting():
        reader = _lock_file_pins if path.suffix in _TOML else _requirements_pins
        pins = tuple(reader(path))
    problems.raise_if_any(InvalidPinsError)
    return pins


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        remedy = "Give the requirements, constraints or lock file of a downstream."
        raise InvalidPinsError(Problem(str(path), f"cannot be read ({err.strerror})", remedy)) from err


def _lock_file_pins(path: Path) -> Iterator[Pin]:
    try:
        document = parse_toml(_read(path))
    except InvalidTomlError as err:
        raise InvalidPinsError(Problem(str(path), f"is not TOML ({err})", "Lock again.")) from err
    tables = [document[key] for key in _PACKAGES if isinstance(document.get(key), list)]
    if not tables:
        remedy = "Give a pylock.toml, or requirements in a file that does not end with .toml or .lock."
        raise InvalidPinsError(Problem(str(path), "has no list of packages, so that it is not a lock file", remedy))
    for package in tables[0]:
        if isinstance(package, Mapping):
            yield from _pins_of_package(package)


def _pins_of_package(package: Mapping[str, object]) -> Iterator[Pin]:
    """Yield the pins of an entry of a lock file: its version, or those of its files if it has none."""
    name = package.get("name")
    version = package.get("version")
    if isinstance(name, str) and isinstance(version, str):
        with contextlib.suppress(InvalidVersion):
            yield Pin(canonicalize_name(name), parse_version(version))
            return
    wheels = package.get("wheels")
    for file in (package.get("archive"), package.get("sdist"), *(wheels if isinstance(wheels, list) else ())):
        if isinstance(file, Mapping):
            yield from _pins_of_address(str(file.get("url") or file.get("path") or file.get("name") or ""))


def _requirements_pins(path: Path, seen: Iterable[Path] = ()) -> Iterator[Pin]:
    try:
        lines = requirement_lines(decode_requirements(_read(path)))
    except UnicodeDecodeError as err:
        raise InvalidPinsError(Problem(str(path), "is not text in UTF-8", "Save it as UTF-8.")) from err
    problems = Problems()
    for line in lines:
        with problems.collecting():
            yield from _pins_of_line(path, line, (*seen, path.resolve()))
    problems.raise_if_any(InvalidPinsError)


def _pins_of_line(path: Path, line: RequirementLine, seen: tuple[Path, ...]) -> Iterator[Pin]:
    if line.kind is LineKind.OTHER_FILE:
        yield from _pins_of_other_file(path, line, seen)
    elif line.kind is LineKind.ADDRESS:
        yield from _located(_pins_of_address(line.requirement), line)
    elif line.kind is LineKind.ENTRY:
        try:
            requirement = parse_requirement(line.requirement)
        except InvalidRequirement as err:
            message = f"is not a requirement ({str(err).splitlines()[0]})"
            remedy = "Correct it, so that nothing that it needs is removed."
            raise InvalidPinsError(Problem(f"{path}, {line.label}", message, remedy)) from err
        yield from _located(pins_of_requirement(requirement), line)


def _pins_of_other_file(path: Path, line: RequirementLine, seen: tuple[Path, ...]) -> Iterator[Pin]:
    """Yield the pins of a file that another includes, by a path relative to it."""
    option, _, value = line.text.replace("=", " ", 1).partition(" ")
    # pip accepts `-rmore.txt`, too.
    value = value if option.startswith("--") or len(option) == len("-r") else line.text[len("-r") :]
    name = value.strip().strip("\"'")
    try:
        is_address = bool(urlsplit(name).netloc)
        other = path.parent / name
        is_new = other.resolve() not in seen
    except (OSError, RuntimeError, ValueError) as err:
        message = f"names {name!r}, which is not a path ({err})"
        raise InvalidPinsError(Problem(f"{path}, {line.label}", message, "Correct it.")) from err
    if is_address:
        raise InvalidPinsError(Problem(f"{path}, {line.label}", f"names {name}, which is not read", _SPLIT))
    if is_new:
        yield from (replace(pin, detail=f", {other.name}{pin.detail}") for pin in _requirements_pins(other, seen))


def _located(pins: Iterable[Pin], line: RequirementLine) -> Iterator[Pin]:
    yield from (replace(pin, detail=f", line {line.number}") for pin in pins)


def _path(address: str) -> str:
    """Return the path of an address, with slashes. It may be one of Windows."""
    path = address.partition("#")[0].replace("\\", "/")
    # A host in brackets that is not an address makes no valid URL.
    with contextlib.suppress(ValueError):
        return urlsplit(path).path
    return path


def _pins_of_address(address: str) -> Iterator[Pin]:
    """Yield the project and version of a wheel or an sdist by its address, which may have extras or a marker."""
    name = _AFTER_NAME.sub("", unquote(_path(address.split(" ")[0]).rpartition("/")[2]))
    with contextlib.suppress(InvalidWheelFilename):
        yield Pin(*parse_wheel_file_name(name)[:2])
    with contextlib.suppress(InvalidSdistFilename):
        yield Pin(*parse_sdist_file_name(name))
