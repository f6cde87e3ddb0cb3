"""Code signatures of Mach-O files: whether the hashes in one are those of the file, as the kernel checks them.

macOS kills a process that maps a page of an arm64 file whose hash is another than its signature says. Who signed is not
looked at: an ad-hoc signature, which anybody can make, is what libraries of wheels have.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spokeshave.native.macho.file import MachOSlice, Region

_EMBEDDED = 0xFADE0CC0
_DIRECTORY = 0xFADE0C02
_BLOB = struct.Struct(">II")
_INDEX_ENTRY = struct.Struct(">II")
# length, version, flags, hash offset, identifier offset, special slots, code slots, code limit, hash size, hash type,
# platform, page size as a power of two
_DIRECTORY_HEADER = struct.Struct(">4xIIIIIIIIBBBB")
_HASHES = {1: "sha1", 2: "sha256", 3: "sha256", 4: "sha384"}


@dataclass(frozen=True)
class _CodeDirectory:
    """The list of hashes in a signature: of pages of the file, and of the signature's other parts by their slots."""

    hash_name: str
    hash_size: int
    page_size: int
    code_limit: int
    pages: tuple[bytes, ...]
    special: Mapping[int, bytes]


def signature_fault(path: Path, part: MachOSlice) -> str | None:
    """What is wrong with the signature of a slice of a file, which must have one; None for a valid one."""
    if part.signature is None:
        return "has no code signature"
    try:
        with path.open("rb") as stream:
            stream.seek(part.region.offset + part.signature.offset)
            signature = stream.read(part.signature.size)
            return _fault(stream, part.region, part.signature, signature)
    except (ValueError, struct.error) as err:
        return f"has a code signature that cannot be read ({err})"


def _fault(stream: IO[bytes], region: Region, place: Region, signature: bytes) -> str | None:
    blobs = _blobs(signature)
    directories = [_directory(blob) for blob in blobs.values() if _BLOB.unpack_from(blob)[0] == _DIRECTORY]
    if not directories:
        return "has a code signature without hashes"
    for directory in directories:
        if directory.code_limit != place.offset:
            return f"has a code signature of {directory.code_limit} bytes where there are {place.offset} to sign"
        fault = _page_fault(stream, region, directory) or _special_fault(blobs, directory)
        if fault:
            return fault
    return None


def _blobs(signature: bytes) -> dict[int, bytes]:
    """The parts of a signature by their slots."""
    magic, length = _BLOB.unpack_from(signature)
    if magic != _EMBEDDED or length > len(signature):
        raise ValueError("it is no embedded signature")
    (count,) = struct.unpack_from(">I", signature, _BLOB.size)
    entries = [_INDEX_ENTRY.unpack_from(signature, 12 + index * _INDEX_ENTRY.size) for index in range(count)]
    return {slot: signature[offset : offset + _BLOB.unpack_from(signature, offset)[1]] for slot, offset in entries}


def _directory(blob: bytes) -> _CodeDirectory:
    header = _DIRECTORY_HEADER.unpack_from(blob)
    _, _, _, offset, _, special_count, count, limit, size, kind, _, page_shift = header
    if kind not in _HASHES or not page_shift or len(blob) < offset + count * size:
        raise ValueError("its hashes are of a kind that macOS has not")
    hashes = [blob[offset + index * size : offset + (index + 1) * size] for index in range(-special_count, count)]
    special = {slot: hashes[special_count - slot] for slot in range(1, special_count + 1)}
    return _CodeDirectory(
        hash_name=_HASHES[kind],
        hash_size=size,
        page_size=1 << page_shift,
        code_limit=limit,
        pages=tuple(hashes[special_count:]),
        special=special,
    )


def _page_fault(stream: IO[bytes], region: Region, directory: _CodeDirectory) -> str | None:
    size = directory.page_size
    limit = directory.code_limit
    if len(directory.pages) != -(-limit // size):
        return f"has a code signature of {len(directory.pages)} pages for {limit} bytes"
    stream.seek(region.offset)
    for index, expected in enumerate(directory.pages):
        page = stream.read(min(size, limit - index * size))
        if hashlib.new(directory.hash_name, page).digest()[: directory.hash_size] != expected:
            return f"has a code signature that is not of these bytes (from {index * size:#x} on)"
    return None


def _special_fault(blobs: Mapping[int, bytes], directory: _CodeDirectory) -> str | None:
    for slot, expected in directory.special.items():
        # A hash of zeros stands for a part that the signature does not have.
        if slot not in blobs or not any(expected):
            continue
        if hashlib.new(directory.hash_name, blobs[slot]).digest()[: directory.hash_size] != expected:
            return f"has a code signature whose part {slot} was changed"
    return None
