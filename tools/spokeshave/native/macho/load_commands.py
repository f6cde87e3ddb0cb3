"""The load commands of a Mach-O slice: parsed, changed and written back without changing the content after them.

By macholib's definitions of the format. macholib and lief can change them too, but macholib reads every section into
memory and prints warnings, and lief needs three times the file's size and rewrites other parts of the file.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import IO, Any

from macholib import mach_o
from macholib.ptypes import sizeof

# The commands that name a library to load, and how it is loaded where that is not simply by every user of the file.
LOAD_DYLIBS = {
    mach_o.LC_LOAD_DYLIB: "",
    mach_o.LC_LOAD_WEAK_DYLIB: "weak",
    mach_o.LC_REEXPORT_DYLIB: "reexport",
    mach_o.LC_LOAD_UPWARD_DYLIB: "upward",
    mach_o.LC_LAZY_LOAD_DYLIB: "lazy",
}
_HEADER_SIZE = sizeof(mach_o.mach_header_64)
_START_SIZE = sizeof(mach_o.load_command)
# Each command that names a library or a search path has the text's offset as its first field.
_TEXT_OFFSET = struct.Struct("<8xI")
_ALIGNMENT = 8


@dataclass(frozen=True)
class LoadCommands:
    """A slice's header and its commands as bytes."""

    header: bytes
    commands: tuple[bytes, ...]

    @classmethod
    def read(cls, stream: IO[bytes], start: int = 0) -> LoadCommands:
        """Parse them from the beginning of a 64-bit little-endian slice that `read_macho` accepted.

        Args:
            start: Where the slice begins.

        Raises:
            ValueError: If a command has no size. A damaged file may raise `struct.error` too.
        """
        end = stream.seek(0, os.SEEK_END)
        stream.seek(start)
        header = stream.read(_HEADER_SIZE)
        fields = _header_fields(header)
        data = stream.read(min(int(fields.sizeofcmds), end))
        offset = 0
        commands = []
        for _ in range(int(fields.ncmds)):
            command = data[offset : offset + int(_start(data[offset : offset + _START_SIZE]).cmdsize)]
            if len(command) < _START_SIZE:
                raise ValueError(f"a load command at {offset} has no size")
            commands.append(command)
            offset += len(command)
        return cls(header, tuple(commands))

    @property
    def size(self) -> int:
        """Return the bytes that header and commands take."""
        return int(_HEADER_SIZE + sum(map(len, self.commands)))

    @property
    def is_program(self) -> bool:
        """Whether the slice is a program, by its header."""
        return bool(_header_fields(self.header).filetype == mach_o.MH_EXECUTE)

    def write(self, stream: IO[bytes], previous: LoadCommands) -> None:
        """Write them in place of `previous`. Remaining bytes of those become zeros."""
        fields = _header_fields(self.header)
        fields.ncmds = len(self.commands)
        fields.sizeofcmds = self.size - _HEADER_SIZE
        stream.seek(0)
        stream.write(fields.to_str() + b"".join(self.commands))
        stream.write(bytes(max(previous.size - self.size, 0)))

    def with_texts(self, kinds: Iterable[int], change: Callable[[str], str | None]) -> LoadCommands:
        """Return the commands with the texts of some kinds changed. Commands whose text becomes None are removed."""
        commands = []
        for command in self.commands:
            if kind_of(command) in kinds:
                text = change(text_of(command))
                commands += [] if text is None else [_with_text(command, text)]
            else:
                commands.append(command)
        return replace(self, commands=tuple(commands))

    def without_repeated(self, kind: int) -> LoadCommands:
        """Return the commands without duplicates of a kind."""
        seen: set[bytes] = set()
        commands = []
        for command in self.commands:
            if kind_of(command) != kind or command not in seen:
                commands.append(command)
            seen.add(command)
        return replace(self, commands=tuple(commands))


def kind_of(command: bytes) -> int:
    """Return a command's kind."""
    return int(_start(command).cmd)


def fields_of(command: bytes) -> Any:
    """A command's fields, by macholib's definition of its kind."""
    layout: Any = mach_o.LC_REGISTRY[kind_of(command)]
    return layout.from_str(command[_START_SIZE : _START_SIZE + sizeof(layout)], _endian_="<")


def with_fields(command: bytes, fields: Any) -> bytes:
    """A command with other fields of the same kind."""
    return command[:_START_SIZE] + bytes(fields.to_str()) + command[_START_SIZE + sizeof(fields) :]


def new_command(kind: int, fields: Any) -> bytes:
    """A command that is its fields alone."""
    return _new_start(kind, _START_SIZE + sizeof(fields)) + bytes(fields.to_str())


def text_of(command: bytes) -> str:
    """Return the library or the search path in a command."""
    offset = _TEXT_OFFSET.unpack_from(command)[0]
    return command[offset:].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _with_text(command: bytes, text: str) -> bytes:
    if text == text_of(command):
        return command
    (offset,) = _TEXT_OFFSET.unpack_from(command)
    data = text.encode("utf-8", "surrogateescape") + b"\0"
    padding = bytes(-(offset + len(data)) % _ALIGNMENT)
    size = offset + len(data) + len(padding)
    return _new_start(kind_of(command), size) + command[_START_SIZE:offset] + data + padding


def _header_fields(header: bytes) -> Any:
    return mach_o.mach_header_64.from_str(header, _endian_="<")


def _start(command: bytes) -> Any:
    return mach_o.load_command.from_str(command[:_START_SIZE], _endian_="<")


def _new_start(kind: int, size: int) -> bytes:
    return bytes(mach_o.load_command(cmd=kind, cmdsize=size, _endian_="<").to_str())
