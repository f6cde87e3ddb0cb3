"""Command lines for the program that confines compilers and linkers to their inputs (`resources/confine.c`).

zig compiles it for the machine that runs the compilers. How much it can hide depends on that machine's kernel and is
not part of any key: an action that reads only its inputs has the same result on every machine, and an action that reads
other files fails.
"""

from __future__ import annotations

from collections.abc import Iterable

from spokeshave_core.platform import Platform, System
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.toolchain.zig import ZIG

CONFINE_DIR = "__confine"
CONFINE = f"{CONFINE_DIR}/confine"
SOURCE_NAME = "confine.c"
OUTPUT_NAME = "confine"

# The platform that compilers run on, not that of a target. The Linux program uses no C library, so any will do.
_MACHINES = {
    "linux_x86_64": Platform(System.MUSL, "x86_64", (1, 2)),
    "linux_arm64": Platform(System.MUSL, "aarch64", (1, 2)),
    "macos_x86_64": Platform(System.MACOS, "x86_64", (11, 0)),
    "macos_arm64": Platform(System.MACOS, "arm64", (11, 0)),
}
_FLAGS = ("-O2", "-g0", "-s", "-nostdlib", "-fno-builtin", "-fno-stack-protector", "-fno-sanitize=undefined")


def machine_platform(name: str) -> Platform:
    """Return the platform of a machine by Pants' name for it, such as `linux_x86_64`."""
    return _MACHINES[name]


def build_argv(platform: Platform) -> tuple[str, ...]:
    """Return the command line that compiles and links the program."""
    system = ("-lSystem",) if platform.system is System.MACOS else ("-static", "-ffreestanding")
    return (ZIG, "cc", "-target", zig_target(platform), *_FLAGS, SOURCE_NAME, "-o", OUTPUT_NAME, *system)


def confined_argv(argv: Iterable[str], inputs: Iterable[str], dependency_file: str | None = None) -> tuple[str, ...]:
    """Return a command line that runs another one confined.

    Args:
        argv: The command line to run. Its program is a path in the working directory.
        inputs: Paths in the working directory that may be links to files outside of it.
        dependency_file: The file in which the command lists what it read. None for a command without one.
    """
    reads = (f"--reads={dependency_file}",) if dependency_file else ()
    return (CONFINE, *reads, *sorted(inputs), "--", *argv)
