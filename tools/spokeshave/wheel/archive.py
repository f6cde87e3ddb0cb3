"""The canonical zip archive of our wheels: the same members give the same bytes on any machine.

Times are 1980-01-01, modes 0644 or 0755, names are flagged as UTF-8, and there are no directories and no extra fields
(except zip64's if a size requires it). The pinned zlib-ng compresses, because an interpreter's own zlib differs from
machine to machine. Python's `zipfile` is used for reading only: it cannot write without its own headers or copy a
member without decompressing it. Writing is implemented here, after APPNOTE.TXT 6.3.
"""

from __future__ import annotations

import enum
import hashlib
import os
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from zlib_ng import zlib_ng

from spokeshave.errors import InvalidWheelError
from spokeshave.files import CHUNK, iter_chunks
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.wheel_name import DIST_INFO

# Level 7: the output of zlib-ng's levels up to 6 depends on the sizes of input chunks. Level 9 saves another 3 % and
# takes more than twice as long. Level 7 is within 3 % of zlib's own level 6, and takes half of its time.
DEFLATE_LEVEL = 7

# Bytes of a new member that are kept in memory where the stream does not seek.
SPOOLED = 8 << 20
# Archives that are small and become huge are refused: such a wheel would fill the disk. Deflate reaches 1,032.
LARGEST_RATIO = 100
LARGE = 256 << 20
# Files of metadata are read into memory as a whole.
LARGEST_METADATA = 4 << 20
LARGEST_LIST = 16 << 20
LIMIT_32 = 0xFFFFFFFF
LIMIT_16 = 0xFFFF
UTF8_FLAG = 0x800
ENCRYPTED_FLAG = 0x1
DOS_TIME = 0
DOS_DATE = 0x21
VERSION_PLAIN = 20
VERSION_ZIP64 = 45
MADE_ON_UNIX = 3 << 8
REGULAR_FILE = 0o100000

LOCAL_HEADER = struct.Struct("<4s5H3I2H")
CENTRAL_HEADER = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
END_ZIP64 = struct.Struct("<4sQ2H2I4Q")
LOCATOR_ZIP64 = struct.Struct("<4sIQI")


UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises for damaged archives, for methods that it does not know, and for encrypted members."""


class Compression(enum.IntEnum):
    """The compression of a member. The values are the zip format's."""

    STORED = zipfile.ZIP_STORED
    DEFLATED = zipfile.ZIP_DEFLATED


@dataclass(frozen=True)
class Member:
    """A file in an archive. `header_offset` is the position of its local header."""

    name: str
    crc: int
    size: int
    compressed_size: int
    compression: Compression
    executable: bool
    header_offset: int


@dataclass(frozen=True)
class Content:
    """The size and the sha256 of a written file's uncompressed bytes."""

    size: int
    sha256: bytes


def deflate_bound(size: int) -> int:
    """Return an upper bound for the compressed size of `size` bytes (stored blocks, five bytes for each 16 KiB)."""
    return size + (size >> 10) + 64


