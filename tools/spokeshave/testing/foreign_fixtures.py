"""For tests: a Python of this machine that something like an emulator starts."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from spokeshave.pythons.foreign import ForeignPython

PYTHON = os.path.realpath(sys.executable)
# Runs a program under another name for itself: `-0 NAME PROGRAM ...`, as qemu does.
EMULATOR = '#!/bin/bash\n[ "$1" = -0 ] && { name=$2; shift 2; exec -a "$name" "$@"; }\nexec "$@"\n'


def foreign(folder: Path, script: str = EMULATOR, version: str = platform.python_version()) -> ForeignPython:
    """As the manifest lists it; ``script`` is its emulator, and lies in the folder."""
    emulator = folder / "emulator"
    emulator.write_text(script)
    emulator.chmod(0o755)
    return ForeignPython(
        name="test-3",
        system="glibc",
        system_version="2.17",
        architecture="x86_64",
        version=version,
        emulator="emulator 1.0",
        launcher=(str(emulator),),
        executable=PYTHON,
        argv0=("-0",),
    )
