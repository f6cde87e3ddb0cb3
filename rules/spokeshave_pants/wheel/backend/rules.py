"""Rules that take in the wheel that a project's own build backend made, for one platform and one Python ABI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from pants.engine.addresses import Address
from pants.engine.fs import AddPrefix, Digest, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.components import Component
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.backend import BackendReport
from spokeshave_core.reports.intake import IntakeReport
from spokeshave_core.wheel_name import UNSTAMPED
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.errors import ToolError
from spokeshave_pants.pants_api import add_prefix, concurrently, implicitly, merge_digests, rule
from spokeshave_pants.sandbox.tools import OUTPUT_DIR as TOOL_OUTPUT
from spokeshave_pants.sandbox.tools import RunToolRequest, raise_for_failure, run_tool
from spokeshave_pants.wheel.backend import build, environment, projects, run
from spokeshave_pants.wheel.backend.build import BackendBuildRequest, run_backend
from spokeshave_pants.wheel.backend.diagnostics import closing_lines, hints
from spokeshave_pants.wheel.backend.projects import (
    LICENSES_DIR,
    DependencyLicensesRequest,
    dependency_licenses,
)
from spokeshave_pants.wheel.backend.request import BuildVersion
from spokeshave_pants.wheel.backend_target_types import BackendVersionFilesField, VersionMode
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheelRequest, plan_backend_wheel
from spokeshave_pants.wheel.progress import WheelStep

WHEEL_DIR = "__wheel"


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
                *plan.exclude_arguments,
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
    return [*collect_rules(), *build.rules(), *environment.rules(), *projects.rules(), *run.rules()]
