"""The dynamic section of an ELF file and its tables, read through the segments like the loader does.

Section headers are for linkers and debuggers. A file can be loaded without them (`sstrip` removes them), so this module
does not use them. pyelftools would create about ten objects per symbol.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any, NamedTuple

from spokeshave.native.name_budget import NameBudget

# A symbol's name, its binding and kind, its visibility and the section that defines it.
_SYMBOL_64 = "IBBH16x"
_SYMBOL_32 = "I8xBBH"
# The same with its value.
_VALUED_SYMBOL_64 = "IBBHQ8x"
_VALUED_SYMBOL_32 = "II4xBBH"
_UNDEFINED = 0
_LOCAL = 0
_WEAK = 2
_VISIBILITY = 3
_VISIBLE = (0, 3)
_VERSION_INDEX = 0x7FFF
_NEEDED_VERSION = "2xHIII"
_NEEDED_VERSION_ENTRY = "4x2xHII"
_DEFINED_VERSION = "12xII"
_DEFINED_VERSION_ENTRY = "I4x"
# Two architectures have hash tables of 64-bit words.
_WIDE_HASHES = ("EM_S390", "EM_ALPHA")
_RELOCATIONS = (("DT_RELA", "DT_RELASZ", "DT_RELA"), ("DT_REL", "DT_RELSZ", "DT_REL"), ("DT_JMPREL", "DT_PLTRELSZ", ""))
_DT_RELA = 7
# The relocation of a called function, by the processor supplements of System V's ABI.
_JUMP_SLOTS = {
    "EM_386": 7,
    "EM_X86_64": 7,
    "EM_ARM": 22,
    "EM_AARCH64": 1026,
    "EM_PPC64": 21,
    "EM_S390": 11,
    "EM_RISCV": 5,
    "EM_LOONGARCH": 5,
}
_PAGE = 0x1000
# The smallest entry of a table for a name.
_ENTRY_SIZE = 16
# Symbols refer to versions by numbers of 15 bits.
_MOST_VERSIONS = 1 << 15
# Of symbols in one bucket. Linkers make enough buckets for a few symbols in each.
_LONGEST_CHAIN = 4096
_CHAIN_WORDS = 1 << 14


class DynamicSymbol(NamedTuple):
    """A dynamic symbol. `version` is its index in the versions of the file."""

    name: str
    binding: int
    visibility: int
    is_undefined: bool
    version: int

    @property
    def is_exported(self) -> bool:
        """Return whether other files can use it."""
        return not self.is_undefined and self.binding != _LOCAL and self.visibility in _VISIBLE

    @property
    def is_weak(self) -> bool:
        """Return whether the file works without it if it is undefined."""
        return self.binding == _WEAK


class RawSymbol(NamedTuple):
    """An entry of the table of symbols, whose name may be empty.

    Attributes:
        name_at: Where its name is in the table of names.
        section: The section that defines it. 0 for none.
        is_hidden: Whether it is found only by those who ask for its version.
    """

    name_at: int
    binding: int
    kind: int
    visibility: int
    section: int
    value: int
    version: int
    is_hidden: bool

    @property
    def is_undefined(self) -> bool:
        """Return whether it must come from another file."""
        return self.section == _UNDEFINED

    @property
    def is_exported(self) -> bool:
        """Return whether other files can use it."""
        return not self.is_undefined and self.binding != _LOCAL and self.visibility in _VISIBLE


class NeededVersion(NamedTuple):
    """A version that the file needs of a library. `number` is the reference in symbols of the file."""

    number: int
    version: str
    library: str


@dataclass(frozen=True)
class DynamicSection:
    """The tags of a dynamic section, of which the first of each kind counts, and its file."""

    stream: IO[bytes]
    elf: Any
    tags: Mapping[str, int]

    @classmethod
    def read(cls, stream: IO[bytes], elf: Any, tags: list[Any]) -> DynamicSection:
        """Read the section. `tags` are pyelftools' own."""
        values = {tag.entry.d_tag: tag.entry.d_val for tag in reversed(tags)}
        return cls(stream, elf, values)

    @cached_property
    def symbols(self) -> list[DynamicSymbol]:
        """Return the dynamic symbols, without the empty first one."""
        if "DT_SYMTAB" not in self.tags:
            return []
        layout = self._struct(_SYMBOL_64 if self.elf.elfclass == 64 else _SYMBOL_32)
        count = self._symbol_count()
        table = self._content(self.tags["DT_SYMTAB"], count * layout.size)
        versions = self._version_indexes(count)
        return [
            DynamicSymbol(
                name=self.text(name),
                binding=information >> 4,
                visibility=other & _VISIBILITY,
                is_undefined=place == _UNDEFINED,
                version=version,
            )
            for (name, information, other, place), version in zip(layout.iter_unpack(table), versions)
            if name
        ]

    @cached_property
    def raw_symbols(self) -> list[RawSymbol]:
        """Return all dynamic symbols, with the empty first one."""
        if "DT_SYMTAB" not in self.tags:
            return []
        is_wide = self.elf.elfclass == 64
        layout = self._struct(_VALUED_SYMBOL_64 if is_wide else _VALUED_SYMBOL_32)
        count = self._symbol_count()
        table = self._content(self.tags["DT_SYMTAB"], count * layout.size)
        found = []
        for fields, version in zip(layout.iter_unpack(table), self._version_words(count)):
            name, information, other, section, value = fields if is_wide else (fields[0], *fields[2:], fields[1])
            found.append(
                RawSymbol(
                    name_at=name,
                    binding=information >> 4,
                    kind=information & 0xF,
                    visibility=other & _VISIBILITY,
                    section=section,
                    value=value,
                    version=version & _VERSION_INDEX,
                    is_hidden=version > _VERSION_INDEX,
                )
            )
        return found

    def finds(self, name: str) -> bool:
        """Return whether a loader finds a symbol by DT_GNU_HASH. True without such a table."""
        if "DT_GNU_HASH" not in self.tags:
            return True
        address = self.tags["DT_GNU_HASH"]
        buckets, first, filters, shift = self.unpack("4I", address)
        if not buckets or not filters or filters & (filters - 1):
            return False
        value = _gnu_hash(name)
        bits = int(self.elf.elfclass)
        (word,) = self.unpack("Q" if bits == 64 else "I", address + 16 + value // bits % filters * bits // 8)
        if not (word >> value % bits & 1 and word >> (value >> shift) % bits & 1):
            return False
        table = address + 16 + filters * bits // 8
        (symbol,) = self.unpack("I", table + 4 * (value % buckets))
        if symbol < first:
            return False
        for number in range(symbol, min(symbol + _LONGEST_CHAIN, len(self.raw_symbols))):
            (hashed,) = self.unpack("I", table + 4 * (buckets + number - first))
            if hashed | 1 == value | 1 and self.text(self.raw_symbols[number].name_at) == name:
                return True
            if hashed & 1:
                return False
        return False

    def needed_versions(self) -> Iterator[NeededVersion]:
        """Yield the versions that the file needs of other libraries (DT_VERNEED)."""
        address = self.tags.get("DT_VERNEED", 0)
        left = _MOST_VERSIONS
        for _ in range(self.tags.get("DT_VERNEEDNUM", 0)):
            count, library, entry, following = self.unpack(_NEEDED_VERSION, address)
            entry += address
            for _ in range(count):
                index, name, step = self.unpack(_NEEDED_VERSION_ENTRY, entry)
                yield NeededVersion(index & _VERSION_INDEX, self.text(name), self.text(library))
                left -= 1
                if left < 0:
                    raise ValueError("it needs more versions than there can be")
                entry += step
                if not step:
                    break
            address += following
            if not following:
                return

    def defined_versions(self) -> Iterator[str]:
        """Yield the versions of the file's own symbols (DT_VERDEF), including the name of the file."""
        address = self.tags.get("DT_VERDEF", 0)
        for _ in range(min(self.tags.get("DT_VERDEFNUM", 0), _MOST_VERSIONS)):
            entry, following = self.unpack(_DEFINED_VERSION, address)
            yield self.text(self.unpack(_DEFINED_VERSION_ENTRY, address + entry)[0])
            address += following
            if not following:
                return

    def _symbol_count(self) -> int:
        # If there are both tables, glibc's loader uses the newer one.
        count, is_sure = self._hashed_count() if "DT_GNU_HASH" in self.tags else (0, False)
        if is_sure:
            return count
        if "DT_HASH" in self.tags:
            word = "Q" if self.elf.elfclass == 64 and self.elf["e_machine"] in _WIDE_HASHES else "I"
            return int(self.unpack(f"2{word}", self.tags["DT_HASH"])[1])
        # A table without hashes does not count the undefined symbols. Relocations name those that are used.
        return max(count, self._relocated_count())

    def _hashed_count(self) -> tuple[int, bool]:
        """Return the number of symbols by DT_GNU_HASH, and whether it hashes any."""
        address = self.tags["DT_GNU_HASH"]
        buckets, first, filters, _ = self.unpack("4I", address)
        table = address + 16 + filters * self.elf.elfclass // 8
        last = max(self.unpack(f"{buckets}I", table), default=0)
        if last < first:
            return first, False
        return last + self._chain_length(table + 4 * (buckets + last - first)), True

    def _chain_length(self, address: int) -> int:
        """Return the number of words up to the one whose lowest bit is set."""
        length = 0
        while True:
            words = self.unpack(f"{min(_CHAIN_WORDS, self._words_at(address))}I", address)
            for number, word in enumerate(words, 1):
                if word & 1:
                    return length + number
            length += len(words)
            address += 4 * len(words)

    def _words_at(self, address: int) -> int:
        """Return the number of whole words that are loaded from an address on."""
        for start, end, offset in self._loaded:
            words = (min(end, start + self._size - offset) - address) // 4
            if start <= address and words > 0:
                return words
        raise ValueError(f"no segment has 4 bytes at {address:#x}")

    def relocated_names(self) -> frozenset[str]:
        """Return the symbols that the loader looks up: those of relocations, but no others of the table."""
        indexes = {index for chunk in self._relocations() for index in chunk}
        layout = self._struct(_SYMBOL_64 if self.elf.elfclass == 64 else _SYMBOL_32)
        starts = (self.unpack(layout.format[1:], self.tags["DT_SYMTAB"] + i * layout.size)[0] for i in indexes if i)
        return frozenset(self.text(start) for start in starts)

    def _relocated_count(self) -> int:
        return max((max(chunk, default=0) for chunk in self._relocations()), default=0) + 1

    def called_symbols(self) -> set[int]:
        """Return the indexes of the symbols that are called by the table of procedures (DT_JMPREL).

        The table may hold other relocations too: linkers for aarch64 put those of thread-local variables there.
        """
        shift = self._symbol_shift
        slot = _JUMP_SLOTS.get(self.elf["e_machine"])
        entries = self._relocation_entries(*_RELOCATIONS[-1])
        return {fields[1] >> shift for fields in entries if fields[1] & ((1 << shift) - 1) == slot}

    def relocated_pages(self) -> set[int]:
        """Return the addresses of the pages that relocations change."""
        return {fields[0] & -_PAGE for table in _RELOCATIONS for fields in self._relocation_entries(*table)}

    def _relocations(self) -> Iterator[set[int]]:
        """Yield the indexes of the symbols in each table of relocations."""
        shift = self._symbol_shift
        for table in _RELOCATIONS:
            yield {fields[1] >> shift for fields in self._relocation_entries(*table)}

    @property
    def _symbol_shift(self) -> int:
        return 32 if self.elf.elfclass == 64 else 8

    def _relocation_entries(self, start: str, size: str, kind: str) -> Iterator[tuple[int, ...]]:
        """Yield the numbers of each entry of a table: an address, a symbol and what else there is."""
        if start not in self.tags:
            return
        kind = kind or ("DT_RELA" if self.tags.get("DT_PLTREL") == _DT_RELA else "DT_REL")
        layout = self._struct(("Q" if self.elf.elfclass == 64 else "I") * (3 if kind == "DT_RELA" else 2))
        data = self._content(self.tags[start], self.tags[size] // layout.size * layout.size)
        yield from layout.iter_unpack(data)

    def _version_indexes(self, count: int) -> tuple[int, ...]:
        return tuple(word & _VERSION_INDEX for word in self._version_words(count))

    def _version_words(self, count: int) -> tuple[int, ...]:
        if "DT_VERSYM" not in self.tags:
            return (0,) * count
        return self.unpack(f"{count}H", self.tags["DT_VERSYM"])

    @cached_property
    def _texts(self) -> bytes:
        return self._content(self.tags["DT_STRTAB"], self.tags["DT_STRSZ"])

    def text(self, start: int) -> str:
        """Return a name of the table of names."""
        end = self._texts.index(b"\0", start)
        self._budget.spend(end - start + _ENTRY_SIZE)
        return self._texts[start:end].decode("utf-8", "surrogateescape")

    @cached_property
    def _budget(self) -> NameBudget:
        return NameBudget(self._size)

    @cached_property
    def _size(self) -> int:
        return self.stream.seek(0, io.SEEK_END)

    @cached_property
    def _loaded(self) -> list[tuple[int, int, int]]:
        """Return the addresses of each loaded segment's begin and end, and the file offset of its content.

        Whole pages are mapped. The bytes after a segment in its last page are therefore loaded too, which patchelf
        relies on, unless zeros follow the segment.
        """
        found = []
        for segment in (segment for segment in self.elf.iter_segments() if segment["p_type"] == "PT_LOAD"):
            start = segment["p_vaddr"]
            size = segment["p_filesz"]
            end = start + size
            padding = -end % _PAGE if segment["p_memsz"] == size else 0
            found.append((start, end + padding, segment["p_offset"]))
        return found

    def _content(self, address: int, size: int) -> bytes:
        for start, end, offset in self._loaded:
            if start <= address and address + size <= end and size <= self._size:
                self.stream.seek(offset + address - start)
                data = self.stream.read(size)
                if len(data) == size:
                    return data
        raise ValueError(f"no segment has {size} bytes at {address:#x}")

    def _struct(self, layout: str) -> struct.Struct:
        return struct.Struct(("<" if self.elf.little_endian else ">") + layout)

    def unpack(self, layout: str, address: int) -> tuple[int, ...]:
        """Return the numbers at an address."""
        form = self._struct(layout)
        return form.unpack(self._content(address, form.size))


def _gnu_hash(name: str) -> int:
    value = 5381
    for byte in name.encode("utf-8", "surrogateescape"):
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value
