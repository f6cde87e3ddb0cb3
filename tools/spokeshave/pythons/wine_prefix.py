"""Wine prefixes: directories in which wine stores the disk of a Windows machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from spokeshave_core.manifest import ForeignPython


def guest_variables(foreign: ForeignPython, folder: Path) -> dict[str, str]:
    """Return environment variables for a foreign Python that works below a directory.

    Under wine that is a prefix of its own, because the processes of a shared prefix end together.
    """
    variables = dict(foreign.variables)
    if foreign.is_windows:
        prefix = folder / "wine"
        if not prefix.exists():
            make_prefix(Path(variables["WINEPREFIX"]), prefix)
        variables["WINEPREFIX"] = str(prefix)
    return variables


def make_prefix(template: Path, prefix: Path) -> None:
    """Create a prefix like an existing one: the registry is copied, and Windows' own files are linked."""
    (prefix / "drive_c").mkdir(parents=True)
    (prefix / "dosdevices").mkdir()
    (prefix / "dosdevices/c:").symlink_to("../drive_c")
    (prefix / "dosdevices/z:").symlink_to("/")
    (prefix / "drive_c/windows").symlink_to(template / "drive_c/windows")
    for file in (*template.glob("*.reg"), template / ".update-timestamp"):
        shutil.copy2(file, prefix)
