"""Keep the headers of a CPython release at a fixed path, and copy them if they have a known hash.

    header_releases.py link PLACE RELEASE HEADERS
    header_releases.py copy PLACE RELEASE SHA256 OUTPUT

`link` makes PLACE/RELEASE a link to a machine's directory of headers. `copy` copies that directory and prints the hash
of its content. It is not a shell script, because the required shell tools differ between Linux and macOS.
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
# Derived for each platform, and therefore not part of a release.
_DERIVED = "pyconfig.h"


def link(place: Path, release: str, headers: str) -> int:
    """Create the link atomically, so that a concurrent reader finds the old one or the new one."""
    new_link = place / f"{release}.{os.getpid()}"
    new_link.symlink_to(headers, target_is_directory=True)
    new_link.replace(place / release)
    return 0


def headers_hash(folder: Path) -> str:
    """Return the sha256 of `sha256sum`'s lines for all headers, in the order of their paths' bytes.

    By hand: `find . -name '*.h' ! -name pyconfig.h | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    """
    names = sorted(f"./{path.relative_to(folder).as_posix()}" for path in folder.rglob("*.h") if path.name != _DERIVED)
    lines = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def copy(place: Path, release: str, sha256: str, output: str) -> int:
    """Copy the headers of a release if they have the expected hash.

    Returns:
        0, or `MISSING` if there are none, or `OTHER` if they have another hash.
    """
    headers = place / release
    if not (headers / "Python.h").is_file():
        return MISSING
    shutil.copytree(headers, output)
    found = headers_hash(Path(output))
    sys.stdout.write(found)
    return 0 if found == sha256 else OTHER


def main(arguments: list[str]) -> int:
    """Run the program and return the exit code."""
    action, place, *rest = arguments
    return link(Path(place), *rest) if action == "link" else copy(Path(place), *rest)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
