"""Loading the files of a repaired wheel: by CPython on this machine's C library, or by musl's own loader."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from e2e.support.project import find_python
from spokeshave.emulation.apt import find_mirror
from spokeshave.emulation.catalogue import GUESTS
from spokeshave.emulation.linux import Source, debian_architecture
from spokeshave.emulation.musl import musl
from spokeshave.wheel.tree import WheelTree

PYTHON = "3.12"
# Each in a process of its own, in which no other file has loaded the libraries.
_LOAD = """
import ctypes, os, pathlib, sys
files = [p for p in pathlib.Path(sys.argv[1]).rglob('*') if p.is_file() and '.so' in p.name and '.libs' not in str(p)]
failed = 0
for file in sorted(files):
    child = os.fork()
    if not child:
        try:
            ctypes.CDLL(str(file))
        except OSError as err:
            print(f'{file.name}: {str(err).rpartition(":")[2]}', flush=True)
            os._exit(1)
        os._exit(0)
    failed += os.waitpid(child, 0)[1] != 0
print(f'{failed} of {len(files)} files failed')
"""
_LOADED = re.compile(r"\t(?P<name>\S+) => (?P<path>\S+) [(]0x")
# CPython has these, and the loader is not CPython.
_OF_PYTHON = re.compile(r"Error relocating \S+: _?Py\w+: symbol not found")


def load_by_python(tree: WheelTree) -> str:
    """Load each extension module of an unpacked wheel in a process of CPython, and return what failed."""
    done = subprocess.run(
        [find_python(PYTHON), "-I", "-c", _LOAD, tree.root],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return done.stdout.strip() or f"exit {done.returncode}"


def musl_loader(cache: Path) -> Path:
    """Return Debian's loader for musl, downloaded unless it is in the cache. Its default search path is empty."""
    guest = next(each for each in GUESTS if each.system == "musl" and each.architecture == "x86_64")
    cache.mkdir(parents=True, exist_ok=True)
    source = Source(find_mirror(None, cache), cache / "work", debian_architecture(platform.machine()))
    return musl(cache, guest, source).path


def load_by_musl(loader: Path, tree: WheelTree) -> str:
    """Return where musl's loader finds what each file of an unpacked wheel needs, and what it does not find."""
    files = sorted(file for file in tree.elf_files if ".libs/" not in file)
    return "\n".join(line for file in files for line in _resolved(loader, tree, file))


def _resolved(loader: Path, tree: WheelTree, file: str) -> Iterator[str]:
    done = subprocess.run(
        [loader, "--list", tree.root / file], capture_output=True, text=True, errors="replace", check=False
    )
    root = str(tree.root.resolve())
    for line in sorted({*done.stdout.splitlines(), *done.stderr.splitlines()}):
        found = _LOADED.match(line)
        if found and Path(found["path"]) != loader:
            yield f"{file}: {found['name']} => {Path(found['path']).resolve()}".replace(f"{root}/", "")
        elif not found and not _OF_PYTHON.fullmatch(line) and str(loader) not in line:
            yield f"{file}: {line}".replace(f"{root}/", "")
