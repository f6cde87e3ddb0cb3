"""Install the packages that a requirements file pins, or only list their files.

The list is small even if the packages are large (a compiler). From the list the packages' digest is known without their
files.

    packages.py install OUTPUT -- COMMAND...
    packages.py list OUTPUT [--keep GLOB]... -- COMMAND...

The command creates a loose PEX named `packages.pex`. `install` writes the packages to OUTPUT, each in its own
directory. `list` writes `files.json` to it: path, sha256, size in bytes and executable flag of each file; and the files
that match `--keep`, below `kept`.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PEX = Path("packages.pex")
# A loose PEX contains each wheel unpacked below this.
PACKAGES = PEX / ".deps"
LIST = "files.json"
KEPT = "kept"
_EXECUTABLE = 0o100


def files_below(root: Path) -> Iterator[Path]:
    """Return all files, sorted by path."""
    return (path for path in sorted(root.rglob("*")) if path.is_file())


def remove_empty_folders(root: Path) -> None:
    """Remove empty directories, which a list of files cannot contain."""
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def entry(root: Path, path: Path) -> tuple[str, str, int, bool]:
    """Return the entry of a file in the list."""
    sha256 = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            sha256.update(chunk)
    status = path.stat()
    return path.relative_to(root).as_posix(), sha256.hexdigest(), status.st_size, bool(status.st_mode & _EXECUTABLE)


def write_list(root: Path, output: Path, keep: list[str]) -> None:
    """Write the list of a directory's files, and copies of the files that match a glob."""
    output.mkdir()
    entries = []
    for path in files_below(root):
        found = entry(root, path)
        entries.append(found)
        if any(fnmatch.fnmatchcase(found[0], glob) for glob in keep):
            copy = output / KEPT / found[0]
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    (output / LIST).write_text(json.dumps(entries, indent=0) + "\n")


def main(arguments: list[str]) -> int:
    """Run the program and return the exit code: that of the command if it failed. Its output is for the user."""
    split = arguments.index("--")
    parser = argparse.ArgumentParser(prog="packages")
    parser.add_argument("action", choices=("install", "list"))
    parser.add_argument("output", type=Path)
    parser.add_argument("--keep", action="append", default=[])
    options = parser.parse_args(arguments[:split])
    done = subprocess.run([sys.executable, *arguments[split + 1 :]], check=False)
    if done.returncode:
        return done.returncode
    if options.action == "install":
        remove_empty_folders(PACKAGES)
        PACKAGES.rename(options.output)
    else:
        write_list(PACKAGES, options.output, options.keep)
        shutil.rmtree(PEX)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