class ArchiveWriter:
    """A writer of members in the given order. Memory does not grow with sizes.

    On a stream without positions to return to, a new member is written to a temporary file first if it is large.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._members: dict[str, Member] = {}

    def add(self, name: str, source: IO[bytes], size: int, compression: Compression, executable: bool) -> Content:
        """Write a file of `size` bytes read from `source`. Return its size and hash.

        Raises:
            InvalidWheelError: If `source` has more or fewer bytes.
        """
        offset = self._begin(name)
        zip64 = (deflate_bound(size) if compression is Compression.DEFLATED else size) >= LIMIT_32
        member = Member(
            name=name,
            crc=0,
            size=size,
            compressed_size=0,
            compression=compression,
            executable=executable,
            header_offset=offset,
        )
        if self._stream.seekable():
            self._stream.write(local_header(member, zip64))
            written, content = write_content(self._stream, member, source)
            self._stream.seek(offset)
            self._stream.write(local_header(written, zip64))
            self._stream.seek(0, os.SEEK_END)
        else:
            with tempfile.SpooledTemporaryFile(SPOOLED) as spool:
                written, content = write_content(cast("IO[bytes]", spool), member, source)
                self._stream.write(local_header(written, zip64))
                spool.seek(0)
                for chunk in iter_chunks(cast("IO[bytes]", spool)):
                    self._stream.write(chunk)
        self._members[name] = written
        return content

    def copy(self, name: str, reader: ArchiveReader, member: Member) -> None:
        """Write a member of another archive under `name`. Its compressed bytes are copied unchanged."""
        copied = replace(member, name=name, header_offset=self._begin(name))
        self._members[name] = copied
        self._stream.write(local_header(copied, is_large(copied)))
        for chunk in reader.raw_chunks(member):
            self._stream.write(chunk)

    def close(self) -> None:
        """Write the central directory. Nothing can be added afterwards."""
        start = self._stream.tell()
        for member in self._members.values():
            self._stream.write(central_header(member))
        self._stream.write(end_records(len(self._members), start, self._stream.tell()))

    def _begin(self, name: str) -> int:
        if name in self._members:
            raise InvalidWheelError(
                Problem(name, "is written to the archive twice", "Give each file a path of its own.")
            )
        return self._stream.tell()


def write_content(stream: IO[bytes], member: Member, source: IO[bytes]) -> tuple[Member, Content]:
    """Write a member's stored bytes, read uncompressed from `source`. Return it with its sizes, and its hash.

    Raises:
        InvalidWheelError: If `source` does not have the member's size.
    """
    digest = hashlib.sha256()
    crc = 0
    read = 0
    compressed = 0
    deflater = Deflater() if member.compression is Compression.DEFLATED else None
    for chunk in iter_chunks(source):
        digest.update(chunk)
        crc = zlib_ng.crc32(chunk, crc)
        read += len(chunk)
        compressed += stream.write(deflater.compress(chunk) if deflater else chunk)
    if deflater:
        compressed += stream.write(deflater.flush())
    if read != member.size:
        raise InvalidWheelError(changed_while_read(member.name, member.size, read))
    return replace(member, crc=crc, compressed_size=compressed), Content(read, digest.digest())


class Deflater:
    """Raw deflate by the pinned zlib-ng, with all settings that influence the output."""

    def __init__(self) -> None:
        self._object = zlib_ng.compressobj(
            DEFLATE_LEVEL, zlib_ng.DEFLATED, -zlib_ng.MAX_WBITS, zlib_ng.DEF_MEM_LEVEL, zlib_ng.Z_DEFAULT_STRATEGY
        )

    def compress(self, data: bytes) -> bytes:
        """Return the compressed bytes that are available so far."""
        return self._object.compress(data)

    def flush(self) -> bytes:
        """Return the rest of the compressed bytes."""
        return self._object.flush()


class ArchiveReader:
    """A reader of archives: members by `zipfile`, and their compressed bytes unchanged.

    Attributes:
        folders: The members that are directories, by names with a slash at the end.
        shown_path: The path that messages about members name.
    """

    def __init__(self, path: Path, shown_path: Path | None = None) -> None:
        """Open an archive.

        Args:
            shown_path: The path of the file that the user knows, if this one is a copy that will not last.

        Raises:
            InvalidWheelError: For all problems of a file that is not a zip archive or has members that no wheel may
                have.
        """
        self.path = path
        self.shown_path = shown_path or path
        self._zip = open_zip(path)
        try:
            self.members = read_members(path, self._zip)
            self.folders = tuple(info.filename for info in self._zip.infolist() if is_folder(info))
            self._raw = path.open("rb")
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()
        self._zip.close()

    def read(self, name: str) -> bytes:
        """Return a member's uncompressed bytes, verified by its CRC.

        `ZipFile.read` would unpack more than the stated size into memory.
        """
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member's uncompressed bytes in pieces, verified by its CRC at the end."""
        try:
            with self._zip.open(name) as stream:
                yield from iter_chunks(stream)
        except UNREADABLE as err:
            raise InvalidWheelError(damaged(self.shown_path, name, str(err))) from err

    def open(self, name: str) -> IO[bytes]:
        """Open a member's uncompressed bytes as a stream."""
        return self._zip.open(name)

    def raw_chunks(self, member: Member) -> Iterator[bytes]:
        """Yield a member's stored bytes, compressed or not. To be read to the end before those of another member."""
        stream = self._raw
        stream.seek(member.header_offset)
        header = stream.read(LOCAL_HEADER.size)
        if len(header) != LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise InvalidWheelError(
                damaged(self.shown_path, member.name, "no local header at the offset in the directory")
            )
        name_size, extra_size = LOCAL_HEADER.unpack(header)[-2:]
        stream.seek(name_size + extra_size, os.SEEK_CUR)
        remaining = member.compressed_size
        while remaining:
            chunk = stream.read(min(CHUNK, remaining))
            if not chunk:
                raise InvalidWheelError(damaged(self.shown_path, member.name, "the file ends in the middle of it"))
            remaining -= len(chunk)
            yield chunk


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a file as a zip archive.

    Raises:
        InvalidWheelError: If it is not one.
    """
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError as err:
        raise InvalidWheelError(Problem(str(path), "does not exist", "Give the path of a wheel.")) from err
    except UNREADABLE as err:
        remedy = "Build the wheel again: the file is damaged, incomplete or not a wheel."
        raise InvalidWheelError(Problem(str(path), f"cannot be read as a zip archive ({err})", remedy)) from err


def read_members(path: Path, archive: zipfile.ZipFile) -> dict[str, Member]:
    """Return the files of an archive by name, without its directories.

    Raises:
        InvalidWheelError: For all problems.
    """
    problems = Problems()
    members: dict[str, Member] = {}
    for info in archive.infolist():
        problem = path_problem(info) if is_folder(info) else member_problem(info, members)
        if problem:
            problems.add(f"{path}: {info.filename}", *problem)
            continue
        if is_folder(info):
            continue
        executable = info.create_system == MADE_ON_UNIX >> 8 and bool(info.external_attr >> 16 & 0o100)
        members[info.filename] = Member(
            name=info.filename,
            crc=info.CRC,
            size=info.file_size,
            compressed_size=info.compress_size,
            compression=Compression(info.compress_type),
            executable=executable,
            header_offset=info.header_offset,
        )
    for place, message, remedy in layout_problems(path, members.values()):
        problems.add(place, message, remedy)
    problems.raise_if_any(InvalidWheelError)
    return members


def layout_problems(path: Path, members: Collection[Member]) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with the sizes and the positions of members: the place, the problem, and what to do."""
    again = "Build the wheel again; installers would read other bytes, or fill the disk."
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            yield f"{path}: {member.name}", "is at the position of another file of the archive", again
        end = member.header_offset + LOCAL_HEADER.size + member.compressed_size
        limit = largest_metadata(member.name)
        if limit and member.size > limit:
            message = f"has {member.size} bytes, and a file of metadata has {limit} at most"
            yield f"{path}: {member.name}", message, "Move what is large to a file of the package."
    unpacked = sum(member.size for member in members)
    if unpacked > LARGE and unpacked > LARGEST_RATIO * path.stat().st_size:
        message = f"unpacks to {unpacked >> 20} MiB, which is more than {LARGEST_RATIO} times its size"
        yield str(path), message, "Remove the large repetitive files; installers take it for a decompression bomb."


