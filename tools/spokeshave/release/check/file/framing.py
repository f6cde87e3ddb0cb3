"""The framing of a wheel's ZIP archive: what PyPI refuses so that all readers see the same files.

A reader may follow the central directory or the local headers. PyPI accepts only archives in which both give the same
members (Warehouse's `utils/zipfiles.py` and its page "Archive Formats"; APPNOTE.TXT 6.3). So the records are read from
the first byte to the last, and anything between or after them is a fault.
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Mapping
from typing import IO

from spokeshave.wheel.archive import (
    CENTRAL_HEADER,
    ENCRYPTED_FLAG,
    END,
    END_ZIP64,
    LIMIT_32,
    LOCAL_HEADER,
    LOCATOR_ZIP64,
    UTF8_FLAG,
)

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END_ZIP64 = b"PK\x06\x06"
_LOCATOR_ZIP64 = b"PK\x06\x07"
_DESCRIPTOR_FLAG = 0x8
_EXTRA = struct.Struct("<2H")
_ZIP64 = 0x0001
_UNICODE_PATH = 0x7075
_SINGLE_EXTRAS = (_ZIP64, _UNICODE_PATH)
_ZIP64_SIZES = (0, 8, 16, 24, 28)
# The size of the record that follows the size field, without extensible data.
_ZIP64_END_SIZE = END_ZIP64.size - 12
_UNPRINTABLE = frozenset(range(32)) | {0x7F}


class _BrokenFramingError(Exception):
    """A fault after which the records cannot be followed."""


def framing_faults(stream: IO[bytes], archive: zipfile.ZipFile) -> list[str]:
    """Return the faults of an archive's framing. None of them stops Python's own `zipfile`.

    Args:
        stream: The archive's bytes.
        archive: The same archive, as installers see it.
    """
    walk = _Walk(stream, {info.orig_filename: info for info in archive.infolist()})
    try:
        walk.follow()
    except _BrokenFramingError as err:
        walk.faults.append(str(err))
    return list(dict.fromkeys(walk.faults))


class _Walk:
    """A walk through the records of an archive, in the order of their bytes."""

    def __init__(self, stream: IO[bytes], members: Mapping[str, zipfile.ZipInfo]) -> None:
        self.faults: list[str] = []
        self._stream = stream
        self._members = members
        self._local: set[bytes] = set()
        self._central: set[bytes] = set()
        self._start: int | None = None
        self._entries = 0
        self._size = 0
        self._stated: tuple[int, int, int] | None = None
        self._end_zip64: int | None = None
        self._located = False
        self._length = 0

    def follow(self) -> None:
        """Read all records."""
        self._length = self._stream.seek(0, os.SEEK_END)
        self._stream.seek(0)
        while True:
            here = self._stream.tell()
            signature = self._stream.read(4)
            self._stream.seek(here)
            if signature == _LOCAL:
                self._read_local()
            elif signature == _CENTRAL:
                self._start = here if self._start is None else self._start
                self._read_central()
            elif signature == _END_ZIP64:
                self._end_zip64 = here
                self._read_end_zip64()
            elif signature == _LOCATOR_ZIP64:
                self._read_locator()
            elif signature == _END:
                self._start = here if self._start is None else self._start
                self._read_end()
                return
            else:
                where = "at its beginning" if not here else f"at byte {here}"
                raise _BrokenFramingError(f"it has data {where} that belong to no member")

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size:
            raise _BrokenFramingError("it ends in the middle of a record")
        return data

    def _read_local(self) -> None:
        fixed = LOCAL_HEADER.unpack(self._read(LOCAL_HEADER.size))
        _, _, flags, method, _, _, crc, compressed, size, name_size, extra_size = fixed
        name = self._read(name_size)
        shown = _shown(name)
        self._check_name(name, shown)
        compressed, size = self._sizes(self._read(extra_size), shown, method, compressed, size)
        if flags & _DESCRIPTOR_FLAG:
            raise _BrokenFramingError(f"{shown} has its size after its data (a data descriptor)")
        if flags & ENCRYPTED_FLAG:
            self.faults.append(f"{shown} is encrypted")
        if name in self._local:
            self.faults.append(f"{shown} is in it twice")
        self._local.add(name)
        info = self._members.get(_decoded(name))
        if info is None and not name.isascii() and not flags & UTF8_FLAG:
            self.faults.append(f"the name {shown} is not marked as UTF-8")
        elif info is None:
            self.faults.append(f"{shown} is not in the central directory")
        elif (info.compress_size, info.file_size) != (compressed, size):
            self.faults.append(f"the local header of {shown} has another size than the central directory")
        elif (info.compress_type, info.CRC) != (method, crc):
            self.faults.append(f"the local header of {shown} has another CRC or compression than the central directory")
        if compressed > self._length - self._stream.tell():
            raise _BrokenFramingError("it ends in the middle of a member")
        self._stream.seek(compressed, os.SEEK_CUR)

    def _check_name(self, name: bytes, shown: str) -> None:
        if _UNPRINTABLE.intersection(name):
            self.faults.append(f"the name {shown} has unprintable characters")
        try:
            name.decode("utf-8")
        except UnicodeDecodeError:
            self.faults.append(f"the name {shown} is not UTF-8")

    def _sizes(self, extra: bytes, shown: str, method: int, compressed: int, size: int) -> tuple[int, int]:
        """Return the sizes of a local header, with those of its extra fields."""
        seen = set()
        while extra:
            if len(extra) < _EXTRA.size:
                raise _BrokenFramingError(f"{shown} has a malformed extra field")
            kind, length = _EXTRA.unpack(extra[: _EXTRA.size])
            data = extra[_EXTRA.size : _EXTRA.size + length]
            extra = extra[_EXTRA.size + length :]
            if len(data) != length:
                raise _BrokenFramingError(f"{shown} has a malformed extra field")
            if kind in seen and kind in _SINGLE_EXTRAS:
                self.faults.append(f"{shown} has two extra fields of the kind {kind:#06x}")
            seen.add(kind)
            if kind == _ZIP64:
                compressed, size = _zip64_sizes(data, shown, method, compressed, size)
            elif kind == _UNICODE_PATH:
                self._check_name(data[5:], _shown(data[5:]))
        return compressed, size

    def _read_central(self) -> None:
        fixed = CENTRAL_HEADER.unpack(self._read(CENTRAL_HEADER.size))
        name_size, extra_size, comment_size = fixed[10:13]
        name = self._read(name_size)
        self._read(extra_size + comment_size)
        self._entries += 1
        self._size += CENTRAL_HEADER.size + name_size + extra_size + comment_size
        shown = _shown(name)
        if comment_size:
            self.faults.append(f"{shown} has a comment")
        if name in self._central:
            self.faults.append(f"{shown} is in the central directory twice")
        elif name not in self._local:
            self.faults.append(f"{shown} is in the central directory, but has no data before it")
        self._central.add(name)

    def _read_end_zip64(self) -> None:
        _, length, _, _, _, _, here, entries, size, start = END_ZIP64.unpack(self._read(END_ZIP64.size))
        if length != _ZIP64_END_SIZE:
            raise _BrokenFramingError("its zip64 end record has extensible data")
        if here != entries:
            self.faults.append("it is a part of an archive on several disks")
        self._stated = (entries, size, start)

    def _read_locator(self) -> None:
        _, _, position, _ = LOCATOR_ZIP64.unpack(self._read(LOCATOR_ZIP64.size))
        if position != self._end_zip64:
            self.faults.append("its zip64 locator does not lead to a zip64 end record before it")
        self._located = True

    def _read_end(self) -> None:
        if self._end_zip64 is not None and not self._located:
            self.faults.append("its zip64 end record has no locator")
        _, _, _, here, entries, size, start, comment_size = END.unpack(self._read(END.size))
        self._read(comment_size)
        if here != entries:
            self.faults.append("it is a part of an archive on several disks")
        if self._stated is None or not self._located:
            self._stated = (entries, size, start)
        if self._stated != (self._entries, self._size, self._start):
            self.faults.append("its end record has another number, size or position of the central directory")
        self.faults.extend(
            f"{_shown(name)} has data, but is not in the central directory"
            for name in sorted(self._local - self._central)
        )
        if self._stream.read(1):
            self.faults.append("it has trailing data after its end record")


def _zip64_sizes(data: bytes, shown: str, method: int, compressed: int, size: int) -> tuple[int, int]:
    """Return the sizes of a local header with a zip64 field, as PyPI reads it."""
    if len(data) not in _ZIP64_SIZES:
        raise _BrokenFramingError(f"{shown} has a zip64 field of {len(data)} bytes")
    if not data:
        if LIMIT_32 in (compressed, size):
            raise _BrokenFramingError(f"{shown} has an empty zip64 field, but needs its sizes")
        return compressed, size
    values = struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])
    if len(values) == 1 and method != zipfile.ZIP_STORED:
        raise _BrokenFramingError(f"{shown} is compressed, but its zip64 field has one size only")
    return values[min(1, len(values) - 1)], values[0] if size == LIMIT_32 else size


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _shown(name: bytes) -> str:
    """Return a member's name for messages, on one line."""
    return ascii(name.decode("utf-8", "replace"))[1:-1]
