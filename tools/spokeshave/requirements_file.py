"""Requirement files in pip's hash form: each line a pinned version with the hashes of its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from spokeshave.errors import Problem, Problems, SpokeshaveError

_HASH = re.compile(r"\s--hash=(sha(?:256|384|512):[0-9a-f]+)(?=\s|$)")


class InvalidRequirementsError(SpokeshaveError):
    """A requirement file that is not pinned and hashed throughout."""


@dataclass(frozen=True)
class Pin:
    """A distribution, its exact version and the hashes of the files that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([f"{self.name}=={self.version}", *(f"--hash={value}" for value in self.hashes)])


def read_pins(file: Path, markers: Mapping[str, str]) -> list[Pin]:
    """The pins of a file that apply where environment markers have these values; raises `InvalidRequirementsError`."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        problem = Problem(str(file), f"cannot be read ({err})", "Give a requirement file in pip's hash form.")
        raise InvalidRequirementsError(problem) from err
    problems = Problems()
    pins = [_pin(line, str(file), markers, problems) for line in _lines(text)]
    problems.raise_if_any(InvalidRequirementsError)
    return [pin for pin in pins if pin is not None]


def _lines(text: str) -> list[str]:
    joined = re.sub(r"\\\n", " ", text)
    stripped = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in stripped if line]


def _pin(line: str, file: str, markers: Mapping[str, str], problems: Problems) -> Pin | None:
    hashes = tuple(_HASH.findall(line))
    place = f"{file}: {line.split(' ')[0]}"
    remedy = "Write name==version with --hash=sha256:..., as `uv pip compile --generate-hashes` does."
    try:
        requirement = Requirement(_HASH.sub("", line).strip())
    except InvalidRequirement as err:
        problems.add(place, f"is not a requirement ({str(err).splitlines()[0]})", remedy)
        return None
    exact = [item.version for item in requirement.specifier if item.operator == "=="]
    if len(exact) != 1 or len(requirement.specifier) != 1 or not hashes or requirement.url:
        problems.add(place, "is not pinned to one version with hashes", remedy)
        return None
    if requirement.marker and not requirement.marker.evaluate({**markers, "extra": ""}):
        return None
    return Pin(canonicalize_name(requirement.name), exact[0], hashes)
