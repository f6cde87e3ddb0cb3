"""Zip archives of which every field can be wrong, which `zipfile` does not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_UTF8 = 0x800
_UNIX = 3 << 8
STORED = 0
DEFLATED = 8
REGULAR = 0o100644


@dataclass(frozen=True)
class RawEntry:
    """A member, with fields that contradict its content if they are given.

    Attributes:
        local_name: Its name before its bytes. By default that of the directory.
        size: Its stated size.
        crc: Its stated checksum.
        offset: Where the directory says that it is.
        packed: Its compressed bytes. By default they are made of the content.
    """

    name: bytes
    content: bytes = b""
    method: int = STORED
    flags: int = _UTF8
    mode: int = REGULAR
    local_name: bytes | None = None
    size: int | None = None
    packed_size: int | None = None
    crc: int | None = None
    offset: int | None = None
    packed: bytes | None = None
    extra: bytes = b""
    has_data: bool = True

    @property
    def stored(self) -> bytes:
        """Return the bytes in the archive."""
        if self.packed is not None:
            return self.packed
        return deflated(self.content) if self.method == DEFLATED else self.content


def deflated(data: bytes) -> bytes:
    """Return data in raw deflate."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflater.compress(data) + deflater.flush()


def raw_zip(entries: Sequence[RawEntry], *, count: int | None = None, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return an archive.

    Args:
        count: The number of members that the end record states.
        before: What is before the first member.
        after: The comment.
    """
    data = bytearray(before)
    directory = bytearray()
    for entry in entries:
        stored = entry.stored
        offset = len(data) if entry.offset is None else entry.offset
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        sizes = (
            crc,
            len(stored) if entry.packed_size is None else entry.packed_size,
            len(entry.content) if entry.size is None else entry.size,
        )
        local = entry.name if entry.local_name is None else entry.local_name
        if entry.has_data:
            data += _LOCAL.pack(b"PK\x03\x04", 20, entry.flags, entry.method, 0, 0x21, *sizes, len(local), 0)
            data += local + stored
        directory += _CENTRAL.pack(
            *(b"PK\x01\x02", _UNIX | 20, 20, entry.flags, entry.method, 0, 0x21),
            *(*sizes, len(entry.name), len(entry.extra), 0, 0, 0, entry.mode << 16, offset),
        )
        directory += entry.name + entry.extra
    total = len(entries) if count is None else count
    end = _END.pack(b"PK\x05\x06", 0, 0, total & 0xFFFF, total & 0xFFFF, len(directory), len(data), len(after))
    return bytes(data + directory + end + after)
