"""Windows headers by Microsoft's spelling, which differs in case from the toolchain's. Works without the engine.

Microsoft's file system ignores case, and its documentation writes `<Windows.h>` and `<ShlObj.h>`. MinGW's headers are
all in lower case. For each other spelling that a source uses, a header of that name is generated, which includes the
real one.
"""

from __future__ import annotations

from collections.abc import Iterable

CASE_DIR = "__case"
# Relative to the toolchain's directory.
WINDOWS_HEADERS_DIR = "lib/libc/include/any-windows-any"


def capitalized(spellings: Iterable[str]) -> tuple[str, ...]:
    """Return the included names that may be Windows headers in another case, sorted."""
    return tuple(sorted(name for name in spellings if name != name.lower() and not name.startswith((".", "/"))))


def forwarding_headers(spellings: Iterable[str], existing: Iterable[str]) -> dict[str, str]:
    """Return headers to add to a compile, by path: one for each spelling whose lower-case header exists.

    Args:
        existing: The toolchain's files below `WINDOWS_HEADERS_DIR`.
    """
    known = {path[len(WINDOWS_HEADERS_DIR) + 1 :] for path in existing}
    return {
        f"{CASE_DIR}/{name}": f"#include <{name.lower()}>\n"
        for name in spellings
        if name.lower() in known and name not in known
    }
