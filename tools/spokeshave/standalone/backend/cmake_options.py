"""Options of CMake for a project whose build starts CMake itself, and does not pass `CMAKE_ARGS` on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from spokeshave.standalone.backend.request import Request, UserError

_DEFINITION = re.compile(r"(?P<name>[^:=\s]+)(?::(?P<type>[A-Z]+))?=(?P<value>.*)", re.DOTALL)
_TYPES = ("BOOL", "FILEPATH", "PATH", "STRING", "INTERNAL")


def toolchain_file(request: Request) -> Path:
    """Return the toolchain file of each CMake that the build runs.

    With `CMAKE_ARGS` in `env`, it is a file that sets the options too. An argument of the project itself wins.
    """
    toolchain = request.foreign / "toolchain.cmake"
    options = list(_definitions(request))
    if not options:
        return toolchain
    file = request.place / "toolchain.cmake"
    lines = [f'include("{toolchain}")', *(_cache_entry(*option) for option in options)]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def _definitions(request: Request) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the type and the value of each `-D` of `CMAKE_ARGS`."""
    try:
        arguments = iter(shlex.split(request.env.get("CMAKE_ARGS", "")))
    except ValueError as error:
        raise UserError(f"{request.where}: the variable CMAKE_ARGS of `env` cannot be split: {error}") from error
    for argument in arguments:
        if argument.startswith("-D"):
            match = _DEFINITION.fullmatch(argument[2:] or next(arguments, ""))
            if match:
                given = match["type"] or "STRING"
                yield match["name"], given if given in _TYPES else "STRING", match["value"]


def _cache_entry(name: str, kind: str, value: str) -> str:
    equals = "="
    while f"]{equals}]" in value:
        equals += "="
    return f'set({name} [{equals}[{value}]{equals}] CACHE {kind} "")'
