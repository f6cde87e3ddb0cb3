"""The run requirements of a recipe, from the Requires-Dist of wheels.

An environment marker is evaluated on each platform and Python that the recipe is for, and the condition of a
requirement is written from the result. So each marker that an installer evaluates has the same meaning in the recipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from spokeshave.release.conda.match_spec import version_spec
from spokeshave.release.conda.names import CondaNames
from spokeshave.release.conda.pythons import NEWEST_MINOR, OLDEST_MINOR, full_versions, python_condition
from spokeshave.release.conda.subdirs import SUBDIRS, Subdir, condition_of
from spokeshave.requirement_text import parse_requirement
from spokeshave_core.problems import Problems


@dataclass(frozen=True)
class Scope:
    """The platforms and the minor versions of Python that a recipe is for. The last version stands for newer ones."""

    subdirs: tuple[Subdir, ...]
    minors: tuple[int, ...]


_EVERYWHERE = Scope(SUBDIRS, tuple(range(OLDEST_MINOR, NEWEST_MINOR + 1)))
_OPERATOR = r"(?:not in|in|[<>=!~]+)"
_TEXT = r"""(?:"[^"]*"|'[^']*')"""
_VARIABLE = "(?:platform_release|platform_version)"
_OF_MACHINE = re.compile(rf"\b{_VARIABLE} {_OPERATOR} {_TEXT}|{_TEXT} {_OPERATOR} {_VARIABLE}\b")
_ALWAYS = 'os_name != ""'
# A marker may compare what has no order, or ask for a variable of lock files. `packaging` raises either error for it.
_NOT_EVALUATED = (ValueError, LookupError)


@dataclass(frozen=True)
class CondaRequirement:
    """A match spec, with the minor versions on which each platform needs it."""

    spec: str
    needed: Mapping[str, frozenset[int]]

    @property
    def package(self) -> str:
        """Return the name of the package."""
        return self.spec.partition(" ")[0]

    def varies_by_platform(self) -> bool:
        """Return whether platforms differ in it."""
        return len(set(self.needed.values())) > 1

    def varies_by_python(self, scope: Scope) -> bool:
        """Return whether Pythons differ in it."""
        return any(minors and minors != frozenset(scope.minors) for minors in self.needed.values())

    def conditions(self, scope: Scope, *, by_python: bool) -> Iterator[str]:
        """Yield the conditions of it, of which one must hold; an empty one holds always.

        Args:
            by_python: Whether packages are for one Python each. If not, what one Python needs is a requirement of all.
        """
        groups: dict[frozenset[int], list[Subdir]] = {}
        for subdir in scope.subdirs:
            minors = self.needed[subdir.name]
            if minors:
                groups.setdefault(minors if by_python else frozenset(scope.minors), []).append(subdir)
        for minors, subdirs in groups.items():
            parts = [condition_of(subdirs, scope.subdirs), python_condition(minors, scope.minors)]
            yield joined(" and ", [part for part in parts if part])


def has_alternatives(entries: Sequence[CondaRequirement]) -> bool:
    """Return whether a package is required with other versions on other platforms or Pythons, which may exclude it."""
    return any(
        one.package == other.package and one.spec != other.spec and one.needed != other.needed
        for one, other in combinations(entries, 2)
    )


def joined(operator: str, conditions: Sequence[str]) -> str:
    """Return conditions joined by `and` or `or`, with parentheses where the other operator is inside."""
    other = " or " if operator == " and " else " and "
    if len(conditions) == 1:
        return conditions[0]
    # `and` binds tighter than `or`, so that only one of the two needs them.
    return operator.join(f"({text})" if other in text and operator == " and " else text for text in conditions)


@dataclass(frozen=True)
class RunRequirements:
    """The requirements of a project's wheels.

    Attributes:
        notes: What conda has no words for, and is left out.
    """

    entries: tuple[CondaRequirement, ...]
    notes: tuple[str, ...]


def run_requirements(
    lines: Sequence[str],
    place: str,
    *,
    scope: Scope,
    names: CondaNames,
    siblings: Mapping[str, str],
    problems: Problems,
) -> RunRequirements:
    """Return the run requirements of wheels.

    Args:
        lines: The values of Requires-Dist.
        place: The wheel that has them, for messages.
        siblings: The version of each project of the set, to which requirements of it are pinned.
        problems: Collects requirements that no recipe can have.
    """
    entries: list[CondaRequirement] = []
    notes: list[str] = []
    for line in lines:
        try:
            requirement = parse_requirement(line)
        except InvalidRequirement as err:
            problems.add(place, f"has the invalid requirement {line!r}: {err}", "Build it again.")
            continue
        try:
            needed, is_of_machine = _needed(requirement.marker, scope)
        except _NOT_EVALUATED as err:
            problems.add(place, f"has a requirement whose marker has no value, {line!r}: {err}", "Build it again.")
            continue
        if not any(needed.values()):
            notes += _extra_notes(requirement)
            continue
        if is_of_machine:
            notes.append(f"{requirement}: conda does not know the release or version of a system; required on all")
        if requirement.url:
            message = f"requires {requirement.name} from a URL, which a conda package cannot"
            problems.add(place, message, "Require a version of it in pyproject.toml.")
            continue
        spec = siblings.get(canonicalize_name(requirement.name))
        version = version_spec(requirement.specifier) if spec is None else spec
        packages = list(names.of(requirement.name))
        for extra in sorted(requirement.extras):
            mapped = names.of_extra(requirement.name, extra)
            if mapped is None:
                key = f"{canonicalize_name(requirement.name)}[{extra}]"
                text = f"conda has no extras, so only {requirement.name} is required. Name its packages in --name-map"
                notes.append(f"{key}: {text}")
            packages += mapped or ()
        for package in dict.fromkeys(packages):
            own = package in names.of(requirement.name)
            entries.append(CondaRequirement(f"{package} {version}".strip() if own else package, needed))
    return RunRequirements(tuple(entries), tuple(dict.fromkeys(notes)))


def _extra_notes(requirement: Requirement) -> Iterator[str]:
    if "extra" in str(requirement.marker):
        yield f"{requirement}: conda has no extras; left out"


def is_for_extras(line: str) -> bool:
    """Return whether a value of Requires-Dist is for extras only. An invalid one is not."""
    try:
        marker = parse_requirement(line).marker
        return "extra" in str(marker) and not any(_needed(marker, _EVERYWHERE)[0].values())
    except _NOT_EVALUATED:
        return False


def _needed(marker: Marker | None, scope: Scope) -> tuple[dict[str, frozenset[int]], bool]:
    """Return the minor versions of Python on which each platform needs a requirement.

    Also return whether the marker asks for what a machine has and conda does not know.
    """
    every = frozenset(scope.minors)
    if marker is None:
        return {subdir.name: every for subdir in scope.subdirs}, False
    text, count = _OF_MACHINE.subn(_ALWAYS, str(marker))
    marker = Marker(text)
    needed = {
        subdir.name: frozenset(minor for minor in scope.minors if _holds(marker, subdir, full_versions(minor, text)))
        for subdir in scope.subdirs
    }
    return needed, count > 0


def _holds(marker: Marker, subdir: Subdir, versions: Sequence[str]) -> bool:
    """Return whether a marker holds on a platform and any of some releases of a minor version."""
    fixed = {
        **subdir.markers,
        "extra": "",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_version": ".".join(versions[0].split(".")[:2]),
    }
    return any(
        marker.evaluate({**fixed, "python_full_version": full, "implementation_version": full}) for full in versions
    )
