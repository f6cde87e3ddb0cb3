"""Wheel files: their names, their WHEEL file, and the writer."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from spokeshave import __version__
from spokeshave.errors import InvalidWheelError
from spokeshave.files import HashingStream, atomic_file, sha256_of_file
from spokeshave.wheel.archive import ArchiveReader, ArchiveWriter, Compression, Content, Member
from spokeshave.wheel.record import UNHASHED, RecordEntry, hashed_entry, render_record
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.wheel_name import DIST_INFO, WheelTag

# A field of an e-mail's header, or the rest of one in another line, which may be empty but for white space.
_HEADER = re.compile(r"[^\s:]+:|[ \t]")

# Of an e-mail's header. Other characters that end a line of text are part of a field.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class CopiedMember:
    """A file whose compressed bytes are copied from another wheel, with its line of that wheel's RECORD."""

    reader: ArchiveReader
    member: Member
    record: RecordEntry


@dataclass(frozen=True)
class WheelEntry:
    """A file of a wheel to write: bytes, a file to read, or a member to copy."""

    name: str
    content: bytes | Path | CopiedMember
    compression: Compression
    executable: bool = False


@dataclass(frozen=True)
class WrittenWheel:
    """A wheel on disk. `files` are its paths in the order of the archive. `size` is in bytes."""

    path: Path
    sha256: str
    size: int
    files: tuple[str, ...]


def render_wheel_file(tag: WheelTag) -> bytes:
    """Render the WHEEL file of a native wheel."""
    lines = ["Wheel-Version: 1.0", f"Generator: spokeshave {__version__}", "Root-Is-Purelib: false"]
    return "".join(f"{line}\n" for line in [*lines, *(f"Tag: {single}" for single in tag.expand())]).encode()


def write_tags(root: Path, dist_info: str, tag: WheelTag) -> None:
    """Write the tags of an unpacked wheel into its WHEEL file, in place of those that it has.

    Raises:
        InvalidWheelError: If there is no such file, or it is not text.
    """
    place = f"{dist_info}/WHEEL"
    file = root / place
    if not file.is_file():
        raise InvalidWheelError(Problem(place, "is missing", "Build the wheel again."))
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as err:
        raise InvalidWheelError(Problem(place, f"is not text in UTF-8 ({err})", "Build the wheel again.")) from err
    # After a line that is not a header, readers would not see the tags.
    headers = itertools.takewhile(_HEADER.match, _LINE_END.split(text))
    lines = _without_tags(headers)
    mode = file.stat().st_mode
    file.write_bytes("".join(f"{line}\n" for line in [*lines, *(f"Tag: {each}" for each in tag.expand())]).encode())
    file.chmod(mode)


def _without_tags(headers: Iterable[str]) -> Iterator[str]:
    """Yield the lines of all fields but the tags, without lines of white space."""
    is_kept = False
    for line in headers:
        if not line.startswith((" ", "\t")):
            is_kept = not line.lower().startswith("tag:")
        if is_kept and line.strip():
            yield line


def wheel_order(names: Iterable[str], dist_info: str) -> list[str]:
    """Return names in the order of a canonical wheel: sorted, with dist-info after all others and RECORD last."""
    folder = f"{dist_info}/"
    return sorted(names, key=lambda name: (name.startswith(folder), name == f"{folder}RECORD", name))


def find_dist_info(names: Iterable[str], place: str) -> str:
    """Return the only dist-info directory of a wheel.

    Like in pip, empty directories, whose names end with a slash, and files of such a name count.

    Raises:
        InvalidWheelError: If there is none or more than one.
    """
    found = sorted({name.split("/")[0] for name in names if name.split("/")[0].endswith(DIST_INFO)})
    if len(found) != 1:
        what = f"has {len(found)} dist-info folders ({', '.join(found)})" if found else "has no dist-info folder"
        raise InvalidWheelError(Problem(place, what, "A wheel has exactly one; build it again."))
    return found[0]


