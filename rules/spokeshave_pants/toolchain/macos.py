"""zig's libSystem without what the oldest macOS of a platform lacks, for links of programs.

zig contains the libSystem of the newest macOS. Configure checks link programs, and with that file they would find
functions that do not exist where the wheel runs: a library that uses one does not load there, and `verify` refuses it.
Libraries and extensions are linked with the whole file, as code that asks by `__builtin_available` needs it: what it
imports is weak, and null on an older macOS.
"""

from __future__ import annotations

import posixpath
import re

from spokeshave_core.c_library.macos import newer_functions

STUB = "lib/libc/darwin/libSystem.tbd"
"""The list of libSystem's symbols, relative to the `ziglang` package."""
LIBRARY_GLOBS = ("lib/std/std.zig", f"{posixpath.dirname(STUB)}/*")
"""What zig's linker for Mach-O reads of the package's library folder."""


def without_newer_functions(stub: str, floor: tuple[int, int]) -> str:
    """Return the list of symbols for a macOS. What it lacks has another name there, so that the list keeps its form.

    Args:
        floor: The oldest macOS that the platform includes.
    """
    names = "|".join(sorted(newer_functions(floor)))
    return re.sub(rf"(?<![\w$])_(?=(?:{names})(?![\w]))", "_newer_than_the_platform_", stub)
