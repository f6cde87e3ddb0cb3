"""Rules that build a wheel with the project's own build backend, for one platform and one Python ABI."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

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
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Component
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.backend import BackendReport
from spokeshave_core.reports.intake import IntakeReport
from spokeshave_core.wheel_name import UNSTAMPED
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.cc.foreign.rules import BuildToolchains, BuildToolchainsRequest, make_build_toolchains
from spokeshave_pants.cc.foreign.tools import FOREIGN_DIR
from spokeshave_pants.cc.project.script import host_platform_of
from spokeshave_pants.cc.project.target_types import NativeCompilerField
from spokeshave_pants.confinement.rules import OfflineProcess, run_offline
from spokeshave_pants.errors import ToolError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    digest_subset_to_digest,
    get_digest_contents,
    implicitly,
    merge_digests,
    remove_prefix,
    rule,
)
from spokeshave_pants.resources.files import backend_tool
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sandbox.packages import PackagesRequest
from spokeshave_pants.sandbox.tools import OUTPUT_DIR as TOOL_OUTPUT
from spokeshave_pants.sandbox.tools import RunToolRequest, raise_for_failure, run_tool
from spokeshave_pants.sources.rules import SourceTree
from spokeshave_pants.wheel.backend import environment, projects
from spokeshave_pants.wheel.backend.diagnostics import closing_lines, failure_text, hints, left_out_text
from spokeshave_pants.wheel.backend.environment import (
    BuildPackages,
    BuildPackagesRequest,
    BuildPins,
    BuildPinsRequest,
    BuildPython,
    BuildPythonRequest,
    TargetPython,
    TargetPythonRequest,
    build_packages,
    build_pins,
    build_python,
    target_python,
)
from spokeshave_pants.wheel.backend.projects import (
    LICENSES_DIR,
    DependencyLicensesRequest,
    DependencyProjects,
    DependencyProjectsRequest,
    dependency_licenses,
    dependency_projects,
)
from spokeshave_pants.wheel.backend.report import foreign_calls
from spokeshave_pants.wheel.backend.request import (
    CONFIG_SITE,
    HEADERS_DIR,
    LIBRARIES_DIR,
    OUTPUT_DIR,
    OVERLAY_DIR,
    PACKAGES_DIR,
    PREFIXES_DIR,
    PROGRAM_DIR,
    REPORT,
    REQUEST,
    SOURCE_DIR,
    Artifact,
    BuildSettings,
    BuildVersion,
    request_text,
)
from spokeshave_pants.wheel.backend.system_files import system_files
from spokeshave_pants.wheel.backend_target_types import (
    BackendEnvField,
    BackendExcludeField,
    BackendPlatformEnvField,
    BackendVersionFilesField,
    BuildRequirementsField,
    ConfigSettingsField,
    TargetPlatformInPythonField,
    VersionMode,
)
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheel, BackendWheelRequest, plan_backend_wheel
from spokeshave_pants.wheel.progress import WheelStep

WHEEL_DIR = "__wheel"
# The program's exit code for what the user has to change.
_USER_ERROR = 2
# The compiles of a project that run side by side, at most. Pants decides how many do.
_JOBS = 8

_SDIST_FILES = (
    "This is a build of the sdist, and not of the source tree. If a file is missing, the backend left it out: "
    "list it (setuptools: MANIFEST.in; scikit-build-core: `sdist.include`; meson-python: git), or remove `sdist`."
)

logger = logging.getLogger(__name__)


class BackendBuildError(SpokeshaveError):
    """A project's own build that failed."""


@dataclass(frozen=True)
class BackendBuildRequest:
    """A request to build a wheel by the project's own backend.

    Attributes:
        platform: A platform with a single processor.
        version: What the wheel is built with. Two requests with the same value share a build.
        sdist: The tree of the project's sdist, to be built in place of the target's own.
    """

    address: Address
    platform: Platform
    abi: PythonAbi
    version: BuildVersion
    sdist: SourceTree | None = None


@dataclass(frozen=True)
class BackendBuild:
    """A wheel as the backend wrote it, as the only file of a digest.

    Attributes:
        libraries: The shared libraries of the C and C++ projects that it was built with.
        components: These projects as software of others in the wheel.
        output: What the build printed.
        origin: The origin of the headers of Python, for reports.
    """

    digest: Digest
    report: BackendReport
    libraries: Digest
    library_paths: tuple[str, ...]
    components: tuple[Component, ...]
    output: str
    origin: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class BackendSdistRequest:
    """A request for the sdist of a project, by its own backend.

    Attributes:
        platform: A platform of the wheels, with a single processor. A `setup.py` may look for its headers.
    """

    address: Address
    platform: Platform
    abi: PythonAbi
    version: BuildVersion


