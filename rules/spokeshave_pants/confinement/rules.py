"""Rules that run zig so that it sees its inputs and no other files of the machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pants.engine.fs import CreateDigest, Digest, FileContent
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict
from pants.util.logging import LogLevel

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.confinement.command import (
    CONFINE_DIR,
    OUTPUT_NAME,
    SOURCE_NAME,
    build_argv,
    confined_argv,
    machine_platform,
)
from spokeshave_pants.pants_api import create_digest, implicitly, rule
from spokeshave_pants.resources.files import carried_source
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment, HermeticProcess, run_hermetic
from spokeshave_pants.sandbox.packages import PackagesRequest
from spokeshave_pants.toolchain.rules import CcToolchainRequest, cc_toolchain
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG_ENVIRONMENT


class ConfinementError(SpokeshaveError):
    """The confinement program cannot be built."""


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


@rule(desc="Make the program that confines compilers", level=LogLevel.DEBUG)
async def make_program(compilers: CompilerEnvironment) -> ConfineProgram:
    platform = machine_platform(compilers.machine.name)
    toolchain = await cc_toolchain(CcToolchainRequest(platform), **implicitly())
    process = Process(
        argv=build_argv(platform),
        env=ZIG_ENVIRONMENT,
        input_digest=await create_digest(CreateDigest([FileContent(SOURCE_NAME, carried_source(SOURCE_NAME))])),
        immutable_input_digests={TOOLCHAIN_DIR: toolchain.linker},
        output_files=(OUTPUT_NAME,),
        description="Make the program that confines compilers",
        level=LogLevel.DEBUG,
    )
    result = await run_hermetic(HermeticProcess(process, toolchain.packages, is_compiler=True), **implicitly())
    if result.exit_code:
        reason = result.stderr.decode(errors="replace").strip()
        raise ConfinementError(f"The toolchain could not build the program that confines compilers:\n{reason}")
    return ConfineProgram(result.output_digest)


@rule
async def run_confined(request: ConfinedProcess, program: ConfineProgram) -> FallibleProcessResult:
    process = confined(request.process, program, request.dependency_file)
    return await run_hermetic(HermeticProcess(process, request.packages, is_compiler=True), **implicitly())


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
