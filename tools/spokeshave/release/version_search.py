"""The search of a wheel for texts that name a pre-release: in the names and the bytes of all members.

Members are read in pieces. What is packed inside of a member is searched too: zip archives (wheels, `.npz`, `.jar`) and
files compressed by gzip, bzip2 or xz, tar archives among them. A file that only looks like one of these is searched as
it is. Compressed sections of native files are not unpacked: they hold debug information.
"""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import shlex
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, cast

from packaging.version import Version
from zlib_ng import zlib_ng

from spokeshave.errors import InvalidWheelError
from spokeshave.files import CHUNK, iter_chunks
from spokeshave.release.version_traces import REACH, Trace, TraceFinder, outermost
from spokeshave.wheel.archive import ArchiveReader, Compression, Member, damaged
from spokeshave_core.wheel_name import DIST_INFO

DEEPEST = 3
"""The depth at which archives are not unpacked any more. A file of the wheel has the depth 1."""
_CONTEXT = 24
# The types of zlib-ng describe its error as an exception and not as a class.
_INFLATE_ERROR = cast("type[Exception]", zlib_ng.error)
_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\0"
_DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError, ValueError)


@dataclass(frozen=True)
class FoundText:
    """A member of a wheel that names a pre-release.

    Attributes:
        member: Its path; a path inside of an archive follows after `!`.
        text: The first text in it.
        offset: The first text's position in bytes; None if it is in the member's name.
        context: What is around the first text, with dots for bytes that are not printable ASCII.
        count: How many texts there are.
        is_text: Whether there are no zero bytes around the first text, as in a text file.
    """

    member: str
    text: str
    offset: int | None
    context: str
    count: int
    is_text: bool = True

    def __str__(self) -> str:
        if self.offset is None:
            return f"has {self.text} in its name"
        more = f", and {self.count - 1} more" if self.count > 1 else ""
        return f"holds {self.text} at offset {self.offset} ({self.context!r}{more})"

    @property
    def remedy(self) -> str:
        """What the user can do about it."""
        if self.offset is None or "!" in self.member:
            return "Build the wheel again with a name or an archive that does not contain the version."
        if self.is_text:
            rewrite = f"add --rewrite-text {shlex.quote(glob.escape(self.member))} to the promotion"
            history = "If it is history, such as a changelog, --keep-text allows it."
            return f"Make it one of the wheel's version_files, or {rewrite}. {history}"
        return "Take the version from SPOKESHAVE_VERSION() of <spokeshave/version.h>, which the stamp writes."


def search_wheel(wheel: Path, wanted: TraceFinder, shown_path: Path | None = None) -> list[FoundText]:
    """Return the members of a wheel that name a pre-release, in the order of the archive.

    RECORD is not searched, because it has only the names of the members.

    Args:
        shown_path: The path of the wheel for messages, by default its own.
    """
    found: list[FoundText] = []
    with ArchiveReader(wheel, shown_path) as reader:
        for name in reader.members:
            found += search_name(name, wanted)
            folder, _, file = name.partition("/")
            if file == "RECORD" and folder.endswith(DIST_INFO):
                continue
            chunks = member_chunks(reader, reader.members[name])
            found += search_stream(name, chunks, partial(reader.open, name), wanted)
    return found


