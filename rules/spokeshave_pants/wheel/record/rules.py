"""Rules that seal the wheels of a `release` into a release record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.target import AllTargets, Target, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.problems import Problems
from spokeshave_core.release.record import ReleaseExpectation, SealReport
from spokeshave_pants.action import ActionKind
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.cc.subsystem import CcBuildSubsystem
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.pants_api import (
    add_prefix,
    concurrently,
    create_digest,
    implicitly,
    merge_digests,
    resolve_target,
    resolve_unparsed_address_inputs,
    rule,
)
from spokeshave_pants.release.rules import StampedVersion
from spokeshave_pants.release.subsystem import ReleaseVersionSubsystem
from spokeshave_pants.release.target_types import ReleaseNameField, ReleasePlatformsField, ReleaseWheelsField
from spokeshave_pants.release.version_arguments import ReleaseContext
from spokeshave_pants.sandbox.tools import OUTPUT_DIR, RunToolRequest, raise_for_failure, run_tool
from spokeshave_pants.toolchain.platforms import check_platform_globs
from spokeshave_pants.wheel.build.assembly import (
    VersionOfWheelRequest,
    WheelFactsRequest,
    version_of_wheel,
    wheel_facts,
)
from spokeshave_pants.wheel.plan.matrix import WheelMatrix
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.record.inputs import expected_project, smoke_reports
from spokeshave_pants.wheel.record.reasons import development_version, left_out, several_versions
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem
from spokeshave_pants.wheel.target_types import RequireSmokeOnField, SdistField
from spokeshave_pants.wheel.wheel_set import SmokeTestedWheel, TestedWheelsRequest, tested_wheels

RECORDS_DIR = "releases"
_WHEELS_DIR = "__wheels"
_REPORTS = "__smoke.json"
_EXPECTATION = "__expect.json"


@dataclass(frozen=True)
class ReleasePlanRequest:
    """A request for the plan of a `release`."""

    address: Address


@dataclass(frozen=True)
class ReleasePlan:
    """What a `release` consists of, before anything is built.

    Attributes:
        matrices: The wheels of each target that the release consists of.
        reason: Why this run makes no record of it. Empty if it does.
    """

    address: Address
    name: str
    wheels: tuple[WheelPlan, ...]
    matrices: tuple[WheelMatrix, ...]
    version: StampedVersion
    reason: str

    @property
    def folder(self) -> str:
        """Return the folder of the record, below `dist/`."""
        return f"{RECORDS_DIR}/{self.name}/{self.version.version}"


@dataclass(frozen=True)
class SealReleaseRequest:
    """A request for the record of a `release`."""

    address: Address


@dataclass(frozen=True)
class SealedRelease:
    """A release record.

    Attributes:
        digest: The files of the record below `folder`.
        folder: The folder of the record, below `dist/`.
        expected: What the release must consist of, for `spokeshave release seal` on another machine.
    """

    digest: Digest
    folder: str
    wheels: tuple[SmokeTestedWheel, ...]
    expected: ReleaseExpectation
    notes: tuple[str, ...]


@rule(level=LogLevel.DEBUG)
async def plan_release(
    request: ReleasePlanRequest,
    chosen: NativeWheelSubsystem,
    build: CcBuildSubsystem,
    subsystem: ReleaseVersionSubsystem,
    context: ReleaseContext,
    all_targets: AllTargets,
) -> ReleasePlan:
    where = "a `release`"
    target = (
        await resolve_target(WrappedTargetRequest(request.address, description_of_origin=where), **implicitly())
    ).target
    check_names(each for each in all_targets if each.has_field(ReleaseWheelsField))
    members = await resolve_unparsed_address_inputs(
        target[ReleaseWheelsField].to_unparsed_address_inputs(), **implicitly()
    )
    if not members:
        raise InvalidTargetError(f"{request.address} lists no `python_native_wheel`. Add one to `wheels`.")
    plans = await concurrently(plan_wheel(WheelPlanRequest(member)) for member in sorted(members))
    versions = await concurrently(version_of_wheel(VersionOfWheelRequest(member)) for member in sorted(members))
    platforms = target[ReleasePlatformsField].value
    check_platform_globs(platforms, where=f"the field `{ReleasePlatformsField.alias}` of {request.address}")
    matrices = tuple(plan.matrix.narrowed(platforms) for plan in plans)
    reasons = (
        several_versions(version.version for version in versions),
        *(development_version(version, has_suffix=subsystem.suffix is not None) for version in versions),
        "the tree has changes that are not committed" if context.dirty and subsystem.commit is None else "",
        left_out(matrices, chosen.globs()),
        "its wheels are debug builds" if build.type is not BuildType.RELEASE else "",
    )
    return ReleasePlan(
        address=request.address,
        name=record_name(target),
        wheels=tuple(plans),
        matrices=matrices,
        version=versions[0],
        reason="; ".join(dict.fromkeys(filter(None, reasons))),
    )


def check_names(releases: Iterable[Target]) -> None:
    """Check that no two releases would write one record.

    Raises:
        InvalidTargetError: For all releases of one name.
    """
    addresses: dict[str, list[str]] = {}
    for release in releases:
        addresses.setdefault(record_name(release), []).append(release.address.spec)
    problems = Problems()
    for name, found in sorted(addresses.items()):
        if len(found) > 1:
            listed = " and ".join(sorted(found))
            field = ReleaseNameField.alias
            problems.add_text(f"{listed} are both named {name!r}, and would write one record. Set `{field}` of each.")
    problems.raise_if_any(InvalidTargetError)


def record_name(release: Target) -> str:
    """Return the name of a release."""
    return release[ReleaseNameField].value or release.address.target_name


@rule(desc="Seal a release", level=LogLevel.DEBUG)
async def seal_release(request: SealReleaseRequest) -> SealedRelease:
    plan = await plan_release(ReleasePlanRequest(request.address), **implicitly())
    tested = await concurrently(tested_wheels(TestedWheelsRequest(wheel.address)) for wheel in plan.wheels)
    facts = await concurrently(wheel_facts(WheelFactsRequest(wheel.address)) for wheel in plan.wheels)
    expected = ReleaseExpectation(
        {
            fact.distribution: expected_project(
                matrix, wheel.target[RequireSmokeOnField].value, has_sdist=wheel.target.get(SdistField).value
            )
            for fact, wheel, matrix in zip(facts, plan.wheels, plan.matrices)
        }
    )
    wheels = tuple(
        wheel
        for each, matrix in zip(tested, plan.matrices)
        for wheel in each.wheels
        if wheel.wheel.key.platform in matrix.platforms
    )
    inputs = (
        FileContent(_EXPECTATION, expected.to_json().encode()),
        FileContent(_REPORTS, smoke_reports(wheels).to_json().encode()),
    )
    files = await create_digest(CreateDigest(inputs))
    sdists = [each.sdist.digest for each in tested if each.sdist]
    built = await merge_digests(MergeDigests([*(wheel.wheel.digest for wheel in wheels), *sdists]))
    placed = await add_prefix(AddPrefix(built, _WHEELS_DIR))
    version = plan.version
    result = await run_tool(
        RunToolRequest(
            argv=(
                *("release", "seal", "--name", plan.name, *version.arguments),
                *("--wheels", _WHEELS_DIR, "--reports", _REPORTS, "--expect", _EXPECTATION),
                *("--output", f"{OUTPUT_DIR}/{plan.folder}"),
            ),
            digest=await merge_digests(MergeDigests([files, placed])),
            kind=ActionKind.SEAL,
            description=f"Seal {plan.name} {version.version}",
        ),
        **implicitly(),
    )
    raise_for_failure(result, str(request.address))
    return SealedRelease(
        digest=result.digest,
        folder=plan.folder,
        wheels=wheels,
        expected=expected,
        notes=result.report(SealReport).notes,
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
