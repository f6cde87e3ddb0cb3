"""Requirements files in pip's hash form: each line is a pinned version with the hashes of its files."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from spokeshave.errors import InvalidWheelError
from spokeshave.requirement_text import parse_requirement
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.requirement_lines import (
    HASH_REMEDY,
    LineKind,
    RequirementLine,
    decode_requirements,
    requirement_lines,
)

_ALGORITHMS = ("sha256", "sha384", "sha512")
_FIND_LINKS = ("-f", "--find-links")
_HASH = re.compile(r"(?:sha256|sha384|sha512):[0-9a-fA-F]+")


class InvalidRequirementsError(SpokeshaveError):
    """A requirements file with lines that are not pinned and hashed."""


@dataclass(frozen=True)
class Pin:
    """A distribution, its exact version and the hashes of the files that may be installed.

    Attributes:
        address: The address of its wheel, if the file specifies one instead of an index.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    address: str = ""

    def __str__(self) -> str:
        return self._hashed(f"{self.name}=={self.version}")

    @property
    def source(self) -> str:
        """Return the requirement for pip."""
        return self._hashed(f"{self.name} @ {self.address}") if self.address else str(self)

    def _hashed(self, requirement: str) -> str:
        return " ".join([requirement, *(f"--hash={value}" for value in self.hashes)])


@dataclass(frozen=True)
class PinnedFile:
    """The pins of a file for some values of the environment markers.

    Attributes:
        lookups: The lines for pip that specify where to search for packages, with absolute paths.
    """

    pins: tuple[Pin, ...]
    lookups: tuple[str, ...]


def read_pins(file: Path, markers: Mapping[str, str]) -> list[Pin]:
    """Return the pins of a file that apply for some values of the environment markers.

    Raises:
        InvalidRequirementsError: If the file is invalid.
    """
    return list(read_pinned_file(file, markers).pins)


def read_pinned_file(file: Path, markers: Mapping[str, str]) -> PinnedFile:
    """Return a file's pins for some values of the environment markers, and its index options.

    Raises:
        InvalidRequirementsError: For all lines that are not pinned and hashed, or that a pinned file may not contain.
    """
    try:
        text = decode_requirements(file.read_bytes())
    except (OSError, UnicodeDecodeError) as err:
        problem = Problem(str(file), f"cannot be read ({err})", "Give a requirement file in pip's hash form, in UTF-8.")
        raise InvalidRequirementsError(problem) from err
    problems = Problems()
    lines = requirement_lines(text)
    pins = [_pin(line, str(file), markers, problems) for line in lines]
    if lines and all(line.kind is not LineKind.ENTRY for line in lines) and not problems:
        problems.add(str(file), "contains only options and pins no package", HASH_REMEDY)
    problems.raise_if_any(InvalidRequirementsError)
    lookups = tuple(_with_absolute_folders(line.text, file) for line in lines if line.kind is LineKind.LOOKUP)
    return PinnedFile(tuple(pin for pin in pins if pin is not None), lookups)


def _with_absolute_folders(text: str, file: Path) -> str:
    """Return a line of options with an absolute `--find-links` if it exists in the file's directory, as pip does."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    changed = list(words)
    for index, word in enumerate(words):
        if index and words[index - 1] in _FIND_LINKS:
            changed[index] = _from_folder(word, file)
        elif match := re.match(r"(--find-links=|-f(?=.))(.*)", word):
            changed[index] = match[1] + _from_folder(match[2], file)
    return text if changed == words else shlex.join(changed)


def _from_folder(value: str, file: Path) -> str:
    folder = file.absolute().parent
    # pip itself expands environment variables.
    return str(folder / value) if (folder / os.path.expandvars(value)).exists() else value


def _pin(line: RequirementLine, file: str, markers: Mapping[str, str], problems: Problems) -> Pin | None:
    place = f"{file}: {line.label}"
    if line.remedy:
        problems.add(place, line.kind.value, line.remedy)
    if line.kind is not LineKind.ENTRY:
        return None
    try:
        requirement = parse_requirement(line.requirement)
        applies = requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""})
        urlsplit(requirement.url or "")
    except (ValueError, UndefinedEnvironmentName, UndefinedComparison) as err:
        # An InvalidRequirement is a ValueError, as is the error of an invalid URL.
        problems.add(place, f"is not a requirement ({str(err).splitlines()[0]})", HASH_REMEDY)
        return None
    version = _version(requirement)
    if version is None or not line.hashes:
        problems.add(place, "is not pinned to one version with hashes", HASH_REMEDY)
        return None
    if not all(_HASH.fullmatch(value) for value in line.hashes):
        message = f"has a hash that pip does not take here; it takes {', '.join(_ALGORITHMS)}"
        problems.add(place, message, HASH_REMEDY)
        return None
    if not applies:
        return None
    hashes = tuple(value.lower() for value in line.hashes)
    return Pin(name=canonicalize_name(requirement.name), version=version, hashes=hashes, address=requirement.url or "")


def _version(requirement: Requirement) -> str | None:
    """Return the only version that a requirement allows: by `==`, or by the wheel of its address."""
    if requirement.url:
        try:
            return parse_wheel_name(unquote(urlsplit(requirement.url).path.rpartition("/")[2])).version
        except InvalidWheelError:
            return None
    exact = [item.version for item in requirement.specifier if item.operator in ("==", "===")]
    is_one = len(exact) == 1 == len(requirement.specifier) and not exact[0].endswith(".*")
    return exact[0] if is_one else None
