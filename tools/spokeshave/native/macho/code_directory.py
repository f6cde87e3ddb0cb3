"""The structures of code signatures, after Apple's `cs_blobs.h`; numbers are big-endian.

A signature (a *super blob*) is a list of blobs by their slots; the first is a code directory, which has a hash of each
page of the file. macholib has none of these.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

EMBEDDED_SIGNATURE = 0xFADE0CC0
CODE_DIRECTORY = 0xFADE0C02
# The magic number and the length of any blob; then, in a super blob, the number of its blobs, and for each an index
# entry, a slot and an offset.
BLOB = struct.Struct(">2I")
SUPER_BLOB = struct.Struct(">3I")
BLOB_INDEX = struct.Struct(">2I")
CODE_DIRECTORY_SLOT = 0
# The slot of a certificate chain. A blob of its header alone is an empty one.
CERTIFICATES_SLOT = 0x10000
# The flag of a code directory without a certificate.
AD_HOC = 0x2
SHA256 = 2
HASHES = {1: "sha1", SHA256: "sha256", 3: "sha256", 4: "sha384"}


class DirectoryHeader(NamedTuple):
    """The header of a code directory, as far as every version of it has it; `page_bits` is a power of two."""

    magic: int
    length: int
    version: int
    flags: int
    hash_offset: int
    identifier_offset: int
    special_slots: int
    code_slots: int
    code_limit: int
    hash_size: int
    hash_type: int
    platform: int
    page_bits: int


DIRECTORY_HEADER = struct.Struct(">9I4B")
VERSION_WITH_EXECUTABLE_SEGMENT = 0x20400


class DirectoryExtension(NamedTuple):
    """What follows the header by `VERSION_WITH_EXECUTABLE_SEGMENT`."""

    spare_2: int = 0
    scatter_offset: int = 0
    team_offset: int = 0
    spare_3: int = 0
    code_limit_64: int = 0
    executable_offset: int = 0
    executable_size: int = 0
    executable_flags: int = 0


DIRECTORY_EXTENSION = struct.Struct(">4I4Q")
MAIN_PROGRAM = 1
