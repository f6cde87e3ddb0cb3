"""The keep file: versions that `index prune` never removes, one on each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from spokeshave.release.retention.retention import KeptVersion
from spokeshave_core.problems import Problem, Problems, SpokeshaveError


class InvalidKeepFileError(SpokeshaveError):
    """A keep file that cannot be read. What it names might be removed, so nothing is."""


def read_keep_file(path: Path) -> tuple[KeptVersion, ...]:
    """Return the versions of a file. A line is `VERSION`, or `NAME==VERSION`; `#` starts a comment.

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
        name, _, version = entry.rpartition("==")
        source = f"{path.name}, line {number}"
        try:
            yield KeptVersion(canonicalize_name(name.strip()) if name else None, Version(version), source)
        except InvalidVersion:
            message = f"{entry!r} is not a version, and not of the form NAME==VERSION"
            problems.add(f"{path}, line {number}", message, "Correct it, so that nothing that it names is removed.")
