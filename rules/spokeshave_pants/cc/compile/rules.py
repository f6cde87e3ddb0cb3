"""Rules that compile C/C++: one process per source, with the source and its reachable headers as inputs."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.fs import (
    EMPTY_DIGEST,
    CreateDigest,
    Digest,
    DigestSubset,
    Directory,
    FileContent,
    MergeDigests,
    PathGlobs,
)
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.option.global_options import GlobalOptions
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform, System
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.closure.generated_rules import CcSource
from spokeshave_pants.cc.compile.init_functions import (
    InitText,
    init_header,
    init_header_path,
    unmarked_init_functions,
)
from spokeshave_pants.cc.compile.lanes import in_order, lanes_of
from spokeshave_pants.cc.compile.windows_headers import CASE_DIR, WINDOWS_HEADERS_DIR, capitalized, forwarding_headers
from spokeshave_pants.cc.compile_command import (
    CARRIED_HEADERS_DIR,
    PYTHON_HEADERS_DIR,
    compile_argv,
    compile_description,
    dependency_file,
    object_path,
)
from spokeshave_pants.cc.diagnostics import (
    COMPILE_METADATA,
    FailedCompile,
    assembler_hint,
    compile_errors,
    compile_hint,
    plain,
)
from spokeshave_pants.cc.includes.rules import (
    CcOwnerRequest,
    CcTargets,
    ResolveIncludesRequest,
    find_owner,
    resolve_includes,
)
from spokeshave_pants.cc.includes.scan import given_macros, names_init
from spokeshave_pants.cc.includes.search import IncludeClosure
from spokeshave_pants.cc.includes.system_headers import VERSION_HEADER
from spokeshave_pants.cc.includes.third_party import (
    PYTHON_HEADER,
    CcPackage,
    CcPackageFilesRequest,
    MissingWheelError,
    package_files,
)
from spokeshave_pants.cc.languages import is_assembler
from spokeshave_pants.cc.project.build import BuiltCcProject, CcProjectRequest, build_project
from spokeshave_pants.cc.project.projects import ProjectHeaders
from spokeshave_pants.cc.settings import CompileSettings, for_any_platform, for_python
from spokeshave_pants.cc.subsystem import CcBuildSubsystem
from spokeshave_pants.cc.target_types import (
    CcPlatformsField,
    CompileFlagsField,
    CStandardField,
    CxxStandardField,
    DefinesField,
    PlatformCompileFlagsField,
    PlatformDefinesField,
)
from spokeshave_pants.confinement.rules import ConfinedProcess, run_confined
from spokeshave_pants.errors import CompileError
from spokeshave_pants.headers.rules import PythonHeadersRequest, python_headers
from spokeshave_pants.pants_api import (
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    merge_digests,
    path_globs_to_digest,
    rule,
)
from spokeshave_pants.resources.files import version_header
from spokeshave_pants.toolchain.rules import CcToolchain, CcToolchainRequest, cc_toolchain
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG_ENVIRONMENT

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CompilePlanRequest:
    """A request for the plan of a source of the repository, independent of platform and Python.

    Attributes:
        flags: Flags that a variant adds. They may request headers. The variant itself adds them to the plan.
    """

    source: CcSource
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompilePlan:
    """A source, its settings and its inputs: the part of a compile that depends on neither platform nor Python.

    Attributes:
        needs_version: Whether the source reaches the plugin's header `spokeshave/version.h`.
        projects: The projects whose headers it may include.
        unasked: Lines for messages about other projects in `dependencies`, whose field `headers` answers no include.
        capitalized: Includes that may refer to Windows headers in another case.
    """

    source: str
    target: str
    digest: Digest
    settings: CompileSettings
    packages: tuple[CcPackage, ...]
    needs_python: bool
    needs_version: bool = False
    projects: tuple[ProjectHeaders, ...] = ()
    unasked: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    capitalized: tuple[str, ...] = ()

    def is_for(self, platform: Platform) -> bool:
        """Return whether the source is compiled for the platform."""
        return not self.platforms or platform.fits(self.platforms)


@dataclass(frozen=True)
class CompileCcSourceRequest:
    """A request to compile one source.

    Attributes:
        abi: The Python ABI of a source that reaches `Python.h`. None for all other sources.
    """

    plan: CompilePlan
    platform: Platform
    abi: PythonAbi | None


@dataclass(frozen=True)
class CompileProcess:
    """The process of a compile, and the builds of the projects whose headers it reads."""

    confined: ConfinedProcess
    projects: tuple[BuiltCcProject, ...] = ()


@dataclass(frozen=True)
class FallibleCompiledObject(EngineAwareReturnType):
    """The object file at `object_path`, or the compiler's errors."""

    plan: CompilePlan
    platform: Platform
    digest: Digest
    path: str
    exit_code: int
    diagnostics: str
    action: Action

    def metadata(self) -> dict[str, Any] | None:
        """Return the errors of a failed compile for the end of the run."""
        if not self.exit_code:
            return None
        errors = compile_errors(self.diagnostics)
        return {COMPILE_METADATA: FailedCompile(self.plan.target, self.plan.source, errors)}

    def cacheable(self) -> bool:
        """Return False for a failure, so that the next run of a daemon reports it again."""
        return self.exit_code == 0


