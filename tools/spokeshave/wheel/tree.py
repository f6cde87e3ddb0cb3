"""A wheel unpacked into a folder, with what its file name says."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spokeshave.errors import InvalidWheelError, Problem, Problems
from spokeshave.native.elf.file import ElfFile
from spokeshave.native.file import NativeFile, read_native
from spokeshave.native.macho.file import MachOFile
from spokeshave.native.pe.file import PeFile
from spokeshave.wheel.archive import ArchiveReader, Member
from spokeshave.wheel.location import Location, Root
from spokeshave.wheel.name import WheelName
from spokeshave.wheel.writer import find_dist_info


@dataclass(frozen=True)
class WheelTree:
    """An unpacked wheel: ``root`` is where its files lie, ``files`` their paths in it, sorted."""

    name: WheelName
    root: Path
    files: tuple[str, ...]
    dist_info: str

    def read(self, file: str) -> bytes:
        """A file's bytes."""
        return (self.root / file).read_bytes()

    def text(self, file: str) -> str:
        """A file's text; what is not UTF-8 is replaced."""
        return self.read(file).decode("utf-8", "replace")

    def metadata(self, file: str) -> str | None:
        """The text of a file in the dist-info folder; None where there is no such file."""
        path = f"{self.dist_info}/{file}"
        return self.text(path) if path in self.files else None

    @cached_property
    def native_files(self) -> dict[str, NativeFile]:
        """Every library and program by its path; raises `InvalidWheelError` with all damaged ones."""
        problems = Problems()
        found: dict[str, NativeFile] = {}
        for file in self.files:
            with problems.collecting():
                native = read_native(self.root / file, file)
                if native is not None and native.is_loadable:
                    found[file] = native
        problems.raise_if_any(InvalidWheelError)
        return found

    @cached_property
    def elf_files(self) -> dict[str, ElfFile]:
        """Every dynamically linked ELF file by its path."""
        return {file: native for file, native in self.native_files.items() if isinstance(native, ElfFile)}

    @cached_property
    def macho_files(self) -> dict[str, MachOFile]:
        """Every Mach-O library and program by its path."""
        return {file: native for file, native in self.native_files.items() if isinstance(native, MachOFile)}

    @cached_property
    def pe_files(self) -> dict[str, PeFile]:
        """Every PE library and program by its path."""
        return {file: native for file, native in self.native_files.items() if isinstance(native, PeFile)}

    @cached_property
    def locations(self) -> dict[str, Location]:
        """Where each file is installed; files that no installer knows a place for are left out."""
        found = ((file, Location.of(file)) for file in self.files)
        return {file: location for file, location in found if location}

    @cached_property
    def by_location(self) -> dict[Location, str]:
        """The file that is installed at each location."""
        return {location: file for file, location in self.locations.items()}

    @cached_property
    def installed(self) -> dict[str, str]:
        """The paths relative to site-packages, by which Python finds modules, and the files that they stand for."""
        return {location.path: file for file, location in self.locations.items() if location.root is Root.PACKAGES}


def unpack(wheel: Path, root: Path, *, only_dist_info: bool = False) -> WheelTree:
    """Unpack a wheel, or only its dist-info folder, below ``root``, which is made.

    Raises:
        InvalidWheelError: For a file that is not a wheel.
    """
    name = WheelName.parse(wheel.name)
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
        message = "cannot be unpacked, as a path is a file and a folder in the same wheel"
        raise InvalidWheelError(Problem(member.name, message, "Rename one of the two.")) from err
    except OSError as err:
        if err.errno != errno.ENAMETOOLONG:
            raise
        message = "has a name or a path that is too long for most file systems"
        raise InvalidWheelError(Problem(member.name, message, "Give it a shorter one.")) from err


def read_tree(name: WheelName, root: Path) -> WheelTree:
    """The wheel that a folder holds, after its files were changed."""
    files = tuple(sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()))
    return WheelTree(name=name, root=root, files=files, dist_info=find_dist_info(files, str(name)))
