"""A folder of the compiler's own in which the names of Windows' headers have any case.

Microsoft's file system ignores case, and its documentation writes `<Windows.h>`. MinGW's headers are in lower case. Our
own compiles get the few headers that a source asks for (`cc/compile/windows_headers.py`); what a build of others asks
for is not known before it runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

OVERLAY_FILE = "case.yaml"
FOLDER = "case"


def case_overlay(files: Iterable[str], root: str) -> str:
    """Return clang's overlay (`-ivfsoverlay`) for the folder that has the files, all below `root`.

    Args:
        files: Paths relative to the folder of the overlay's file.
    """
    top: dict[str, Any] = {}
    for file in files:
        *folders, name = file[len(root) + 1 :].split("/")
        folder = top
        for part in folders:
            folder = folder.setdefault(part, {})
        folder[name] = file
    document = {
        "version": 0,
        "case-sensitive": "false",
        # Paths are those of the overlay's folder, wherever a sandbox is.
        "overlay-relative": "true",
        "root-relative": "overlay-dir",
        "roots": [{"type": "directory", "name": FOLDER, "contents": _entries(top)}],
    }
    return json.dumps(document, separators=(",", ":")) + "\n"


def _entries(folder: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "directory", "name": name, "contents": _entries(content)}
        if isinstance(content, dict)
        else {"type": "file", "name": name, "external-contents": content}
        for name, content in sorted(folder.items())
    ]
