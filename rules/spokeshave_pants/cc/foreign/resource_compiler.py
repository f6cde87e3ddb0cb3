"""The program that compiles resources of Windows (`.rc`): zig's own, which zig contains as source."""

from __future__ import annotations

from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG

OUTPUT_NAME = "resources"
_SOURCES = "lib/compiler"
# A module of zig sees only files below the folder of its first file, and the compiler of resources uses some beside it.
ROOT = f"{_SOURCES}/{OUTPUT_NAME}.zig"
ROOT_SOURCE = b'pub const main = @import("resinator/main.zig").main;\n'
DESCRIPTION = "Make the compiler of Windows resources (once per toolchain)"


class ResourceCompilerError(SpokeshaveError):
    """The toolchain did not build its compiler of resources."""


def resource_compiler_argv(machine: Platform) -> tuple[str, ...]:
    """Return the command that builds the program for the machine that runs compilers."""
    return (
        *(ZIG, "build-exe", "-target", zig_target(machine), "-OReleaseSmall", "-fstrip", "-fsingle-threaded"),
        *("--dep", "aro", f"-Mroot={TOOLCHAIN_DIR}/{ROOT}", f"-Maro={TOOLCHAIN_DIR}/{_SOURCES}/aro/aro.zig"),
        f"-femit-bin={OUTPUT_NAME}",
    )
