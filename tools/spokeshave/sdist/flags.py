"""Flags of compilers and linkers in a CMakeLists.txt, which gcc, clang and MSVC read."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WARNING = re.compile(r"-W(?![lap],)|-pedantic|-w$|-fdiagnostics-|-Qunused-arguments$")
_RAW_LINKER_FLAG = re.compile(r"--|-[A-Za-z-]+:")
_LIBRARY = re.compile(r"-l(?P<name>.+)")
# Options of compilers whose argument is the next word. CMake must not take the second of two equal words away.
_TWO_WORDS = frozenset(("-include", "-Xclang", "-Xassembler", "-Xpreprocessor", "-Xlinker", "-z", "-framework"))
_PLAIN = re.compile(r"[A-Za-z0-9_.:/+=,@%^~-]+")


def quoted(text: str) -> str:
    """Return an argument of a CMake command that stands for a text, without expansion of variables."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = re.sub(r'([\\"$;])', r"\\\1", text)
    return f'"{escaped}"'


def without_warnings(flags: Iterable[str]) -> tuple[str, ...]:
    """Return compiler flags without those about warnings, which concern the project's own builds only.

    The compilers of users have other warnings, and `-Werror` would make a new one the end of an installation.
    """
    return tuple(flag for flag in flags if not _WARNING.match(flag))


def joined(flags: Iterable[str]) -> tuple[str, ...]:
    """Return flags with those of two words as one argument, so that CMake keeps them together."""
    found: list[str] = []
    for flag in flags:
        if found and found[-1] in _TWO_WORDS:
            found[-1] = f"SHELL:{found[-1]} {flag}"
        else:
            found.append(flag)
    return tuple(found)


def link_options(flags: Iterable[str]) -> tuple[str, ...]:
    """Return link flags as `target_link_options` takes them: flags of the linker itself go through the driver."""
    kept = (flag for flag in joined(flags) if not _LIBRARY.match(flag))
    return tuple(f"LINKER:{flag}" if _RAW_LINKER_FLAG.match(flag) else flag for flag in kept)


def link_libraries(flags: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the libraries in link flags (`-lm`)."""
    matches = (_LIBRARY.fullmatch(flag) for flag in flags)
    return tuple(match["name"] for match in matches if match)
