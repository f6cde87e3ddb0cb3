"""Verification of Mach-O code signatures: whether their hashes match the file, by the rules of the kernel.

macOS kills a process that maps a page of an arm64 file whose hash differs from its signature. The signer is ignored,
because libraries in wheels have ad-hoc signatures, which anybody can create.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spokeshave.native.macho.code_directory import (
    BLOB,
    BLOB_INDEX,
    CODE_DIRECTORY,
    DIRECTORY_HEADER,
    EMBEDDED_SIGNATURE,
    HASHES,
    SUPER_BLOB,
    DirectoryHeader,
)
from spokeshave.native.macho.file import MachOSlice
from spokeshave.native.macho.universal import Region


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
    """Return the fault of the signature of a slice, which must have one. None for a valid signature."""
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
    directories = [_directory(blob) for blob in blobs.values() if BLOB.unpack_from(blob)[0] == CODE_DIRECTORY]
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
    """Return the parts of a signature by their slots."""
    magic, length, count = SUPER_BLOB.unpack_from(signature)
    if magic != EMBEDDED_SIGNATURE or length > len(signature):
        raise ValueError("it is not an embedded signature")
    entries = [BLOB_INDEX.unpack_from(signature, SUPER_BLOB.size + index * BLOB_INDEX.size) for index in range(count)]
    sizes = [BLOB.unpack_from(signature, offset)[1] for _, offset in entries]
    if sum(sizes) > len(signature):
        raise ValueError("its parts overlap")
    return {slot: signature[offset : offset + size] for (slot, offset), size in zip(entries, sizes)}


def _directory(blob: bytes) -> _CodeDirectory:
    header = DirectoryHeader(*DIRECTORY_HEADER.unpack_from(blob))
    offset = header.hash_offset
    size = header.hash_size
    has_hashes = size and header.special_slots * size <= offset and offset + header.code_slots * size <= len(blob)
    if header.hash_type not in HASHES or not header.page_bits or not has_hashes:
        raise ValueError("its hashes are of a kind that macOS does not support")
    indexes = range(-header.special_slots, header.code_slots)
    hashes = [blob[offset + index * size : offset + (index + 1) * size] for index in indexes]
    return _CodeDirectory(
        hash_name=HASHES[header.hash_type],
        hash_size=size,
        page_size=1 << header.page_bits,
        code_limit=header.code_limit,
        pages=tuple(hashes[header.special_slots :]),
        special={slot: hashes[header.special_slots - slot] for slot in range(1, header.special_slots + 1)},
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
            return f"has a code signature that does not match its content (from byte {index * size:#x} on)"
    return None


def _special_fault(blobs: Mapping[int, bytes], directory: _CodeDirectory) -> str | None:
    for slot, expected in directory.special.items():
        # A hash of zeros stands for a part that the signature does not have.
        if slot not in blobs or not any(expected):
            continue
        if hashlib.new(directory.hash_name, blobs[slot]).digest()[: directory.hash_size] != expected:
            return f"has a code signature whose part {slot} was modified"
    return None
