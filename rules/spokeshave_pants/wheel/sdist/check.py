"""Rules that check an sdist: the wheel that is built from it has to be the wheel of the source tree.

The sdist is built by scikit-build-core and CMake, as users build it, but with the toolchain of the wheels, so that
nothing of this machine decides what is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import (
    EMPTY_DIGEST,
    Digest,
    MergeDigests,
)
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_core.reports.sdist import SdistCheckReport
from spokeshave_core.requirement_lines import decode_requirements
from spokeshave_pants.action import Action, ActionKind, ends
from spokeshave_pants.cc.foreign.tools import FOREIGN_DIR
from spokeshave_pants.pants_api import (
    concurrently,
    get_digest_contents,
    implicitly,
    merge_digests,
    rule,
)
from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements
from spokeshave_pants.sandbox.requirements_file import RequirementsFileRequest, find_requirements_file
from spokeshave_pants.sandbox.tools import RunToolRequest, run_tool
from spokeshave_pants.sources.rules import SourceArchive, UnpackRequest, unpack_archive
from spokeshave_pants.wheel.backend.environment import (
    BuildPins,
)
from spokeshave_pants.wheel.backend.request import (
    BuildSettings,
    BuildVersion,
    request_text,
)
from spokeshave_pants.wheel.backend.run import BackendPartsRequest, BackendRunRequest, backend_parts, run_program
from spokeshave_pants.wheel.build.assembly import WheelKey
from spokeshave_pants.wheel.build.rules import WHEEL_DIR, RepairWheelRequest, check_wheel
from spokeshave_pants.wheel.plan.rules import WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.sdist.outcome import check_problems, check_summary
from spokeshave_pants.wheel.sdist.rules import SDIST_DIR, UnstampedSdistRequest, write_sdist
from spokeshave_pants.wheel.smoke.rules import (
    SmokeTestUnstampedRequest,
    SmokeTestWheelRequest,
    smoke_chance,
    smoke_test_unstamped,
)
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem

CARRIED_REQUIREMENTS = "resource://spokeshave_pants.resources/scikit-build.txt"


@dataclass(frozen=True)
class CheckSdistRequest:
    """A request to check the sdist of a target."""

    address: Address


@dataclass(frozen=True)
class SdistCheck:
    """The check of an sdist.

    Attributes:
        summary: What was compared and tested, or why nothing was.
        problems: Why the sdist must not be published, as texts for the user.
    """

    summary: str
    actions: tuple[Action, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildSdistRequest:
    """A request to build an sdist for a Python of this machine.

    Attributes:
        platform: A platform with a single processor.
    """

    address: Address
    platform: Platform
    version: PythonVersion


@dataclass(frozen=True)
class SdistBuild:
    """A wheel that was built from an sdist, as the only file of a digest.

    Attributes:
        failure: Why there is no wheel. Empty if there is one.
    """

    digest: Digest
    wheel: str
    actions: tuple[Action, ...]
    failure: str = ""


@dataclass(frozen=True)
class CheckableWheelRequest:
    """A request for the wheel that an sdist is compared with."""

    address: Address


@dataclass(frozen=True)
class CheckableWheel:
    """The first wheel that a Python of this machine runs.

    Attributes:
        key: None if there is none.
        reason: Why there is none. Empty if there is one.
    """

    key: WheelKey | None
    version: PythonVersion | None
    reason: str = ""


@rule(level=LogLevel.DEBUG)
async def checkable_wheel(request: CheckableWheelRequest, chosen: NativeWheelSubsystem) -> CheckableWheel:
    matrix = (await plan_wheel(WheelPlanRequest(request.address))).matrix
    matrix = matrix.narrowed(chosen.globs())
    served = [
        (WheelKey(request.address, platform, abi), version)
        for platform in matrix.platforms
        if len(platform.slices) == 1
        for abi in matrix.abis
        for version in matrix.served_by(abi)
    ]
    chances = await concurrently(
        smoke_chance(SmokeTestWheelRequest(key, version), **implicitly()) for key, version in served
    )
    for (key, version), chance in zip(served, chances):
        if not chance.reason and not chance.emulator:
            return CheckableWheel(key, version)
    reasons = dict.fromkeys(chance.reason or "its Python is emulated" for chance in chances)
    return CheckableWheel(None, None, "; ".join(reasons) or "no platform with a single processor is selected")


@rule(level=LogLevel.DEBUG)
async def sdist_pins(request: UnstampedSdistRequest) -> BuildPins:
    """Return the pins of the build requirements of an sdist: the plugin's own, and those of the C and C++ packages."""
    where = f"the sdist of {request.address}"
    sdist = await write_sdist(request)
    file = await find_requirements_file(RequirementsFileRequest(CARRIED_REQUIREMENTS, where))
    contents = await get_digest_contents(file.digest)
    own = PinnedRequirements.parse(decode_requirements(contents[0].content))
    texts = (own.text, *(package.pins.text for package in sdist.native.packages))
    return BuildPins(file.path, PinnedRequirements.parse("".join(dict.fromkeys(texts))))