@dataclass(frozen=True)
class CompileInTurnRequest:
    """A request to compile several sources, one after the other."""

    requests: tuple[CompileCcSourceRequest, ...]


@dataclass(frozen=True)
class CompileManyRequest:
    """A request to compile any number of sources, as many at the same time as there are slots for processes."""

    requests: tuple[CompileCcSourceRequest, ...]


@dataclass(frozen=True)
class FallibleCompiledObjects:
    """The objects of several sources, in the order of the request."""

    objects: tuple[FallibleCompiledObject, ...]


@dataclass(frozen=True)
class CompileAllRequest:
    """A request to compile several sources for one platform and one Python ABI."""

    plans: tuple[CompilePlan, ...]
    platform: Platform
    abi: PythonAbi | None


@dataclass(frozen=True)
class CompiledObjects:
    """The objects of several sources, and the actions that produced them."""

    digest: Digest
    paths: tuple[str, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class InitTextRequest:
    """A request for what may declare init functions in a file.

    Attributes:
        generated: The files of the compile, if the file is not in the repository. None for a file of the repository.
    """

    path: str
    generated: Digest | None = None


@rule(level=LogLevel.DEBUG)
async def init_text(request: InitTextRequest) -> InitText:
    globs = PathGlobs([request.path])
    if request.generated is None:
        digest = await path_globs_to_digest(globs)
    else:
        digest = await digest_subset_to_digest(DigestSubset(request.generated, globs))
    contents = await get_digest_contents(digest)
    return InitText.of("".join(file.content.decode(errors="replace") for file in contents))


def _macros_of(settings: CompileSettings) -> tuple[str, ...]:
    """Return the macros on the command line of a compile, for any platform and Python."""
    flags = (*settings.flags, *for_any_platform(dict(settings.platform_flags)))
    own = (*settings.defines, *for_any_platform(dict(settings.platform_defines)))
    return (*own, *settings.free_threaded_defines, *given_macros(flags))


async def _with_exported_init(plan: CompilePlan, reached: IncludeClosure, known: Container[str]) -> CompilePlan:
    """Change a compile so that it exports unmarked init functions of the source and of the files that it includes."""
    if not plan.needs_python or is_assembler(plan.source):
        return plan
    macros = _macros_of(plan.settings)
    if not reached.names_init and not any(map(names_init, macros)):
        return plan
    source, *others = await concurrently(
        init_text(InitTextRequest(path, None if path in known else plan.digest))
        for path in (plan.source, *reached.headers)
    )
    functions = unmarked_init_functions(source, (InitText.of_defines(macros), *others))
    if not functions:
        return plan
    path = init_header_path(plan.source)
    header = await create_digest(CreateDigest([FileContent(path, init_header(functions).encode())]))
    return replace(
        plan,
        digest=await merge_digests(MergeDigests([plan.digest, header])),
        settings=replace(plan.settings, flags=("-include", path, *plan.settings.flags)),
    )


@rule(level=LogLevel.DEBUG)
async def plan_compile(request: CompilePlanRequest, cc_targets: CcTargets) -> CompilePlan:
    source = request.source
    if source.owner is None:
        target = cc_targets.by_path[source.path]
    else:
        target = (await find_owner(CcOwnerRequest(source.owner), **implicitly())).target
    resolved = await resolve_includes(
        ResolveIncludesRequest(source.path, request.flags, owner=source.owner), **implicitly()
    )
    reached = resolved.closure
    used = tuple(package for package in resolved.packages if package.provides_any(reached.unresolved))
    projects = tuple(
        project for project in resolved.projects if project.may_be_read(reached.unresolved, is_open=reached.is_open)
    )
    sources, data, directories = await concurrently(
        path_globs_to_digest(PathGlobs(path for path in (source.path, *reached.headers) if path in cc_targets.by_path)),
        path_globs_to_digest(PathGlobs(reached.data)),
        create_digest(CreateDigest(Directory(path) for path in reached.directories)),
    )
    digest = await merge_digests(MergeDigests([sources, data, directories, resolved.files]))
    return await _with_exported_init(
        CompilePlan(
            source=source.path,
            target=target.address.spec,
            digest=digest,
            settings=CompileSettings(
                cxx_standard=target.get(CxxStandardField).value or CxxStandardField.default,
                c_standard=target.get(CStandardField).value or CStandardField.default,
                defines=(
                    *(target.get(DefinesField).value or ()),
                    *(d for package in used for d in package.settings.defines),
                ),
                free_threaded_defines=tuple(d for package in used for d in package.settings.free_threaded_defines),
                flags=target.get(CompileFlagsField).value or (),
                include_roots=reached.include_roots,
                system_include_dirs=(
                    *(directory for package in used for directory in package.include_dirs),
                    *(directory for project in projects for directory in project.search),
                ),
                platform_defines=tuple((target.get(PlatformDefinesField).value or {}).items()),
                platform_flags=tuple((target.get(PlatformCompileFlagsField).value or {}).items()),
            ),
            platforms=target.get(CcPlatformsField).value,
            capitalized=capitalized(reached.unresolved),
            packages=used,
            projects=projects,
            unasked=tuple(project.scope for project in resolved.projects if project not in projects),
            needs_python=PYTHON_HEADER in reached.unresolved or any(package.needs_python for package in used),
            needs_version=_needs_version(reached.unresolved, used),
        ),
        reached,
        cc_targets.by_path,
    )


def _needs_version(unresolved: frozenset[str], packages: Iterable[CcPackage]) -> bool:
    """Return whether a source that uses these packages reaches the plugin's header."""
    packages = tuple(packages)
    own = VERSION_HEADER in unresolved and not any(VERSION_HEADER in package.headers for package in packages)
    return own or any(package.needs_version for package in packages)


def package_plan(package: CcPackage, source: str) -> CompilePlan:
    """Return the plan for a source of a third-party package. Its inputs are all files of the package."""
    return CompilePlan(
        source=source,
        target=package.address,
        digest=EMPTY_DIGEST,
        settings=replace(package.settings, system_include_dirs=package.include_dirs),
        packages=(package,),
        needs_python=package.needs_python,
        needs_version=package.needs_version,
    )


async def _headers_by_case(plan: CompilePlan, platform: Platform, toolchain: CcToolchain) -> Digest:
    """Return forwarding headers for Windows headers that the source names in another case. Empty if it needs none."""
    if platform.system is not System.WINDOWS or not plan.capitalized:
        return EMPTY_DIGEST
    globs = [f"{WINDOWS_HEADERS_DIR}/{spelling.lower()}" for spelling in plan.capitalized]
    existing = await digest_to_snapshot(**implicitly(DigestSubset(toolchain.compiler, PathGlobs(globs))))
    headers = forwarding_headers(plan.capitalized, existing.files)
    return await create_digest(CreateDigest(FileContent(path, text.encode()) for path, text in headers.items()))


@rule(level=LogLevel.DEBUG)
async def compile_process(request: CompileCcSourceRequest, build: CcBuildSubsystem) -> CompileProcess:
    plan = request.plan
    abi = request.abi
    toolchain = await cc_toolchain(CcToolchainRequest(request.platform), **implicitly())
    version = abi.version if abi else None
    packages = await concurrently(
        package_files(CcPackageFilesRequest(package, request.platform, version)) for package in plan.packages
    )
    problems = [files.problem for files in packages if files.problem]
    if problems:
        raise MissingWheelError(problems)
    projects = await concurrently(
        build_project(CcProjectRequest(project.address, request.platform, project.defines), **implicitly())
        for project in plan.projects
    )
    trees = {package.directory: files.digest for package, files in zip(plan.packages, packages)}
    headers_of_projects = {project.directory: built.headers for project, built in zip(plan.projects, projects)}
    immutable = {TOOLCHAIN_DIR: toolchain.compiler, **trees, **headers_of_projects}
    settings = plan.settings
    if abi is not None:
        headers = await python_headers(PythonHeadersRequest(abi.version, request.platform, plan.target))
        immutable[PYTHON_HEADERS_DIR] = headers.digest
        settings = replace(
            for_python(settings, abi),
            system_include_dirs=(*settings.system_include_dirs, PYTHON_HEADERS_DIR),
        )
    if plan.needs_version:
        header = FileContent(VERSION_HEADER, version_header())
        immutable[CARRIED_HEADERS_DIR] = await create_digest(CreateDigest([header]))
        settings = replace(settings, system_include_dirs=(*settings.system_include_dirs, CARRIED_HEADERS_DIR))
    headers_by_case = await _headers_by_case(plan, request.platform, toolchain)
    if headers_by_case != EMPTY_DIGEST:
        settings = replace(settings, system_include_dirs=(*settings.system_include_dirs, CASE_DIR))
    process = Process(
        argv=compile_argv(plan.source, request.platform, settings, build.type),
        env=ZIG_ENVIRONMENT,
        input_digest=await merge_digests(MergeDigests([plan.digest, headers_by_case])),
        immutable_input_digests=immutable,
        output_files=(object_path(plan.source),),
        description=compile_description(plan.source, request.platform, abi),
        level=LogLevel.INFO,
    )
    return CompileProcess(ConfinedProcess(process, toolchain.packages, dependency_file(plan.source)), projects)


@rule(desc="Compile a C/C++ source", level=LogLevel.DEBUG)
async def compile_source(request: CompileCcSourceRequest, global_options: GlobalOptions) -> FallibleCompiledObject:
    plan = request.plan
    description = compile_description(plan.source, request.platform, request.abi)
    process = await compile_process(request, **implicitly())
    result = await run_confined(process.confined, **implicitly())
    diagnostics = (result.stdout + result.stderr).decode(errors="replace").strip()
    diagnostics = diagnostics if global_options.colors else plain(diagnostics)
    if diagnostics and result.exit_code == 0:
        logger.warning(f"{description} ({plan.target}):\n{diagnostics}")
    action = Action.of(kind=ActionKind.COMPILE, description=description, result=result, platform=request.platform)
    return FallibleCompiledObject(
        plan=plan,
        platform=request.platform,
        digest=result.output_digest,
        path=object_path(plan.source),
        exit_code=result.exit_code,
        diagnostics=diagnostics,
        action=action.after(*(project.action for project in process.projects)),
    )


def failure_text(failed: FallibleCompiledObject, known: Iterable[str]) -> str:
    """Return the report of a failed compile: the target, the compiler's output, and a hint if there is one.

    Args:
        known: The C/C++ files of the repository.
    """
    hint = compile_hint(failed.diagnostics, failed.platform, known, failed.plan.unasked)
    if hint is None and is_assembler(failed.plan.source):
        hint = assembler_hint(failed.plan.source, failed.platform)
    words = failed.diagnostics or f"The compiler exited with code {failed.exit_code} and printed nothing."
    return f"{failed.plan.target} does not compile for {failed.platform}:\n{words}" + (f"\n{hint}" if hint else "")


@rule(level=LogLevel.DEBUG)
async def compile_in_turn(request: CompileInTurnRequest) -> FallibleCompiledObjects:
    objects = [await compile_source(wanted, **implicitly()) for wanted in request.requests]
    return FallibleCompiledObjects(tuple(objects))


@rule(level=LogLevel.DEBUG)
async def compile_many(request: CompileManyRequest, options: GlobalOptions) -> FallibleCompiledObjects:
    """Compile sources in lanes. The engine keeps 300 KB for each compile that waits, so only one of a lane does."""
    slots = max(options.process_execution_local_parallelism, options.process_execution_remote_parallelism)
    lanes = lanes_of(request.requests, slots)
    compiled = await concurrently(compile_in_turn(CompileInTurnRequest(lane)) for lane in lanes)
    return FallibleCompiledObjects(in_order([lane.objects for lane in compiled]))


@rule(level=LogLevel.DEBUG)
async def compile_all(request: CompileAllRequest, cc_targets: CcTargets) -> CompiledObjects:
    wanted = (
        CompileCcSourceRequest(plan, request.platform, request.abi if plan.needs_python else None)
        for plan in request.plans
        if plan.is_for(request.platform)
    )
    objects = (await compile_many(CompileManyRequest(tuple(wanted)), **implicitly())).objects
    failures = [failure_text(compiled, cc_targets.by_path) for compiled in objects if compiled.exit_code]
    if failures:
        raise CompileError("\n\n".join(failures))
    digest = await merge_digests(MergeDigests(compiled.digest for compiled in objects))
    return CompiledObjects(
        digest=digest,
        paths=tuple(sorted(compiled.path for compiled in objects)),
        actions=tuple(compiled.action for compiled in objects),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
