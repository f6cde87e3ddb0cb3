"""The choice of a wheel for each platform of conda and each Python, as an installer makes it.

An installer takes a wheel for this Python alone before one for the stable ABI, the newest stable ABI before older ones,
and a wheel without native code last. Of several that fit alike, conda gets the one with the lowest floor: one package
serves all machines. Of several builds of one wheel it gets the last.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spokeshave.release.conda.pythons import NEWEST_MINOR, build_condition, stable_condition
from spokeshave.release.conda.subdirs import SUBDIRS, USUAL, Subdir, platforms_of
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_core.release.record import ReleaseFile
from spokeshave_core.wheel_name import WheelName

INDEPENDENT = PythonAbi.parse("py3-none")
BuildTag = tuple[int, str]


class Shape(enum.Enum):
    """What packages a recipe makes.

    Attributes:
        NOARCH: One for all platforms and Pythons.
        INDEPENDENT: One for each platform, for all Pythons.
        PER_PYTHON: One for each platform and Python.
    """

    NOARCH = "one package for all platforms and Pythons"
    INDEPENDENT = "a package for each platform, for all Pythons"
    PER_PYTHON = "a package for each platform and Python"


@dataclass(frozen=True)
class Source:
    """A wheel for a platform and some Pythons.

    Attributes:
        subdir: None for all.
        python: The condition of the Pythons; empty for all.
        platform: What it is tagged for; None for a wheel without native code.
        minors: The minor versions that it serves, sorted.
    """

    file: ReleaseFile
    subdir: Subdir | None
    python: str
    platform: Platform | None
    abi: PythonAbi
    minors: tuple[int, ...]

    def condition(self, shape: Shape) -> str:
        """Return the condition of the platform, and of the Python where each has a package. Empty for all."""
        where = self.subdir.condition if self.subdir else ""
        python = self.python if shape is Shape.PER_PYTHON else ""
        python = f"({python})" if where and " or " in python else python
        return " and ".join(part for part in (where, python) if part)


@dataclass(frozen=True)
class WheelChoice:
    """The wheels of a project for conda.

    Attributes:
        notes: The wheels that are left out, with the reason.
    """

    shape: Shape
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()

    @property
    def subdirs(self) -> tuple[Subdir, ...]:
        """Return the platforms that have wheels, in the order of conda's. All usual ones for a pure wheel."""
        if self.shape is Shape.NOARCH:
            return USUAL
        chosen = {source.subdir.name for source in self.sources if source.subdir}
        return tuple(subdir for subdir in SUBDIRS if subdir.name in chosen)

    @property
    def minors(self) -> tuple[int, ...]:
        """Return the minor versions that have wheels, sorted. The last one may stand for newer ones."""
        return tuple(sorted({minor for source in self.sources for minor in source.minors}))

    @property
    def is_stable_abi(self) -> bool:
        """Return whether the wheels use the stable ABI, all of one version of Python."""
        return self.shape is Shape.INDEPENDENT and any(source.abi.stable for source in self.sources)


@dataclass(frozen=True)
class _Candidate:
    """A wheel on a platform.

    Attributes:
        rank: Orders those that fit alike, the best first.
        build: The build tag, which orders those of one rank, the best last.
    """

    file: ReleaseFile
    abi: PythonAbi
    platform: Platform | None
    rank: tuple[int, tuple[int, int]]
    build: BuildTag


def choose_wheels(files: Iterable[ReleaseFile], minors: Sequence[int]) -> WheelChoice:
    """Return the wheels that conda's packages are made from.

    Args:
        files: The wheels of a project.
        minors: The minor versions that Requires-Python allows. The last one stands for newer ones.
    """
    notes: list[str] = []
    usable = list(_usable(files, notes))
    if usable and all(name.is_pure for _, name, _ in usable):
        by_name = sorted(usable, key=lambda each: each[0].name)
        (file, _, abi), *others = sorted(by_name, key=lambda each: _build(each[1]), reverse=True)
        notes += (f"{other.name}: {file.name} serves the same Pythons; left out" for other, _, _ in others)
        source = Source(file=file, subdir=None, python="", platform=None, abi=abi, minors=tuple(minors))
        return WheelChoice(Shape.NOARCH, (source,), notes=tuple(notes))
    native = {subdir.name for subdir in SUBDIRS for _, name, _ in usable if _best_platform(subdir, name)}
    sources: list[Source] = []
    for subdir in SUBDIRS:
        if subdir.name in native or subdir in USUAL:
            sources += _sources_of(subdir, usable, minors, notes)
    used = {source.file.name for source in sources}
    for file, name, _ in usable:
        if file.name not in used and not any(note.startswith(file.name) for note in notes):
            is_known = any(_best_platform(subdir, name) for subdir in SUBDIRS)
            reason = "no Python of the recipe takes it" if is_known else "conda has no such platform"
            notes.append(f"{file.name}: {reason}; left out")
    return WheelChoice(_shape(sources), tuple(sources), tuple(dict.fromkeys(notes)))


def _usable(files: Iterable[ReleaseFile], notes: list[str]) -> Iterator[tuple[ReleaseFile, WheelName, PythonAbi]]:
    """Yield the wheels whose ABI is that of a build of CPython 3."""
    for file in files:
        name = parse_wheel_name(file.name)
        pythons = name.tag.python.split(".")
        is_independent = name.tag.abi == "none" and any(python.startswith("py3") for python in pythons)
        abi = INDEPENDENT if is_independent else PythonAbi.of_tags(name.tag.python, name.tag.abi)
        if abi is None or abi.abi3t_only:
            notes.append(f"{file.name}: {name.tag.python}-{name.tag.abi} is not a Python of conda; left out")
        else:
            yield file, name, abi