def write_wheel(
    destination: Path, dist_info: str, entries: Iterable[WheelEntry], compression: Compression
) -> WrittenWheel:
    """Write a canonical wheel with a new RECORD, atomically.

    Args:
        entries: The files in any order, without RECORD.
        compression: The compression of RECORD.

    Raises:
        InvalidWheelError: If two entries have one path.
    """
    with atomic_file(destination) as stream:
        files = append_entries(stream, dist_info, entries, compression)
    return WrittenWheel(destination, *sha256_of_file(destination), files)


def append_wheel(
    destination: Path, dist_info: str, entries: Iterable[WheelEntry], compression: Compression
) -> WrittenWheel:
    """Do the same as `write_wheel`, with the same bytes. Faster if most entries are copies, as nothing is read twice.

    Raises:
        InvalidWheelError: If two entries have one path.
    """
    with atomic_file(destination) as stream:
        hashing = HashingStream(stream)
        files = append_entries(hashing, dist_info, entries, compression)
    return WrittenWheel(path=destination, sha256=hashing.sha256, size=hashing.tell(), files=files)


def append_entries(
    stream: IO[bytes] | HashingStream, dist_info: str, entries: Iterable[WheelEntry], compression: Compression
) -> tuple[str, ...]:
    """Write a canonical wheel with a new RECORD to a stream. Return its paths in the order of the archive.

    Raises:
        InvalidWheelError: If two entries have one path.
    """
    by_name = unique_entries(entries)
    order = wheel_order(by_name, dist_info)
    record = f"{dist_info}/RECORD"
    writer = ArchiveWriter(cast("IO[bytes]", stream))
    lines = [write_entry(writer, by_name[name], dist_info) for name in order]
    data = render_record([*lines, RecordEntry(record)])
    writer.add(record, io.BytesIO(data), len(data), compression, executable=False)
    writer.close()
    return (*order, record)


def unique_entries(entries: Iterable[WheelEntry]) -> dict[str, WheelEntry]:
    """Return entries by path.

    Raises:
        InvalidWheelError: For all duplicate paths.
    """
    problems = Problems()
    by_name: dict[str, WheelEntry] = {}
    for entry in entries:
        if entry.name in by_name:
            problems.add(entry.name, "would be in the wheel twice", "Remove one of the two sources of this file.")
        by_name[entry.name] = entry
    problems.raise_if_any(InvalidWheelError)
    return by_name


def write_entry(writer: ArchiveWriter, entry: WheelEntry, dist_info: str) -> RecordEntry:
    """Write one file and return its line of RECORD."""
    if isinstance(entry.content, CopiedMember):
        writer.copy(entry.name, entry.content.reader, entry.content.member)
        return RecordEntry(entry.name, entry.content.record.hash, entry.content.record.size)
    content = write_content(writer, entry, entry.content)
    if entry.name in {f"{dist_info}/{name}" for name in UNHASHED}:
        return RecordEntry(entry.name)
    return hashed_entry(entry.name, content.sha256, content.size)


def write_content(writer: ArchiveWriter, entry: WheelEntry, content: bytes | Path) -> Content:
    """Write a file's uncompressed bytes."""
    if isinstance(content, bytes):
        return writer.add(entry.name, io.BytesIO(content), len(content), entry.compression, entry.executable)
    with content.open("rb") as source:
        return writer.add(entry.name, source, content.stat().st_size, entry.compression, entry.executable)


def tree_entries(root: Path, compression: Compression) -> list[WheelEntry]:
    """Return the files of an unpacked wheel, except RECORD, for `write_wheel`."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in paths}
    record = f"{find_dist_info(names, str(root))}/RECORD"
    return [
        WheelEntry(name=name, content=path, compression=compression, executable=bool(path.stat().st_mode & 0o100))
        for name, path in names.items()
        if name != record
    ]
