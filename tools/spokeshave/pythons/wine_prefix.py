"""Folders in which wine keeps what a Windows machine has on its disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from spokeshave_core.manifest import ForeignPython


def guest_variables(foreign: ForeignPython, folder: Path) -> dict[str, str]:
    """The environment variables of a foreign Python that works below a folder.

    Under wine that is a prefix of its own: whoever shares one ends with the first that ends.
    """
    variables = dict(foreign.variables)
    if foreign.is_windows:
        prefix = folder / "wine"
        if not prefix.exists():
            make_prefix(Path(variables["WINEPREFIX"]), prefix)
        variables["WINEPREFIX"] = str(prefix)
    return variables


def make_prefix(template: Path, prefix: Path) -> None:
    """A fresh prefix like another that was made before: the registry copied, and Windows' own files only linked to."""
    (prefix / "drive_c").mkdir(parents=True)
    (prefix / "dosdevices").mkdir()
    (prefix / "dosdevices/c:").symlink_to("../drive_c")
    (prefix / "dosdevices/z:").symlink_to("/")
    (prefix / "drive_c/windows").symlink_to(template / "drive_c/windows")
    for file in (*template.glob("*.reg"), template / ".update-timestamp"):
        shutil.copy2(file, prefix)
