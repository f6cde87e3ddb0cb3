"""Rules that run zig so that it sees its inputs and no other files of the machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pants.engine.fs import Digest
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict

from spokeshave_pants.confinement.command import CONFINE_DIR, PROGRAM, confined_argv, offline_argv
from spokeshave_pants.pants_api import implicitly, rule
from spokeshave_pants.sandbox.hermetic import HermeticProcess, run_hermetic
from spokeshave_pants.sandbox.packages import PackagesRequest
from spokeshave_pants.toolchain.rules import MachineProgramRequest, make_machine_program


@dataclass(frozen=True)
class ConfineProgram:
    """The confinement program, as the only file of a digest for `CONFINE_DIR`."""

    digest: Digest


@dataclass(frozen=True)
class ConfinedProcess:
    """A process that runs zig, and the packages that its inputs include files of.

    Attributes:
        dependency_file: The file in which the process lists what it read (`-MD -MF`). The process fails if it lists a
            file that is not an input.
    """

    process: Process
    packages: tuple[PackagesRequest, ...]
    dependency_file: str | None = None


@dataclass(frozen=True)
class OfflineProcess:
    """A process that runs without a network, and the packages that its inputs include files of.

    Attributes:
        is_compiler: As in `HermeticProcess`.
    """

    process: Process
    packages: tuple[PackagesRequest, ...]
    is_compiler: bool = False


@rule
async def make_program() -> ConfineProgram:
    program = await make_machine_program(MachineProgramRequest(PROGRAM), **implicitly())
    return ConfineProgram(program.digest)


@rule
async def run_confined(request: ConfinedProcess, program: ConfineProgram) -> FallibleProcessResult:
    process = confined(request.process, program, request.dependency_file)
    return await run_hermetic(HermeticProcess(process, request.packages, is_compiler=True), **implicitly())


@rule
async def run_offline(request: OfflineProcess, program: ConfineProgram) -> FallibleProcessResult:
    process = request.process
    inputs = FrozenDict({**process.immutable_input_digests, CONFINE_DIR: program.digest})
    offline = replace(process, argv=offline_argv(process.argv), immutable_input_digests=inputs)
    return await run_hermetic(HermeticProcess(offline, request.packages, request.is_compiler), **implicitly())


def confined(process: Process, program: ConfineProgram, dependency_file: str | None = None) -> Process:
    """Return the process under the confinement program, which is an input in its working directory."""
    here = f"{process.working_directory}/" if process.working_directory else ""
    inputs = (path[len(here) :] for path in process.immutable_input_digests)
    return replace(
        process,
        argv=confined_argv(process.argv, inputs, dependency_file),
        immutable_input_digests=FrozenDict({**process.immutable_input_digests, f"{here}{CONFINE_DIR}": program.digest}),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
