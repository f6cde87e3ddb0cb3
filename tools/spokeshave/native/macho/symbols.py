"""The tables of a Mach-O file by which the loader finds symbols: its exports and its bindings.

The symbol table is for debuggers. Linkers, including zig's, write incorrect values for other libraries to it.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from typing import NamedTuple

from spokeshave.native.name_budget import TRIE_COPIES, NameBudget

_CHAINED_HEADER = struct.Struct("<8xIIII")
_IMPORT = 1
_IMPORT_ADDEND = 2
_IMPORT_ADDEND_64 = 3
_OPCODE = 0xF0
_IMMEDIATE = 0x0F
_ORDINAL = 0x10
_ORDINAL_ULEB = 0x20
_ORDINAL_SPECIAL = 0x30
_SYMBOL = 0x40
_BINDING = (0x90, 0xA0, 0xB0, 0xC0)
_THREADED = 0xD0
# The number of values after the other opcodes.
_NUMBERS = {0x00: 0, 0x50: 0, 0x60: 1, 0x70: 1, 0x80: 1, 0x90: 0, 0xA0: 1, 0xB0: 0, 0xC0: 2}


class Ordinal(enum.IntEnum):
    """Special values for the library of a symbol. Libraries have numbers from one on."""

    SELF = 0
    EXECUTABLE = -1
    DYNAMIC_LOOKUP = -2
    WEAK_LOOKUP = -3


class ImportedName(NamedTuple):
    """A symbol of another file, in C's spelling, and the number of the library (from one on) or an `Ordinal`.

    Attributes:
        is_weak: Whether the file also works without it.
    """

    name: str
    ordinal: int
    is_weak: bool


def exported_names(trie: bytes) -> Iterator[str]:
    """Yield the names in a trie of exports.

    Raises:
        ValueError: If it is damaged.
        IndexError: If it is damaged.
    """
    pending = [(0, b"")] if trie else []
    seen = set()
    budget = NameBudget(len(trie), TRIE_COPIES)
    while pending:
        node, name = pending.pop()
        if node in seen:
            raise ValueError("its exports form a cycle")
        seen.add(node)
        size, offset = read_uleb(trie, node)
        if size:
            yield _c_name(name)
        offset += size
        children = trie[offset]
        offset = offset + 1
        for _ in range(children):
            end = trie.index(b"\0", offset)
            child, after = read_uleb(trie, end + 1)
            budget.spend(len(name) + end - offset)
            pending.append((child, name + trie[offset:end]))
            offset = after


def bound_names(program: bytes) -> Iterator[ImportedName]:
    """Yield the names in a program of binding opcodes (LC_DYLD_INFO), possibly more than once.

    Raises:
        ValueError: If it is damaged.
        IndexError: If it is damaged.
    """
    offset = 0
    current = ImportedName("", 0, False)
    bound = None
    while offset < len(program):
        opcode = program[offset] & _OPCODE
        immediate = program[offset] & _IMMEDIATE
        offset += 1
        if opcode == _SYMBOL:
            end = program.index(b"\0", offset)
            current = current._replace(name=_c_name(program[offset:end]), is_weak=bool(immediate & 1))
            offset = end + 1
        elif opcode in (_ORDINAL, _ORDINAL_SPECIAL):
            is_negative = opcode == _ORDINAL_SPECIAL and immediate
            current = current._replace(ordinal=immediate - 16 if is_negative else immediate)
        elif opcode == _ORDINAL_ULEB:
            ordinal, offset = read_uleb(program, offset)
            current = current._replace(ordinal=ordinal)
        else:
            offset = _skip_numbers(program, offset, opcode, immediate)
            if opcode in _BINDING and current != bound:
                yield current
                bound = current


def _skip_numbers(program: bytes, offset: int, opcode: int, immediate: int) -> int:
    count = int(immediate == 0) if opcode == _THREADED else _NUMBERS.get(opcode)
    if count is None:
        raise ValueError(f"its bindings hold {opcode:#x}, which is not an opcode")
    for _ in range(count):
        _, offset = read_uleb(program, offset)
    return offset


def chained_names(data: bytes) -> Iterator[ImportedName]:
    """Yield the names in the imports of chained fixups (LC_DYLD_CHAINED_FIXUPS).

    Raises:
        ValueError: If they are damaged.
    """
    imports, names, count, kind = _CHAINED_HEADER.unpack_from(data)
    if kind not in (_IMPORT, _IMPORT_ADDEND, _IMPORT_ADDEND_64):
        raise ValueError(f"its imports have the unknown format {kind}")
    entry = struct.Struct({_IMPORT: "<I", _IMPORT_ADDEND: "<I4x", _IMPORT_ADDEND_64: "<Q8x"}[kind])
    budget = NameBudget(len(data))
    bits, name_shift = (16, 32) if kind == _IMPORT_ADDEND_64 else (8, 9)
    for index in range(count):
        (value,) = entry.unpack_from(data, imports + index * entry.size)
        start = names + (value >> name_shift)
        ordinal = value & ((1 << bits) - 1)
        # The last numbers are the special values.
        ordinal = ordinal - (1 << bits) if ordinal >= (1 << bits) - 3 else ordinal
        end = data.index(b"\0", start)
        budget.spend(end - start)
        yield ImportedName(_c_name(data[start:end]), ordinal, bool(value >> bits & 1))


def read_uleb(data: bytes, offset: int) -> tuple[int, int]:
    """Return a number of seven bits per byte, and the offset after it."""
    value = shift = 0
    while True:
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        offset = offset + 1
        shift = shift + 7
        if byte < 0x80:
            return value, offset


def _c_name(name: bytes) -> str:
    text = name.decode("utf-8", "surrogateescape")
    return text[1:] if text.startswith("_") else text
