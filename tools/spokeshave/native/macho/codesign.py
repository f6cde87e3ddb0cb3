"""Ad-hoc code signatures of Mach-O slices in the form that linkers write, after Apple's `cs_blobs.h`.

macOS on arm64 requires one. No library for CPython 3.9 creates them, and Apple's own program exists only on macOS. A
signature is one CodeDirectory with the SHA-256 of each page, without a certificate.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from spokeshave.errors import Problem, SpokeshaveError
from spokeshave.native.macho.load_commands import CODE_SIGNATURE, SEGMENT, LoadCommands, kind_of

_SUPER_BLOB = struct.Struct(">3I2I")
_DIRECTORY = struct.Struct(">9I4B4I4Q")
_SIGNATURE_MAGIC, _DIRECTORY_MAGIC = 0xFADE0CC0, 0xFADE0C02
_VERSION_WITH_EXECUTABLE_SEGMENT = 0x20400
_AD_HOC_BY_LINKER = 0x20002
_SHA256, _HASH_SIZE = 2, 32
_MAIN_PROGRAM = 1
_EXECUTABLE_FILE = 2
_DEFAULT_PAGE_BITS = 12
_SIGNATURE_ALIGNMENT = 16
_SEGMENT_PAGE = 0x4000
_SEGMENT_SIZES = struct.Struct("<4Q")
_SEGMENT_SIZES_AT = 24
_READ_PAGES = 256


class UnsignableFileError(SpokeshaveError):
    """A Mach-O file with a layout that has no room for a signature at its end."""


@dataclass(frozen=True)
class _Signer:
    """The properties that a new signature keeps from the previous one. `limit` is its offset in the slice."""

    identifier: bytes
    page_bits: int
    limit: int
    room: int

    @property
    def pages(self) -> int:
        return -(-self.limit >> self.page_bits)

    @property
    def blob_size(self) -> int:
        return _SUPER_BLOB.size + _DIRECTORY.size + len(self.identifier) + 1 + self.pages * _HASH_SIZE

    @property
    def size(self) -> int:
        """Return the size of the signature in the file. The space of the previous one is kept if it is sufficient."""
        return max(self.room, self.blob_size + -self.blob_size % _SIGNATURE_ALIGNMENT)


def sign(path: Path, identifier: str, header_pad: int, place: str) -> None:
    """Sign a slice that is a file of its own. A previous identifier and page size are kept.

    Args:
        header_pad: The number of bytes by which its load commands can grow.

    Raises:
        UnsignableFileError: If it has no room for a signature.
    """
    with path.open("r+b") as stream:
        before = LoadCommands.read(stream)
        signer = _signer(stream, before, identifier, place)
        after = _with_signature(before, signer)
        if after.size - before.size > header_pad:
            message = "has no room for the command that tells where its code signature is"
            remedy = "Link it with -Wl,-headerpad,0x1000, or with a linker that signs for arm64."
            raise UnsignableFileError(Problem(place, message, remedy))
        after.write(stream, before)
        stream.truncate(signer.limit)
        blob = _signature(stream, after, signer)
        stream.seek(signer.limit)
        stream.write(blob + bytes(signer.size - len(blob)))


def _signer(stream: IO[bytes], commands: LoadCommands, identifier: str, place: str) -> _Signer:
    end = stream.seek(0, os.SEEK_END)
    found = next((command for command in commands.commands if kind_of(command) == CODE_SIGNATURE), None)
    _, _, offset, size = _segment(commands, b"__LINKEDIT", place)
    if offset + size != end:
        message = "has bytes behind its last segment, where its code signature belongs"
        raise UnsignableFileError(Problem(place, message, "Link it again, and append nothing to it."))
    if found is None:
        limit = end + -end % _SIGNATURE_ALIGNMENT
        return _Signer(os.fsencode(identifier), _DEFAULT_PAGE_BITS, limit, 0)
    limit, room = struct.unpack_from("<2I", found, 8)
    if limit + room != end:
        message = "has a code signature that is not its last part"
        raise UnsignableFileError(Problem(place, message, "Link it again; strip and sign it with Apple's own tools."))
    stream.seek(limit)
    former = _former_style(stream.read(room))
    return _Signer(*(former or (os.fsencode(identifier), _DEFAULT_PAGE_BITS)), limit, room)


def _former_style(blob: bytes) -> tuple[bytes, int] | None:
    """Return the identifier and the page size of a signature. None if it does not contain them."""
    if len(blob) < _SUPER_BLOB.size:
        return None
    magic, _, _, slot, offset = _SUPER_BLOB.unpack_from(blob)
    if magic != _SIGNATURE_MAGIC or slot != 0 or offset + _DIRECTORY.size > len(blob):
        return None
    fields = _DIRECTORY.unpack_from(blob, offset)
    identifier = blob[offset + fields[5] :].split(b"\0", 1)[0]
    page_bits = fields[12]
    return (identifier, page_bits) if identifier and page_bits in (12, 14) else None


def _with_signature(commands: LoadCommands, signer: _Signer) -> LoadCommands:
    """Return the commands with the signature's position, and with a last segment that extends to its end."""
    signature_command = struct.pack("<4I", CODE_SIGNATURE, 16, signer.limit, signer.size)
    kept = [_reaching(command, signer.limit + signer.size) for command in commands.commands]
    if any(kind_of(command) == CODE_SIGNATURE for command in kept):
        changed = [signature_command if kind_of(command) == CODE_SIGNATURE else command for command in kept]
    else:
        changed = [*kept, signature_command]
    return replace(commands, commands=tuple(changed))


