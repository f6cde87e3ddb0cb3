"""The CPython that runs the tools in sandboxes, under a path that is the same on every machine.

The path of an interpreter would otherwise be part of the key of each process that it runs, and two machines with
different home directories would share no results. Sandboxes therefore use a link in a named cache, of which a key
contains the name but not the content. The output of the tools does not depend on the patch release. The feature version
is part of the name.
"""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.process import Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.pants_api import execute_process_or_raise, find_interpreter, implicitly, rule
from spokeshave_pants.sandbox.subsystem import SandboxPythonSubsystem

CACHE = "spokeshave_python"
_PLACE = f".cache/{CACHE}"
# Renamed atomically, so that a concurrent process finds the old link or the new one.
_LINK = """\
set -eu
found=$("$0" -c 'import os, sys; print(f"python3.{sys.version_info[1]}", os.path.realpath(sys.executable))')
name=${found%% *} real=${found#* }
printf %s "$name"
[ "$(readlink "$1/$name" || true)" = "$real" ] && exit
ln -s "$real" "$1/$name.$$"
mv -f "$1/$name.$$" "$1/$name"
"""


@dataclass(frozen=True)
class SandboxPython:
    """The Python in sandboxes.

    Attributes:
        path: Its path relative to the working directory of a process with `append_only_caches`.
    """

    path: str
    append_only_caches: FrozenDict[str, str]


@rule(desc="Find the Python that runs the tools", level=LogLevel.DEBUG)
async def sandbox_python(subsystem: SandboxPythonSubsystem, bash: BashBinary) -> SandboxPython:
    python = await find_interpreter(InterpreterConstraints(subsystem.interpreter_constraints), **implicitly())
    caches = FrozenDict({CACHE: _PLACE})
    result = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(bash.path, "-c", _LINK, python.path, _PLACE),
                env={"PATH": "/usr/bin:/bin"},
                append_only_caches={**caches, **python.append_only_caches},
                description="Link the Python that runs the tools",
                level=LogLevel.DEBUG,
                # The process runs to create the link, which is not part of its result.
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    return SandboxPython(f"{_PLACE}/{result.stdout.decode()}", caches)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
