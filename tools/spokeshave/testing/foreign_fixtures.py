"""A fixture for foreign Pythons: a Python of this machine that a stand-in for an emulator starts."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from spokeshave_core.manifest import ForeignPython
from spokeshave_core.platform import System

PYTHON = os.path.realpath(sys.executable)
# Runs a program under another name for itself: `-0 NAME PROGRAM ...`, like qemu.
EMULATOR = '#!/bin/bash\n[ "$1" = -0 ] && { name=$2; shift 2; exec -a "$name" "$@"; }\nexec "$@"\n'


def foreign(folder: Path, script: str = EMULATOR, version: str = platform.python_version()) -> ForeignPython:
    """Return the entry of the manifest. `script` is its emulator, in the directory."""
    emulator = folder / "emulator"
    emulator.write_text(script)
    emulator.chmod(0o755)
    return ForeignPython(
        name="test-3",
        system=System.GLIBC,
        system_version="2.17",
        architecture="x86_64",
        version=version,
        emulator="emulator 1.0",
        launcher=(str(emulator),),
        executable=PYTHON,
        argv0=("-0",),
    )
