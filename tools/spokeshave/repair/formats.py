"""Grafting by the format of a platform's native files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from pathlib import Path

from spokeshave.repair.elf import graft_elf
from spokeshave.repair.graft import Grafts
from spokeshave.repair.macho import graft_macho
from spokeshave.repair.pe import graft_pe
from spokeshave.tags.platform import LinuxPlatform, MacPlatform, Platform, WindowsPlatform
from spokeshave.wheel.tree import WheelTree


@singledispatch
def graft(platform: Platform, tree: WheelTree, library_dirs: Sequence[Path], own_libraries: Sequence[str]) -> Grafts:
    """Change a wheel's files to fit a platform: copy in the libraries that they need, and lead them there.

    ``own_libraries`` are files of the wheel that stay as they are named.

    Raises:
        UnrepairableWheelError: With every reason why it cannot be done.
    """
    raise NotImplementedError(f"no format of native files is known for {platform.tag} ({tree.name})")


graft.register(LinuxPlatform, graft_elf)
graft.register(MacPlatform, graft_macho)
graft.register(WindowsPlatform, graft_pe)
