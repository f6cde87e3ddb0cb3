"""The order of a release's uploads: no project before one that it pins, wheels before the sdist, small files first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from spokeshave.requirement_text import parse_requirement
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord


@dataclass(frozen=True)
class Stage:
    """Files of one project that may be sent in any order. All of them are visible before the next stage begins."""

    project: str
    files: tuple[ReleaseFile, ...]


@dataclass(frozen=True)
class UploadOrder:
    """The stages of a release.

    Attributes:
        cycles: Projects that pin each other. No order protects their users while the release is incomplete.
    """

    stages: tuple[Stage, ...]
    cycles: tuple[tuple[str, ...], ...] = ()

    def files(self) -> tuple[ReleaseFile, ...]:
        """Return all files in the order in which they are sent."""
        return tuple(file for stage in self.stages for file in stage.files)


@dataclass(frozen=True)
class _Pins:
    """The projects that each project needs: always or on some platforms, and for its extras."""

    always: Mapping[str, frozenset[str]]
    extras: Mapping[str, frozenset[str]]


def upload_order(record: ReleaseRecord) -> UploadOrder:
    """Return the stages of a record: for each project the wheels, then the sdist."""
    names = frozenset(record.projects) | {file.project for file in record.files}
    projects, cycles = _order_of_projects(names, _pins(record.projects, names))
    stages = [stage for project in projects for stage in _stages_of(project, record.files)]
    return UploadOrder(tuple(stages), cycles)


def _stages_of(project: str, files: Collection[ReleaseFile]) -> Iterator[Stage]:
    own = sorted((file for file in files if file.project == project), key=lambda file: (file.size, file.name))
    for is_wheel in (True, False):
        chosen = tuple(file for file in own if file.is_wheel == is_wheel)
        if chosen:
            yield Stage(project, chosen)


def _pins(projects: Mapping[str, ReleaseProject], names: frozenset[str]) -> _Pins:
    always: dict[str, frozenset[str]] = {}
    extras: dict[str, frozenset[str]] = {}
    for name in names:
        requirements = projects[name].requires if name in projects else ()
        parsed = [pin for text in requirements for pin in _parse(text)]
        siblings = [pin for pin in parsed if canonicalize_name(pin.name) in names - {name}]
        always[name] = frozenset(canonicalize_name(pin.name) for pin in siblings if not _is_of_an_extra(pin))
        extras[name] = frozenset(canonicalize_name(pin.name) for pin in siblings if _is_of_an_extra(pin))
    return _Pins(always, extras)


def _parse(text: str) -> Iterator[Requirement]:
    """Yield the requirement; nothing for a text that is not one, which the check of the release reports."""
    try:
        yield parse_requirement(text)
    except InvalidRequirement:
        return


def _is_of_an_extra(pin: Requirement) -> bool:
    return pin.marker is not None and "extra ==" in str(pin.marker)


def _order_of_projects(names: Collection[str], pins: _Pins) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the projects in order, and those that pin each other. Pins of extras count where they make no cycle."""
    remaining = set(names)
    ordered: list[str] = []
    cycles = []
    while remaining:
        ready = sorted(name for name in remaining if not pins.always[name] & remaining)
        if ready:
            chosen: tuple[str, ...] = (next((name for name in ready if not pins.extras[name] & remaining), ready[0]),)
        else:
            # All of a cycle, as what depends on one of its projects needs the others too.
            chosen = _lowest_cycle(remaining, pins.always)
            cycles.append(chosen)
        ordered.extend(chosen)
        remaining.difference_update(chosen)
    return tuple(ordered), tuple(cycles)


def _lowest_cycle(remaining: Collection[str], pins: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return a cycle that depends on nothing outside of it. There is one if every project depends on another."""
    reached = {name: _reached(name, remaining, pins) for name in remaining}
    cycles = [found for name, found in reached.items() if all(name in reached[other] for other in found)]
    return min(tuple(sorted(cycle)) for cycle in cycles)


def _reached(name: str, remaining: Collection[str], pins: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = {pin for pin in pins[waiting.pop()] if pin in remaining} - found
        found |= new
        waiting.extend(new)
    return frozenset(found)
