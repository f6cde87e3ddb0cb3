"""Keep the headers of a CPython release under one name, wherever a machine has them, and copy those with a known hash.

    header_releases.py link PLACE RELEASE HEADERS
    header_releases.py copy PLACE RELEASE SHA256 OUTPUT

`link` makes PLACE/RELEASE a link to a machine's folder of headers. `copy` copies that folder and prints the hash of
what it holds. A program and no shell script, as the shell's tools differ between Linux and macOS in just these things.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

# Exit codes.
MISSING = 3
OTHER = 4
# Derived for each platform, and so no part of a release.
_DERIVED = "pyconfig.h"


def link(place: Path, release: str, headers: str) -> int:
    """Renamed into its place, so that whoever reads it meanwhile finds the old one or the new one."""
    made = place / f"{release}.{os.getpid()}"
    made.symlink_to(headers, target_is_directory=True)
    made.replace(place / release)
    return 0


def headers_hash(folder: Path) -> str:
    """The sha256 of `sha256sum`'s lines for all headers, in the order of their paths' bytes.

    By hand: `find . -name '*.h' ! -name pyconfig.h | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    """
    names = sorted(f"./{path.relative_to(folder).as_posix()}" for path in folder.rglob("*.h") if path.name != _DERIVED)
    lines = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def copy(place: Path, release: str, sha256: str, output: str) -> int:
    """:returns: 0; `MISSING`, where there are none; `OTHER`, where they are not those with the hash."""
    headers = place / release
    if not (headers / "Python.h").is_file():
        return MISSING
    shutil.copytree(headers, output)
    found = headers_hash(Path(output))
    sys.stdout.write(found)
    return 0 if found == sha256 else OTHER


def main(arguments: list[str]) -> int:
    """:returns: the exit code."""
    action, place, *rest = arguments
    return link(Path(place), *rest) if action == "link" else copy(Path(place), *rest)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