@dataclass(frozen=True)
class BackendSdist:
    """An sdist as the backend wrote it, as the only file of a digest."""

    digest: Digest
    file_name: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class BackendWheelBuildRequest:
    """A request for the unrepaired wheel of a `python_backend_wheel`.

    Attributes:
        stamp: The version that a baked wheel is built with.
    """

    address: Address
    platform: Platform
    abi: PythonAbi
    stamp: str


@dataclass(frozen=True)
class TakenInWheel:
    """A wheel of a project's own backend that is ready for the repair, as the only file of a digest.

    Attributes:
        libraries: The shared libraries that its native files may need, for each processor of the platform.
        library_paths: Their paths in each of these digests.
        components: The C and C++ projects that it was built with.
    """

    digest: Digest
    report: IntakeReport
    libraries: tuple[Digest, ...]
    library_paths: tuple[str, ...]
    components: tuple[Component, ...]
    origins: tuple[str, ...]
    actions: tuple[Action, ...]
    backends: tuple[tuple[BackendReport, Action], ...]


def backend_description(what: str, platform: Platform, abi: PythonAbi) -> str:
    """Return the description of the process that builds a wheel.

    Args:
        what: The address of the target, or its sdist.
        platform: A platform with a single processor.
    """
    return f"Build {what} for {platform} and {abi} by its own backend"


def backend_process(python: BuildPython, inputs: Digest, mounted: Mapping[str, Digest], *, description: str) -> Process:
    """Return the process that runs a project's own backend.

    Args:
        inputs: The source tree, the request and the facts about the target.
        mounted: The large inputs by their folders.
    """
    return Process(
        argv=(python.path, "-I", "-S", "-B", PROGRAM_DIR, REQUEST, "--jobs", "{pants_concurrency}"),
        input_digest=inputs,
        immutable_input_digests=mounted,
        append_only_caches=python.append_only_caches,
        output_directories=(OUTPUT_DIR,),
        concurrency_available=_JOBS,
        description=description,
        level=LogLevel.INFO,
    )


@dataclass(frozen=True)
class _Parts:
    """What a build runs on and with."""

    python: BuildPython
    packages: BuildPackages
    target: TargetPython
    toolchains: BuildToolchains
    cores: DependencyProjects

    @property
    def has_overlay(self) -> bool:
        return len(self.packages.requests) > 1

    @property
    def mounted(self) -> dict[str, Digest]:
        """The large inputs by their folders."""
        return {
            PACKAGES_DIR: self.packages.here,
            **self.toolchains.mounted,
            HEADERS_DIR: self.target.headers,
            **({OVERLAY_DIR: self.packages.target} if self.has_overlay else {}),
            **({PREFIXES_DIR: self.cores.trees} if self.cores.prefixes else {}),
            **({LIBRARIES_DIR: self.target.libraries} if self.target.actions else {}),
        }

    @property
    def package_requests(self) -> tuple[PackagesRequest, ...]:
        return (*self.packages.requests, *self.toolchains.packages)

    @property
    def actions(self) -> tuple[Action, ...]:
        return (*self.target.actions, *self.cores.actions, *self.toolchains.actions)


async def _find_parts(
    request: BackendBuildRequest | BackendSdistRequest, pins: BuildPins, where: str, native: Platform | None
) -> _Parts:
    python, packages, target, toolchains, cores = await concurrently(
        build_python(BuildPythonRequest(request.abi.version, where), **implicitly()),
        build_packages(
            BuildPackagesRequest(
                address=request.address, pins=pins, platform=request.platform, version=request.abi.version
            ),
            **implicitly(),
        ),
        target_python(TargetPythonRequest(request.platform, request.abi, where)),
        make_build_toolchains(BuildToolchainsRequest(request.platform, native)),
        dependency_projects(DependencyProjectsRequest(request.address, request.platform)),
    )
    return _Parts(python=python, packages=packages, target=target, toolchains=toolchains, cores=cores)


