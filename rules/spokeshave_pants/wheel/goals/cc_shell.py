"""The goal `cc-shell`: a shell in the sandbox of a compile or a link, with the command to repeat."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from pants.backend.cc.target_types import CCSourceField
from pants.core.util_rules.system_binaries import BashBinary
from pants.engine.addresses import Address
from pants.engine.console import Console
from pants.engine.env_vars import EnvironmentVarsRequest
from pants.engine.fs import CreateDigest, Digest, Directory, FileContent, MergeDigests
from pants.engine.platform import Platform as MachinePlatform
from pants.engine.process import InteractiveProcess, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import FilteredTargets, Target
from pants.engine.unions import UnionRule

from spokeshave_core.platform import Platform
from spokeshave_core.problems import bullet_list
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.closure.generated_rules import CcSource, GeneratedSourcesRequest, find_generated_sources
from spokeshave_pants.cc.compile.rules import (
    CompileCcSourceRequest,
    CompilePlan,
    compile_process,
)
from spokeshave_pants.cc.compile_command import display_name
from spokeshave_pants.cc.includes.rules import owner_of
from spokeshave_pants.cc.languages import is_source
from spokeshave_pants.cc.link.rules import (
    LinkPlanRequest,
    SharedLibraryRequest,
    link_process,
    plan_link,
    prepare_shared_library,
)
from spokeshave_pants.cc.subsystem import CcCheckSubsystem
from spokeshave_pants.cc.target_types import CcGeneratedDependenciesField, CcSharedLibraryDependenciesField
from spokeshave_pants.confinement.rules import ConfinedProcess, confined, make_program
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    digest_to_snapshot,
    environment_vars_subset,
    goal_rule,
    implicitly,
    merge_digests,
    rule,
    run_interactive_process,
)
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sandbox.packages import install_packages
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.wheel.build.extension import LinkPythonExtensionRequest, prepare_extension
from spokeshave_pants.wheel.development.builds import VariantSourceRequest, variant_source, wheel_builds
from spokeshave_pants.wheel.development.choice import choose_abi, choose_platform, variant_notes
from spokeshave_pants.wheel.development.shell_scripts import (
    COMMAND_VARIABLE,
    ROOT_VARIABLE,
    TOOLS_DIR,
    run_paths,
    run_script,
    shell_argv,
    tool_scripts,
    welcome,
)
from spokeshave_pants.wheel.development.subsystem import CcShell, CcShellSubsystem, Step
from spokeshave_pants.wheel.plan.matrix import is_built_for
from spokeshave_pants.wheel.target_types import ExtensionModuleField, ExtensionPlatformsField

_INHERITED = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TERM", "USER")
_LINKED = (ExtensionModuleField, CcSharedLibraryDependenciesField)


@dataclass(frozen=True)
class ShellTargetRequest:
    """A request for the process of a step of a target.

    Attributes:
        is_extension: Whether the target is a `python_extension`. False for a `cc_shared_library` and a `cc_sources`.
        paths: The files of a `cc_sources`. None for a target that is linked.
        platforms: The `platforms` of an extension, as globs. Empty for all platforms.
    """

    address: Address
    is_extension: bool
    paths: tuple[str, ...] | None
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShellProcess:
    """The process whose sandbox the shell runs in, and what its user has to know."""

    confined: ConfinedProcess
    platform: Platform
    notes: tuple[str, ...]


def step_of(step: Step | None, source: str | None, *, is_linked: bool, where: str) -> Step:
    """Return the step that the options mean.

    Raises:
        InvalidTargetError: If the target has no such step, or the options contradict each other.
    """
    if step is None:
        return Step.LINK if is_linked and source is None else Step.COMPILE
    if step is Step.LINK and source is not None:
        raise InvalidTargetError("A link has no source. Omit `--cc-shell-source` or `--cc-shell-step=link`.")
    if step is Step.LINK and not is_linked:
        raise InvalidTargetError(
            f"{where} is not linked. Name the `python_extension` or `cc_shared_library` that it is linked into."
        )
    return step


def chosen_plan(plans: Iterable[CompilePlan], source: str | None, *, where: str) -> CompilePlan:
    """Return the compile of a source.

    Raises:
        InvalidTargetError: If there is no such source, or several and none is named.
    """
    by_name = {display_name(plan.source): plan for plan in plans}
    if not by_name:
        raise InvalidTargetError(
            f"{where} has only headers, which are not compiled by themselves. Name a target with a source that "
            "includes them."
        )
    if source is None and len(by_name) == 1:
        return next(iter(by_name.values()))
    found = by_name.get(posixpath.normpath(source)) if source else None
    if found is None:
        reason = f"has no source {source!r}" if source else "has several sources"
        raise InvalidTargetError(
            f"{where} {reason}. Choose one with `--cc-shell-source`:\n{bullet_list(sorted(by_name))}"
        )
    return found


def check_platform(plan: CompilePlan, platform: Platform) -> None:
    """Check that a source is compiled for a platform.

    Raises:
        InvalidTargetError: If it is not.
    """
    if not plan.is_for(platform):
        raise InvalidTargetError(
            f"{display_name(plan.source)} is not compiled for {platform}, because the `platforms` of {plan.target} are "
            f"{', '.join(map(repr, plan.platforms))}. With `--cc-shell-platform`, choose one that they match."
        )


def check_extension(request: ShellTargetRequest, platform: Platform) -> None:
    """Check that an extension is built for a platform.

    Raises:
        InvalidTargetError: If it is not.
    """
    if not is_built_for(request.platforms, platform):
        raise InvalidTargetError(
            f"{request.address} is not built for {platform}, because its `platforms` are "
            f"{', '.join(map(repr, request.platforms))}. With `--cc-shell-platform`, choose one that they match."
        )


def chosen_target(targets: Iterable[Target]) -> ShellTargetRequest:
    """Return the target of a run.

    Raises:
        InvalidTargetError: If there is none, or several.
    """
    paths: dict[Address, list[str]] = {}
    linked: dict[Address, bool] = {}
    platforms: dict[Address, tuple[str, ...]] = {}
    for target in targets:
        if target.has_field(CCSourceField):
            paths.setdefault(owner_of(target.address), []).append(target[CCSourceField].file_path)
        elif target.has_field(CcGeneratedDependenciesField):
            paths.setdefault(target.address, [])
        elif any(target.has_field(field) for field in _LINKED):
            linked[target.address] = target.has_field(ExtensionModuleField)
            platforms[target.address] = target.get(ExtensionPlatformsField).value
    addresses = sorted({*paths, *linked})
    if len(addresses) != 1:
        kinds = "`python_extension`, `cc_shared_library`, `cc_sources` or `cc_generated_sources`"
        found = f"These are {len(addresses)}:\n{bullet_list(map(str, addresses))}" if addresses else "There is none."
        raise InvalidTargetError(f"`cc-shell` takes one {kinds} among the specified targets. {found}")
    (address,) = addresses
    return ShellTargetRequest(
        address,
        is_extension=linked.get(address, False),
        paths=tuple(sorted(paths[address])) if address in paths else None,
        platforms=platforms.get(address, ()),
    )


def check_machine(compilers: str, here: str) -> None:
    """Check that the toolchain of a build runs on this machine.

    Args:
        compilers: The machine that compilers run on, as Pants names it, such as `linux_x86_64`.

    Raises:
        InvalidTargetError: If it is of another kind.
    """
    if compilers != here:
        raise InvalidTargetError(
            f"`cc-shell` runs the toolchain on this machine, {here}, but by `[cc-execution].environment` compilers run "
            f"on {compilers}. Run it on such a machine, or without that option."
        )


async def _link(
    request: ShellTargetRequest, platform: Platform, abi: PythonAbi, variant: Address | None
) -> ConfinedProcess:
    if request.is_extension:
        extension = await prepare_extension(
            LinkPythonExtensionRequest(address=request.address, platform=platform, abi=abi, variant=variant)
        )
        of_extension = await link_process(extension.request, **implicitly())
        return of_extension.confined
    library = await prepare_shared_library(SharedLibraryRequest(request.address, platform, variant))
    of_library = await link_process(library.request, **implicitly())
    return of_library.confined


async def _sources(request: ShellTargetRequest) -> tuple[CcSource, ...]:
    """Return the sources of a `cc_sources`, also generated ones. Empty for a target that is linked."""
    if request.paths is None:
        return ()
    generated = await find_generated_sources(GeneratedSourcesRequest(request.address.spec), **implicitly())
    return (*(CcSource(path) for path in request.paths if is_source(path)), *generated.sources)


async def _plans(
    request: ShellTargetRequest, sources: tuple[CcSource, ...], variant: Address | None
) -> tuple[CompilePlan, ...]:
    """Return the compiles of a target."""
    if request.paths is None:
        return (await plan_link(LinkPlanRequest(request.address, variant), **implicitly())).plans
    found = await concurrently(variant_source(VariantSourceRequest(source, variant)) for source in sources)
    return tuple(each.plan for each in found)


@rule
async def shell_process(
    request: ShellTargetRequest, subsystem: CcShellSubsystem, check: CcCheckSubsystem
) -> ShellProcess:
    where = request.address.spec
    step = step_of(subsystem.step, subsystem.source, is_linked=request.paths is None, where=where)
    sources = await _sources(request)
    all_wheels = await wheel_builds(**implicitly())
    if request.paths is None:
        wheels = all_wheels.containing(request.address)
    else:
        wheels = all_wheels.compiling((*request.paths, *(source.path for source in sources)))
    notes = variant_notes([(where, wheels.variants)])
    platform = choose_platform(subsystem.platform, wheels.matrices, where="the option `[cc-shell].platform`")
    check_extension(request, platform)
    abi = choose_abi(subsystem.python, wheels.matrices, check.python, where="the option `[cc-shell].python`")
    if step is Step.LINK:
        return ShellProcess(await _link(request, platform, abi, wheels.variant), platform, notes)
    plan = chosen_plan(await _plans(request, sources, wheels.variant), subsystem.source, where=where)
    check_platform(plan, platform)
    if not wheels.compiles(plan.source, platform):
        raise InvalidTargetError(
            f"{display_name(plan.source)} is not compiled for {platform}, because only extensions for other platforms "
            "contain it. With `--cc-shell-platform`, choose one that matches their `platforms`."
        )
    found = await compile_process(
        CompileCcSourceRequest(plan, platform, abi if plan.needs_python else None), **implicitly()
    )
    return ShellProcess(found.confined, platform, notes)


def _shell(
    process: Process, command: Iterable[str], bash: str, variables: dict[str, str], digest: Digest
) -> InteractiveProcess:
    """Return the process of the shell, with the inputs of a step and the files in `digest`."""
    return InteractiveProcess(
        argv=shell_argv(bash, tuple(command)),
        env={
            **variables,
            "PATH": f"{{chroot}}/{TOOLS_DIR}:{variables.get('PATH', '/usr/bin:/bin')}",
            "PS1": "(cc-shell) \\w$ ",
            ROOT_VARIABLE: "{chroot}",
            COMMAND_VARIABLE: shlex.join(process.argv),
        },
        input_digest=digest,
        immutable_input_digests=process.immutable_input_digests,
    )


@goal_rule
async def cc_shell(
    console: Console,
    specified: FilteredTargets,
    subsystem: CcShellSubsystem,
    bash: BashBinary,
    compilers: CompilerEnvironment,
    here: MachinePlatform,
) -> CcShell:
    check_machine(compilers.machine.name, here.value)
    target = chosen_target(specified)
    found, program, variables = await concurrently(
        shell_process(target, **implicitly()),
        make_program(),
        environment_vars_subset(EnvironmentVarsRequest(_INHERITED), **implicitly()),
    )
    await concurrently(install_packages(wanted) for wanted in found.confined.packages)
    process = confined(found.confined.process, program, found.confined.dependency_file)
    outputs = sorted({posixpath.dirname(path) for path in process.output_files} - {""})
    inputs = await digest_to_snapshot(process.input_digest)
    script = run_script(process.description, process.argv, process.env).encode()
    files = (
        *(
            FileContent(path, script, is_executable=True)
            for path in run_paths((*inputs.files, *inputs.dirs, *process.output_files))
        ),
        *(
            FileContent(f"{TOOLS_DIR}/{name}", text.encode(), is_executable=True)
            for name, text in tool_scripts(zig_target(found.platform)).items()
        ),
    )
    created = await create_digest(CreateDigest([*files, *map(Directory, outputs)]))
    digest = await merge_digests(MergeDigests([process.input_digest, created]))
    for note in found.notes:
        console.print_stderr(note)
    if not subsystem.args:
        console.print_stderr(welcome(process.description, process.argv))
    result = await run_interactive_process(_shell(process, subsystem.args, bash.path, dict(variables), digest))
    return CcShell(exit_code=result.exit_code)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
