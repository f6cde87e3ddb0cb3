"""The program that runs compilers and linkers where they see their inputs alone (`resources/confine.c`).

It is made by zig for the machine that compilers run on. How much it can hide is that machine's kernel's choice and is
in no key: an action that sees nothing but its inputs has the same result wherever it runs, and one that asked for more
fails.
"""

from __future__ import annotations

from collections.abc import Iterable

from spokeshave_core.platform import Platform, System
from spokeshave_pants.cc.compile.command import ZIG
from spokeshave_pants.toolchain.platforms import zig_target

CONFINE_DIR = "__confine"
CONFINE = f"{CONFINE_DIR}/confine"
SOURCE_NAME = "confine.c"
OUTPUT_NAME = "confine"

# No target's own platform: what compilers run on. Linux' program has no C library, so that any will do.
_MACHINES = {
    "linux_x86_64": Platform(System.MUSL, "x86_64", (1, 2)),
    "linux_arm64": Platform(System.MUSL, "aarch64", (1, 2)),
    "macos_x86_64": Platform(System.MACOS, "x86_64", (11, 0)),
    "macos_arm64": Platform(System.MACOS, "arm64", (11, 0)),
}
_FLAGS = ("-O2", "-g0", "-s", "-nostdlib", "-fno-builtin", "-fno-stack-protector", "-fno-sanitize=undefined")


def machine_platform(name: str) -> Platform:
    """The platform of a machine by Pants' name for it, such as `linux_x86_64`."""
    return _MACHINES[name]


def build_argv(platform: Platform) -> tuple[str, ...]:
    """The command line that compiles and links the program."""
    system = ("-lSystem",) if platform.system is System.MACOS else ("-static", "-ffreestanding")
    return (ZIG, "cc", "-target", zig_target(platform), *_FLAGS, SOURCE_NAME, "-o", OUTPUT_NAME, *system)


def confined_argv(argv: Iterable[str], inputs: Iterable[str], dependency_file: str | None = None) -> tuple[str, ...]:
    """A command line under confinement.

    Args:
        argv: what is run, with the program as a path in the working directory.
        inputs: the paths in the working directory that may be links out of it.
        dependency_file: where the command says what it read; None for one that does not.
    """
    reads = (f"--reads={dependency_file}",) if dependency_file else ()
    return (CONFINE, *reads, *sorted(inputs), "--", *argv)
