"""A wheel unpacked into a directory, with its parsed file name."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.native.elf.file import ElfFile
from spokeshave.native.file import NativeFile, read_native
from spokeshave.native.macho.file import MachOFile
from spokeshave.native.pe.file import PeFile
from spokeshave.wheel.archive import ArchiveReader, Member
from spokeshave.wheel.location import Location, Root
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.writer import find_dist_info
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.wheel_name import WheelName


@dataclass(frozen=True)
class WheelTree:
    """An unpacked wheel: `root` is its directory, `files` are its paths in it, sorted."""

    name: WheelName
    root: Path
    files: tuple[str, ...]
    dist_info: str

    def read(self, file: str) -> bytes:
        """Return a file's bytes."""
        return (self.root / file).read_bytes()

    def text(self, file: str) -> str:
        """Return a file's text. Bytes that are not UTF-8 are replaced."""
        return self.read(file).decode("utf-8", "replace")

    def metadata(self, file: str) -> str | None:
        """Return the text of a file in the dist-info directory. None if there is no such file."""
        path = f"{self.dist_info}/{file}"
        return self.text(path) if path in self.files else None

    @cached_property
    def native_files(self) -> dict[str, NativeFile]:
        """Return every library and program by its path, but no static program of Linux.

        Raises:
            InvalidWheelError: For all damaged ones.
        """
        return {file: native for file, native in self._parsed.items() if native.is_loadable}

    @property
    def static_programs(self) -> tuple[str, ...]:
        """Return the programs for Linux that no loader loads."""
        elf_files = {file: native for file, native in self._parsed.items() if isinstance(native, ElfFile)}
        return tuple(file for file, native in elf_files.items() if native.is_static_program)

    @cached_property
    def _parsed(self) -> dict[str, NativeFile]:
        problems = Problems()
        found: dict[str, NativeFile] = {}
        for file in self.files:
            with problems.collecting():
                native = read_native(self.root / file, file)
                if native is not None:
                    found[file] = native
        problems.raise_if_any(InvalidWheelError)
        return found

    @cached_property
    def elf_files(self) -> dict[str, ElfFile]:
        """Return every dynamically linked ELF file by its path."""
        return {file: native for file, native in self.native_files.items() if isinstance(native, ElfFile)}

    @cached_property
    def macho_files(self) -> dict[str, MachOFile]:
        """Return every Mach-O library and program by its path."""
        return {file: native for file, native in self.native_files.items() if isinstance(native, MachOFile)}

    @cached_property
    def pe_files(self) -> dict[str, PeFile]:
        """Return every PE library and program by its path."""
        return {file: native for file, native in self.native_files.items() if isinstance(native, PeFile)}

    @cached_property
    def locations(self) -> dict[str, Location]:
        """Return the installation path of each file. Files outside of the known schemes are left out."""
        found = ((file, Location.of(file)) for file in self.files)
        return {file: location for file, location in found if location}

    @cached_property
    def by_location(self) -> dict[Location, str]:
        """Return the file that is installed at each location."""
        return {location: file for file, location in self.locations.items()}

    @cached_property
    def installed(self) -> dict[str, str]:
        """Return the files by their paths relative to site-packages, by which Python finds modules."""
        return {location.path: file for file, location in self.locations.items() if location.root is Root.PACKAGES}


def unpack(wheel: Path, root: Path, *, only_dist_info: bool = False) -> WheelTree:
    """Unpack a wheel, or only its dist-info directory, below `root`, which is created.

    Raises:
        InvalidWheelError: If the file is not a wheel.
    """
    name = parse_wheel_name(wheel.name)
    with ArchiveReader(wheel) as reader:
        dist_info = find_dist_info([*reader.members, *reader.folders], wheel.name)
        root.mkdir(parents=True)
        for member in reader.members.values():
            if not only_dist_info or member.name.startswith(f"{dist_info}/"):
                _unpack_member(reader, member, root / member.name)
        return WheelTree(name=name, root=root, files=tuple(sorted(reader.members)), dist_info=dist_info)


def _unpack_member(reader: ArchiveReader, member: Member, destination: Path) -> None:
    chunks = reader.chunks(member.name)
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with destination.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
        destination.chmod(0o755 if member.executable else 0o644)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as err:
        message = "cannot be unpacked, because a path is both a file and a folder"
        raise InvalidWheelError(Problem(member.name, message, "Rename one of the two.")) from err
    except OSError as err:
        if err.errno != errno.ENAMETOOLONG:
            raise
        message = "has a name or path that is too long for most file systems"
        raise InvalidWheelError(Problem(member.name, message, "Give it a shorter one.")) from err


def read_tree(name: WheelName, root: Path) -> WheelTree:
    """Return the wheel in a directory, after its files were changed."""
    files = tuple(sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()))
    return WheelTree(name=name, root=root, files=files, dist_info=find_dist_info(files, str(name)))
