"""Changes of native files that keep their code: names, headers, tables and version needs.

Whether changed code is sound shows only a run. What is changed here must be found by `verify`, or do no harm.
"""

from __future__ import annotations

import functools
import io
import random
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from spokeshave.native.elf.file import open_elf
from spokeshave.testing.native_fixtures import link_bare, module_source

_USES_LIBC = """
extern int clock_gettime(int, void *);
extern unsigned long strlen(const char *);
static long buffer[4];
static const char *volatile name = "x";
"""
_NAMES_OF_LIBC = (b"\0clock_gettime", b"\0strlen")
_CHARACTERS = b"aZ0_./$ \x00\xff"
# DT_NULL, and tags of names, hashes, flags and debuggers. None of them makes the loader run code of the file.
_TAGS = (
    0,
    1,
    10,
    14,
    15,
    16,
    21,
    22,
    24,
    29,
    30,
    0x6FFFFEF5,
    0x6FFFFFF0,
    0x6FFFFFFB,
    0x6FFFFFFE,
    0x6FFFFFFF,
    0x70000001,
)
_STRINGS = (1, 14, 15, 29)
_FLAGS = (30, 0x6FFFFFFB)
_HEADER_FIELDS = {
    "class": (4, "B"),
    "order": (5, "B"),
    "version of the format": (6, "B"),
    "ABI": (7, "B"),
    "type": (16, "H"),
    "machine": (18, "H"),
    "version": (20, "I"),
    "position of segments": (32, "Q"),
    "position of sections": (40, "Q"),
    "flags": (48, "I"),
    "size of the header": (52, "H"),
    "size of a segment's entry": (54, "H"),
    "number of segments": (56, "H"),
    "size of a section's entry": (58, "H"),
    "number of sections": (60, "H"),
    "section of names": (62, "H"),
}
_SEGMENT_FIELDS = {
    "type": (0, "I"),
    "flags": (4, "I"),
    "position": (8, "Q"),
    "size in file": (32, "Q"),
    "alignment": (48, "Q"),
}
_NUMBERS = (
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    12,
    40,
    62,
    64,
    183,
    0x1000,
    0x3000,
    0x7FFF,
    0xFFFF,
    1 << 20,
    (1 << 31) - 1,
    1 << 62,
)


@functools.cache
def module_with_libc(platform: str) -> bytes:
    """Return an extension module that needs versioned symbols of the C library, with a name and a search path."""
    statement = "if (clock_gettime(1, buffer) || !strlen(name)) return 0;"
    flags = ("-lc", "-Wl,-soname,native.abi3.so", "-Wl,-rpath,$ORIGIN")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "native.abi3.so"
        return link_bare(path, module_source("native", statement, _USES_LIBC), platform, *flags).read_bytes()


def changed_elf(randomness: random.Random, data: bytes) -> tuple[bytes, str]:
    """Return an ELF file with one change, and what it was."""
    change = randomness.choice(_CHANGES)
    changed = bytearray(data)
    text = change(randomness, changed, _Layout(data))
    return bytes(changed), f"{change.__name__.strip('_')}: {text}"


class _Layout:
    """Where the parts of an ELF file of 64 bits are."""

    def __init__(self, data: bytes) -> None:
        elf = open_elf(io.BytesIO(data))
        self.sections = {section.name: (section["sh_offset"], section["sh_size"]) for section in elf.iter_sections()}
        self.segments = [elf["e_phoff"] + number * elf["e_phentsize"] for number in range(elf["e_phnum"])]
        self.section_table = (elf["e_shoff"], elf["e_shnum"] * elf["e_shentsize"])

    def entries(self, section: str, size: int) -> Iterator[int]:
        """Yield the positions of entries of a section."""
        start, length = self.sections[section]
        yield from range(start, start + length, size)


def _write(data: bytearray, at: int, form: str, value: int) -> None:
    size = struct.calcsize(f"<{form}")
    struct.pack_into(f"<{form}", data, at, value % (1 << 8 * size))


