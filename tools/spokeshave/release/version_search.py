"""The search of a wheel for texts that name a pre-release: in the names and the bytes of all members.

Members are read in pieces. What is packed inside of a member is searched too (`release/packed_files.py`). A packed file
that cannot be unpacked is searched as it is, and listed as not searched. Compressed sections of native files are not
unpacked: they hold debug information.
"""

from __future__ import annotations

import codecs
import glob
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, cast

from zlib_ng import zlib_ng

from spokeshave.errors import InvalidWheelError
from spokeshave.files import CHUNK, iter_chunks
from spokeshave.release.packed_files import DAMAGES, TAIL, PackedMember, Packing, packing_of, raise_system_error
from spokeshave.release.version_traces import REACH, Trace, TraceFinder, outermost
from spokeshave.wheel.archive import ArchiveReader, Compression, Member, damaged
from spokeshave_core.wheel_name import DIST_INFO

DEEPEST = 4
"""The depth at which archives are not unpacked any more. A file of the wheel has the depth 1."""
_CONTEXT = 24
# The types of zlib-ng describe its error as an exception and not as a class.
_INFLATE_ERROR = cast("type[Exception]", zlib_ng.error)


@dataclass(frozen=True)
class FoundText:
    """A member of a wheel that names a pre-release.

    Attributes:
        member: Its path; a path inside of an archive follows after `!`.
        text: The first text in it.
        offset: The first text's position in bytes; None if it is in the member's name.
        context: What is around the first text, with dots for bytes that are not printable ASCII.
        count: How many texts there are.
        is_text: Whether the whole member is a text file: UTF-8 without zero bytes.
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


@dataclass(frozen=True)
class UnsearchedFile:
    """A packed file of a wheel that could not be searched, or only a part of it."""

    member: str
    reason: str

    def __str__(self) -> str:
        return f"{self.member} ({self.reason})"


@dataclass(frozen=True)
class VersionSearch:
    """A search for texts, and what it found so far, in the order of the archive."""

    wanted: TraceFinder
    texts: list[FoundText] = field(default_factory=list)
    unsearched: list[UnsearchedFile] = field(default_factory=list)

    def search_name(self, member: str, name: str) -> None:
        """Search the name of a member."""
        traces = self.wanted.traces(name.encode("utf-8", "replace"))
        if traces:
            self.texts.append(FoundText(member=member, text=traces[0].text, offset=None, context="", count=1))

    def search_file(self, name: str, chunks: Iterable[bytes], reopen: Callable[[], IO[bytes]], depth: int = 1) -> None:
        """Search a file, and what is packed inside of it.

        Args:
            chunks: The file's bytes.
            reopen: Opens the file again.
            depth: How many archives the file is in, with the wheel.
        """
        stream = _WatchedBytes(chunks, DAMAGES if depth > 1 else ())
        self.texts.extend(_texts_in(name, stream, self.wanted))
        if stream.error:
            self._add_unsearched(name, f"cannot be unpacked: {stream.error}")
        packing = packing_of(stream.first, stream.tail)
        if packing is None:
            return
        if depth >= DEEPEST and packing.is_certain:
            self._add_unsearched(name, f"is packed in {depth - 1} archives, inside of which none are unpacked")
        elif depth < DEEPEST:
            self._search_packed(name, packing, reopen, depth)

    def _search_packed(self, name: str, packing: Packing, reopen: Callable[[], IO[bytes]], depth: int) -> None:
        try:
            with packing.members(reopen) as members:
                for member in members:
                    inner = f"{name}!{member.name}"
                    if not packing.is_readable:
                        self._search_inside(inner, member, depth)
                        continue
                    nested = VersionSearch(self.wanted)
                    nested._search_inside(inner, member, depth)
                    self.texts.extend(hit for hit in nested.texts if hit.member != inner)
                    self.unsearched.extend(nested.unsearched)
        except DAMAGES as err:
            raise_system_error(err)
            if packing.is_certain:
                self._add_unsearched(name, f"cannot be unpacked: {err}")

    def _search_inside(self, inner: str, member: PackedMember, depth: int) -> None:
        """Search a file of an archive. One that cannot be read does not end the search of the others."""
        self.search_name(inner, member.name)
        try:
            with member.open() as stream:
                self.search_file(inner, iter_chunks(stream), member.open, depth + 1)
        except DAMAGES as err:
            raise_system_error(err)
            self._add_unsearched(inner, f"cannot be unpacked: {err}")

    def _add_unsearched(self, member: str, reason: str) -> None:
        self.unsearched.append(UnsearchedFile(member, reason))


def search_wheel(wheel: Path, wanted: TraceFinder, shown_path: Path | None = None) -> VersionSearch:
    """Search all members of a wheel.

    RECORD is not searched, because it has only the names of the members.

    Args:
        shown_path: The path of the wheel for messages, by default its own.
    """
    search = VersionSearch(wanted)
    with ArchiveReader(wheel, shown_path) as reader:
        for name in reader.members:
            search.search_name(name, name)
            folder, _, file = name.partition("/")
            if file == "RECORD" and folder.endswith(DIST_INFO):
                continue
            search.search_file(name, member_chunks(reader, reader.members[name]), partial(reader.open, name))
    return search


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


def _texts_in(name: str, stream: _WatchedBytes, wanted: TraceFinder) -> list[FoundText]:
    """Return the first text of a file, if it has any. Packed files are not unpacked."""
    traces: list[Trace] = []
    context = b""
    for offset, data, start, stop in _windows(stream):
        for trace in wanted.traces(data, start, stop):
            context = context or data[max(0, trace.start - _CONTEXT) : trace.end + _CONTEXT]
            traces.append(replace(trace, start=trace.start + offset, end=trace.end + offset))
    traces = outermost(traces)
    if not traces:
        return []
    hit = FoundText(
        member=name,
        text=traces[0].text,
        offset=traces[0].start,
        context=_printable(context),
        count=len(traces),
        is_text=stream.is_text,
    )
    return [hit]


class _WatchedBytes:
    """The bytes of a file in pieces, and what is known of them after they were read.

    Attributes:
        first: The first piece.
        tail: The last `TAIL` bytes.
        is_text: Whether they are UTF-8 text without zero bytes.
        error: The error that ended them early, if it is one of the expected ones.
    """

    def __init__(self, chunks: Iterable[bytes], expected: tuple[type[Exception], ...]) -> None:
        self.first = b""
        self.tail = b""
        self.is_text = True
        self.error: Exception | None = None
        self._chunks = chunks
        self._expected = expected
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                self._watch(chunk)
                yield chunk
        except self._expected as err:
            raise_system_error(err)
            self.error = err
        self._watch_text(b"", is_last=True)

    def _watch(self, chunk: bytes) -> None:
        self.first = self.first or chunk
        self.tail = chunk[-TAIL:] if len(chunk) >= TAIL else (self.tail + chunk)[-TAIL:]
        self._watch_text(chunk, is_last=False)

    def _watch_text(self, chunk: bytes, *, is_last: bool) -> None:
        if not self.is_text:
            return
        try:
            self._decoder.decode(chunk, is_last)
        except UnicodeDecodeError:
            self.is_text = False
        self.is_text = self.is_text and b"\0" not in chunk


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
