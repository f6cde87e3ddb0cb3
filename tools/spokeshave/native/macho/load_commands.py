"""The load commands of a Mach-O slice, read, changed and written back without touching what lies behind them.

After Apple's ``mach-o/loader.h``. macholib and lief can change them too, but the one reads every section into memory
and prints its warnings, and the other needs three times the file's size and lays parts of the file out anew.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import IO

HEADER_SIZE = 32
SEGMENT = 0x19
CODE_SIGNATURE = 0x1D
ID_DYLIB = 0xD
RPATH = 0x8000001C
LOAD_DYLIBS = (0xC, 0x80000018, 0x8000001F, 0x20, 0x80000023)
_COUNTS = struct.Struct("<16x2I")
_COMMAND = struct.Struct("<2I")
_TEXT_OFFSET = struct.Struct("<8xI")
_ALIGNMENT = 8


@dataclass(frozen=True)
class LoadCommands:
    """A slice's header and its commands, each as its bytes."""

    header: bytes
    commands: tuple[bytes, ...]

    @classmethod
    def read(cls, stream: IO[bytes]) -> LoadCommands:
        """Read them from the beginning of a 64-bit little-endian slice that `macho.read_macho` took."""
        stream.seek(0)
        header = stream.read(HEADER_SIZE)
        count, size = _COUNTS.unpack_from(header)
        data = stream.read(size)
        offset = 0
        commands = []
        for _ in range(count):
            end = offset + _COMMAND.unpack_from(data, offset)[1]
            commands.append(data[offset:end])
            offset = end
        return cls(header, tuple(commands))

    @property
    def size(self) -> int:
        """How many bytes header and commands take."""
        return HEADER_SIZE + sum(map(len, self.commands))

    def write(self, stream: IO[bytes], previous: LoadCommands) -> None:
        """Write them in place of ``previous``; what is left of those becomes zeros."""
        counts = struct.pack("<2I", len(self.commands), self.size - HEADER_SIZE)
        stream.seek(0)
        stream.write(self.header[:16] + counts + self.header[24:] + b"".join(self.commands))
        stream.write(bytes(max(previous.size - self.size, 0)))

    def with_texts(self, kinds: Iterable[int], change: Callable[[str], str | None]) -> LoadCommands:
        """The commands with the text of each command of these kinds changed; without those whose text becomes None."""
        commands = []
        for command in self.commands:
            if kind_of(command) in kinds:
                text = change(text_of(command))
                commands += [] if text is None else [_with_text(command, text)]
            else:
                commands.append(command)
        return replace(self, commands=tuple(commands))

    def without_repeated(self, kind: int) -> LoadCommands:
        """The commands with each of this kind once."""
        seen: set[bytes] = set()
        commands = []
        for command in self.commands:
            if kind_of(command) != kind or command not in seen:
                commands.append(command)
            seen.add(command)
        return replace(self, commands=tuple(commands))


def kind_of(command: bytes) -> int:
    """A command's kind."""
    return int(_COMMAND.unpack_from(command)[0])


def text_of(command: bytes) -> str:
    """The library or the search path that a command names."""
    offset = _TEXT_OFFSET.unpack_from(command)[0]
    return command[offset:].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _with_text(command: bytes, text: str) -> bytes:
    if text == text_of(command):
        return command
    (offset,) = _TEXT_OFFSET.unpack_from(command)
    data = text.encode("utf-8", "surrogateescape") + b"\0"
    padding = bytes(-(offset + len(data)) % _ALIGNMENT)
    size = offset + len(data) + len(padding)
    return struct.pack("<2I", kind_of(command), size) + command[8:offset] + data + padding
