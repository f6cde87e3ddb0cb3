"""Which Pythons each wheel of a project serves, by platform, and on which of them it was tested."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier
from packaging.tags import compatible_tags, cpython_tags

from spokeshave.release.index.people.platforms import NamedPlatform, name_platform
from spokeshave.requirement_text import parse_specifiers
from spokeshave_core.cpython_releases import NEWEST, RELEASES
from spokeshave_core.python_abi import InvalidPythonError, PythonVersion
from spokeshave_core.release.record import ReleaseFile, TestEvidence
from spokeshave_core.wheel_name import InvalidWheelNameError, WheelName

_PATCHES = 40
_PLATFORM = "any"


@dataclass(frozen=True)
class Wheel:
    """A wheel of a release.

    Attributes:
        serves: The Pythons that install it.
        serves_later: Whether Pythons that are newer than all known ones install it too.
    """

    file: ReleaseFile
    name: WheelName
    serves: tuple[PythonVersion, ...]
    serves_later: bool

    def tests_on(self, python: PythonVersion) -> tuple[TestEvidence, ...]:
        """Return the smoke tests on a Python."""
        return tuple(test for test in self.file.tested if test.python == str(python))


@dataclass(frozen=True)
class PlatformRow:
    """The wheels of a project for one platform, those for fewer Pythons first."""

    platform: NamedPlatform
    wheels: tuple[Wheel, ...]

    def wheels_for(self, python: PythonVersion) -> tuple[Wheel, ...]:
        """Return the wheels that a Python installs on this platform."""
        return tuple(wheel for wheel in self.wheels if python in wheel.serves)


@dataclass(frozen=True)
class Coverage:
    """The wheels of a project by platform and Python.

    Attributes:
        pythons: The Pythons that any of the wheels serves, oldest first.
        others: The files that no CPython installs, and sdists.
        open_ended: The tags of wheels that newer Pythons than the known ones install too, such as `cp312-abi3`.
    """

    pythons: tuple[PythonVersion, ...]
    rows: tuple[PlatformRow, ...]
    others: tuple[ReleaseFile, ...]
    open_ended: tuple[str, ...]


def cover(files: Iterable[ReleaseFile]) -> Coverage:
    """Return what the files of a project cover."""
    rows: dict[NamedPlatform, list[Wheel]] = {}
    others = []
    for file in files:
        wheel = _wheel(file)
        if wheel is None or not wheel.serves:
            others.append(file)
        else:
            rows.setdefault(name_platform(wheel.name), []).append(wheel)
    wheels = [wheel for found in rows.values() for wheel in found]
    later = {f"{wheel.name.tag.python}-{wheel.name.tag.abi}" for wheel in wheels if wheel.serves_later}
    return Coverage(
        pythons=tuple(sorted({python for wheel in wheels for python in wheel.serves})),
        rows=tuple(
            PlatformRow(platform, tuple(sorted(found, key=lambda wheel: (len(wheel.serves), wheel.file.name))))
            for platform, found in sorted(rows.items())
        ),
        others=tuple(others),
        open_ended=tuple(sorted(later)),
    )


# Several pages of a set, which are made one after another, show each wheel.
@functools.lru_cache(maxsize=2048)
def _wheel(file: ReleaseFile) -> Wheel | None:
    try:
        name = WheelName.parse(file.name)
    except InvalidWheelNameError:
        return None
    # A wheel may be for a Python that this version of Spokeshave does not know yet.
    tested = [found for found in (_parse(test.python) for test in file.tested) if found]
    newest = max([NEWEST.minor, *(python.minor for python in tested), *_tagged_minors(name)])
    pairs = {tag.rpartition("-")[0] for tag in name.tag.expand()}

    def is_served(python: PythonVersion) -> bool:
        return bool(pairs & _accepted(python)) and _allows(file.requires_python, python)

    known = [build for minor in range(RELEASES[0].minor, newest + 1) for build in _builds(minor)]
    return Wheel(
        file=file,
        name=name,
        serves=tuple(python for python in known if is_served(python)),
        serves_later=any(map(is_served, _builds(newest + 1))),
    )


def _tagged_minors(name: WheelName) -> Iterator[int]:
    """Yield the minor versions of the CPythons that a wheel is tagged for, such as 12 for `cp312`."""
    for tag in name.tag.python.split("."):
        if tag.startswith("cp3") and tag[3:].isdigit():
            yield int(tag[3:])


@functools.cache
def _builds(minor: int) -> tuple[PythonVersion, ...]:
    known = next((release.builds for release in RELEASES if release.minor == minor), None)
    return known or (PythonVersion(minor), PythonVersion(minor, free_threaded=True))


def _parse(text: str) -> PythonVersion | None:
    try:
        return PythonVersion.parse(text, where="a test")
    except InvalidPythonError:
        return None


@functools.cache
def _accepted(python: PythonVersion) -> frozenset[str]:
    """Return the pairs of Python tag and ABI tag that a CPython installs, such as `cp312-abi3`."""
    version = (3, python.minor)
    interpreter = f"cp3{python.minor}"
    abi = f"{interpreter}{'t' if python.free_threaded else ''}"
    tags = (
        *cpython_tags(version, abis=[abi], platforms=[_PLATFORM]),
        *compatible_tags(version, interpreter=interpreter, platforms=[_PLATFORM]),
    )
    return frozenset(f"{tag.interpreter}-{tag.abi}" for tag in tags)


@functools.cache
def _allows(requires_python: str, python: PythonVersion) -> bool:
    try:
        allowed = parse_specifiers(requires_python)
    except InvalidSpecifier:
        return True
    # A lower bound may name a patch release: >=3.10.4.
    return any(allowed.contains(f"3.{python.minor}.{patch}", prereleases=True) for patch in range(_PATCHES))