def member_chunks(reader: ArchiveReader, member: Member) -> Iterator[bytes]:
    """Yield a member's uncompressed bytes in pieces, verified by its CRC at the end.

    `ArchiveReader.chunks` takes twice as long, because `zipfile` decompresses 4 KiB at a time, and with zlib.

    Raises:
        InvalidWheelError: If the member is damaged.
    """
    stored = reader.raw_chunks(member)
    crc = 0
    size = 0
    try:
        for data in _inflated(stored) if member.compression is Compression.DEFLATED else stored:
            crc = zlib_ng.crc32(data, crc)
            size += len(data)
            yield data
    except _INFLATE_ERROR as err:
        raise InvalidWheelError(damaged(reader.shown_path, member.name, str(err))) from err
    if (crc, size) != (member.crc, member.size):
        raise InvalidWheelError(damaged(reader.shown_path, member.name, "it has another CRC or size than listed"))


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield decompressed bytes in pieces of limited size."""
    inflater = zlib_ng.decompressobj(-zlib_ng.MAX_WBITS)
    for chunk in chunks:
        rest = chunk
        while rest:
            yield inflater.decompress(rest, CHUNK)
            rest = inflater.unconsumed_tail
    # All input can be consumed while there is output that the limit held back.
    while not inflater.eof:
        data = inflater.decompress(b"", CHUNK)
        if not data:
            return
        yield data


def search_name(name: str, wanted: TraceFinder) -> list[FoundText]:
    """Return the hit of a member whose name names a pre-release."""
    traces = wanted.traces(name.encode("utf-8"))
    return [FoundText(member=name, text=traces[0].text, offset=None, context="", count=1)] if traces else []


def search_stream(
    name: str, chunks: Iterator[bytes], reopen: Callable[[], IO[bytes]], wanted: TraceFinder, depth: int = 1
) -> list[FoundText]:
    """Return the hits in a file, and in what is packed inside of it.

    Args:
        chunks: The file's bytes.
        reopen: Opens the file again.
        depth: How many archives the file is in.
    """
    first = next(chunks, b"")
    found = search_chunks(name, _chain(first, chunks), wanted)
    if depth >= DEEPEST:
        return found
    try:
        if first.startswith(_ZIP):
            found.extend(_search_zip(name, reopen, wanted, depth))
        elif first.startswith((_GZIP, _BZIP2, _XZ)):
            with reopen() as stream, _unpacked(stream, first) as unpacked:
                found.extend(search_chunks(f"{name}!", iter_chunks(unpacked), wanted))
    except _DAMAGES:
        return found
    return found


def search_chunks(name: str, chunks: Iterable[bytes], wanted: TraceFinder) -> list[FoundText]:
    """Return the hit of a file whose bytes come in pieces."""
    traces: list[Trace] = []
    context = b""
    for offset, data, start, stop in _windows(chunks):
        for trace in wanted.traces(data, start, stop):
            context = context or data[max(0, trace.start - _CONTEXT) : trace.end + _CONTEXT]
            moved = (trace.start + offset, trace.end + offset)
            traces.append(Trace(start=moved[0], end=moved[1], text=trace.text, kind=trace.kind))
    traces = outermost(traces)
    if not traces:
        return []
    hit = FoundText(
        member=name,
        text=traces[0].text,
        offset=traces[0].start,
        context=_printable(context),
        count=len(traces),
        is_text=b"\0" not in context,
    )
    return [hit]


def wanted_texts(old: str, new: str) -> TraceFinder:
    """Return the texts that a wheel may not contain any more when its version changes."""
    return TraceFinder(Version(old), Version(new))


def _search_zip(name: str, reopen: Callable[[], IO[bytes]], wanted: TraceFinder, depth: int) -> Iterator[FoundText]:
    with tempfile.TemporaryFile() as copy:
        with reopen() as stream:
            shutil.copyfileobj(stream, copy)
        with zipfile.ZipFile(copy) as archive:
            for info in archive.infolist():
                inner = f"{name}!{info.filename}"
                yield from (replace(hit, member=inner) for hit in search_name(info.filename, wanted))
                if info.is_dir():
                    continue
                with archive.open(info) as stream:
                    chunks = iter_chunks(stream)
                    yield from search_stream(inner, chunks, partial(archive.open, info), wanted, depth + 1)


def _unpacked(stream: IO[bytes], first: bytes) -> IO[bytes]:
    """Return the unpacked bytes of a compressed file, which begins with `first`."""
    if first.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(stream))
    return bz2.open(stream) if first.startswith(_BZIP2) else lzma.open(stream)


def _chain(first: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def _windows(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes, int, int]]:
    """Yield pieces that overlap: offset, bytes, and the positions where texts begin that no other piece reports."""
    data = b""
    offset = 0
    start = 0
    for chunk in chunks:
        data += chunk
        stop = max(start, len(data) - REACH)
        yield offset, data, start, stop
        dropped = max(0, stop - REACH)
        data = data[dropped:]
        offset += dropped
        start = stop - dropped
    yield offset, data, start, len(data)


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
