"""The names that a DLL exports, read from its export table (Microsoft's PE format, PE32+).

`native.pe.file` reads more, with pefile; the set-up of the emulation runs before that is installed.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

from spokeshave.native.pe.layout import (
    EXPORT_DIRECTORY,
    PE_HEADER_AT,
    SECTION,
    SECTION_SIZES,
    SECTION_SIZES_AT,
    ExportDirectory,
)
from spokeshave.setup_steps import SetUpError
from spokeshave_core.problems import Problem

# In the PE header: the signature, how many sections follow and the size of the optional header, which lies before them.
_HEADER = struct.Struct("<6xH12xH2x")
_DIRECTORIES_IN_OPTIONAL_HEADER = 112
# A table has ordinals of 16 bits.
_MOST_NAMES = 1 << 16
# As many as Windows loads.
_MOST_SECTIONS = 96
_LONGEST_NAME = 255
_NAME = re.compile(r"[\x21-\x7e]+")


def exported_names(dll: Path) -> list[str]:
    """Return the names, sorted as in the table.

    Raises:
        SetUpError: If the file is damaged.
    """
    try:
        return _names(dll.read_bytes())
    except (struct.error, ValueError) as err:
        remedy = "Remove the folder of this Python, and run the command again."
        raise SetUpError(Problem(str(dll), f"is not a DLL with names that it exports ({err})", remedy)) from err


def _names(data: bytes) -> list[str]:
    (header,) = struct.unpack_from("<I", data, PE_HEADER_AT)
    sections, optional_size = _HEADER.unpack_from(data, header)
    if sections > _MOST_SECTIONS:
        raise ValueError(f"it has {sections} sections")
    optional = header + _HEADER.size
    (address,) = struct.unpack_from("<I", data, optional + _DIRECTORIES_IN_OPTIONAL_HEADER)

    def place(address: int) -> int:
        for number in range(sections):
            entry = optional + optional_size + SECTION.size * number
            size, start, _, offset = SECTION_SIZES.unpack_from(data, entry + SECTION_SIZES_AT)
            if start <= address < start + size:
                return int(address - start + offset)
        raise ValueError(f"no section holds the address {address:#x}")

    table = ExportDirectory(*EXPORT_DIRECTORY.unpack_from(data, place(address)))
    if table.name_count > _MOST_NAMES:
        raise ValueError(f"it has {table.name_count} names")
    names = struct.unpack_from(f"<{table.name_count}I", data, place(table.names))
    return [_text(data, place(name)) for name in names]


def _text(data: bytes, start: int) -> str:
    text = data[start : data.index(b"\0", start, start + _LONGEST_NAME)].decode("ascii")
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name")
    return text
