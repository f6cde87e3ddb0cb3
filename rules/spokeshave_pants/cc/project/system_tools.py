"""Programs of the building machine that a project's build runs, such as make and sed. Works without the engine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

# What `./configure` scripts and makefiles use.
POSIX_TOOLS = tuple(
    """
    awk basename bash cat chmod cmp comm cp cut date diff dirname echo env expr false find grep head install
    ln ls make mkdir mktemp mv od printf pwd rm rmdir sed sh sleep sort tail tee test touch tr true uname uniq wc xargs
    """.split()
)
# What no build by make works without. Others of the list are used if they exist.
NEEDED_TOOLS = ("grep", "make", "sed", "sh")
_FIND = """\
for name in {names}; do
  path=$(type -P "$name") || continue
  version=$("$path" --version < /dev/null 2>&1 | head -n 1 | tr '\\t' ' ')
  printf '%s\\t%s\\t%s\\n' "$name" "$path" "$version"
done
"""
_SHIM = """\
#!/bin/sh
# {version}
exec {path} "$@"
"""


@dataclass(frozen=True)
class FoundTool:
    """A program of the machine, with the first line that it prints for `--version`."""

    name: str
    path: str
    version: str


def find_script(names: Iterable[str]) -> str:
    """Return a script for bash that prints a line for each program that exists."""
    return _FIND.format(names=" ".join(map(shlex.quote, sorted(names))))


def parse_found(output: str) -> tuple[FoundTool, ...]:
    """Parse the output of the script."""
    lines = (line.split("\t") for line in output.splitlines())
    return tuple(FoundTool(*line) for line in lines if len(line) == 3)


def shim(tool: FoundTool) -> bytes:
    """Return a script that runs the program. It names the version, so that the version is in the key of a build."""
    version = "".join(c if c.isprintable() else " " for c in tool.version)
    return _SHIM.format(version=version, path=shlex.quote(tool.path)).encode()
