"""The keep file: versions that `index prune` never removes, one on each line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from spokeshave.release.retention.pins import EXACT
from spokeshave.release.retention.retention import KeptVersion
from spokeshave.requirement_text import parse_requirement, parse_version
from spokeshave_core.problems import Problem, Problems, SpokeshaveError


class InvalidKeepFileError(SpokeshaveError):
    """A keep file that cannot be read. What it names might be removed, so nothing is."""


def read_keep_file(path: Path) -> tuple[KeptVersion, ...]:
    """Return the versions of a file. A line is `VERSION`, or `NAME==VERSION`; `#` starts a comment.

    `===` is the same as `==`. Extras and markers are not looked at, as in the files of `--pins`.

    Raises:
        InvalidKeepFileError: For each line that is something else.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is not text in UTF-8"
        remedy = "Give a file with a version on each line."
        raise InvalidKeepFileError(Problem(str(path), f"cannot be read ({reason})", remedy)) from err
    problems = Problems()
    kept = tuple(_kept_versions(path, text, problems))
    problems.raise_if_any(InvalidKeepFileError)
    return kept


def _kept_versions(path: Path, text: str, problems: Problems) -> Iterator[KeptVersion]:
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            name, version = _name_and_version(entry)
            yield KeptVersion(name, version, f"{path.name}, line {number}")
        except ValueError:
            message = f"{entry!r} is not a version, and not of the form NAME==VERSION"
            problems.add(f"{path}, line {number}", message, "Correct it, so that nothing that it names is removed.")


def _name_and_version(entry: str) -> tuple[str | None, Version]:
    """Return the normalized name, which a version alone does not have, and the version.

    Raises:
        ValueError: If an entry does not name one version.
    """
    with contextlib.suppress(InvalidVersion):
        return None, parse_version(entry)
    requirement = parse_requirement(entry)
    if requirement.url or [each.operator in EXACT for each in requirement.specifier] != [True]:
        raise InvalidRequirement("it does not name one version")
    (specifier,) = requirement.specifier
    return canonicalize_name(requirement.name), parse_version(specifier.version)
