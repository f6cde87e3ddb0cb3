"""Rules for the sdist of a `python_backend_wheel`: the project's own backend makes it, and it builds the same wheel."""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import AddPrefix, Digest, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.reports.sdist import SdistCheckReport
from spokeshave_pants.action import ActionKind
from spokeshave_pants.pants_api import add_prefix, concurrently, implicitly, merge_digests, rule
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, ToolResult, run_tool
from spokeshave_pants.sources.rules import SourceArchive, SourceTree, UnpackRequest, unpack_archive
from spokeshave_pants.wheel.backend.build import (
    BackendBuildRequest,
    BackendSdistRequest,
    make_sdist,
    run_backend,
)
from spokeshave_pants.wheel.backend.request import BuildVersion
from spokeshave_pants.wheel.backend_target_types import VersionMode
from spokeshave_pants.wheel.build.assembly import (
    AssembleWheelRequest,
    UnrepairedWheel,
    VersionOfWheelRequest,
    WheelKey,
    assemble_wheel,
    version_of_wheel,
)
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheelRequest, plan_backend_wheel
from spokeshave_pants.wheel.sdist.check import CheckableWheelRequest, SdistCheck, checkable_wheel
from spokeshave_pants.wheel.sdist.outcome import check_problems, check_summary
from spokeshave_pants.wheel.sdist.rules import SDIST_DIR, StampedSdist
from spokeshave_pants.wheel.smoke.rules import SmokeTestUnstampedRequest, smoke_test_unstamped

_TREE_DIR = "__tree"
_BUILT_DIR = "__from_sdist"


@dataclass(frozen=True)
class ProjectSdistRequest:
    """A request for the finished sdist of a `python_backend_wheel`."""

    address: Address


@dataclass(frozen=True)
class CheckProjectSdistRequest:
    """A request to check the sdist of a `python_backend_wheel`."""

    sdist: StampedSdist


@rule(desc="Make the sdist of a project", level=LogLevel.DEBUG)
async def project_sdist(request: ProjectSdistRequest) -> StampedSdist:
    """Make the finished sdist of a project.

    Its backend writes the version, also where the stamp writes that of the wheels: nothing is compiled for an sdist, so
    that a new version costs seconds.
    """
    plan, version = await concurrently(
        plan_backend_wheel(BackendWheelRequest(request.address)),
        version_of_wheel(VersionOfWheelRequest(request.address)),
    )
    is_own = plan.version_mode is VersionMode.OWN
    made = await make_sdist(
        BackendSdistRequest(
            address=request.address,
            platform=plan.matrix.platforms[0].slices[0],
            abi=plan.matrix.abis[0],
            version=BuildVersion(plan.version_mode.value, "" if is_own else version.version),
        ),
        **implicitly(),
    )
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("sdist", "intake", "--sdist", f"{SDIST_DIR}/{made.file_name}", "--version", version.version),
                *("--output", OUTPUT_DIR),
            ),
            digest=await add_prefix(AddPrefix(made.digest, SDIST_DIR)),
            kind=ActionKind.ASSEMBLE,
            description=f"Take in the sdist of {request.address}",
        ),
        **implicitly(),
    )
    return StampedSdist.of(request.address, version.version, result, made.actions)


async def _unpacked(sdist: StampedSdist) -> SourceTree:
    where = f"the sdist of {sdist.address}"
    packed = await add_prefix(AddPrefix(sdist.digest, SDIST_DIR))
    archive = SourceArchive(packed, f"{SDIST_DIR}/{sdist.file_name}")
    tree = await unpack_archive(UnpackRequest(archive, 1, where), **implicitly())
    return SourceTree(digest=tree.digest, subdirectory="", archive_name=sdist.file_name)


async def _compare(key: WheelKey, tree: UnrepairedWheel, theirs: Digest, path: str) -> ToolResult:
    """Compare the wheel of the source tree with the one that was built from the sdist, at `path` of `theirs`."""
    plan = await plan_backend_wheel(BackendWheelRequest(key.address))
    ours = await add_prefix(AddPrefix(tree.digest, _TREE_DIR))
    return await run_tool(
        RunToolRequest(
            argv=(
                *("sdist", "compare", "--by-backend", *plan.exclude_arguments),
                *("--tree", f"{_TREE_DIR}/{tree.file_name}", "--sdist", path),
            ),
            digest=await merge_digests(MergeDigests([ours, theirs])),
            kind=ActionKind.VERIFY,
            description=f"Compare the sdist of {key.address} with its wheel",
            platform=key.platform,
        ),
        **implicitly(),
    )


@rule(desc="Check the sdist of a project", level=LogLevel.DEBUG)
async def check_project_sdist(request: CheckProjectSdistRequest) -> SdistCheck:
    """Build a wheel from an sdist, compare it with that of the source tree before the repair, and test it."""
    sdist = request.sdist
    found = await checkable_wheel(CheckableWheelRequest(sdist.address), **implicitly())
    if found.key is None or found.version is None:
        return SdistCheck(f"not built here: {found.reason}", ())
    key = WheelKey(sdist.address, found.key.platform, found.key.abi)
    tree, built = await concurrently(
        assemble_wheel(AssembleWheelRequest(key)),
        run_backend(
            BackendBuildRequest(
                address=sdist.address,
                platform=key.platform,
                abi=key.abi,
                version=BuildVersion("own"),
                sdist=await _unpacked(sdist),
            ),
            **implicitly(),
        ),
    )
    theirs = await add_prefix(AddPrefix(built.digest, _BUILT_DIR))
    path = f"{_BUILT_DIR}/{built.report.wheel}"
    compared = await _compare(key, tree, theirs, path)
    report = None if compared.exit_code else compared.report(SdistCheckReport)
    actions = (*built.actions, compared.action.after(built.actions[-1], tree.actions[-1]))
    difference = compared.failure() if report is None else ""
    if built.library_paths:
        # A user has these libraries installed. Only the repair would add them to this wheel.
        summary = check_summary(report, None)
        return SdistCheck(summary, actions, check_problems(sdist.address.spec, difference, None))
    tested = await smoke_test_unstamped(
        SmokeTestUnstampedRequest(
            key=key,
            version=found.version,
            digest=theirs,
            path=path,
            what=f"the sdist of {sdist.address}",
            needs=built.actions[-1:],
        ),
        **implicitly(),
    )
    return SdistCheck(
        summary=check_summary(report, tested),
        actions=(*actions, *tested.actions),
        problems=check_problems(sdist.address.spec, difference, tested),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
