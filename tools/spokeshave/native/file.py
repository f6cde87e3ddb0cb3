"""Native files of every format, and their common interface."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from spokeshave.native.elf.file import ElfFile, is_elf, read_elf
from spokeshave.native.macho.file import MachOFile, is_macho, read_macho
from spokeshave.native.pe.file import PeFile, is_pe, read_pe
from spokeshave_core.platform import ObjectFormat, Platform, System
from spokeshave_core.problems import Problem


class Format(enum.Enum):
    """The formats of native files, by their names in messages."""

    ELF = "an ELF file"
    MACHO = "a Mach-O file"
    PE = "a PE file"


class NativeFile(Protocol):
    """The common interface of ELF, Mach-O and PE files. Symbols are in C's spelling."""

    @property
    def exports(self) -> frozenset[str]:
        """Return the symbols that other files can use."""

    @property
    def undefined(self) -> frozenset[str]:
        """Return the symbols that other files must provide."""

    @property
    def is_loadable(self) -> bool:
        """Return whether a loader loads it. Object files are not loadable."""

    @property
    def is_library(self) -> bool:
        """Return whether it is a library that other files load, and not a program."""

    @property
    def needed_names(self) -> tuple[str, ...]:
        """The names of the libraries that it needs, in the form of `names`."""

    def names(self, file_name: str) -> frozenset[str]:
        """The names by which other files need it, where its own name is `file_name`."""


def is_native(path: Path) -> bool:
    """Return whether a file is native code of any format."""
    return is_elf(path) or is_macho(path) or is_pe(path)


def read_native(path: Path, place: str) -> NativeFile | None:
    """Parse a native file. None if it is not one.

    Raises:
        SpokeshaveError: If it is damaged.
    """
    if is_elf(path):
        return read_elf(path, place)
    if is_macho(path):
        return read_macho(path, place)
    return read_pe(path, place) if is_pe(path) else None


_FORMATS: dict[type, Format] = {ElfFile: Format.ELF, MachOFile: Format.MACHO, PeFile: Format.PE}
_LOADED = {
    System.GLIBC: Format.ELF,
    System.MUSL: Format.ELF,
    System.MACOS: Format.MACHO,
    System.WINDOWS: Format.PE,
}


def format_of(native: NativeFile) -> Format:
    """Return the format of a native file."""
    return _FORMATS[type(native)]


def is_loaded_by(native: NativeFile, platform: Platform) -> bool:
    """Return whether a file has the format of a platform."""
    return format_of(native) is _LOADED[platform.system]


def foreign_formats(files: Mapping[str, NativeFile], platform: Platform) -> list[Problem]:
    """Return problems for libraries of another system. Its programs may be data, as in installers."""
    return [
        Problem(
            file,
            f"is {format_of(native).value}, which {platform.system.value} does not load",
            f"Build it for {platform.tag}, or remove it from the wheel.",
        )
        for file, native in files.items()
        if native.is_library and not is_loaded_by(native, platform)
    ]


def no_native_code(
    wheel: str, files: Mapping[str, NativeFile], static_programs: Collection[str], platform: Platform
) -> list[Problem]:
    """Return the problem of a wheel without native code for its platform. `foreign_formats` reports other libraries."""
    if foreign_formats(files, platform) or any(is_loaded_by(native, platform) for native in files.values()):
        return []
    if static_programs and platform.object_format is ObjectFormat.ELF:
        return []
    message = "has a platform tag but holds no native code"
    if files:
        message = f"{message} for it"
    remedy = "Depend on the target of an extension or a shared library, or build a wheel tagged py3-none-any."
    return [Problem(wheel, message, remedy)]
