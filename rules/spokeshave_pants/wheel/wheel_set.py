"""Rules for all wheels of one target: built, smoke-tested and reported."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pants.engine.addresses import Address
from pants.engine.fs import Digest, MergeDigests
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.docutil import bin_name
from pants.util.logging import LogLevel

from spokeshave_core.outcomes import Outcome
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.cc.runtime_pack.rules import RuntimePacksRequest, make_runtime_packs
from spokeshave_pants.errors import ToolError
from spokeshave_pants.pants_api import concurrently, implicitly, merge_digests, rule
from spokeshave_pants.toolchain.rules import CcToolchainsRequest, cc_toolchains
from spokeshave_pants.wheel.backend.environment import BuildPythonsRequest, find_build_pythons
from spokeshave_pants.wheel.build.assembly import VersionOfWheelRequest, WheelKey, version_of_wheel
from spokeshave_pants.wheel.build.package_headers import PackageHeadersRequest, package_headers
from spokeshave_pants.wheel.build.rules import CheckedWheel, StampedWheel, StampWheelRequest, build_wheel
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest, plan_wheel
from spokeshave_pants.wheel.sdist.backend import (
    CheckProjectSdistRequest,
    ProjectSdistRequest,
    check_project_sdist,
    project_sdist,
)
from spokeshave_pants.wheel.sdist.check import CheckSdistRequest, SdistCheck, check_sdist
from spokeshave_pants.wheel.sdist.rules import (
    StampedSdist,
    StampSdistRequest,
    UnstampedSdist,
    UnstampedSdistRequest,
    stamp_sdist,
    write_sdist,
)
from spokeshave_pants.wheel.smoke.rules import (
    SmokeChance,
    SmokeInputsRequest,
    SmokeReport,
    SmokeTestWheelRequest,
    smoke_chance,
    smoke_inputs,
    smoke_test_wheel,
)
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem
from spokeshave_pants.wheel.target_types import SdistField

logger = logging.getLogger(__name__)

_VERDICTS = {Outcome.FAILED: "failed its smoke test", Outcome.NOT_RUN: "has to be smoke-tested"}


class SmokeTestError(SpokeshaveError):
    """A wheel that failed its smoke test, or could not be tested although a test is required."""


@dataclass(frozen=True)
class SmokeTestedWheelsRequest:
    """A request for the smoke-tested wheels of a target.

    Attributes:
        only_runnable: Leave out the wheels that cannot be tested here, unless a test is required.
    """

    address: Address
    only_runnable: bool = False


@dataclass(frozen=True)
class SmokeTestedWheel:
    """A stamped wheel and its smoke-test results on each Python."""

    wheel: StampedWheel
    smoke: tuple[SmokeReport, ...]

    def problems(self) -> tuple[str, ...]:
        """Return the reasons that the wheel cannot be published, as texts for the user."""
        return tuple(
            f"{self.wheel.key} {_VERDICTS[report.outcome]} on Python {report.python}:\n{report.reason}"
            for report in self.smoke
            if report.is_error
        )


@dataclass(frozen=True)
class FinishWheelRequest:
    """A wheel, and the Pythons that it is to be smoke-tested on."""

    key: WheelKey
    versions: tuple[PythonVersion, ...]


@dataclass(frozen=True)
class FinishedWheel:
    """Either a wheel with its smoke tests or one that was refused before them."""

    tested: SmokeTestedWheel | None
    refused: CheckedWheel | None


@dataclass(frozen=True)
class SmokeTestedWheels:
    """All wheels of a target with their results, passed or not.

    Attributes:
        refused: The wheels that were not stamped, as something is wrong with them.
        left_out: What was not built as nothing here runs it, with the reason.
    """

    wheels: tuple[SmokeTestedWheel, ...]
    refused: tuple[CheckedWheel, ...] = ()
    left_out: tuple[str, ...] = ()

    def refusals(self) -> tuple[str, ...]:
        """Return what is wrong with the wheels that were not stamped, as texts for the user."""
        return tuple(checked.failure() for checked in self.refused)

    def smoke_problems(self) -> tuple[str, ...]:
        """Return the smoke tests that keep the wheels from being published, as texts for the user."""
        return tuple(problem for wheel in self.wheels for problem in wheel.problems())

    def problems(self) -> tuple[str, ...]:
        """Return everything that is wrong with the wheels, as texts for the user."""
        return (*self.refusals(), *self.smoke_problems())


@dataclass(frozen=True)
class FinishWheelsRequest:
    """Several wheels to build and to smoke-test."""

    wheels: tuple[FinishWheelRequest, ...]


@dataclass(frozen=True)
class FinishedWheels:
    """The results of the requested wheels, in the order of the request."""

    results: tuple[FinishedWheel, ...]


@dataclass(frozen=True)
class TestedWheelsRequest:
    """A request for the wheels of a target, none of which may fail."""

    address: Address


@dataclass(frozen=True)
class TestedWheels:
    """All wheels of a target, and its sdist if it has one. None failed. Their reports list those that were not run."""

    digest: Digest
    wheels: tuple[SmokeTestedWheel, ...]
    sdist: StampedSdist | None = None

    # Not for pytest to collect.
    __test__ = False


@dataclass(frozen=True)
class SdistOfWheelRequest:
    """A request for the sdist of a target."""

    address: Address


@dataclass(frozen=True)
class PreparedSdist:
    """The sdist of a target, without a version. None if it has none."""

    sdist: UnstampedSdist | None


@dataclass(frozen=True)
class SdistOfWheel:
    """The sdist of a target, and its check. None if it has none."""

    sdist: StampedSdist | None
    check: SdistCheck | None = None


async def _fetch_packages(plan: WheelPlan, keys: Sequence[WheelKey], slices: tuple[Platform, ...]) -> None:
    """Fetch what the build needs, side by side: headers, the toolchain, and the tools, which check the metadata.

    Raises:
        MissingInterpreterError: With all Pythons that the project's own build needs.
        MissingWheelError: With all headers that are missing, before anything is compiled.
        ToolError: With what is wrong with the metadata or the version, likewise.
        Exception: If `smoke_tests` or `smoke_requirements` name files that do not exist.
    """
    if not keys:
        return
    await smoke_inputs(SmokeInputsRequest(plan.address), **implicitly())
    builds = tuple((key.platform, key.abi, plan.native_targets_for(key.platform)) for key in keys)
    if plan.has_backend:
        versions = tuple(key.abi.version for key in keys)
        await find_build_pythons(BuildPythonsRequest(versions, f"the target {plan.address}"), **implicitly())
    await concurrently(
        package_headers(PackageHeadersRequest(plan.variant, builds)),
        cc_toolchains(CcToolchainsRequest(slices)),
        version_of_wheel(VersionOfWheelRequest(plan.address)),
    )


@rule(desc="Build and smoke-test wheels", level=LogLevel.DEBUG)
async def smoke_test_wheels(request: SmokeTestedWheelsRequest, chosen: NativeWheelSubsystem) -> SmokeTestedWheels:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    matrix = plan.matrix.narrowed(chosen.globs())
    if not matrix.platforms:
        logger.warning(
            f"{request.address} lists none of the platforms that `[native-wheel].platforms` selects, "
            f"{', '.join(chosen.platforms)}, so nothing was built for it."
        )
    keys = [WheelKey(request.address, platform, abi) for platform in matrix.platforms for abi in matrix.abis]
    served = [(key, version) for key in keys for version in matrix.served_by(key.abi)]
    chances = await concurrently(
        smoke_chance(SmokeTestWheelRequest(key, version), **implicitly()) for key, version in served
    )
    runs, left_out = _sort_chances(served, chances) if request.only_runnable else (served, [])
    keys = [key for key in keys if any(key == wanted for wanted, _ in runs)]
    # The processors that native files are linked for.
    native = (key.platform for key in keys if plan.has_backend or plan.native_targets_for(key.platform))
    slices = tuple(dict.fromkeys(part for platform in native for part in platform.slices))
    await _fetch_packages(plan, keys, slices)
    requests = (FinishWheelRequest(key, tuple(version for other, version in runs if other == key)) for key in keys)
    # Every link waits for a runtime pack, which takes longest by far: requested first, it waits for no slot.
    _, results = await concurrently(
        make_runtime_packs(RuntimePacksRequest(slices)), finish_wheels(FinishWheelsRequest(tuple(requests)))
    )
    return SmokeTestedWheels(
        wheels=tuple(result.tested for result in results.results if result.tested),
        refused=tuple(result.refused for result in results.results if result.refused),
        left_out=tuple(left_out),
    )


@rule(level=LogLevel.DEBUG)
async def finish_wheels(request: FinishWheelsRequest) -> FinishedWheels:
    return FinishedWheels(await concurrently(finish_wheel(wheel) for wheel in request.wheels))


@rule(level=LogLevel.DEBUG)
async def finish_wheel(request: FinishWheelRequest) -> FinishedWheel:
    built = await build_wheel(StampWheelRequest(request.key))
    if built.stamped is None:
        return FinishedWheel(tested=None, refused=built.checked)
    reports = await concurrently(
        smoke_test_wheel(SmokeTestWheelRequest(request.key, version), **implicitly()) for version in request.versions
    )
    return FinishedWheel(tested=SmokeTestedWheel(built.stamped, reports), refused=None)


def _sort_chances(
    served: list[tuple[WheelKey, PythonVersion]], chances: Iterable[SmokeChance]
) -> tuple[list[tuple[WheelKey, PythonVersion]], list[str]]:
    """Return the wheels that can or must be tested here, and a line per platform and reason for the others."""
    runs = []
    left_out = []
    for (key, version), chance in zip(served, chances):
        if chance.reason and not chance.required:
            left_out.append(f"{key.address} for {key.platform}: not run ({chance.reason})")
        else:
            runs.append((key, version))
    return runs, list(dict.fromkeys(left_out))


@rule(level=LogLevel.DEBUG)
async def sdist_of_wheel(request: SdistOfWheelRequest) -> SdistOfWheel:
    plan = await plan_wheel(WheelPlanRequest(request.address))
    if not plan.target.get(SdistField).value:
        return SdistOfWheel(None)
    if plan.has_backend:
        sdist = await project_sdist(ProjectSdistRequest(request.address))
        return SdistOfWheel(sdist, await check_project_sdist(CheckProjectSdistRequest(sdist)))
    stamped, check = await concurrently(
        stamp_sdist(StampSdistRequest(request.address)), check_sdist(CheckSdistRequest(request.address))
    )
    return SdistOfWheel(stamped, check)


@rule(level=LogLevel.DEBUG)
async def prepare_sdist(request: SdistOfWheelRequest) -> PreparedSdist:
    """Write the sdist of a target if it has one, so that what keeps it from having one is reported first."""
    plan = await plan_wheel(WheelPlanRequest(request.address))
    if not plan.target.get(SdistField).value:
        return PreparedSdist(None)
    if plan.has_backend:
        await project_sdist(ProjectSdistRequest(request.address))
        return PreparedSdist(None)
    return PreparedSdist(await write_sdist(UnstampedSdistRequest(request.address)))


@rule(level=LogLevel.DEBUG)
async def tested_wheels(request: TestedWheelsRequest) -> TestedWheels:
    results = await smoke_test_wheels(SmokeTestedWheelsRequest(request.address), **implicitly())
    found = await sdist_of_wheel(SdistOfWheelRequest(request.address))
    smoke = results.smoke_problems()
    if smoke:
        remedy = (
            f"Fix the failures; `{bin_name()} test {request.address}` runs them alone. If a check only needs more "
            f"time, increase `smoke_timeout`."
        )
        smoke = (*smoke, remedy)
    problems = (*results.refusals(), *smoke, *(found.check.problems if found.check else ()))
    if problems:
        raise SmokeTestError("\n\n".join(problems)) if smoke else ToolError("\n\n".join(problems))
    files = [wheel.wheel.digest for wheel in results.wheels]
    digest = await merge_digests(MergeDigests([*files, *([found.sdist.digest] if found.sdist else [])]))
    return TestedWheels(digest, results.wheels, found.sdist)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
