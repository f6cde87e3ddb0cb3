"""Programs of the building machine that a project's build runs, such as make and sed. Works without the engine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.platform import Platform, System

# What `./configure` scripts and makefiles use.
POSIX_TOOLS = tuple(
    """
    awk basename bash cat chmod cksum cmp comm cp cut date diff dirname echo egrep env expr false fgrep find fold
    grep head install join ln ls make mkdir mktemp mv od paste printf pwd rm rmdir sed sh sleep sort tail tee test
    touch tr true uname uniq wc xargs
    """.split()
)
_UNAME = "uname"
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
_UNAME_SHIM = """\
#!/bin/sh
# Answers for the system that is built for.
asked=$*
case $asked in
'') asked=-s ;;
--kernel-name) asked=-s ;;
--machine) asked=-m ;;
--kernel-release) asked=-r ;;
--operating-system) asked=-o ;;
--all) asked=-a ;;
esac
case $asked in *a*) asked=-snrvmo ;; esac
text=
add() {{ text="${{text:+$text }}$1"; }}
case $asked in *s*) add {system} ;; esac
case $asked in *n*) add localhost ;; esac
case $asked in *r*) add {release} ;; esac
case $asked in *v*) add 1 ;; esac
case $asked in *[mpi]*) add {machine} ;; esac
case $asked in *o*) add {operating_system} ;; esac
echo "$text"
"""
_SYSTEMS = {
    System.MACOS: ("Darwin", "20.0.0", "Darwin"),
    System.WINDOWS: ("MINGW64_NT-10.0", "3.4.0", "Msys"),
}
_LINUX = ("Linux", "4.18.0", "GNU/Linux")


@dataclass(frozen=True)
class FoundTool:
    """A program of the machine, with the first line that it prints for `--version`."""

    name: str
    path: str
    version: str


def wanted_tools(listed: Iterable[str], *, is_make: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the programs that a build sees, and those of them that it cannot do without.

    Args:
        listed: The value of `system_tools`.
    """
    names = (*(POSIX_TOOLS if is_make else ()), *listed)
    needed = (*(NEEDED_TOOLS if is_make else ()), *listed)
    return tuple(dict.fromkeys(names)), tuple(dict.fromkeys(needed))


def find_script(names: Iterable[str]) -> str:
    """Return a script for bash that prints a line for each program that exists."""
    return _FIND.format(names=" ".join(map(shlex.quote, sorted(names))))


def parse_found(output: str) -> tuple[FoundTool, ...]:
    """Parse the output of the script."""
    lines = (line.split("\t") for line in output.splitlines())
    return tuple(FoundTool(*line) for line in lines if len(line) == 3)


def shims(tools: Iterable[FoundTool], platform: Platform) -> dict[str, bytes]:
    """Return scripts by name that run the programs. `uname` answers for the platform: makefiles choose by it."""
    return {tool.name: uname_shim(platform) if tool.name == _UNAME else shim(tool) for tool in tools}


def uname_shim(platform: Platform) -> bytes:
    """Return a script that answers as `uname` does on a platform."""
    system, release, operating_system = _SYSTEMS.get(platform.system, _LINUX)
    machine = platform.processor if platform.system is System.WINDOWS else platform.architecture
    text = _UNAME_SHIM.format(system=system, release=release, machine=machine, operating_system=operating_system)
    return text.encode()


def shim(tool: FoundTool) -> bytes:
    """Return a script that runs the program. It names the version, so that the version is in the key of a build."""
    version = "".join(c if c.isprintable() else " " for c in tool.version)
    return _SHIM.format(version=version, path=shlex.quote(tool.path)).encode()
