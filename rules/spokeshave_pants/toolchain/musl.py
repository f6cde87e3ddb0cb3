"""zig's musl without what the musl of musllinux_1_2 lacks.

zig contains one musl, newer than the oldest that a wheel has to run on. With its own files, a configure script would
find functions that `verify` refuses in the finished wheel. zig's glibc needs no such change: its stubs and headers are
made for a version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from spokeshave_core.c_library.musl import ADDED
from spokeshave_pants.toolchain.layout import ToolchainLayoutError

_HEADERS = "lib/libc/include/generic-musl"
# The source that zig makes the stub of musl from.
_STUB = "lib/libc/musl/libc.S"
_ENTRY = r"^\.(?:globl|weak) {name}\n\.type {name}, %function;\n{name}:\n"
_DECLARATION = r"^[a-z][\w *]*\b{name} ?\([^;]*\);\n"
# The types and macros that came with a function, by which code asks for it.
_TOGETHER = {
    "statx": (r"^#define STATX_\w+ .*\n", r"^struct statx\w* \{[^}]*\};\n"),
    "preadv2": (r"^#define RWF_\w+ .*\n",),
}


def without_entries(assembly: str, names: Iterable[str]) -> str:
    """Return the source of the stub without these functions."""
    for name in names:
        assembly = re.sub(_ENTRY.format(name=name), "", assembly, flags=re.MULTILINE)
    return assembly


def without_declarations(header: str, names: Iterable[str]) -> str:
    """Return a header without the declarations of these functions, and without what came with them."""
    for name in names:
        for pattern in (_DECLARATION.format(name=name), *_TOGETHER.get(name, ())):
            header = re.sub(pattern, "", header, flags=re.MULTILINE)
    return header


_CHANGES: dict[str, Callable[[str, Iterable[str]], str]] = {
    _STUB: without_entries,
    **dict.fromkeys(
        (f"{_HEADERS}/{name}" for name in ("pthread.h", "stdlib.h", "sys/stat.h", "sys/uio.h")), without_declarations
    ),
}
CHANGED_FILES = tuple(_CHANGES)
"""The files that `as_in_oldest_musl` changes, relative to the `ziglang` package."""


def as_in_oldest_musl(path: str, text: str) -> str:
    """Return one of `CHANGED_FILES` as it would be in the oldest musl that a wheel runs on.

    Raises:
        ToolchainLayoutError: If the file does not have the expected form.
    """
    changed = _CHANGES[path](text, ADDED)
    left = sorted(name for name in ADDED if re.search(rf"\b{name}\b", changed))
    if changed == text or left:
        raise ToolchainLayoutError(
            f"{path} of this `ziglang` version declares the functions of newer musl releases in an unknown way"
            f"{': ' if left else ''}{', '.join(left)}; pin the version that the plugin contains "
            f"(`[zig-toolchain].requirements`)."
        )
    return changed