@rule(desc="Build an sdist", level=LogLevel.DEBUG)
async def build_sdist(request: BuildSdistRequest) -> SdistBuild:
    where = f"the sdist of {request.address}"
    sdist, pins = await concurrently(
        write_sdist(UnstampedSdistRequest(request.address)), sdist_pins(UnstampedSdistRequest(request.address))
    )
    archive = SourceArchive(sdist.digest, f"{SDIST_DIR}/{sdist.file_name}")
    parts, tree = await concurrently(
        backend_parts(
            BackendPartsRequest(
                address=request.address,
                platform=request.platform,
                abi=PythonAbi(request.version),
                pins=pins,
                where=where,
            )
        ),
        unpack_archive(UnpackRequest(archive, 1, where), **implicitly()),
    )
    text = request_text(
        BuildSettings(where=where, requirements=pins.path),
        request.platform,
        BuildVersion("own"),
        subdirectory="",
        foreign=FOREIGN_DIR,
        prefixes=(),
        has_overlay=parts.has_overlay,
        has_libraries=parts.has_libraries,
    )
    description = f"Build the sdist of {request.address} for {request.platform} and Python {request.version}"
    run = await run_program(
        BackendRunRequest(
            description=description,
            platform=request.platform,
            native=None,
            source=tree.digest,
            text=text,
            parts=parts,
        )
    )
    actions = (*sdist.actions, *parts.actions, run.action.after(*ends(sdist.actions)))
    if run.report is None:
        return SdistBuild(EMPTY_DIGEST, "", actions, failure=f"{description} failed:\n{run.output}")
    return SdistBuild(run.digest, run.report.wheel, actions)


@rule(desc="Check an sdist", level=LogLevel.DEBUG)
async def check_sdist(request: CheckSdistRequest) -> SdistCheck:
    found = await checkable_wheel(CheckableWheelRequest(request.address), **implicitly())
    if found.key is None or found.version is None:
        return SdistCheck(f"not built here: {found.reason}", ())
    key = found.key
    tree, built = await concurrently(
        check_wheel(RepairWheelRequest(key)),
        build_sdist(BuildSdistRequest(request.address, key.platform, found.version)),
    )
    if built.failure:
        return SdistCheck("does not build", built.actions, (built.failure,))
    if tree.repaired is None:
        # The run reports what is wrong with the wheel.
        return SdistCheck(f"not compared: {tree.file_name} is not valid", built.actions)
    inputs = await merge_digests(MergeDigests([tree.repaired.digest, built.digest]))
    compared, tested = await concurrently(
        run_tool(
            RunToolRequest(
                argv=("sdist", "compare", "--tree", f"{WHEEL_DIR}/{tree.repaired.file_name}", "--sdist", built.wheel),
                digest=inputs,
                kind=ActionKind.VERIFY,
                description=f"Compare the sdist of {request.address} with its wheel",
                platform=key.platform,
            ),
            **implicitly(),
        ),
        smoke_test_unstamped(
            SmokeTestUnstampedRequest(
                key=key,
                version=found.version,
                digest=built.digest,
                path=built.wheel,
                what=f"the sdist of {request.address}",
                needs=built.actions[-1:],
            ),
            **implicitly(),
        ),
    )
    comparison = compared.action.after(built.actions[-1], tree.repaired.actions[-1])
    report = None if compared.exit_code else compared.report(SdistCheckReport)
    return SdistCheck(
        summary=check_summary(report, tested),
        actions=(*built.actions, comparison, *tested.actions),
        problems=check_problems(request.address.spec, compared.failure() if report is None else "", tested),
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
