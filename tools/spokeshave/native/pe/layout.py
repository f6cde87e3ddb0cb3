"""The structures of PE files that tables of imports and exports are made of, after Microsoft's "PE Format".

Numbers are little-endian, and addresses are relative to where the file is loaded (RVAs). Standard library only, as the
emulation's set-up reads DLLs before anything is installed; pefile has the headers.
"""

from __future__ import annotations

import enum
import struct
from typing import NamedTuple

# Where the DOS header has the offset of the PE header, which begins with the signature.
PE_HEADER_AT = 60
PE_SIGNATURE = b"PE\0\0"
DATA_DIRECTORY = struct.Struct("<2I")
SECTION = struct.Struct("<8s6I2HI")
# Where the header of a section has its size and its address in memory, its size and its offset in the file.
SECTION_SIZES_AT = 8
SECTION_SIZES = struct.Struct("<4I")


class Directory(enum.IntEnum):
    """The data directories that are read or changed, by their places in the optional header."""

    EXPORT = 0
    IMPORT = 1
    CERTIFICATES = 4
    DEBUG = 6
    LOAD_CONFIG = 10
    DELAY_IMPORT = 13


class ExportDirectory(NamedTuple):
    """The header of the export table."""

    name: int
    first_ordinal: int
    function_count: int
    name_count: int
    functions: int
    names: int
    ordinals: int


EXPORT_DIRECTORY = struct.Struct("<12x7I")


class ImportDescriptor(NamedTuple):
    """An entry of the import table: the addresses of a DLL's name and of the symbols taken from it."""

    lookup: int
    name: int
    thunks: int


IMPORT_DESCRIPTOR = struct.Struct("<I8xII")
NAME_IN_IMPORT_DESCRIPTOR = 12


class DelayDescriptor(NamedTuple):
    """An entry of the table of DLLs that are loaded at the first call."""

    attributes: int
    name: int
    lookup: int


DELAY_DESCRIPTOR = struct.Struct("<II8xI12x")
NAME_IN_DELAY_DESCRIPTOR = 4
# Without this attribute the entry has the addresses of a 32-bit file's memory.
DELAY_BY_RVA = 1

# An entry of a lookup table: the address of a number and a name, or with the highest bit a number.
THUNK = struct.Struct("<Q")
BY_ORDINAL = 1 << 63

DEBUG_ENTRY = struct.Struct("<12xI12x")
DEBUG_REPRODUCIBLE = 16

# Where the load configuration has the flags of /DEPENDENTLOADFLAG, 16 bits.
DEPENDENT_LOAD_FLAGS_AT = 78