def largest_metadata(name: str) -> int | None:
    """Return the most bytes that a file of the dist-info folder may have. None for other files."""
    folder, _, file = name.partition("/")
    if not folder.endswith(DIST_INFO):
        return None
    return LARGEST_LIST if file == "RECORD" or "/" in file else LARGEST_METADATA


def is_folder(info: zipfile.ZipInfo) -> bool:
    """Return whether a member is a directory. `ZipInfo.is_dir` fails for one without a name."""
    return info.filename.endswith("/")


def path_problem(info: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Return the problem of a member's path, for a file or a directory, and what to do."""
    parts = info.filename.rstrip("/").split("/") if is_folder(info) else info.filename.split("/")
    if info.filename != info.orig_filename or "\\" in info.filename or {"", ".", ".."} & set(parts):
        return (
            "is a path that leads outside the wheel or is not portable",
            "Use paths below the wheel's root, with slashes.",
        )
    return None


def member_problem(info: zipfile.ZipInfo, others: Container[str]) -> tuple[str, str] | None:
    """Return why a wheel may not contain a member, and what to do. None if it may.

    Args:
        others: The names of the members before it.
    """
    if info.filename in others:
        return (
            "is in the archive twice",
            "Build the wheel again; which of the two is installed depends on the installer.",
        )
    problem = path_problem(info)
    if problem:
        return problem
    if info.create_system == MADE_ON_UNIX >> 8 and stat.S_ISLNK(info.external_attr >> 16):
        return (
            "is a symbolic link, which installers replace with a text file that contains its target",
            "Replace it with a copy of the file.",
        )
    if info.flag_bits & ENCRYPTED_FLAG:
        return "is encrypted", "Build the wheel without encryption; installers cannot read it."
    if info.compress_type not in (Compression.STORED, Compression.DEFLATED):
        return f"is compressed by method {info.compress_type}", "Use stored or deflated, as installers expect."
    return None


def changed_while_read(name: str, size: int, read: int) -> Problem:
    """Return the problem of a file whose size changed while it was read."""
    message = f"was {size} bytes long, but {read} bytes were read"
    return Problem(name, message, "Run again while no other process writes to the file.")


def damaged(path: Path, name: str, what: str) -> Problem:
    """Return the problem of a member that cannot be read."""
    return Problem(f"{path}: {name}", f"is damaged ({what})", "Build or download the wheel again.")


def is_large(member: Member) -> bool:
    """Return whether a size does not fit into 32 bits."""
    return max(member.size, member.compressed_size) >= LIMIT_32


def local_header(member: Member, zip64: bool) -> bytes:
    """Return the header before a member's bytes."""
    name = member.name.encode("utf-8")
    sizes = (LIMIT_32, LIMIT_32) if zip64 else (member.compressed_size, member.size)
    extra = struct.pack("<2H2Q", 1, 16, member.size, member.compressed_size) if zip64 else b""
    version = VERSION_ZIP64 if zip64 else VERSION_PLAIN
    fixed = (b"PK\x03\x04", version, UTF8_FLAG, member.compression, DOS_TIME, DOS_DATE, member.crc)
    return LOCAL_HEADER.pack(*fixed, *sizes, len(name), len(extra)) + name + extra


def central_header(member: Member) -> bytes:
    """Return a member's entry in the central directory. zip64's field has only the values that do not fit."""
    name = member.name.encode("utf-8")
    values = (member.size, member.compressed_size, member.header_offset)
    large = [value for value in values if value >= LIMIT_32]
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size, compressed_size, offset = (min(value, LIMIT_32) for value in values)
    version = VERSION_ZIP64 if large else VERSION_PLAIN
    mode = REGULAR_FILE | (0o755 if member.executable else 0o644)
    kind = (UTF8_FLAG, member.compression, DOS_TIME, DOS_DATE, member.crc, compressed_size, size)
    rest = (len(name), len(extra), 0, 0, 0, mode << 16, offset)
    return CENTRAL_HEADER.pack(b"PK\x01\x02", MADE_ON_UNIX | version, version, *kind, *rest) + name + extra


def end_records(count: int, start: int, end: int) -> bytes:
    """Return the end records of the central directory, which is from `start` to `end`."""
    size = end - start
    small = END.pack(
        b"PK\x05\x06", 0, 0, min(count, LIMIT_16), min(count, LIMIT_16), min(size, LIMIT_32), min(start, LIMIT_32), 0
    )
    if count < LIMIT_16 and size < LIMIT_32 and start < LIMIT_32:
        return small
    version = (MADE_ON_UNIX | VERSION_ZIP64, VERSION_ZIP64)
    large = END_ZIP64.pack(b"PK\x06\x06", END_ZIP64.size - 12, *version, 0, 0, count, count, size, start)
    return large + LOCATOR_ZIP64.pack(b"PK\x06\x07", 0, end, 1) + small
