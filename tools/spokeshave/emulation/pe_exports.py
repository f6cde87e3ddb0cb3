"""The names that a DLL exports, read from its export table (Microsoft's PE format, PE32+).

`native.pe.file` reads more, with pefile; the set-up of the emulation runs before that is installed.
"""

from __future__ import annotations

import struct

from spokeshave.native.pe.layout import (
    EXPORT_DIRECTORY,
    PE_HEADER_AT,
    SECTION,
    SECTION_SIZES,
    SECTION_SIZES_AT,
    ExportDirectory,
)

# In the PE header: the signature, how many sections follow and the size of the optional header, which lies before them.
_HEADER = struct.Struct("<6xH12xH2x")
_DIRECTORIES_IN_OPTIONAL_HEADER = 112


def exported_names(data: bytes) -> list[str]:
    """Return the names, sorted as in the table."""
    (header,) = struct.unpack_from("<I", data, PE_HEADER_AT)
    sections, optional_size = _HEADER.unpack_from(data, header)
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
    names = struct.unpack_from(f"<{table.name_count}I", data, place(table.names))
    return [_text(data, place(name)) for name in names]


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("ascii")
