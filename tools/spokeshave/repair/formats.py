"""Grafting by the format of a platform's native files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spokeshave.repair.elf import graft_elf
from spokeshave.repair.graft import Grafts
from spokeshave.repair.macho import graft_macho
from spokeshave.repair.pe import graft_pe
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import ObjectFormat, Platform

_GRAFTS = {ObjectFormat.ELF: graft_elf, ObjectFormat.MACHO: graft_macho, ObjectFormat.PE: graft_pe}


def graft(platform: Platform, tree: WheelTree, library_dirs: Sequence[Path], own_libraries: Sequence[str]) -> Grafts:
    """Change a wheel's files to fit a platform: copy in the libraries that they need, and make the files find them.

    Args:
        own_libraries: Files of the wheel that keep their names.

    Raises:
        UnrepairableWheelError: With every reason why it cannot be done.
    """
    return _GRAFTS[platform.object_format](platform, tree, library_dirs, own_libraries)
