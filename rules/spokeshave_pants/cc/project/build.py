"""The rule that builds a project by its own CMake files or makefiles, once for each platform."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import FallibleProcessResult, Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import Target
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Component, project_url
from spokeshave_core.platform import Platform
from spokeshave_pants.action import Action, ActionKind
from spokeshave_pants.cc.foreign.rules import BuildToolchains, BuildToolchainsRequest, make_build_toolchains
from spokeshave_pants.cc.foreign.tools import FOREIGN_DIR, machine_name
from spokeshave_pants.cc.project.hints import failure_hint
from spokeshave_pants.cc.project.installation import ProjectError, check_installed, check_leaks
from spokeshave_pants.cc.project.programs import (
    Cmake,
    CmakeRequest,
    SystemTools,
    SystemToolsRequest,
    find_cmake,
    find_system_tools,
)
from spokeshave_pants.cc.project.projects import ProjectClosureRequest, VariantDefines, project_closure, project_target
from spokeshave_pants.cc.project.script import (
    BUILD_PROCESSOR,
    CMAKE_DIR,
    HOST_DIR,
    OUTPUT_DIR,
    PREFIX_DIR,
    PROJECT_DIR,
    SCRIPTS,
    SOURCE_DIR,
    SYSTEM_DIR,
    MakeSettings,
    ProjectSettings,
    compiles_cxx,
    host_platform_of,
    probes_message,
    project_calls,
    project_description,
    refused_programs,
    tail,
    variables_for,
)
from spokeshave_pants.cc.project.software import Software
from spokeshave_pants.cc.project.system_tools import wanted_tools
from spokeshave_pants.cc.project.target_types import (
    BuildTargetsField,
    CmakeRequirementsField,
    ConfigureArgsField,
    ConfigureField,
    HostToolsField,
    InstallComponentsField,
    InstallTargetsField,
    MakeArgsField,
    MakeEnvField,
    NativeCompilerField,
    PlatformConfigureArgsField,
    PlatformMakeArgsField,
    PlatformMakeEnvField,
    PlatformProjectDefinesField,
    ProbesField,
    ProjectDefinesField,
    ProjectExcludeField,
    ProjectIncludeDirsField,
    StrictProbesField,
    SystemToolsField,
)
from spokeshave_pants.cc.project.tree import InstalledTree
from spokeshave_pants.cc.settings import for_platform
from spokeshave_pants.confinement.rules import OfflineProcess, run_offline
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    digest_to_snapshot,
    get_digest_contents,
    implicitly,
    merge_digests,
    remove_prefix,
    resolve_unparsed_address_inputs,
    rule,
)
from spokeshave_pants.resources.files import carried_source
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sandbox.subsystem import CcExecutionSubsystem
from spokeshave_pants.sources.rules import SourceTree, SourceTreeRequest, find_source_tree

logger = logging.getLogger(__name__)

_CARRIED_PINS = "resource://spokeshave_pants.resources/cmake.txt"
_SCRIPT = f"{PROJECT_DIR}/project.cmake"
# Files that the script writes beside the tree.
_LISTS = ("calls", "leaks", "outside", "probes", "unused", "version")
# Programs of `host_tools`, and the shared libraries that they need.
_HOST_GLOBS = ("bin/**", "lib/**/*.so*", "lib/**/*.dylib")
# The engine replaces it by the number of cores that it grants, which is not part of the key.
_CORES = "{pants_concurrency}"
_MOST_CORES = 64
_ENVIRONMENT = {
    "PATH": "",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": "315532800",
    # CMake 4 refuses what older projects ask for.
    "CMAKE_POLICY_VERSION_MINIMUM": "3.5",
}


@dataclass(frozen=True)
class CcProjectRequest:
    """A request for a project.

    Attributes:
        platform: A platform with a single processor.
        defines: CMake variables that a variant adds to the project and to those that it depends on.
    """

    address: Address
    platform: Platform
    defines: VariantDefines = ()


@dataclass(frozen=True)
class BuiltCcProject:
    """What a project installs for a platform.

    Attributes:
        name: The name of its folder in sandboxes.
        digest: The whole tree.
        headers: The files below its include directories, in the layout of the tree.
        software: What it is, for the list of a wheel's components.
        probes: The variables of programs that count as failed, as no answer was given.
        has_cxx: Whether it compiles C++, so that its libraries need libc++.
        action: The process that built it.
    """

    address: str
    name: str
    digest: Digest
    headers: Digest
    include_dirs: tuple[str, ...]
    tree: InstalledTree
    software: Software
    probes: tuple[str, ...]
    has_cxx: bool
    action: Action

    @property
    def component(self) -> Component:
        """Return it as a component of a wheel that contains its code."""
        return Component(
            name=self.software.name,
            version=self.software.version,
            purl=project_url(self.software.name, self.software.version),
            description=f"A project with a build of its own ({self.address})",
        )


@dataclass(frozen=True)
class _Inputs:
    """What a project is built from and with.

    Attributes:
        prefixes: The projects that it depends on.
        tools: The projects whose programs it runs.
        native: The platform of the machine that builds, if the build compiles for it.
    """

    source: SourceTree
    toolchains: BuildToolchains
    cmake: Cmake
    system: SystemTools
    prefixes: tuple[BuiltCcProject, ...]
    tools: tuple[BuiltCcProject, ...]
    native: Platform | None

    @property
    def path(self) -> tuple[str, ...]:
        """The folders of PATH in the sandbox."""
        return (
            f"{FOREIGN_DIR}/bin",
            *((f"{HOST_DIR}/bin",) if self.tools else ()),
            *((SYSTEM_DIR,) if self.system.names else ()),
            posixpath.dirname(self.cmake.cmake),
            posixpath.dirname(self.cmake.ninja),
        )

    @property
    def actions(self) -> tuple[Action, ...]:
        return (*self.toolchains.actions, *(built.action for built in (*self.prefixes, *self.tools)))


@dataclass(frozen=True)
class _Installed:
    """What the process of a build left.

    Attributes:
        lists: The lines of each file in `_LISTS`.
    """

    tree: Digest
    files: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]


async def _tools(target: Target, host: Platform) -> tuple[BuiltCcProject, ...]:
    """Build the projects whose programs run during a build, for the machine that compiles."""
    addresses = await resolve_unparsed_address_inputs(
        target[HostToolsField].to_unparsed_address_inputs(), **implicitly()
    )
    closure = await project_closure(ProjectClosureRequest(tuple(addresses)))
    check_host_tools(target.address, set(addresses) - {*closure.addresses})
    return await concurrently(build_project(CcProjectRequest(each, host), **implicitly()) for each in closure.addresses)


async def _find_inputs(request: CcProjectRequest, target: Target, host: Platform) -> _Inputs:
    address = request.address
    requirements = target[CmakeRequirementsField].value
    path = posixpath.join(address.spec_path, requirements) if requirements else _CARRIED_PINS
    native = host if _compiles_natively(target) else None
    closure = await project_closure(ProjectClosureRequest((address,)))
    tools = await _tools(target, host)
    source, toolchains, cmake, system = await concurrently(
        find_source_tree(SourceTreeRequest(address)),
        make_build_toolchains(BuildToolchainsRequest(request.platform, native)),
        find_cmake(CmakeRequest(path, f"the target {address}"), **implicitly()),
        find_system_tools(_system_tools(target, request.platform), **implicitly()),
    )
    prefixes = await concurrently(
        build_project(CcProjectRequest(each, request.platform, request.defines), **implicitly())
        for each in closure.addresses
        if each != address
    )
    return _Inputs(
        source=source, toolchains=toolchains, cmake=cmake, system=system, prefixes=prefixes, tools=tools, native=native
    )


async def _process(request: CcProjectRequest, target: Target, inputs: _Inputs, *, is_remote: bool) -> OfflineProcess:
    placed = await concurrently(
        *(add_prefix(AddPrefix(built.digest, f"{PREFIX_DIR}/{built.name}")) for built in inputs.prefixes),
        add_prefix(AddPrefix(inputs.source.digest, SOURCE_DIR)),
    )
    programs = await concurrently(
        digest_subset_to_digest(DigestSubset(built.digest, PathGlobs(_HOST_GLOBS))) for built in inputs.tools
    )
    hosted = await add_prefix(AddPrefix(await merge_digests(MergeDigests(programs)), HOST_DIR))
    settings = _settings(request, target, inputs)
    scripts = await create_digest(
        CreateDigest(
            [
                *(FileContent(f"{PROJECT_DIR}/{name}", carried_source(own)) for own, name in SCRIPTS.items()),
                FileContent(f"{PROJECT_DIR}/settings.cmake", settings.text().encode()),
            ]
        )
    )
    process = Process(
        argv=(inputs.cmake.cmake, "-P", _SCRIPT, _CORES),
        env=_ENVIRONMENT,
        input_digest=await merge_digests(MergeDigests([scripts, *placed, hosted, inputs.system.digest])),
        immutable_input_digests={
            **inputs.toolchains.mounted,
            CMAKE_DIR: inputs.cmake.digest,
        },
        output_directories=(OUTPUT_DIR,),
        description=project_description(str(request.address), request.platform),
        concurrency_available=_MOST_CORES,
        level=LogLevel.INFO,
    )
    packages = (*inputs.toolchains.packages, inputs.cmake.request)
    # Programs of the machine exist on the machine only.
    return OfflineProcess(process, packages, is_compiler=is_remote and not inputs.system.names)


async def _installed(result: FallibleProcessResult, exclude: tuple[str, ...]) -> _Installed:
    output = await remove_prefix(RemovePrefix(result.output_digest, OUTPUT_DIR))
    inside = (f"!tree/{glob}" for glob in exclude if not glob.startswith("/"))
    whole, facts = await concurrently(
        digest_subset_to_digest(DigestSubset(output, PathGlobs(["tree/**", *inside]))),
        get_digest_contents(**implicitly(DigestSubset(output, PathGlobs(_LISTS)))),
    )
    tree = await remove_prefix(RemovePrefix(whole, "tree"))
    snapshot = await digest_to_snapshot(tree)
    lists = {file.path: tuple(line.strip() for line in file.content.decode().splitlines() if line) for file in facts}
    return _Installed(tree=tree, files=snapshot.files, lists=lists)


@rule(desc="Build a project", level=LogLevel.DEBUG)
async def build_project(
    request: CcProjectRequest, compilers: CompilerEnvironment, execution: CcExecutionSubsystem
) -> BuiltCcProject:
    address = request.address
    platform = request.platform
    where = f"{address} for {platform}"
    target = await project_target(address)
    inputs = await _find_inputs(request, target, host_platform_of(compilers.machine.name))
    offline = await _process(request, target, inputs, is_remote=execution.projects)
    result = await run_offline(offline, **implicitly())
    _raise_for_failure(result, where)
    exclude = target[ProjectExcludeField].value
    installed = await _installed(result, exclude)
    check_installed(where, installed.files, installed.lists["outside"], exclude)
    check_leaks(where, installed.lists["leaks"], frozenset(installed.files))
    _report(target, platform, installed.lists)
    include_dirs = target[ProjectIncludeDirsField].value
    headers, packages = await concurrently(
        digest_subset_to_digest(DigestSubset(installed.tree, PathGlobs(f"{folder}/**" for folder in include_dirs))),
        get_digest_contents(**implicitly(DigestSubset(installed.tree, PathGlobs(["**/pkgconfig/*.pc"])))),
    )
    action = Action.of(
        kind=ActionKind.PROJECT,
        description=offline.process.description,
        result=result,
        platform=platform,
        calls=project_calls(installed.lists["calls"]),
    )
    return BuiltCcProject(
        address=str(address),
        name=address.path_safe_spec,
        digest=installed.tree,
        headers=headers,
        include_dirs=include_dirs,
        tree=InstalledTree.of(installed.files, platform),
        software=Software.found(
            cached=installed.lists["version"],
            packages={file.path: file.content.decode(errors="replace") for file in packages},
            archive=inputs.source.archive_name,
            target=address.target_name,
        ),
        probes=installed.lists["probes"],
        has_cxx=compiles_cxx(installed.lists["calls"]),
        action=action.after(*inputs.actions),
    )


def _compiles_natively(target: Target) -> bool:
    return target.has_field(NativeCompilerField) and target[NativeCompilerField].value


def _system_tools(target: Target, platform: Platform) -> SystemToolsRequest:
    """Return what a project needs of the machine: the tools that it lists, and those of any build by make."""
    names, needed = wanted_tools(target[SystemToolsField].value, is_make=target.has_field(ConfigureField))
    return SystemToolsRequest(
        names=names,
        needed=needed,
        where=str(target.address),
        platform=platform,
    )


def _settings(request: CcProjectRequest, target: Target, inputs: _Inputs) -> ProjectSettings:
    is_make = target.has_field(ConfigureField)
    return ProjectSettings(
        subdirectory=inputs.source.subdirectory,
        ninja=inputs.cmake.ninja,
        pkgconf=inputs.cmake.pkgconf,
        path=inputs.path,
        prefixes=tuple(f"{PREFIX_DIR}/{built.name}" for built in inputs.prefixes),
        targets=target[BuildTargetsField].value,
        components=() if is_make else target[InstallComponentsField].value,
        defines={} if is_make else {**_defines(target, request.platform), **dict(request.defines)},
        make=_make_settings(target, request.platform, inputs.native) if is_make else None,
    )


def _defines(target: Target, platform: Platform) -> dict[str, str]:
    found = variables_for(target[ProjectDefinesField].value, target[PlatformProjectDefinesField].value, platform)
    return {**found, **target[ProbesField].value}


def _make_settings(target: Target, platform: Platform, native: Platform | None) -> MakeSettings:
    return MakeSettings(
        configure=target[ConfigureField].value,
        configure_args=(
            *target[ConfigureArgsField].value,
            *for_platform(target[PlatformConfigureArgsField].value.items(), platform),
        ),
        make_args=(*target[MakeArgsField].value, *for_platform(target[PlatformMakeArgsField].value.items(), platform)),
        install_targets=target[InstallTargetsField].value,
        env=variables_for(target[MakeEnvField].value, target[PlatformMakeEnvField].value, platform),
        machine=machine_name(platform),
        build_processor=native.processor if native else BUILD_PROCESSOR,
    )


def _raise_for_failure(result: FallibleProcessResult, where: str) -> None:
    """Raise an error with the output of a build that failed.

    Raises:
        ProjectError: If it failed.
    """
    if not result.exit_code:
        return
    output = (result.stdout + b"\n" + result.stderr).decode(errors="replace")
    refused = refused_programs(output)
    hint = (
        f"The build runs programs of the target, which cannot run here: {', '.join(refused)}. Build them for this "
        "machine, by a project of its own in `host_tools`, and set the variable by which the project takes them."
        if refused
        else failure_hint(output)
    )
    raise ProjectError("\n".join(filter(None, [f"{where} does not build:", tail(output), hint])))


def check_host_tools(address: Address, others: Iterable[Address]) -> None:
    """Check that `host_tools` names projects only.

    Raises:
        InvalidTargetError: If it names `others`.
    """
    names = [other.spec for other in sorted(others)]
    if names:
        raise InvalidTargetError(
            f"The `host_tools` of {address} have targets that are not projects (`cc_cmake_project`, "
            f"`cc_make_project`): {', '.join(names)}."
        )


def _report(target: Target, platform: Platform, lists: Mapping[str, tuple[str, ...]]) -> None:
    """Warn of programs without an answer, of variables that the project does not use, and of what was left out.

    Raises:
        InvalidTargetError: For programs without an answer, if the target asks for all answers.
    """
    where = f"{target.address} for {platform}"
    probes = lists["probes"]
    if probes:
        message = probes_message(str(target.address), platform, probes)
        if target[StrictProbesField].value:
            raise InvalidTargetError(message)
        logger.warning(message)
    if target.has_field(ProjectDefinesField):
        own = {*target[ProjectDefinesField].value, *target[ProbesField].value}
        typos = sorted(own.intersection(lists["unused"]))
        if typos:
            logger.warning(f"{where}: the project does not use these variables: {', '.join(typos)}.")


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
