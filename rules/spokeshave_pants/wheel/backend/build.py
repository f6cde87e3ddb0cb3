"""Rules that run a project's own build backend for a wheel of one platform and one Python ABI, or for an sdist."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import Digest
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Component
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.backend import BackendReport
from spokeshave_pants.action import Action
from spokeshave_pants.cc.foreign.tools import FOREIGN_DIR
from spokeshave_pants.cc.project.script import host_platform_of
from spokeshave_pants.cc.project.target_types import NativeCompilerField
from spokeshave_pants.cc.runtime_pack.libraries import runtime_components
from spokeshave_pants.cc.runtime_pack.recipe import own_sources
from spokeshave_pants.cc.runtime_pack.rules import RuntimePackRequest, make_runtime_pack
from spokeshave_pants.pants_api import concurrently, implicitly, rule
from spokeshave_pants.resources.files import plugin_version
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment
from spokeshave_pants.sources.rules import SourceTree
from spokeshave_pants.toolchain.rules import zig_package
from spokeshave_pants.wheel.backend.diagnostics import failure_text, left_out_text
from spokeshave_pants.wheel.backend.environment import BuildPinsRequest, build_pins
from spokeshave_pants.wheel.backend.projects import (
    DependencyProjects,
    DependencyProjectsRequest,
    dependency_projects,
)
from spokeshave_pants.wheel.backend.request import (
    Artifact,
    BuildSettings,
    BuildVersion,
    request_text,
)
from spokeshave_pants.wheel.backend.run import BackendPartsRequest, BackendRunRequest, backend_parts, run_program
from spokeshave_pants.wheel.backend_target_types import (
    BackendEnvField,
    BackendPlatformEnvField,
    BuildRequirementsField,
    ConfigSettingsField,
    TargetPlatformInPythonField,
)
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheel, BackendWheelRequest, plan_backend_wheel

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
        components: These projects and the toolchain's static libraries, as software of others in the wheel.
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


def backend_description(what: str, platform: Platform, abi: PythonAbi) -> str:
    """Return the description of the process that builds a wheel.

    Args:
        what: The address of the target, or its sdist.
        platform: A platform with a single processor.
    """
    return f"Build {what} for {platform} and {abi} by its own backend"


@dataclass(frozen=True)
class _Build:
    """A run that made a wheel or an sdist, and what it ran with."""

    projects: DependencyProjects
    digest: Digest
    report: BackendReport
    output: str
    origin: str
    actions: tuple[Action, ...]


async def _build(
    request: BackendBuildRequest | BackendSdistRequest, description: str, where: str, machine: str, tree: SourceTree
) -> _Build:
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    pins = await build_pins(BuildPinsRequest(request.address, plan.target[BuildRequirementsField].value))
    native = host_platform_of(machine) if plan.target[NativeCompilerField].value else None
    parts, projects = await concurrently(
        backend_parts(
            BackendPartsRequest(
                address=request.address,
                platform=request.platform,
                abi=request.abi,
                pins=pins,
                where=where,
                native=native,
            )
        ),
        dependency_projects(DependencyProjectsRequest(request.address, request.platform)),
    )
    text = request_text(
        _settings(plan, where, pins.path),
        request.platform,
        request.version,
        artifact=Artifact.SDIST if isinstance(request, BackendSdistRequest) else Artifact.WHEEL,
        subdirectory=tree.subdirectory,
        foreign=FOREIGN_DIR,
        prefixes=projects.prefixes,
        has_overlay=parts.has_overlay,
        has_libraries=parts.has_libraries,
    )
    run = await run_program(
        BackendRunRequest(
            description=description,
            platform=request.platform,
            native=native,
            source=tree.digest,
            text=text,
            parts=parts,
            projects=projects,
        )
    )
    if run.report is None:
        is_of_sdist = isinstance(request, BackendBuildRequest) and bool(request.sdist)
        build = f"for {request.platform} and {request.abi}"
        raise BackendBuildError(run.refusal or _failure(run.output, where, build, is_of_sdist=is_of_sdist))
    if run.report.refused:
        logger.warning(_refused_message(description, request.platform, run.report.refused))
    left_out = left_out_text(run.output)
    if left_out:
        logger.warning(f"{description}: {left_out}")
    return _Build(
        projects=projects,
        digest=run.digest,
        report=run.report,
        output=run.output,
        origin=parts.target.origin,
        actions=(*parts.actions, *projects.actions, run.action),
    )


async def _runtime(platform: Platform, report: BackendReport, *, has_cxx: bool) -> tuple[Component, ...]:
    """Return the toolchain's static libraries in a wheel: those that its languages need, as no linker reports them."""
    if not report.links:
        return ()
    pack, zig = await concurrently(
        make_runtime_pack(RuntimePackRequest(platform), **implicitly()), zig_package(**implicitly())
    )
    return runtime_components(
        pack.archives,
        zig.version,
        plugin_version(),
        is_exact=False,
        has_cxx=has_cxx,
        has_own=bool(own_sources(platform)),
    )


@rule(desc="Build a wheel by the project's own backend", level=LogLevel.DEBUG)
async def run_backend(request: BackendBuildRequest, compilers: CompilerEnvironment) -> BackendBuild:
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    what = f"the sdist of {request.address}" if request.sdist else str(request.address)
    build = await _build(
        request,
        backend_description(what, request.platform, request.abi),
        what if request.sdist else f"the target {what}",
        compilers.machine.name,
        request.sdist or plan.tree,
    )
    projects = build.projects
    has_cxx = bool(build.report.cxx) or projects.has_cxx
    runtime = await _runtime(request.platform, build.report, has_cxx=has_cxx)
    return BackendBuild(
        digest=build.digest,
        report=build.report,
        libraries=projects.shared,
        library_paths=projects.shared_paths,
        components=(*projects.components, *runtime),
        output=build.output,
        origin=build.origin,
        actions=build.actions,
    )


@rule(desc="Make an sdist by the project's own backend", level=LogLevel.DEBUG)
async def make_sdist(request: BackendSdistRequest, compilers: CompilerEnvironment) -> BackendSdist:
    plan = await plan_backend_wheel(BackendWheelRequest(request.address))
    description = f"Make the sdist of {request.address} by its own backend"
    where = f"the sdist of {request.address}"
    build = await _build(request, description, where, compilers.machine.name, plan.tree)
    return BackendSdist(digest=build.digest, file_name=build.report.sdist, actions=build.actions)


def _failure(output: str, where: str, build: str, *, is_of_sdist: bool) -> str:
    text = failure_text(where, build, output)
    return f"{text}\n{_SDIST_FILES}" if is_of_sdist else text


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


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
