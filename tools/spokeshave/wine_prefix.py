"""Folders in which wine keeps what a Windows machine has on its disk."""

from __future__ import annotations

import shutil
from pathlib import Path


def make_prefix(template: Path, prefix: Path) -> None:
    """A fresh prefix like another that was made before: the registry copied, and Windows' own files only linked to."""
    (prefix / "drive_c").mkdir(parents=True)
    (prefix / "dosdevices").mkdir()
    (prefix / "dosdevices/c:").symlink_to("../drive_c")
    (prefix / "dosdevices/z:").symlink_to("/")
    (prefix / "drive_c/windows").symlink_to(template / "drive_c/windows")
    for file in (*template.glob("*.reg"), template / ".update-timestamp"):
        shutil.copy2(file, prefix)
