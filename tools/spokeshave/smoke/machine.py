"""What a report says of the machine and the interpreter that tests ran on."""

from __future__ import annotations

import platform

from spokeshave.pythons.interpreter import Interpreter
from spokeshave_core.reports.smoke import PythonFacts


def python_facts(python: Interpreter) -> PythonFacts:
    """Return what a report says of an interpreter, of this machine or an emulated one."""
    return PythonFacts(
        path=str(python.path),
        version=python.version,
        implementation=python.implementation,
        platform=python.foreign.platform if python.foreign else machine_title(),
        emulator=python.foreign.emulator if python.foreign else "",
        free_threaded=python.is_free_threaded,
    )


def machine_title() -> str:
    """Return `Linux x86_64, glibc 2.36`, `macOS 14.5 arm64` or `Windows 10 AMD64`."""
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]} {platform.machine()}"
    if platform.system() == "Windows":
        return f"Windows {platform.release()} {platform.machine()}"
    libc = " ".join(filter(None, platform.libc_ver()))
    return ", ".join(filter(None, (f"{platform.system()} {platform.machine()}", libc)))
