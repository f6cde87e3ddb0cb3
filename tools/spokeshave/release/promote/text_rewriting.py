"""The rewriting of texts in a stamped wheel: the old version is replaced in the files that a user names."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.version_traces import TraceFinder
from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.record import parse_record
from spokeshave.wheel.writer import CopiedMember, WheelEntry, find_dist_info, write_wheel
from spokeshave_core.problems import Problems


@dataclass(frozen=True)
class Rewriting:
    """A rewriting of text files.

    Attributes:
        globs: For the paths of files in a wheel. `*` matches slashes too.
        wanted: The texts to replace.
    """

    globs: tuple[str, ...]
    wanted: TraceFinder

    def matching(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Return the names that each glob matches."""
        return matching(self.globs, names)


def matching(globs: Sequence[str], names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that each glob matches."""
    given = tuple(names)
    return {glob: [name for name in given if fnmatch.fnmatchcase(name, glob)] for glob in globs}


def rewrite_texts(wheel: Path, rewriting: Rewriting, output: Path, problems: Problems) -> tuple[str, ...]:
    """Write a wheel with rewritten texts and a new RECORD to another folder, if there is a text to rewrite.

    Returns:
        The paths of the rewritten files. Without any, nothing is written.
    """
    with ArchiveReader(wheel) as reader:
        dist_info = find_dist_info(reader.members, wheel.name)
        record = f"{dist_info}/RECORD"
        found = rewriting.matching([name for name in reader.members if name != record])
        rewritten: dict[str, bytes] = {}
        for name in dict.fromkeys(name for names in found.values() for name in names):
            data = reader.read(name)
            if rewriting.wanted.traces(data) and _is_text(data, f"{wheel.name}: {name}", problems):
                rewritten[name] = rewriting.wanted.rewritten(data)
        if not rewritten:
            return ()
        lines = parse_record(reader.read(record), f"{wheel.name}: {record}")
        entries = [
            WheelEntry(
                name=name,
                content=rewritten[name] if name in rewritten else CopiedMember(reader, member, lines[name]),
                compression=member.compression,
                executable=member.executable,
            )
            for name, member in reader.members.items()
            if name != record
        ]
        write_wheel(output / str(parse_wheel_name(wheel.name)), dist_info, entries, reader.members[record].compression)
    return tuple(sorted(rewritten))


def _is_text(data: bytes, place: str, problems: Problems) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        is_text = False
    else:
        is_text = b"\0" not in data
    if not is_text:
        message = "is not UTF-8 text, so that the old version in it cannot be rewritten"
        problems.add(place, message, "Use the version slot in native files, or build the wheel again.")
    return is_text
