"""Compatible tags: those of Spokeshave's platforms and Pythons, and those of `packaging.tags` on such machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from differential.comparison import Compared, compare_sets
from differential.field import Field
from spokeshave_core.cpython_releases import RELEASES
from spokeshave_core.json_values import parse_any
from spokeshave_core.platform import InvalidPlatformError, Platform, System
from spokeshave_core.python_abi import OLDEST_FREE_THREADED_MINOR, PythonVersion
from spokeshave_pants.sandbox.complete_platform import of_target

Questions = dict[str, list[list[object]]]
Answers = dict[str, list[list[str]]]

_LINUX_ARCHITECTURES = ("x86_64", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64")
_GLIBC_MINORS = (5, 12, 17, 24, 28, 34, 39)
_MUSL_MINORS = (1, 2)
_MACS = tuple((10, minor) for minor in (9, 12, 13, 14, 15)) + tuple((major, 0) for major in (11, 12, 13, 14, 15, 26))
_MAC = re.compile(r"macosx_\d+_\d+")
_NEWEST = {System.GLIBC: (2, 40), System.MUSL: (1, 2), System.MACOS: (26, 0)}


def machines() -> list[Platform]:
    """Return the machines whose tags are compared, without Windows, which has one tag."""
    # There is no CPython for another processor on an older glibc, and packaging lists no tags for it.
    pairs = ((arch, minor) for arch in _LINUX_ARCHITECTURES for minor in _GLIBC_MINORS)
    found = [Platform(System.GLIBC, arch, (2, minor)) for arch, minor in pairs if arch == "x86_64" or minor >= 17]
    found += [Platform(System.MUSL, arch, (1, minor)) for arch in _LINUX_ARCHITECTURES for minor in _MUSL_MINORS]
    found += [Platform(System.MACOS, "x86_64", version) for version in _MACS]
    return [*found, *(Platform(System.MACOS, "arm64", version) for version in _MACS if version[0] >= 11)]


def targets() -> list[tuple[Platform, PythonVersion]]:
    """Return the platforms and Pythons whose wheels are looked for to read their headers."""
    platforms = [
        *(Platform(system, arch) for system in (System.GLIBC, System.MUSL) for arch in _LINUX_ARCHITECTURES[:2]),
        *(Platform(System.MACOS, arch) for arch in ("x86_64", "arm64")),
        *(Platform(System.WINDOWS, arch) for arch in ("amd64", "arm64")),
    ]
    minors = [release.minor for release in RELEASES]
    pythons = [PythonVersion(minor) for minor in minors]
    pythons += [PythonVersion(minor, True) for minor in minors if minor >= OLDEST_FREE_THREADED_MINOR]
    return [(platform, python) for platform in platforms for python in pythons]


def compare(field: Field) -> Iterator[Compared]:
    """Compare with the newest `packaging`, which the other tools have."""
    return compare_with(lambda questions: parse_any(field.program("tags", [json.dumps(questions)])))


def compare_with(ask: Callable[[Questions], Answers]) -> Iterator[Compared]:
    """Compare with the answers of a `packaging`."""
    newest = [_platforms_of(platform, _NEWEST.get(platform.system)) for platform, _ in targets()]
    first = ask({"platforms": [_question(machine) for machine in machines()] + newest_questions(), "pythons": []})
    lists = first["platforms"]
    for machine, theirs in zip(machines(), lists):
        yield from _runs(machine, theirs)
    found = iter(lists[len(machines()) :])
    platforms = [next(found) if question else [platform.tag] for question, (platform, _) in zip(newest, targets())]
    asked: list[list[object]] = [
        [python.minor, "t" if python.free_threaded else "", tags] for tags, (_, python) in zip(platforms, targets())
    ]
    for (platform, python), theirs in zip(targets(), ask({"platforms": [], "pythons": asked})["pythons"]):
        yield from _accepts(platform, python, theirs)


def newest_questions() -> list[list[object]]:
    """Return the questions for the newest machines of the targets."""
    found = (_platforms_of(platform, _NEWEST.get(platform.system)) for platform, _ in targets())
    return [question for question in found if question]


def _platforms_of(platform: Platform, floor: tuple[int, int] | None) -> list[object] | None:
    return None if floor is None else _question(Platform(platform.system, platform.architecture, floor))


def _question(machine: Platform) -> list[object]:
    assert machine.floor
    family = {System.GLIBC: "manylinux", System.MUSL: "musllinux", System.MACOS: "macosx"}[machine.system]
    return [family, *machine.floor, machine.architecture]


def _runs(machine: Platform, theirs: list[str]) -> Iterator[Compared]:
    """Compare the wheels that a machine runs: of all tags that a newer one has, too."""
    ours = []
    # The tag of wheels that are not repaired has no floor.
    theirs = [tag for tag in theirs if not tag.startswith("linux_")]
    for tag in {*theirs, *_newer(machine)}:
        try:
            platform = Platform.parse(tag)
        except InvalidPlatformError:
            continue
        if machine.runs(platform):
            ours.append(tag)
    yield from _compare_platforms("platforms that a machine runs", machine.tag, ours, theirs)


def _compare_platforms(aspect: str, case: str, ours: Iterable[str], theirs: Iterable[str]) -> list[Compared]:
    """Compare platform tags. Those of macOS are one difference for each family, such as `macosx_*_intel`."""
    common = set(ours) & set(theirs)
    families = [{_MAC.sub("macosx_*", tag) for tag in set(tags) - common} for tags in (ours, theirs)]
    return compare_sets(aspect, case, *families)


def _newer(machine: Platform) -> list[str]:
    newest = _NEWEST[machine.system]
    assert machine.floor
    return [
        Platform(machine.system, machine.architecture, (machine.floor[0], minor)).tag
        for minor in range(machine.floor[1], max(newest[1], machine.floor[1]) + 1)
    ]


def _accepts(platform: Platform, python: PythonVersion, theirs: list[str]) -> Iterator[Compared]:
    """Compare the tags of wheels for a Python, and which of two that both accept is better."""
    case = f"{platform.any_floor}:{python}"
    ours = parse_any(of_target(platform, python).text)["compatible_tags"]
    platforms = [{tag.rpartition("-")[2] for tag in tags} for tags in (ours, theirs)]
    yield from _compare_platforms("platforms that a Python accepts", case, *platforms)
    both = platforms[0] & platforms[1]
    pairs = [{tag for tag in tags if tag.rpartition("-")[2] in both} for tags in (ours, theirs)]
    yield from compare_sets("Pythons and ABIs that a Python accepts", case, *pairs)
    common = set(ours) & set(theirs)
    orders = ([tag for tag in tags if tag in common] for tags in (ours, theirs))
    first = next((pair for pair in zip(*orders) if pair[0] != pair[1]), None)
    yield Compared("order of tags", case, None if first is None else f"ours {first[0]} before theirs {first[1]}")
