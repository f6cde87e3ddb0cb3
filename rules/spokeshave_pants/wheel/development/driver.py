"""What zig's driver adds to a compile, read from the command line that it prints for `-###`. Works without the engine.

clangd and plain clang do not know zig's headers and macros, so a compilation database has to name them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR

# The flag that prints the compiler's command line and compiles nothing.
PRINT_COMMAND = "-###"
# clang's own headers belong to the version of clang that reads them, which finds them by itself.
_OWN_HEADERS = f"{TOOLCHAIN_DIR}/lib/include"
_CXX_HEADERS = (f"{TOOLCHAIN_DIR}/lib/libcxx/", f"{TOOLCHAIN_DIR}/lib/libcxxabi/")


class UnknownDriverOutputError(SpokeshaveError):
    """The toolchain did not print its command line."""


@dataclass(frozen=True)
class DriverDefaults:
    """The target, the macros and the include directories that zig adds to each compile for a platform.

    Attributes:
        target: The triple, as clang's `--target` takes it.
        cxx_dirs: The directories of libc++'s headers, which are found before all others.
        system_dirs: The directories of the C library's headers.
    """

    target: str
    defines: tuple[str, ...]
    cxx_dirs: tuple[str, ...]
    system_dirs: tuple[str, ...]

    @classmethod
    def parse(cls, output: str, own: Sequence[str]) -> DriverDefaults:
        """Parse what the driver prints.

        Args:
            own: The arguments of the compile. Macros that they define are not the driver's.

        Raises:
            UnknownDriverOutputError: If there is no such line.
        """
        lines = [line for line in output.splitlines() if ' "-cc1" ' in line]
        if not lines:
            raise UnknownDriverOutputError(
                "The toolchain printed no command line of its compiler, so `compile-commands` does not know its "
                f"headers. Pin the `ziglang` that the plugin contains (`[zig-toolchain].requirements`).\n{output}"
            )
        arguments = shlex.split(lines[-1])
        targets = tuple(_values(arguments, "-triple"))
        directories = tuple(d for d in _values(arguments, "-isystem") if d != _OWN_HEADERS)
        return cls(
            target=targets[0],
            defines=tuple(define for define in _values(arguments, "-D") if f"-D{define}" not in own),
            cxx_dirs=tuple(d for d in directories if d.startswith(_CXX_HEADERS)),
            system_dirs=tuple(d for d in directories if not d.startswith(_CXX_HEADERS)),
        )


def _values(arguments: Sequence[str], option: str) -> Iterator[str]:
    return (value for name, value in zip(arguments, arguments[1:]) if name == option)
