"""Command lines for the plugin's own C programs, which zig compiles for the machine that runs the compilers."""

from __future__ import annotations

from spokeshave_core.platform import Platform, System
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.toolchain.zig import ZIG

# What they include, besides nothing of the system.
COMMON_HEADER = "system.h"
# The platform that compilers run on, not that of a target. The Linux programs use no C library, so any will do.
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


def build_argv(platform: Platform, name: str) -> tuple[str, ...]:
    """Return the command line that compiles and links the program `name` from `name.c`."""
    system = ("-lSystem",) if platform.system is System.MACOS else ("-static", "-ffreestanding")
    return (ZIG, "cc", "-target", zig_target(platform), *_FLAGS, f"{name}.c", "-o", name, *system)
