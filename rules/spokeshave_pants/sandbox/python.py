"""The CPython that runs our tools in sandboxes, under a name that is the same on every machine.

Where an interpreter is would else be in the key of each process that it runs, and two machines whose homes differ would
share nothing. So sandboxes see it through a link in a named cache: of those a key holds the name and no content.
What the tools say does not depend on the patch release; the feature version is in the name.
"""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.util_rules.interpreter_constraints import InterpreterConstraints
from pants.backend.python.util_rules.pex_environment import PythonExecutable
from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.process import Process, ProcessCacheScope, ProcessResult
from pants.engine.rules import Get, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.sandbox.subsystem import SandboxPythonSubsystem

CACHE = "spokeshave_python"
_PLACE = f".cache/{CACHE}"
# Renamed into its place, so that whoever starts it meanwhile finds the old one or the new one.
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
    """:param path: where a process that has `append_only_caches` finds it, from its working directory."""

    path: str
    append_only_caches: FrozenDict[str, str]


@rule(desc="Find the Python that runs the tools", level=LogLevel.DEBUG)
async def sandbox_python(subsystem: SandboxPythonSubsystem, bash: BashBinary) -> SandboxPython:
    python = await Get(
        PythonExecutable, InterpreterConstraints, InterpreterConstraints(subsystem.interpreter_constraints)
    )
    caches = FrozenDict({CACHE: _PLACE})
    result = await Get(
        ProcessResult,
        Process(
            argv=(bash.path, "-c", _LINK, python.path, _PLACE),
            env={"PATH": "/usr/bin:/bin"},
            append_only_caches={**caches, **python.append_only_caches},
            description="Link the Python that runs the tools",
            level=LogLevel.DEBUG,
            # The link is what it is for, and that is in no result.
            cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
        ),
    )
    return SandboxPython(f"{_PLACE}/{result.stdout.decode()}", caches)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