def _best_platform(subdir: Subdir, name: WheelName) -> Platform | None:
    """Return the platform of a wheel that fits best: its lowest floor."""
    fitting = [platform for platform in platforms_of(name.tag.platforms) if subdir.rank(platform) is not None]
    return min(fitting, key=lambda platform: platform.floor or (0, 0), default=None)


def _sources_of(
    subdir: Subdir,
    usable: Sequence[tuple[ReleaseFile, WheelName, PythonAbi]],
    minors: Sequence[int],
    notes: list[str],
) -> Iterator[Source]:
    """Yield the wheels of a platform, each for other Pythons."""
    wheels: dict[PythonAbi, _Candidate] = {}
    for file, name, abi in usable:
        platform = _best_platform(subdir, name)
        if platform is None and not name.is_pure:
            continue
        rank = (9, (0, 0)) if platform is None else (subdir.rank(platform) or 0, platform.floor or (0, 0))
        candidate = _Candidate(file=file, abi=abi, platform=platform, rank=rank, build=_build(name))
        current = wheels.get(abi, candidate)
        wheels[abi], worse = _ordered(current, candidate)
        if worse is not wheels[abi]:
            text = "on more machines" if worse.rank != wheels[abi].rank else "on the same machines"
            text = f"{wheels[abi].file.name} serves the same Pythons {text}"
            notes.append(f"{worse.file.name}: {text}; left out on {subdir.name}")
    conditions: list[str] = []
    for candidate, served, condition in _by_python(wheels, minors):
        conditions.append(condition)
        yield _source(subdir, candidate, condition, served)
    if INDEPENDENT in wheels:
        others = " or ".join(f"({text})" if " and " in text else text for text in conditions)
        yield _source(subdir, wheels[INDEPENDENT], f"not ({others})" if others else "", minors)


def _ordered(one: _Candidate, other: _Candidate) -> list[_Candidate]:
    """Return two wheels, the better one first."""
    by_name = sorted((one, other), key=lambda each: each.file.name)
    by_build = sorted(by_name, key=lambda each: each.build, reverse=True)
    return sorted(by_build, key=lambda each: each.rank)


def _build(name: WheelName) -> BuildTag:
    """Return the build tag: its number, and what follows."""
    match = re.match("([0-9]+)(.*)", name.build, re.ASCII)
    return (int(match[1]), match[2]) if match else (-1, "")


def _source(subdir: Subdir, candidate: _Candidate, condition: str, minors: Sequence[int]) -> Source:
    platform = candidate.platform
    if platform is not None:
        # A universal2 wheel for macOS 10.9 runs on arm64 from 11.0 on, as no older one exists.
        platform = next((part for part in platform.slices if part.architecture == subdir.machine), platform)
    return Source(
        file=candidate.file,
        subdir=subdir,
        python=condition,
        platform=platform,
        abi=candidate.abi,
        minors=tuple(minors),
    )


def _by_python(
    wheels: Mapping[PythonAbi, _Candidate], minors: Sequence[int]
) -> Iterator[tuple[_Candidate, Sequence[int], str]]:
    """Yield each wheel that depends on the Python, with the minor versions that it serves, and its condition."""
    exact = sorted(abi.version for abi in wheels if not abi.serves_several and abi.version.minor in minors)
    for version in exact:
        yield wheels[PythonAbi(version)], [version.minor], build_condition(version)
    stable = sorted((abi for abi in wheels if abi.stable), key=lambda abi: abi.version.minor)
    for abi, following in zip(stable, [*stable[1:], None]):
        end = following.version.minor if following else NEWEST_MINOR + 1
        served = [minor for minor in minors if abi.version.minor <= minor < end]
        served = [minor for minor in served if not _is_covered(minor, exact, free_threaded_too=abi.is_abi3t)]
        if served:
            last = None if served[-1] == NEWEST_MINOR else served[-1]
            rivals = exact if abi.is_abi3t else [version for version in exact if not version.free_threaded]
            others = [version for version in rivals if served[0] <= version.minor <= served[-1]]
            # Requires-Python may exclude a minor version between others.
            excluded = [minor for minor in range(served[0], served[-1]) if minor not in minors]
            others += [PythonVersion(minor, free) for minor in excluded for free in {False, abi.is_abi3t}]
            yield wheels[abi], served, stable_condition(served[0], last, others, has_free_threaded=abi.is_abi3t)


def _is_covered(minor: int, exact: Sequence[PythonVersion], *, free_threaded_too: bool) -> bool:
    """Return whether the builds of a minor version have wheels of their own."""
    builds = [PythonVersion(minor), *([PythonVersion(minor, free_threaded=True)] if free_threaded_too else [])]
    return all(build in exact for build in builds)


def _shape(sources: Sequence[Source]) -> Shape:
    """Return the shape of a recipe with native wheels: a package for all Pythons needs one wheel on each platform."""
    subdirs = [source.subdir for source in sources]
    serve_alike = len({(source.minors, source.abi) for source in sources}) == 1
    if serve_alike and len(set(subdirs)) == len(subdirs) and sources[0].abi.serves_several:
        return Shape.INDEPENDENT
    return Shape.PER_PYTHON
