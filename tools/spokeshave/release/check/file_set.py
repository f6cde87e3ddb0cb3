"""Checks of a set of files: what is right for each file on its own, but wrong for the files together."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion, Version

from spokeshave.errors import some
from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.requirement_text import parse_requirement, parse_specifiers, parse_version
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import normalize_name

# What may differ between the wheels of a version: what a wheel grafts or links in has licenses of its own, the platform
# is in the file's name already, and a compiled wheel has other modules than a pure one. An index shows the metadata of
# the first file; resolvers and lock files read those of any file, and take them for those of all (PEP 658, PEP 751).
MAY_DIFFER = frozenset(
    (
        *("metadata-version", "license", "license-expression", "license-file", "platform", "supported-platform"),
        *("dynamic", "import-name", "import-namespace"),
    )
)
_SAME_VERSION = "Build or stamp all files of a release with one version."


def check_set(files: Sequence[CheckedFile], version: str | None = None) -> tuple[Problem, ...]:
    """Return the problems of files that are released together.

    Args:
        version: The common version of all projects, as a record states it. By default each project has its own.
    """
    checks = (_names(files), _versions(files, version), _metadata(files), _siblings(files))
    return tuple(dict.fromkeys(problem for check in checks for problem in check))


def by_project(files: Sequence[CheckedFile]) -> dict[str, list[CheckedFile]]:
    """Return the files of each project, in the order of the projects' names."""
    found: dict[str, list[CheckedFile]] = defaultdict(list)
    for file in files:
        if file.project is not None:
            found[file.project].append(file)
    return dict(sorted(found.items()))


def _names(files: Sequence[CheckedFile]) -> Iterator[Problem]:
    counts = Counter(file.name for file in files)
    for name in sorted(name for name, count in counts.items() if count > 1):
        yield Problem(name, f"is given {counts[name]} times", "Give each file once; they may have different bytes.")
    first: dict[str, str] = {}
    for file in files:
        other = first.setdefault(file.sha256, file.name)
        if other != file.name:
            yield Problem(file.name, f"has the same bytes as {other}", "Indexes refuse one file under two names.")
    for project, own in by_project(files).items():
        sdists = sorted({file.name for file in own if file.tag is None})
        if len(sdists) > 1:
            yield Problem(project, f"has {len(sdists)} sdists ({', '.join(sdists)})", "A release has at most one.")


def _versions(files: Sequence[CheckedFile], version: str | None) -> Iterator[Problem]:
    for project, own in by_project(files).items():
        counts = Counter(file.version for file in own if file.version is not None)
        common = parse_version(version) if version is not None else max(counts, key=lambda each: (counts[each], each))
        for file in own:
            if file.version is not None and file.version != common:
                expected = f"that of {'the release' if version is not None else project} is {common}"
                yield Problem(file.name, f"has version {file.version}, but {expected}", _SAME_VERSION)


def _metadata(files: Sequence[CheckedFile]) -> Iterator[Problem]:
    for own in by_project(files).values():
        versions: dict[Version, list[CheckedFile]] = defaultdict(list)
        for file in own:
            # An sdist may leave fields to its build (PEP 643).
            if file.version is not None and file.core is not None and file.tag is not None:
                versions[file.version].append(file)
        for _, same in sorted(versions.items()):
            yield from _differences(same)


def _differences(files: Sequence[CheckedFile]) -> Iterator[Problem]:
    """Yield each field in which a file differs from most others of its version."""
    fields = {file.name: _fields(file) for file in files}
    for field in sorted({field for own in fields.values() for field in own}):
        values = {name: own.get(field, ()) for name, own in fields.items()}
        (usual, count), *others = Counter(values.values()).most_common()
        if not others:
            continue
        model = next(name for name, value in values.items() if value == usual)
        for name, value in values.items():
            if value != usual:
                message = f"has another {field} in METADATA than {_others(count, model)} ({_change(usual, value)})"
                remedy = "Give all wheels of a version the same metadata; use environment markers for what differs."
                yield Problem(name, message, remedy)


def _others(count: int, model: str) -> str:
    return model if count == 1 else f"{count} other files of this version, such as {model}"


def _change(usual: tuple[str, ...], value: tuple[str, ...]) -> str:
    """Return what a field has in place of its usual values, in a few words."""
    added = [f"has {_short(text)}" for text in value if text not in usual]
    removed = [f"lacks {_short(text)}" for text in usual if text not in value]
    return some([*added, *removed]) or "another number of values"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else f"{line[:57]}...")


def _fields(file: CheckedFile) -> dict[str, tuple[str, ...]]:
    """Return the fields of METADATA that must be the same, as sorted texts."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in file.headers:
        if name not in MAY_DIFFER:
            found[name].append(_normal(name, value))
    return {name: tuple(sorted(values)) for name, values in found.items()}


def _normal(field: str, value: str) -> str:
    """Return a value as it is compared: spellings of one name, requirement or range of versions are equal."""
    with contextlib.suppress(InvalidRequirement, InvalidSpecifier, InvalidVersion):
        if field in ("name", "provides-extra"):
            return normalize_name(value)
        if field == "requires-dist":
            requirement = parse_requirement(value)
            requirement.name = normalize_name(requirement.name)
            return str(requirement)
        if field == "requires-python":
            return str(parse_specifiers(value))
        if field == "version":
            return str(parse_version(value))
    return value


def _siblings(files: Sequence[CheckedFile]) -> Iterator[Problem]:
    """Check requirements between the projects of the set. Requirements for others are not its subject."""
    projects = by_project(files)
    versions = {project: sorted({file.version for file in own if file.version}) for project, own in projects.items()}
    for project, own in projects.items():
        for file in own:
            for requirement in _requirements(file):
                sibling = normalize_name(requirement.name)
                if sibling != project:
                    yield from _unsatisfied(file, requirement, versions.get(sibling, []))


def _requirements(file: CheckedFile) -> Iterator[Requirement]:
    for text in file.core.raw.get("requires_dist", []) if file.core else []:
        try:
            yield parse_requirement(text)
        except InvalidRequirement:
            # The check of METADATA reports it.
            continue


def _unsatisfied(file: CheckedFile, requirement: Requirement, versions: Sequence[Version]) -> Iterator[Problem]:
    if versions and not any(requirement.specifier.contains(version, prereleases=True) for version in versions):
        have = ", ".join(map(str, versions))
        message = f"requires {requirement}, but this set has {requirement.name} {have}"
        yield Problem(file.name, message, "Build or stamp both together: installers would take an older release.")