async def _results(output: Digest) -> tuple[BackendReport, Digest]:
    """Return the report of a build, and its wheel or sdist as the only file of a digest."""
    reports = await get_digest_contents(**implicitly(DigestSubset(output, PathGlobs([REPORT]))))
    report = BackendReport.from_json(reports[0].content.decode())
    path = posixpath.join(OUTPUT_DIR, report.wheel or report.sdist)
    built = await digest_subset_to_digest(DigestSubset(output, PathGlobs([path])))
    return report, await remove_prefix(RemovePrefix(built, OUTPUT_DIR))


@dataclass(frozen=True)
class _Run:
    """A run of a backend that made a wheel or an sdist, and what it ran with."""

    parts: _Parts
    digest: Digest
    report: BackendReport
    output: str
    actions: tuple[Action, ...]


async def _run(
    request: BackendBuildRequest | BackendSdistRequest, description: str, where: str, machine: str, tree: SourceTree
) -> _Run:
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    pins = await build_pins(BuildPinsRequest(request.address, plan.target[BuildRequirementsField].value))
    native = host_platform_of(machine) if plan.target[NativeCompilerField].value else None
    parts = await _find_parts(request, pins, where, native)
    text = request_text(
        _settings(plan, where, pins.path),
        request.platform,
        request.version,
        artifact=Artifact.SDIST if isinstance(request, BackendSdistRequest) else Artifact.WHEEL,
        subdirectory=tree.subdirectory,
        foreign=FOREIGN_DIR,
        prefixes=parts.cores.prefixes,
        has_overlay=parts.has_overlay,
        has_libraries=bool(parts.target.actions),
    )
    described = [
        FileContent(path, content, is_executable=path != CONFIG_SITE)
        for path, content in system_files(request.platform, native).items()
    ]
    source, written, program = await concurrently(
        add_prefix(AddPrefix(tree.digest, SOURCE_DIR)),
        create_digest(CreateDigest([FileContent(REQUEST, text.encode()), *described])),
        create_digest(CreateDigest(FileContent(path, content) for path, content in backend_tool().items())),
    )
    inputs = await merge_digests(MergeDigests([source, written, parts.target.facts]))
    mounted = {PROGRAM_DIR: program, **parts.mounted}
    process = backend_process(parts.python, inputs, mounted, description=description)
    result = await run_offline(OfflineProcess(process, parts.package_requests), **implicitly())
    _raise_for_failure(result, where, is_of_sdist=isinstance(request, BackendBuildRequest) and bool(request.sdist))
    report, built = await _results(result.output_digest)
    if report.refused:
        logger.warning(_refused_message(description, request.platform, report.refused))
    left_out = left_out_text(_output(result))
    if left_out:
        logger.warning(f"{description}: {left_out}")
    action = Action.of(
        kind=ActionKind.BACKEND,
        description=description,
        result=result,
        platform=request.platform,
        calls=foreign_calls(report),
    )
    return _Run(
        parts=parts,
        digest=built,
        report=report,
        output=_output(result),
        actions=(*parts.actions, action.after(*ends(parts.actions))),
    )


@rule(desc="Build a wheel by the project's own backend", level=LogLevel.DEBUG)
async def run_backend(request: BackendBuildRequest, compilers: CompilerEnvironment) -> BackendBuild:
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    what = f"the sdist of {request.address}" if request.sdist else str(request.address)
    run = await _run(
        request,
        backend_description(what, request.platform, request.abi),
        what if request.sdist else f"the target {what}",
        compilers.machine.name,
        request.sdist or plan.tree,
    )
    cores = run.parts.cores
    return BackendBuild(
        digest=run.digest,
        report=run.report,
        libraries=cores.shared,
        library_paths=cores.shared_paths,
        components=cores.components,
        output=run.output,
        origin=run.parts.target.origin,
        actions=run.actions,
    )


@rule(desc="Make an sdist by the project's own backend", level=LogLevel.DEBUG)
async def make_sdist(request: BackendSdistRequest, compilers: CompilerEnvironment) -> BackendSdist:
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    description = f"Make the sdist of {request.address} by its own backend"
    where = f"the sdist of {request.address}"
    run = await _run(request, description, where, compilers.machine.name, plan.tree)
    return BackendSdist(digest=run.digest, file_name=run.report.sdist, actions=run.actions)


def _output(result: FallibleProcessResult) -> str:
    return "\n".join(stream.decode(errors="replace").strip() for stream in (result.stdout, result.stderr))


def _raise_for_failure(result: FallibleProcessResult, where: str, *, is_of_sdist: bool) -> None:
    """Raise an error with the message or the output of a build that failed.

    Raises:
        BackendBuildError: If it failed.
    """
    if result.exit_code == _USER_ERROR:
        raise BackendBuildError(result.stderr.decode(errors="replace").strip())
    if result.exit_code:
        text = failure_text(where, _output(result))
        raise BackendBuildError(f"{text}\n{_SDIST_FILES}" if is_of_sdist else text)


