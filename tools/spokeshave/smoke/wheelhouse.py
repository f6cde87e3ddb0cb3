"""A directory of wheels, and the selection of those that a wheel needs to be installed from it alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.errors import InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.pythons.interpreter import Interpreter
from spokeshave.pythons.requirements import Pin
from spokeshave.requirement_text import parse_requirement
from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.metadata_reader import read_core_metadata
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.writer import find_dist_info
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.wheel_name import WheelName


class UnmetRequirementError(SpokeshaveError):
    """A requirement of a wheel that no available wheel satisfies."""


@dataclass(frozen=True)
class WheelFile:
    """A wheel in a directory."""

    path: Path
    name: WheelName

    @classmethod
    def of(cls, path: Path) -> WheelFile:
        """Return the wheel of a file.

        Raises:
            InvalidWheelError: If the file name is not a wheel's.
        """
        return cls(path, parse_wheel_name(path.name))

    @property
    def project(self) -> str:
        """Return the distribution's normalized name."""
        return canonicalize_name(self.name.name)

    @property
    def version(self) -> Version:
        """Return the wheel's version."""
        return Version(self.name.version)

    @cached_property
    def sha256(self) -> str:
        """Return the file's sha256 in hex."""
        return sha256_of_file(self.path)[0]

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """Return the requirements in the wheel's metadata.

        Raises:
            InvalidWheelError: If it cannot be read.
        """
        with ArchiveReader(self.path) as reader:
            place = f"{find_dist_info(reader.members, self.path.name)}/METADATA"
            data = reader.read(place) if place in reader.members else b""
        try:
            return tuple(parse_requirement(text) for text in read_core_metadata(data).raw.get("requires_dist", []))
        except InvalidRequirement as err:
            problem = Problem(f"{self.path.name}: {place}", f"has an invalid Requires-Dist ({err})", "Correct it.")
            raise InvalidWheelError(problem) from err


def read_wheelhouse(folder: Path | None) -> list[WheelFile]:
    """Return the wheels of a directory.

    Raises:
        InvalidWheelError: For all files without the name of a wheel.
    """
    if folder is None:
        return []
    if not folder.is_dir():
        raise InvalidWheelError(Problem(str(folder), "is not a folder", "Give a folder of wheels to --wheelhouse."))
    problems = Problems()
    found = []
    for path in sorted(folder.glob("*.whl")):
        with problems.collecting():
            found.append(WheelFile.of(path))
    problems.raise_if_any(InvalidWheelError)
    return found


def runtime_pins(
    wheel: WheelFile, wheels: Iterable[WheelFile], pins: Mapping[str, Pin], interpreter: Interpreter
) -> list[Pin]:
    """Return pins of the wheel and of all its run-time requirements.

    A requirement is satisfied by `pins` if they name it, else by the newest of `wheels` that matches.

    Raises:
        UnmetRequirementError: For all missing requirements.
    """
    fitting = [other for other in wheels if interpreter.fits(other.name.tag) and other.project != wheel.project]
    chosen = {wheel.project: Pin(wheel.project, wheel.name.version, (f"sha256:{wheel.sha256}",))}
    queue = [(wheel, requirement) for requirement in _active(wheel, "", interpreter)]
    problems = Problems()
    seen = set()
    while queue:
        user, requirement = queue.pop(0)
        key = (canonicalize_name(requirement.name), str(requirement))
        if key in seen or key[0] == wheel.project:
            continue
        seen.add(key)
        found = _choose(requirement, fitting, pins)
        if not found:
            _note_unmet(user, requirement, fitting, problems)
            continue
        newest = found[-1]
        hashes = tuple(f"sha256:{same.sha256}" for same in found if same.version == newest.version)
        chosen.setdefault(key[0], pins.get(key[0]) or Pin(key[0], newest.name.version, hashes))
        extras = ["", *sorted(requirement.extras)]
        queue += [(newest, needed) for extra in extras for needed in _active(newest, extra, interpreter)]
    problems.raise_if_any(UnmetRequirementError)
    return list(chosen.values())


def _active(wheel: WheelFile, extra: str, interpreter: Interpreter) -> list[Requirement]:
    environment = {**interpreter.markers, "extra": extra}
    return [need for need in wheel.requirements if need.marker is None or need.marker.evaluate(environment)]


def _choose(requirement: Requirement, wheels: list[WheelFile], pins: Mapping[str, Pin]) -> list[WheelFile]:
    """Return the wheels that satisfy a requirement, oldest first."""
    name = canonicalize_name(requirement.name)
    allowed = requirement.specifier & SpecifierSet(f"=={pins[name].version}" if name in pins else "")
    found = [wheel for wheel in wheels if wheel.project == name and allowed.contains(wheel.version, prereleases=True)]
    return sorted(found, key=lambda wheel: wheel.version)


def _note_unmet(user: WheelFile, requirement: Requirement, wheels: list[WheelFile], problems: Problems) -> None:
    name = canonicalize_name(requirement.name)
    others = sorted({str(wheel.version) for wheel in wheels if wheel.project == name})
    has = f"has only {name} {', '.join(others)}" if others else f"has no {name} for this Python"
    remedy = (
        f"Add {requirement.name} to the requirements of the tests, which are locked with hashes: the file of the field "
        "`smoke_requirements` in a monorepo, or --requirements with a wheel of it in the wheelhouse."
    )
    problems.add(
        user.path.name, f"requires {str(requirement).partition(';')[0].strip()}, but the wheelhouse {has}", remedy
    )
