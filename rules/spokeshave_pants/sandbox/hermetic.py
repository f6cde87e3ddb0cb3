"""Processes with packages that are not downloaded unless the process really runs.

With a remote cache, a run with only cache hits needs the digest of the toolchain, which is part of each key, but none
of its files. `Packages` may therefore be a list of files by digest (`packages.py`). If a process has to run after all,
the engine reports missing files. The packages are then installed, and the process runs again.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pants.engine.environment import EnvironmentName
from pants.engine.platform import Platform
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.pants_api import (
    EnvironmentNameRequest,
    LocalEnvironmentTarget,
    concurrently,
    current_platform,
    execute_process,
    get_target_for_environment_name,
    implicitly,
    resolve_environment_name,
    rule,
)
from spokeshave_pants.sandbox.complete_platform import CompletePlatform, of_machine
from spokeshave_pants.sandbox.packages import (
    LOOKUP_MILLISECONDS,
    PackagesRequest,
    find_packages,
    install_packages,
)
from spokeshave_pants.sandbox.subsystem import CcExecutionSubsystem

# The engine's message for a digest that is neither in the local store nor in the remote one.
_MISSING = "Missing digest"


class RemoteExecutionError(SpokeshaveError):
    """Remote workers cannot be reached."""


@dataclass(frozen=True)
class HermeticProcess:
    """A process, and the packages that its inputs include files of.

    Attributes:
        is_compiler: Whether it runs in `[cc-execution].environment`. Such a process may use only its inputs.
    """

    process: Process
    packages: tuple[PackagesRequest, ...]
    is_compiler: bool = False


@dataclass(frozen=True)
class CompilerEnvironment:
    """The environment that compilers run in, or None for this machine.

    Attributes:
        machine: The machine that they run on. By it, clients of any kind use the same compilers and the same keys.
    """

    name: EnvironmentName | None
    machine: CompletePlatform


@rule
async def compiler_environment(subsystem: CcExecutionSubsystem, here: Platform) -> CompilerEnvironment:
    if subsystem.environment is None:
        return CompilerEnvironment(None, of_machine(here.value))
    where = f"the option `[{subsystem.options_scope}].environment`"
    request = EnvironmentNameRequest(subsystem.environment, description_of_origin=where)
    name = await resolve_environment_name(request, **implicitly())
    target, worker_platform = await concurrently(
        get_target_for_environment_name(name, **implicitly()), current_platform(**implicitly({name: EnvironmentName}))
    )
    # The fallback may be this machine, which then behaves as without the option.
    is_here = target.val is None or isinstance(target.val, LocalEnvironmentTarget)
    return CompilerEnvironment(None if is_here else name, of_machine(worker_platform.value))


@dataclass(frozen=True)
class _PlacedProcess:
    process: Process
    environment: EnvironmentName | None


@rule
async def run_placed(request: _PlacedProcess, options: GlobalOptions) -> FallibleProcessResult:
    """Run a process in its environment.

    Raises:
        RemoteExecutionError: If the workers cannot be reached, or the connection is lost.
    """
    process = request.process
    environment = request.environment
    if environment is None:
        return await execute_process(process, **implicitly())
    try:
        return await execute_process(**implicitly({process: Process, environment: EnvironmentName}))
    except Exception as error:
        if _MISSING in str(error) or not options.remote_execution:
            raise
        raise RemoteExecutionError(lost_workers(process.description, options, str(error))) from error


def lost_workers(description: str, options: GlobalOptions, words: str) -> str:
    """Return the message about failed remote execution. A process that ran and failed does not count."""
    return (
        f"{description}: the remote execution server at {options.remote_execution_address} did not run it: "
        f"{words.strip()}\nStart it again and run the same command, which continues; or run without it by "
        "`--no-remote-execution`, which compiles here where the `remote_environment` has "
        '`fallback_environment="__local__"`.'
    )


@rule
async def run_hermetic(request: HermeticProcess, compilers: CompilerEnvironment) -> FallibleProcessResult:
    process = _PlacedProcess(
        dataclasses.replace(request.process, remote_cache_speculation_delay_millis=LOOKUP_MILLISECONDS),
        compilers.name if request.is_compiler else None,
    )
    packages = await concurrently(find_packages(wanted, **implicitly()) for wanted in request.packages)
    try:
        return await run_placed(process, **implicitly())
    except RemoteExecutionError:
        raise
    except Exception:
        # The files are missing, or the remote server is lost or refuses. A failed process raises no exception.
        if not any(found.listed for found in packages):
            raise
    await concurrently(install_packages(wanted) for wanted in request.packages)
    return await run_placed(process, **implicitly())


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
