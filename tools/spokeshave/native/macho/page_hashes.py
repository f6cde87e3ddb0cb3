"""The page hashes of ad-hoc signatures, renewed for a few changed bytes.

`codesign` writes a new signature. Here only the hashes of the changed pages are replaced, so that all other bytes of
the file stay, whichever program signed it.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from macholib import mach_o

from spokeshave.native.macho.code_directory import (
    AD_HOC,
    BLOB,
    BLOB_INDEX,
    CERTIFICATES_SLOT,
    CODE_DIRECTORY,
    DIRECTORY_HEADER,
    EMBEDDED_SIGNATURE,
    HASHES,
    SUPER_BLOB,
    DirectoryHeader,
)
from spokeshave.native.macho.load_commands import LoadCommands, fields_of, kind_of
from spokeshave.native.macho.sections import slice_regions
from spokeshave_core.problems import Problem, Problems, SpokeshaveError

_SIGN_LATER = "Stamp the wheel first and sign the file afterwards, or sign it ad hoc."


class SignedMachOError(SpokeshaveError):
    """A Mach-O file with a signature that cannot be renewed."""


@dataclass(frozen=True)
class _Directory:
    """A code directory: the offsets in the file of its slice and of itself."""

    slice_start: int
    offset: int
    header: DirectoryHeader

    def write_hashes(self, stream: IO[bytes], start: int, size: int) -> None:
        """Renew the hashes of the pages that contain a range of the file."""
        bits = self.header.page_bits
        first = (start - self.slice_start) >> bits
        last = (start - self.slice_start + size - 1) >> bits
        for index in range(first, min(last, self.header.code_slots - 1) + 1):
            begin = index << bits
            stream.seek(self.slice_start + begin)
            page = stream.read(min(1 << bits, self.header.code_limit - begin))
            digest = hashlib.new(HASHES[self.header.hash_type], page).digest()[: self.header.hash_size]
            stream.seek(self.offset + self.header.hash_offset + index * self.header.hash_size)
            stream.write(digest)


def check_ad_hoc(path: Path, place: str) -> None:
    """Check that each signature of a file can be renewed without a certificate.

    Raises:
        SignedMachOError: For all others, and for a damaged file.
    """
    problems = Problems()
    try:
        with path.open("rb") as stream:
            for region in slice_regions(stream):
                with problems.collecting():
                    tuple(_directories(stream, region.offset, place))
    except (ValueError, KeyError, struct.error) as err:
        problems.add(place, f"is a damaged Mach-O file ({err})", "Build the file again.")
    problems.raise_if_any(SignedMachOError)


def update_page_hashes(path: Path, ranges: Iterable[tuple[int, int]]) -> None:
    """Renew the hashes of the pages with changed bytes, given by offset in the file and size.

    A file without a signature stays so.
    """
    changed = list(ranges)
    with path.open("r+b") as stream:
        for region in slice_regions(stream):
            inside = [(start, size) for start, size in changed if 0 <= start - region.offset < region.size]
            for directory in _directories(stream, region.offset, path.name):
                for start, size in inside:
                    directory.write_hashes(stream, start, size)


def _directories(stream: IO[bytes], start: int, place: str) -> Iterator[_Directory]:
    """Yield the code directories of a slice's signature."""
    end = stream.seek(0, os.SEEK_END)
    for command in LoadCommands.read(stream, start).commands:
        if kind_of(command) != mach_o.LC_CODE_SIGNATURE:
            continue
        position = fields_of(command)
        offset = start + int(position.dataoff)
        stream.seek(offset)
        blob = stream.read(min(int(position.datasize), end))
        try:
            found = list(_blobs(blob))
            directories = [
                _Directory(slice_start=start, offset=offset + at, header=_header(blob, at))
                for _, at, magic, _ in found
                if magic == CODE_DIRECTORY
            ]
        except (ValueError, struct.error) as err:
            message = f"has a code signature that cannot be read ({err})"
            raise SignedMachOError(Problem(place, message, "Link it again.")) from err
        has_certificate = any(slot == CERTIFICATES_SLOT and length > BLOB.size for slot, _, _, length in found)
        if has_certificate or not all(directory.header.flags & AD_HOC for directory in directories):
            message = "has a code signature with a certificate, which a changed version would invalidate"
            raise SignedMachOError(Problem(place, message, _SIGN_LATER))
        yield from directories


def _blobs(signature: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield the slot, the offset, the magic number and the length of each part of a signature."""
    magic, length, count = SUPER_BLOB.unpack_from(signature)
    if magic != EMBEDDED_SIGNATURE or length > len(signature):
        raise ValueError("it is not an embedded signature")
    for index in range(count):
        slot, offset = BLOB_INDEX.unpack_from(signature, SUPER_BLOB.size + index * BLOB_INDEX.size)
        yield slot, offset, *BLOB.unpack_from(signature, offset)


def _header(signature: bytes, offset: int) -> DirectoryHeader:
    header = DirectoryHeader(*DIRECTORY_HEADER.unpack_from(signature, offset))
    end = offset + header.hash_offset + header.code_slots * header.hash_size
    if header.hash_type not in HASHES or not header.page_bits or not header.hash_size or end > len(signature):
        raise ValueError("its hashes are of a kind that macOS does not support")
    return header
