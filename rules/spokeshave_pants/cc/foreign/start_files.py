"""The start files of programs, which the runtime pack lacks: configure scripts link programs to try a system."""

from __future__ import annotations

import posixpath
import shlex

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.toolchain.clang import clang_flags, clang_headers
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG

SOURCE_NAME = "program.c"
SOURCE = b"int main(void) { return 0; }\n"
OUTPUT_NAME = "program"
# As in MinGW: for programs with `main`, and for those with `wmain` (`-municode`).
WINDOWS_START = "crt2.o"
WINDOWS_UNICODE_START = "crt2u.o"
_MINGW = f"{TOOLCHAIN_DIR}/lib/libc/mingw"
_INCLUDES_START = b'#include "crtexe.c"\n'
# The sources of start files that zig does not have, by their names.
WINDOWS_SOURCES = {
    "crt2.c": _INCLUDES_START,
    "crt2u.c": b"#define UNICODE\n#define _UNICODE\n" + _INCLUDES_START,
}
# Those that zig itself compiles the file with.
_WINDOWS_MACROS = (
    "__USE_MINGW_ANSI_STDIO=0",
    "__MSVCRT_VERSION__=0x700",
    "_CRTBLD",
    "_SYSCRT=1",
    "_WIN32_WINNT=0x0f00",
    "CRTDLL=1",
    "HAVE_CONFIG_H",
)


class StartFilesError(SpokeshaveError):
    """The toolchain made no start files, or its log has an unknown format."""


def start_argv(platform: Platform) -> tuple[str, ...]:
    """Return the command that makes the start files: zig's link of a program, or a compile for Windows.

    zig would build the whole of MinGW for the link of one program.
    """
    if platform.object_format is ObjectFormat.PE:
        return (
            *(ZIG, "clang", *clang_flags(platform), "-std=gnu11", "-O2", "-g0", "-w", "-fno-stack-protector"),
            *(f"-D{macro}" for macro in _WINDOWS_MACROS),
            *("-I", f"{_MINGW}/crt", "-I", f"{_MINGW}/include"),
            *(*clang_headers(platform, TOOLCHAIN_DIR, cxx=False)[:4], "-c", *WINDOWS_SOURCES),
        )
    # A position-independent start file serves programs of both kinds.
    kinds = ("-fPIE", "-pie", "-dynamic")
    return (ZIG, "cc", "-target", zig_target(platform), *kinds, "-O2", "-g0", SOURCE_NAME, "-o", OUTPUT_NAME, "-v")


def start_files(log: str, platform: Platform) -> tuple[str, ...]:
    """Return the paths of the start files in zig's cache, as its log of the link names them.

    Raises:
        StartFilesError: If the log has no link line of the known form.
    """
    links = [line for line in log.splitlines() if line.startswith("ld.lld ")]
    try:
        found = [argument for line in links[-1:] for argument in shlex.split(line) if _is_start(argument)]
    except ValueError:
        found = []
    if not found:
        raise StartFilesError(f"The toolchain names no start file of programs for {platform}:\n{log}")
    return tuple(found)


def _is_start(argument: str) -> bool:
    name = posixpath.basename(argument)
    return name.endswith(".o") and "crt" in name
