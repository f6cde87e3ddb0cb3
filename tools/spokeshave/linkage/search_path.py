"""Search paths of ELF files (DT_RPATH and DT_RUNPATH) and of Mach-O files (LC_RPATH)."""

from __future__ import annotations

from spokeshave.linkage.elf_loader import ORIGINS
from spokeshave.wheel.location import Location

# Of macOS: the directory of the program.
_PROGRAM = "@executable_path"


def search_path_fault(entry: str, file: str, origins: tuple[str, ...] = ORIGINS) -> str | None:
    """Return the fault of an entry of a file's search path. None for one that stays inside the wheel.

    Args:
        origins: The words that stand for the file's own directory.
    """
    if not entry:
        return "is empty, which means the current directory"
    origin, _, rest = entry.partition("/")
    if origin == _PROGRAM:
        return "depends on where the Python is that loads it"
    if origin not in origins:
        return "is absolute" if entry.startswith("/") else "depends on the current directory"
    location = Location.of(file)
    return "leads outside the wheel" if location and location.folder.find(rest) is None else None
