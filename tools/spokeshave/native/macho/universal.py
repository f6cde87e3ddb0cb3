"""The header of universal Mach-O files, which says where the slice of each architecture lies (`mach-o/fat.h`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from macholib import mach_o
from macholib.ptypes import sizeof

from spokeshave.files import CHUNK

# Java's classes have the same magic number, and next a version that is 45 at least.
_MOST_SLICES = 32
_ARCHIVE = b"!<arch>\n"
_ENTRIES: dict[int, Any] = {mach_o.FAT_MAGIC: mach_o.fat_arch, mach_o.FAT_MAGIC_64: mach_o.fat_arch64}


class _Readable(Protocol):
    """A file that is open or mapped into memory."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> object: ...


class Region(NamedTuple):
    """A part of a file or a slice: its offset from the beginning and its size, in bytes."""

    offset: int
    size: int


class SliceEntry(NamedTuple):
    """Where a slice lies, and for which processor; `alignment` is a power of two."""

    cpu_type: int
    cpu_subtype: int
    region: Region
    alignment: int


@dataclass(frozen=True)
class UniversalHeader:
    """The header of a universal file; offsets in it are of 32 or 64 bits by its magic number."""

    entries: tuple[SliceEntry, ...]
    magic: int = mach_o.FAT_MAGIC

    @classmethod
    def read(cls, stream: _Readable) -> UniversalHeader | None:
        """Read a file's header; None for a file with one slice. Raises ValueError where the file ends within it."""
        stream.seek(0)
        header = _structure(mach_o.fat_header, stream, 0)
        magic = int(header.magic)
        size = sizeof(mach_o.fat_header)
        if magic not in _ENTRIES:
            return None
        kind = _ENTRIES[magic]
        entries = [_structure(kind, stream, size + index * sizeof(kind)) for index in range(int(header.nfat_arch))]
        return cls(tuple(map(_slice_entry, entries)), magic)

    @property
    def size(self) -> int:
        """The bytes that the header takes."""
        return int(sizeof(mach_o.fat_header) + len(self.entries) * sizeof(_ENTRIES[self.magic]))

    @property
    def end(self) -> int:
        """Where the last slice ends."""
        return max(sum(entry.region) for entry in self.entries)

    def with_sizes(self, sizes: Iterable[int]) -> UniversalHeader:
        """The header for slices of these sizes, each at the next offset that its alignment allows."""
        end = self.size
        entries = []
        for entry, size in zip(self.entries, sizes):
            offset = end + -end % (1 << entry.alignment)
            entries.append(entry._replace(region=Region(offset, size)))
            end = offset + size
        return replace(self, entries=tuple(entries))

    def write(self, stream: IO[bytes], slices: Sequence[tuple[Path, Region]]) -> None:
        """Write the whole file: this header, and for each entry of it a region of a file."""
        stream.seek(0)
        stream.write(self._content())
        for entry, (path, region) in zip(self.entries, slices):
            stream.write(bytes(entry.region.offset - stream.tell()))
            with path.open("rb") as source:
                copy_region(source, region, stream)
        stream.truncate()

    def _content(self) -> bytes:
        header = mach_o.fat_header(magic=self.magic, nfat_arch=len(self.entries), _endian_=">")
        return b"".join([header.to_str(), *map(self._entry_content, self.entries)])

    def _entry_content(self, entry: SliceEntry) -> bytes:
        structure = _ENTRIES[self.magic](
            cputype=entry.cpu_type,
            cpusubtype=entry.cpu_subtype,
            offset=entry.region.offset,
            size=entry.region.size,
            align=entry.alignment,
            _endian_=">",
        )
        return bytes(structure.to_str())


def is_universal(stream: IO[bytes]) -> bool:
    """Whether a file begins as a universal one does; Java's classes and static libraries do so too, and are not."""
    stream.seek(0)
    start = stream.read(sizeof(mach_o.fat_header))
    if len(start) < sizeof(mach_o.fat_header):
        return False
    header = mach_o.fat_header.from_str(start)
    if int(header.magic) not in _ENTRIES or int(header.nfat_arch) > _MOST_SLICES:
        return False
    try:
        first = _structure(_ENTRIES[int(header.magic)], stream, len(start))
        stream.seek(int(first.offset))
    except ValueError:
        # The file is damaged; its reader reports that.
        return True
    return stream.read(len(_ARCHIVE)) != _ARCHIVE


def copy_region(source: IO[bytes], region: Region, destination: IO[bytes]) -> None:
    """Copy a part of a file, a chunk at a time.

    Raises:
        ValueError: If the file ends before the part does.
    """
    source.seek(region.offset)
    remaining = region.size
    while remaining:
        chunk = source.read(min(CHUNK, remaining))
        if not chunk:
            raise ValueError(f"it ends {remaining} bytes before the end of a slice")
        destination.write(chunk)
        remaining -= len(chunk)


def _structure(kind: Any, stream: _Readable, offset: int) -> Any:
    content = stream.read(sizeof(kind))
    if len(content) != sizeof(kind):
        raise ValueError(f"it ends before {sizeof(kind)} bytes at {offset}")
    return kind.from_str(content)


def _slice_entry(entry: Any) -> SliceEntry:
    region = Region(int(entry.offset), int(entry.size))
    return SliceEntry(
        cpu_type=int(entry.cputype), cpu_subtype=int(entry.cpusubtype), region=region, alignment=int(entry.align)
    )