def _name(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    start, size = layout.sections[".dynstr"]
    at = start + randomness.randrange(size)
    end = data.find(b"\0", at)
    if bytes(data[start:end]).endswith(_NAMES_OF_LIBC):
        # `verify` has no list of the names that each version of glibc has.
        return "nothing"
    data[at] = randomness.choice(_CHARACTERS)
    return f"byte {at}"


def _tag(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    at = randomness.choice(list(layout.entries(".dynamic", 16)))
    (before,) = struct.unpack_from("<Q", data, at)
    after = randomness.choice(_TAGS)
    _write(data, at, "Q", after)
    if randomness.random() < 0.5:
        _write(data, at + 8, "Q", randomness.choice((0, 1, *range(0, 90, 3), 1 << 40)))
    return f"{before:#x} becomes {after:#x}"


def _value(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    """Change the name that a tag refers to, or its flags."""
    found = [
        at for at in layout.entries(".dynamic", 16) if struct.unpack_from("<Q", data, at)[0] in (*_STRINGS, *_FLAGS)
    ]
    at = randomness.choice(found)
    value = randomness.choice((0, *(1 << bit for bit in range(28)), *range(90), 1 << 40))
    _write(data, at + 8, "Q", value)
    return f"tag {struct.unpack_from('<Q', data, at)[0]:#x} has {value:#x}"


def _need(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    """Change a field of what versions are needed."""
    start, size = layout.sections[".gnu.version_r"]
    at = start + 2 * randomness.randrange(size // 2)
    value = randomness.choice((0, 1, 2, 3, 4, 16, 0x8002, randomness.randrange(1 << 16)))
    _write(data, at, "H", value)
    return f"byte {at} has {value:#x}"


def _version(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    """Change the version of a symbol."""
    at = randomness.choice(list(layout.entries(".gnu.version", 2)))
    value = randomness.choice((0, 1, 2, 3, 0x7FFF, 0x8000, 0x8001, 0x8002))
    _write(data, at, "H", value)
    return f"byte {at} has {value:#x}"


def _symbol(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    """Change the name, binding, type, visibility or section of a symbol, but not its address."""
    at = randomness.choice(list(layout.entries(".dynsym", 24))[1:])
    offset, form, values = randomness.choice(
        (
            (0, "I", (0, 1 << 20)),
            (4, "B", (0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x16, 0x20, 0x22, 0xA2)),
            (5, "B", (0, 1, 2, 3, 0x80)),
            (6, "H", (0, 1, 5, 0xFFF1, 0xFFF2, 0x7FFF)),
        )
    )
    value = randomness.choice(values)
    _write(data, at + offset, form, value)
    return f"byte {at + offset} has {value:#x}"


def _hashes(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    """Change the table by which the loader finds symbols."""
    start, size = layout.sections[randomness.choice((".gnu.hash", ".hash"))]
    at = start + randomness.randrange(size)
    data[at] = randomness.randrange(256)
    return f"byte {at} has {data[at]:#x}"


def _header(randomness: random.Random, data: bytearray, _: _Layout) -> str:
    title, (at, form) = randomness.choice(list(_HEADER_FIELDS.items()))
    value = randomness.choice(_NUMBERS)
    _write(data, at, form, value)
    return f"{title} is {value:#x}"


def _segment(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    start = randomness.choice(layout.segments)
    title, (at, form) = randomness.choice(list(_SEGMENT_FIELDS.items()))
    value = randomness.choice((*_NUMBERS, 6, 0x6474E550, 0x6474E551, 0x6474E552, 0x6474E553))
    _write(data, start + at, form, value)
    return f"{title} of the one at {start} is {value:#x}"


def _section_table(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    start, size = layout.section_table
    at = start + randomness.randrange(size)
    data[at] = randomness.randrange(256)
    return f"byte {at} has {data[at]:#x}"


def _end(randomness: random.Random, data: bytearray, layout: _Layout) -> str:
    start = randomness.choice((layout.section_table[0], layout.section_table[0] - 200, 64))
    at = randomness.randrange(start, len(data))
    del data[at:]
    return f"at {at}"


_CHANGES: tuple[Callable[[random.Random, bytearray, _Layout], str], ...] = (
    *(_name, _name, _tag, _tag, _value, _value, _need, _need),
    *(_version, _symbol, _symbol, _hashes, _header, _header, _segment, _segment, _section_table, _end),
)