def _reaching(command: bytes, end: int) -> bytes:
    if kind_of(command) != SEGMENT or _segment_name(command) != b"__LINKEDIT":
        return command
    address, memory, offset, _ = _SEGMENT_SIZES.unpack_from(command, _SEGMENT_SIZES_AT)
    size = end - offset
    memory = max(memory, size + -size % _SEGMENT_PAGE) if size > memory else memory
    sizes = _SEGMENT_SIZES.pack(address, memory, offset, size)
    return command[:_SEGMENT_SIZES_AT] + sizes + command[_SEGMENT_SIZES_AT + len(sizes) :]


def _segment(commands: LoadCommands, name: bytes, place: str) -> tuple[int, int, int, int]:
    """Return a segment's address and size in memory, and its offset and size in the file."""
    for command in commands.commands:
        if kind_of(command) == SEGMENT and _segment_name(command) == name:
            address, memory, offset, size = _SEGMENT_SIZES.unpack_from(command, _SEGMENT_SIZES_AT)
            return address, memory, offset, size
    message = f"has no segment {name.decode()}, which every linked file has"
    raise UnsignableFileError(Problem(place, message, "Link it again."))


def _segment_name(command: bytes) -> bytes:
    return command[8:24].rstrip(b"\0")


def _signature(stream: IO[bytes], commands: LoadCommands, signer: _Signer) -> bytes:
    _, _, text_offset, text_size = _segment(commands, b"__TEXT", "")
    is_program = struct.unpack_from("<I", commands.header, 12)[0] == _EXECUTABLE_FILE
    identifier = signer.identifier + b"\0"
    length = signer.blob_size - _SUPER_BLOB.size
    directory = _DIRECTORY.pack(
        *(_DIRECTORY_MAGIC, length, _VERSION_WITH_EXECUTABLE_SEGMENT, _AD_HOC_BY_LINKER),
        *(_DIRECTORY.size + len(identifier), _DIRECTORY.size, 0, signer.pages, signer.limit),
        *(_HASH_SIZE, _SHA256, 0, signer.page_bits),
        *(0, 0, 0, 0),
        *(0, text_offset, text_size, _MAIN_PROGRAM if is_program else 0),
    )
    start = _SUPER_BLOB.pack(_SIGNATURE_MAGIC, signer.blob_size, 1, 0, _SUPER_BLOB.size)
    return b"".join([start, directory, identifier, *_page_hashes(stream, signer)])


def _page_hashes(stream: IO[bytes], signer: _Signer) -> Iterator[bytes]:
    page, remaining = 1 << signer.page_bits, signer.limit
    stream.seek(0)
    while remaining:
        data = memoryview(stream.read(min(page * _READ_PAGES, remaining)))
        remaining -= len(data)
        for offset in range(0, len(data), page):
            yield hashlib.sha256(data[offset : offset + page]).digest()
