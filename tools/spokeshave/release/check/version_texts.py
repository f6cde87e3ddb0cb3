"""Whether a final release still says that it is a pre-release of itself.

Every text that names one is found, but not every one is a mistake: a changelog names candidates, and so does the
version of another library that happens to be the same. So a file that states it as a version (`version = "1.0rc1"`) is
a problem, but for documentation and the files that a promotion kept. In a record, which says that its wheels are of one
version, a binary file and a file name with it are problems, too. All others are notes.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.version_texts import states_version, text_before
from spokeshave.release.version_search import FoundText
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import DIST_INFO

_DOCUMENTATION = (".md", ".rst", ".txt", ".html", ".htm", ".adoc", ".ipynb", ".po", ".pot")
_HISTORY = ("change", "history", "news", "release", "readme", "license", "copying", "notice", "authors")
_PART_OF_NAME = re.compile(r"\w-\Z")
_REMEDY = "Build the wheel again from the version's own files, or promote it again with --rewrite-text."


@dataclass(frozen=True)
class VersionTexts:
    """The texts of a set: what must not be there, and what a user should know of."""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def check_version_texts(
    files: Sequence[CheckedFile], reported: Collection[str], kept: Sequence[str], *, is_record: bool
) -> VersionTexts:
    """Judge the texts that name pre-releases.

    Args:
        reported: The places of problems that were found already. They are not reported again.
        kept: The globs of the files that may name pre-releases, as a promotion recorded them.
    """
    problems = []
    notes: dict[tuple[str, str], list[str]] = {}
    for file in files:
        for hit in _unexpected(file, kept):
            place = f"{file.name}: {hit.member}"
            if _is_problem(hit, is_record=is_record):
                message = f"{hit}, a pre-release of this wheel's version"
                problems += [] if place in reported else [Problem(place, message, _REMEDY)]
            else:
                notes.setdefault((hit.member, hit.text), []).append(file.name)
    return VersionTexts(tuple(problems), tuple(_note(*key, names) for key, names in notes.items()))


def _unexpected(file: CheckedFile, kept: Sequence[str]) -> Iterator[FoundText]:
    for hit in file.texts:
        is_kept = any(fnmatch.fnmatchcase(hit.member, glob) for glob in kept)
        if not (is_kept and hit.is_text and hit.offset is not None):
            yield hit


def _is_problem(hit: FoundText, *, is_record: bool) -> bool:
    if hit.offset is None:
        return is_record
    if not hit.is_text:
        # `library-1.0.0-beta.3` is the version of something else, such as a crate of Rust.
        return is_record and not _PART_OF_NAME.search(text_before(hit))
    return not _is_documentation(hit.member) and states_version(hit)


def _is_documentation(member: str) -> bool:
    """Return whether a file describes other versions: documentation, a list of components, or METADATA."""
    folder, _, _ = member.partition("/")
    name = member.rpartition("/")[2].lower()
    return folder.endswith(DIST_INFO) or name.endswith(_DOCUMENTATION) or name.startswith(_HISTORY)


def _note(member: str, text: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}: {member} names the pre-release {text} of this version"
