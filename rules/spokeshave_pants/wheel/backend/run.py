"""The process that runs a project's own build backend, and what it runs on and with."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import (
    EMPTY_DIGEST,
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import Process
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.backend import BackendReport
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.cc.foreign.rules import BuildToolchains, BuildToolchainsRequest, make_build_toolchains
from spokeshave_pants.confinement.rules import OfflineProcess, run_offline
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
from spokeshave_pants.wheel.backend.environment import (
    BuildPackages,
    BuildPackagesRequest,
    BuildPins,
    BuildPython,
    BuildPythonRequest,
    TargetPython,
    TargetPythonRequest,
    build_packages,
    build_python,
    target_python,
)
from spokeshave_pants.wheel.backend.projects import NO_PROJECTS, DependencyProjects
from spokeshave_pants.wheel.backend.report import foreign_calls
from spokeshave_pants.wheel.backend.request import (
    CONFIG_SITE,
    HEADERS_DIR,
    LIBRARIES_DIR,
    OUTPUT_DIR,
    OVERLAY_DIR,
    PACKAGES_DIR,
    PROGRAM_DIR,
    REPORT,
    REQUEST,
    SOURCE_DIR,
)
from spokeshave_pants.wheel.backend.system_files import system_files

# The compiles of a project that run side by side, at most. Pants decides how many do.
_JOBS = 8


@dataclass(frozen=True)
class BackendPartsRequest:
    """A request for what a backend runs on and with.

    Attributes:
        platform: A platform with a single processor.
        native: The platform of the machine that builds, if the build makes programs that run there.
        where: What is built, for errors.
    """

    address: Address
    platform: Platform
    abi: PythonAbi
    pins: BuildPins
    where: str
    native: Platform | None = None


@dataclass(frozen=True)
class BackendParts:
    """What a backend runs on and with, apart from its own source tree and C and C++ projects."""

    python: BuildPython
    packages: BuildPackages
    target: TargetPython
    toolchains: BuildToolchains

    @property
    def has_overlay(self) -> bool:
        """Return whether some packages are there in their form for the target too."""
        return len(self.packages.requests) > 1

    @property
    def has_libraries(self) -> bool:
        """Return whether there are import libraries of Python."""
        return bool(self.target.actions)

    @property
    def mounted(self) -> dict[str, Digest]:
        """Return the large inputs by their folders."""
        return {
            PACKAGES_DIR: self.packages.here,
            **self.toolchains.mounted,
            HEADERS_DIR: self.target.headers,
            **({OVERLAY_DIR: self.packages.target} if self.has_overlay else {}),
            **({LIBRARIES_DIR: self.target.libraries} if self.has_libraries else {}),
        }

    @property
    def actions(self) -> tuple[Action, ...]:
        """Return the processes that made them."""
        return (*self.target.actions, *self.toolchains.actions)


@dataclass(frozen=True)
class BackendRunRequest:
    """A request to run a project's own backend.

    Attributes:
        platform: A platform with a single processor.
        native: As in `BackendPartsRequest`.
        source: The source tree.
        text: What the backend is to do, by `request_text`.
    """

    description: str
    platform: Platform
    native: Platform | None
    source: Digest
    text: str
    parts: BackendParts
    projects: DependencyProjects = NO_PROJECTS


@dataclass(frozen=True)
class BackendRun:
    """A run of a backend.

    Attributes:
        digest: The wheel or sdist that it made as the only file, or no file.
        report: None if it failed.
        output: What it printed.
        refusal: What the user has to change, if that is why it failed.
    """

    digest: Digest
    report: BackendReport | None
    output: str
    refusal: str
    action: Action


@rule(level=LogLevel.DEBUG)
async def backend_parts(request: BackendPartsRequest) -> BackendParts:
    python, packages, target, toolchains = await concurrently(
        build_python(BuildPythonRequest(request.abi.version, request.where), **implicitly()),
        build_packages(
            BuildPackagesRequest(
                address=request.address, pins=request.pins, platform=request.platform, version=request.abi.version
            ),
            **implicitly(),
        ),
        target_python(TargetPythonRequest(request.platform, request.abi, request.where)),
        make_build_toolchains(BuildToolchainsRequest(request.platform, request.native)),
    )
    return BackendParts(python=python, packages=packages, target=target, toolchains=toolchains)


def _process(python: BuildPython, inputs: Digest, mounted: Mapping[str, Digest], *, description: str) -> Process:
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


async def _report(output: Digest) -> BackendReport | None:
    """Return the report of a build. None if its program did not start."""
    reports = await get_digest_contents(**implicitly(DigestSubset(output, PathGlobs([REPORT]))))
    return BackendReport.from_json(reports[0].content.decode()) if reports else None


async def _artifact(output: Digest, report: BackendReport) -> Digest:
    """Return the wheel or sdist of a build as the only file of a digest."""
    path = posixpath.join(OUTPUT_DIR, report.wheel or report.sdist)
    built = await digest_subset_to_digest(DigestSubset(output, PathGlobs([path])))
    return await remove_prefix(RemovePrefix(built, OUTPUT_DIR))


@rule(desc="Run a project's own build backend", level=LogLevel.DEBUG)
async def run_program(request: BackendRunRequest) -> BackendRun:
    parts = request.parts
    described = [
        FileContent(path, content, is_executable=path != CONFIG_SITE)
        for path, content in system_files(request.platform, request.native).items()
    ]
    source, request_files, program = await concurrently(
        add_prefix(AddPrefix(request.source, SOURCE_DIR)),
        create_digest(CreateDigest([FileContent(REQUEST, request.text.encode()), *described])),
        create_digest(CreateDigest(FileContent(path, content) for path, content in backend_tool().items())),
    )
    inputs = await merge_digests(MergeDigests([source, request_files, parts.target.facts]))
    mounted = {PROGRAM_DIR: program, **parts.mounted, **request.projects.mounted}
    process = _process(parts.python, inputs, mounted, description=request.description)
    packages = (*parts.packages.requests, *parts.toolchains.packages)
    result = await run_offline(OfflineProcess(process, packages), **implicitly())
    written = await _report(result.output_digest)
    report = None if result.exit_code else written
    built = await _artifact(result.output_digest, report) if report else EMPTY_DIGEST
    action = Action.of(
        kind=ActionKind.BACKEND,
        description=request.description,
        result=result,
        platform=request.platform,
        calls=foreign_calls(report) if report else None,
    )
    return BackendRun(
        digest=built,
        report=report,
        output="\n".join(stream.decode(errors="replace").strip() for stream in (result.stdout, result.stderr)),
        refusal=written.problem if written and result.exit_code else "",
        action=action.after(*ends((*parts.actions, *request.projects.actions))),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
