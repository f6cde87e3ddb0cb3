"""The CPython that runs the tools in sandboxes, under a path that is the same on every machine.

The path of an interpreter would otherwise be part of the key of each process that it runs, and two machines with
different home directories would share no results. Sandboxes therefore use a link in a named cache, of which a key
contains the name but not the content. The output of the tools does not depend on the patch release. The feature version
is part of the name.

The Python that runs Pants is preferred, as all machines with one version of Pants have the same feature version of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pants.backend.python.util_rules.pex_environment import PexEnvironment
from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.platform import Platform
from pants.engine.process import Process, ProcessCacheScope
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_pants.pants_api import execute_process_or_raise, implicitly, rule
from spokeshave_pants.pythons.interpreters import discovery_script, parse_discovery
from spokeshave_pants.sandbox.complete_platform import CompletePlatform, of_python_here
from spokeshave_pants.sandbox.python_choice import AcceptedPythons, search_folders
from spokeshave_pants.sandbox.subsystem import SandboxPythonSubsystem

CACHE = "spokeshave_python"
_PLACE = f".cache/{CACHE}"
_CACHES = FrozenDict({CACHE: _PLACE})
_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
# Prints the name of the link and the version. The link is renamed atomically, so that a concurrent process finds the
# old one or the new one.
_LINK = """\
set -eu
found=$("$0" -c 'import os, platform, sys
feature = "python3.%d%s" % (sys.version_info[1], "t" * ("t" in sys.abiflags))
print(feature, platform.python_version(), os.path.realpath(sys.executable))')
name=${found%% *} rest=${found#* }
version=${rest%% *} real=${rest#* }
printf '%s %s' "$name" "$version"
[ "$(readlink "$1/$name" || true)" = "$real" ] && exit
ln -s "$real" "$1/$name.$$"
mv -f "$1/$name.$$" "$1/$name"
"""


@dataclass(frozen=True)
class LinkedPython:
    """A Python under the path that it has in all sandboxes.

    Attributes:
        version: Its full version, `3.11.7`.
        path: Its path relative to the working directory of a process with `append_only_caches`.
    """

    version: str
    path: str
    append_only_caches: FrozenDict[str, str]


@dataclass(frozen=True)
class PantsPython:
    """The Python that runs Pants, and pex in sandboxes. The pex of Pants 2.17 does not run on CPython 3.12 or newer."""

    linked: LinkedPython


@dataclass(frozen=True)
class SandboxPython:
    """The Python that runs the tools in sandboxes.

    Attributes:
        path: Its path relative to the working directory of a process with `append_only_caches`.
        platform: The platform for which its packages are installed. None for that of the Python that runs pex.
    """

    path: str
    append_only_caches: FrozenDict[str, str]
    platform: CompletePlatform | None


@dataclass(frozen=True)
class LinkPythonRequest:
    """A request for a Python of this machine, by its path, which may be in named caches."""

    path: str
    append_only_caches: FrozenDict[str, str]


@rule(desc="Link a Python", level=LogLevel.DEBUG)
async def link_python(request: LinkPythonRequest, bash: BashBinary) -> LinkedPython:
    result = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(bash.path, "-c", _LINK, request.path, _PLACE),
                env=_ENVIRONMENT,
                append_only_caches={**_CACHES, **request.append_only_caches},
                description="Link a Python of this machine",
                level=LogLevel.DEBUG,
                # The process runs to create the link, which is not part of its result.
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    name, _, version = result.stdout.decode().partition(" ")
    return LinkedPython(version=version, path=f"{_PLACE}/{name}", append_only_caches=_CACHES)


@rule(desc="Find the Python that runs Pants", level=LogLevel.DEBUG)
async def pants_python(environment: PexEnvironment) -> PantsPython:
    own = environment.bootstrap_python
    return PantsPython(await link_python(LinkPythonRequest(own.path, own.APPEND_ONLY_CACHES), **implicitly()))


@rule(desc="Find the Python that runs the tools", level=LogLevel.DEBUG)
async def sandbox_python(
    subsystem: SandboxPythonSubsystem,
    pants: PantsPython,
    environment: PexEnvironment,
    bash: BashBinary,
    machine: Platform,
) -> SandboxPython:
    own = pants.linked
    accepted = AcceptedPythons.parse(subsystem.interpreter_constraints)
    if accepted.accepts(own.version):
        return SandboxPython(path=own.path, append_only_caches=own.append_only_caches, platform=None)
    found = await execute_process_or_raise(
        **implicitly(
            Process(
                argv=(bash.path, "-c", discovery_script(search_folders(environment.interpreter_search_paths))),
                env=_ENVIRONMENT,
                description="Find the Pythons of this machine",
                level=LogLevel.DEBUG,
                cache_scope=ProcessCacheScope.PER_RESTART_SUCCESSFUL,
            )
        )
    )
    chosen = accepted.oldest(parse_discovery(found.stdout.decode()))
    linked = await link_python(LinkPythonRequest(chosen.path, FrozenDict()), **implicitly())
    return SandboxPython(
        path=linked.path,
        append_only_caches=linked.append_only_caches,
        platform=of_python_here(machine.value, chosen.feature),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