def _refused_message(description: str, platform: Platform, programs: Iterable[str]) -> str:
    return (
        f"{description}: the build wanted to run programs that it made for {platform}, which cannot run here: "
        f"{', '.join(programs)}. It took the answer to be no. If that is wrong, give the answer by `config_settings` "
        "or `env`."
    )


def _settings(plan: BackendWheel, where: str, requirements: str) -> BuildSettings:
    target = plan.target
    return BuildSettings(
        where=where,
        requirements=None if target[BuildRequirementsField].value is None else requirements,
        config_settings=target[ConfigSettingsField].value or {},
        env=target[BackendEnvField].value or {},
        platform_env=target[BackendPlatformEnvField].value,
        target_platform_in_python=target[TargetPlatformInPythonField].value,
    )


@rule(desc="Take in the wheel of a project's own backend", level=LogLevel.DEBUG)
async def take_in_wheel(request: BackendWheelBuildRequest) -> TakenInWheel:
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    version = build_version(plan.version_mode, request.stamp)
    builds = await concurrently(
        run_backend(
            BackendBuildRequest(address=request.address, platform=part, abi=request.abi, version=version),
            **implicitly(),
        )
        for part in request.platform.slices
    )
    wheels = await concurrently(
        add_prefix(AddPrefix(build.digest, f"{WHEEL_DIR}/{number}")) for number, build in enumerate(builds)
    )
    licenses = await dependency_licenses(DependencyLicensesRequest(request.address))
    expected = version.text or plan.project.version
    files: Mapping[str, str] = plan.target[BackendVersionFilesField].value or {}
    key = f"{request.address} for {request.platform} and {request.abi}"
    result = await run_tool(
        RunToolRequest(
            argv=(
                "intake",
                *(
                    argument
                    for number, build in enumerate(builds)
                    for argument in ("--wheel", f"{WHEEL_DIR}/{number}/{build.report.wheel}")
                ),
                *("--platform", request.platform.tag, "--abi", request.abi.name),
                *(("--version", expected) if expected else ()),
                *(a for path, writer in files.items() for a in ("--version-file", f"{path}={writer}")),
                *(argument for glob in plan.target[BackendExcludeField].value for argument in ("--exclude", glob)),
                *(("--licenses", LICENSES_DIR) if licenses.digest else ()),
                *("--output", TOOL_OUTPUT),
            ),
            digest=await merge_digests(MergeDigests([*wheels, *([licenses.digest] if licenses.digest else [])])),
            kind=ActionKind.ASSEMBLE,
            description=WheelStep.ASSEMBLE.description(key),
            platform=request.platform,
        ),
        **implicitly(),
    )
    if result.exit_code and any(is_pure(build.report) for build in builds):
        # Some projects build a pure wheel if a compile fails, and nothing else says why.
        outputs = [build.output for build in builds]
        shown = "\n".join([*map(closing_lines, outputs), *dict.fromkeys(chain.from_iterable(map(hints, outputs)))])
        raise ToolError(f"{key}:\n{result.failure()}\nThe output of the build ends with:\n{shown}")
    raise_for_failure(result, key)
    before = tuple(action for build in builds for action in build.actions)
    return TakenInWheel(
        digest=result.digest,
        report=result.report(IntakeReport),
        libraries=tuple(build.libraries for build in builds),
        library_paths=builds[0].library_paths,
        components=tuple(dict.fromkeys(component for build in builds for component in build.components)),
        origins=tuple(dict.fromkeys(build.origin for build in builds)),
        actions=(*before, result.action.after(*ends(before))),
        backends=tuple((build.report, build.actions[-1]) for build in builds),
    )


def is_pure(report: BackendReport) -> bool:
    """Return whether a build made a wheel without native code, as some projects do if a compile fails."""
    return not report.links or report.wheel.endswith("-any.whl")


def build_version(mode: VersionMode, stamp: str) -> BuildVersion:
    """Return what a wheel is built with. Only a baked wheel depends on the version that it is to have."""
    texts = {VersionMode.OWN: "", VersionMode.STAMPED: UNSTAMPED, VersionMode.BAKED: stamp}
    return BuildVersion(mode.value, texts[mode])


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), *environment.rules(), *projects.rules()]
