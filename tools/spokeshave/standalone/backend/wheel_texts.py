"""Texts in a wheel that name the folders of its build."""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

# Of an archive that is damaged or uses what zipfile does not know.
_DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError, ValueError)


def paths_of_build(sandbox: Path) -> dict[bytes, bytes]:
    """Return the texts by which files may name the folders of a build, each with what stands for it in a wheel.

    Large inputs are links to folders elsewhere, whose names differ from run to run.
    """
    found = {}
    for root in {str(sandbox), os.path.realpath(sandbox)}:
        found[f"{root}/"] = ""
        found[root] = "."
    for entry in sandbox.iterdir():
        if entry.is_symlink():
            found[os.path.realpath(entry)] = entry.name
    return {path.encode(): text.encode() for path, text in sorted(found.items(), key=lambda item: -len(item[0]))}


def hide_paths(wheel: Path, paths: Mapping[bytes, bytes]) -> None:
    """Write a wheel again without the paths of its build in texts, such as numpy's list of compilers.

    Native files are left as they are: a path in one is a fault, which the verification reports. RECORD is written by
    the intake, which also says what is wrong with a damaged archive.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [(member, archive.read(member)) for member in archive.infolist()]
    except _DAMAGES:
        return
    if not any(path in content for _, content in members for path in paths):
        return
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, content in members:
            if b"\0" not in content:
                for path, text in paths.items():
                    content = content.replace(path, text)
            archive.writestr(member, content)
