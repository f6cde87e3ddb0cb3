"""Ad-hoc code signatures of Mach-O slices, as linkers write them.

macOS on arm64 requires one. No library for CPython 3.9 creates them, and Apple's own program exists only on macOS. A
signature is one CodeDirectory with the SHA-256 of each page, without a certificate.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from macholib import mach_o

from spokeshave.native.macho.code_directory import (
    BLOB_INDEX,
    CODE_DIRECTORY,
    CODE_DIRECTORY_SLOT,
    DIRECTORY_EXTENSION,
    DIRECTORY_HEADER,
    EMBEDDED_SIGNATURE,
    MAIN_PROGRAM,
    SHA256,
    SUPER_BLOB,
    VERSION_WITH_EXECUTABLE_SEGMENT,
    DirectoryExtension,
    DirectoryHeader,
)
from spokeshave.native.macho.load_commands import (
    LoadCommands,
    fields_of,
    kind_of,
    new_command,
    with_fields,
)
from spokeshave_core.problems import Problem, SpokeshaveError

_START_SIZE = SUPER_BLOB.size + BLOB_INDEX.size
_DIRECTORY_SIZE = DIRECTORY_HEADER.size + DIRECTORY_EXTENSION.size
_AD_HOC_BY_LINKER = 0x20002
_HASH_SIZE = 32
_DEFAULT_PAGE_BITS = 12
_SIGNATURE_ALIGNMENT = 16
_SEGMENT_PAGE = 0x4000
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
        return _START_SIZE + _DIRECTORY_SIZE + len(self.identifier) + 1 + self.pages * _HASH_SIZE

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
            message = "has no space for the load command of its code signature"
            remedy = "Link it with -Wl,-headerpad,0x1000, or with a linker that signs for arm64."
            raise UnsignableFileError(Problem(place, message, remedy))
        after.write(stream, before)
        stream.truncate(signer.limit)
        blob = _signature(stream, after, signer)
        stream.seek(signer.limit)
        stream.write(blob + bytes(signer.size - len(blob)))


def _signer(stream: IO[bytes], commands: LoadCommands, identifier: str, place: str) -> _Signer:
    end = stream.seek(0, os.SEEK_END)
    found = next((command for command in commands.commands if kind_of(command) == mach_o.LC_CODE_SIGNATURE), None)
    segment = _segment(commands, b"__LINKEDIT", place)
    if segment.fileoff + segment.filesize != end:
        message = "has data after its last segment, where the code signature must be"
        raise UnsignableFileError(Problem(place, message, "Link it again, and append nothing to it."))
    if found is None:
        limit = end + -end % _SIGNATURE_ALIGNMENT
        return _Signer(identifier=os.fsencode(identifier), page_bits=_DEFAULT_PAGE_BITS, limit=limit, room=0)
    position = fields_of(found)
    limit = int(position.dataoff)
    room = int(position.datasize)
    if limit + room != end:
        message = "has a code signature that is not at its end"
        raise UnsignableFileError(Problem(place, message, "Link it again; strip and sign it with Apple's own tools."))
    stream.seek(limit)
    former = _former_style(stream.read(room))
    return _Signer(*(former or (os.fsencode(identifier), _DEFAULT_PAGE_BITS)), limit, room)


def _former_style(blob: bytes) -> tuple[bytes, int] | None:
    """Return the identifier and the page size of a signature. None if it does not contain them."""
    if len(blob) < _START_SIZE:
        return None
    magic, _, _ = SUPER_BLOB.unpack_from(blob)
    slot, offset = BLOB_INDEX.unpack_from(blob, SUPER_BLOB.size)
    if magic != EMBEDDED_SIGNATURE or slot != CODE_DIRECTORY_SLOT or offset + _DIRECTORY_SIZE > len(blob):
        return None
    header = DirectoryHeader(*DIRECTORY_HEADER.unpack_from(blob, offset))
    identifier = blob[offset + header.identifier_offset :].split(b"\0", 1)[0]
    return (identifier, header.page_bits) if identifier and header.page_bits in (12, 14) else None


def _with_signature(commands: LoadCommands, signer: _Signer) -> LoadCommands:
    """Return the commands with the signature's position, and with a last segment that extends to its end."""
    position = mach_o.linkedit_data_command(dataoff=signer.limit, datasize=signer.size, _endian_="<")
    signature = new_command(mach_o.LC_CODE_SIGNATURE, position)
    kept = [_reaching(command, signer.limit + signer.size) for command in commands.commands]
    if any(kind_of(command) == mach_o.LC_CODE_SIGNATURE for command in kept):
        changed = [signature if kind_of(command) == mach_o.LC_CODE_SIGNATURE else command for command in kept]
    else:
        changed = [*kept, signature]
    return replace(commands, commands=tuple(changed))


def _reaching(command: bytes, end: int) -> bytes:
    if not _is_segment(command, b"__LINKEDIT"):
        return command
    segment = fields_of(command)
    size = end - int(segment.fileoff)
    if size > segment.vmsize:
        segment.vmsize = max(int(segment.vmsize), size + -size % _SEGMENT_PAGE)
    segment.filesize = size
    return with_fields(command, segment)


def _segment(commands: LoadCommands, name: bytes, place: str) -> Any:
    """The fields of a segment's command."""
    for command in commands.commands:
        if _is_segment(command, name):
            return fields_of(command)
    message = f"has no segment {name.decode()}, which every linked file has"
    raise UnsignableFileError(Problem(place, message, "Link it again."))


def _is_segment(command: bytes, name: bytes) -> bool:
    return kind_of(command) == mach_o.LC_SEGMENT_64 and bytes(fields_of(command).segname).rstrip(b"\0") == name


def _signature(stream: IO[bytes], commands: LoadCommands, signer: _Signer) -> bytes:
    text = _segment(commands, b"__TEXT", "")
    identifier = signer.identifier + b"\0"
    header = DirectoryHeader(
        magic=CODE_DIRECTORY,
        length=signer.blob_size - _START_SIZE,
        version=VERSION_WITH_EXECUTABLE_SEGMENT,
        flags=_AD_HOC_BY_LINKER,
        hash_offset=_DIRECTORY_SIZE + len(identifier),
        identifier_offset=_DIRECTORY_SIZE,
        special_slots=0,
        code_slots=signer.pages,
        code_limit=signer.limit,
        hash_size=_HASH_SIZE,
        hash_type=SHA256,
        platform=0,
        page_bits=signer.page_bits,
    )
    extension = DirectoryExtension(
        executable_offset=int(text.fileoff),
        executable_size=int(text.filesize),
        executable_flags=MAIN_PROGRAM if commands.is_program else 0,
    )
    start = SUPER_BLOB.pack(EMBEDDED_SIGNATURE, signer.blob_size, 1)
    index = BLOB_INDEX.pack(CODE_DIRECTORY_SLOT, _START_SIZE)
    directory = DIRECTORY_HEADER.pack(*header) + DIRECTORY_EXTENSION.pack(*extension)
    return b"".join([start, index, directory, identifier, *_page_hashes(stream, signer)])


def _page_hashes(stream: IO[bytes], signer: _Signer) -> Iterator[bytes]:
    page = 1 << signer.page_bits
    remaining = signer.limit
    stream.seek(0)
    while remaining:
        data = memoryview(stream.read(min(page * _READ_PAGES, remaining)))
        remaining -= len(data)
        for offset in range(0, len(data), page):
            yield hashlib.sha256(data[offset : offset + page]).digest()
