"""Run a process on packages that need not be here unless the process really runs.

With a remote cache, a runner that only hits needs the digest of the toolchain, which is part of each key, and none of
its files. So `Packages` may be a list of files by digest (`packages.py`). Where a process has to run after all, the
engine finds that files are missing; they are installed then, and the process is run again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule

from spokeshave_pants.cc.util_rules.packages import LOOKUP_MILLISECONDS, InstalledPackages, Packages, PackagesRequest

# How the engine says that a digest's content is neither in the local store nor in the remote one.
_MISSING = "Missing digest"


@dataclass(frozen=True)
class HermeticProcess:
    """A process, and the packages that its inputs have files of."""

    process: Process
    packages: tuple[PackagesRequest, ...]


@rule
async def run_hermetic(request: HermeticProcess) -> FallibleProcessResult:
    process = dataclasses.replace(request.process, remote_cache_speculation_delay_millis=LOOKUP_MILLISECONDS)
    packages = await MultiGet(Get(Packages, PackagesRequest, wanted) for wanted in request.packages)
    try:
        return await Get(FallibleProcessResult, Process, process)
    except Exception as error:
        if _MISSING not in str(error) or not any(found.listed for found in packages):
            raise
    await MultiGet(Get(InstalledPackages, PackagesRequest, wanted) for wanted in request.packages)
    return await Get(FallibleProcessResult, Process, process)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
