"""The names that a DLL exports, read from its export table (Microsoft's PE format, PE32+)."""

from __future__ import annotations

import struct

_EXPORT_DIRECTORY = 112


def exported_names(data: bytes) -> list[str]:
    """The names, sorted as the table has them."""
    header = struct.unpack_from("<I", data, 0x3C)[0]
    sections = struct.unpack_from("<H", data, header + 6)[0]
    optional_size = struct.unpack_from("<H", data, header + 20)[0]
    optional = header + 24
    table = struct.unpack_from("<I", data, optional + _EXPORT_DIRECTORY)[0]

    def place(address: int) -> int:
        for number in range(sections):
            size, start, _, offset = struct.unpack_from("<4I", data, optional + optional_size + 40 * number + 8)
            if start <= address < start + size:
                return int(address - start + offset)
        raise ValueError(f"no section holds the address {address:#x}")

    count = struct.unpack_from("<I", data, place(table) + 24)[0]
    names = place(struct.unpack_from("<I", data, place(table) + 32)[0])
    found = []
    for number in range(count):
        begin = place(struct.unpack_from("<I", data, names + 4 * number)[0])
        found.append(data[begin : data.index(b"\0", begin)].decode("ascii"))
    return found
