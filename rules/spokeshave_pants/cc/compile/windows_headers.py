"""Windows' headers by Microsoft's names, which differ by case from the toolchain's. Decided without the engine.

Microsoft's file system ignores case, and its documentation writes `<Windows.h>` and `<ShlObj.h>`. MinGW has all
in lower case. A source that names one otherwise gets a header of that name, which includes the real one.
"""

from __future__ import annotations

from collections.abc import Iterable

CASE_DIR = "__case"
# Below the toolchain's own folder.
WINDOWS_HEADERS_DIR = "lib/libc/include/any-windows-any"


def capitalized(spellings: Iterable[str]) -> tuple[str, ...]:
    """Of what includes name, what can be a header of Windows in another case; sorted."""
    return tuple(sorted(name for name in spellings if name != name.lower() and not name.startswith((".", "/"))))


def forwarding_headers(spellings: Iterable[str], existing: Iterable[str]) -> dict[str, str]:
    """Headers to add for a compile, by path, for the spellings of which a header exists in lower case.

    Args:
        existing: The toolchain's files below `WINDOWS_HEADERS_DIR`.
    """
    known = {path[len(WINDOWS_HEADERS_DIR) + 1 :] for path in existing}
    return {
        f"{CASE_DIR}/{name}": f"#include <{name.lower()}>\n"
        for name in spellings
        if name.lower() in known and name not in known
    }
