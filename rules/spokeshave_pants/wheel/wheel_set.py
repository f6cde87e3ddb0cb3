"""All wheels of one target, built and tested, with their report."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pants.engine.addresses import Address
from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.fs import Digest, MergeDigests
from pants.engine.internals.session import RunId
from pants.engine.rules import Get, MultiGet, Rule, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.util.docutil import bin_name
from pants.util.logging import LogLevel

from spokeshave_core.outcomes import Outcome
from spokeshave_pants.action import Action, ActionKind, count_actions
from spokeshave_pants.errors import SpokeshaveError, ToolError
from spokeshave_pants.python_abi import PythonVersion
from spokeshave_pants.wheel.build.package_headers import PackageHeaders, PackageHeadersRequest
from spokeshave_pants.wheel.build.rules import BuiltWheel, CheckedWheel, StampedWheel, StampWheelRequest, WheelKey
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest
from spokeshave_pants.wheel.report.totals import ProcessRow
from spokeshave_pants.wheel.report.wheels import PythonOutcome, RefusedWheel, TargetReport, WheelReport
from spokeshave_pants.wheel.smoke.rules import SmokeChance, SmokeReport, SmokeTestWheelRequest
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem

logger = logging.getLogger(__name__)

REPORT_METADATA = "spokeshave_wheels"

_VERDICTS = {Outcome.FAILED: "failed its smoke test", Outcome.NOT_RUN: "has to be smoke-tested"}


class SmokeTestError(SpokeshaveError):
    """A wheel that failed its smoke test, or could not be tested where it must be."""


@dataclass(frozen=True)
class TriedWheelsRequest:
    """:param only_runnable: leave out the wheels that no test would be run on here, unless one has to be."""

    address: Address
    only_runnable: bool = False


@dataclass(frozen=True)
class TriedWheel:
    """A stamped wheel and how it fared on each Python."""

    wheel: StampedWheel
    smoke: tuple[SmokeReport, ...]

    def problems(self) -> tuple[str, ...]:
        """What keeps the wheel from being one that can go out, as texts for the user."""
        return tuple(
            f"{self.wheel.key} {_VERDICTS[report.outcome]} on Python {report.python}:\n{report.reason}"
            for report in self.smoke
            if report.is_error
        )


@dataclass(frozen=True)
class TryWheelRequest:
    """A wheel, and the Pythons that it is to be smoke-tested on."""

    key: WheelKey
    versions: tuple[PythonVersion, ...]


@dataclass(frozen=True)
class TryWheelResult:
    """Either a wheel with its smoke tests or one that was refused before them."""

    tried: TriedWheel | None
    refused: CheckedWheel | None


@dataclass(frozen=True)
class TriedWheels:
    """Every wheel of a target, whatever came of it.

    Attributes:
        refused: The wheels that were not stamped, as something is wrong with them.
        left_out: What was not built as nothing here runs it, with the reason.
    """

    wheels: tuple[TriedWheel, ...]
    refused: tuple[CheckedWheel, ...] = ()
    left_out: tuple[str, ...] = ()

    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong with the wheels, as texts for the user."""
        smoke = (problem for wheel in self.wheels for problem in wheel.problems())
        return (*(checked.failure() for checked in self.refused), *smoke)


@dataclass(frozen=True)
class TestedWheelsRequest:
    address: Address


@dataclass(frozen=True)
class TestedWheels:
    """Every wheel of a target. None failed; which were not run, their reports tell."""

    digest: Digest
    wheels: tuple[TriedWheel, ...]

    # Not for pytest to collect.
    __test__ = False


@dataclass(frozen=True)
class WheelReportsRequest:
    address: Address


@dataclass(frozen=True)
class WheelReports(EngineAwareReturnType):
    """The report of this run on a target's wheels, failed ones too, which the end of `package` shows as a table."""

    report: TargetReport

    def metadata(self) -> dict[str, Any]:
        return {REPORT_METADATA: self.report}

    def cacheable(self) -> bool:
        # So that a run in which nothing changed tells of its wheels all the same.
        return False


@rule(desc="Build and smoke-test wheels", level=LogLevel.DEBUG)
async def try_wheels(request: TriedWheelsRequest, chosen: NativeWheelSubsystem) -> TriedWheels:
    plan = await Get(WheelPlan, WheelPlanRequest(request.address))
    matrix = plan.matrix.narrowed(chosen.globs()) if chosen.platforms else plan.matrix
    if not matrix.platforms:
        logger.warning(
            f"{request.address} lists none of the platforms that `[native-wheel].platforms` names, "
            f"{', '.join(chosen.platforms)}, so nothing was built for it."
        )
    keys = [WheelKey(request.address, platform, abi) for platform in matrix.platforms for abi in matrix.abis]
    served = [(key, version) for key in keys for version in matrix.served_by(key.abi)]
    chances = await MultiGet(Get(SmokeChance, SmokeTestWheelRequest(key, version)) for key, version in served)
    tried, left_out = _sort_chances(served, chances) if request.only_runnable else (served, [])
    keys = [key for key in keys if any(key == wanted for wanted, _ in tried)]
    builds = tuple((key.platform, key.abi) for key in keys)
    await Get(PackageHeaders, PackageHeadersRequest(plan.native_targets, plan.variant, builds))
    versions: dict[WheelKey, list[PythonVersion]] = {key: [] for key in keys}
    for key, version in tried:
        versions[key].append(version)
    results = await MultiGet(
        Get(TryWheelResult, TryWheelRequest(key, tuple(wanted))) for key, wanted in versions.items()
    )
    return TriedWheels(
        wheels=tuple(result.tried for result in results if result.tried),
        refused=tuple(result.refused for result in results if result.refused),
        left_out=tuple(left_out),
    )


@rule(level=LogLevel.DEBUG)
async def try_wheel(request: TryWheelRequest) -> TryWheelResult:
    built = await Get(BuiltWheel, StampWheelRequest(request.key))
    if built.stamped is None:
        return TryWheelResult(tried=None, refused=built.checked)
    reports = await MultiGet(
        Get(SmokeReport, SmokeTestWheelRequest(request.key, version)) for version in request.versions
    )
    return TryWheelResult(tried=TriedWheel(built.stamped, reports), refused=None)


def _sort_chances(
    served: list[tuple[WheelKey, PythonVersion]], chances: Iterable[SmokeChance]
) -> tuple[list[tuple[WheelKey, PythonVersion]], list[str]]:
    """What can be tried here or has to be, and a line for each platform and reason of the rest."""
    tried, left_out = [], []
    for (key, version), chance in zip(served, chances):
        if chance.reason and not chance.required:
            left_out.append(f"{key.address} for {key.platform}: not run ({chance.reason})")
        else:
            tried.append((key, version))
    return tried, list(dict.fromkeys(left_out))


@rule(level=LogLevel.DEBUG)
async def tested_wheels(request: TestedWheelsRequest) -> TestedWheels:
    tried = await Get(TriedWheels, TriedWheelsRequest(request.address))
    problems = tried.problems()
    if problems and len(problems) == len(tried.refused):
        raise ToolError("\n\n".join(problems))
    if problems:
        remedy = (
            f"Mend what the tests found; `{bin_name()} test {request.address}` runs them alone. A check that takes "
            "longer where nothing is wrong gets its time by `smoke_timeout`."
        )
        raise SmokeTestError("\n\n".join([*problems, remedy]))
    digest = await Get(Digest, MergeDigests(wheel.wheel.digest for wheel in tried.wheels))
    return TestedWheels(digest, tried.wheels)


@rule(level=LogLevel.DEBUG)
async def report_wheels(request: WheelReportsRequest, run_id: RunId) -> WheelReports:
    tried = await Get(TriedWheels, TriedWheelsRequest(request.address))
    actions = [action for wheel in tried.wheels for action in _actions(wheel)]
    actions += [action for checked in tried.refused for action in checked.actions]
    return WheelReports(
        TargetReport(
            wheels=tuple(_report(wheel, run_id) for wheel in tried.wheels),
            processes=_processes(actions, run_id),
            refused=tuple(_refused(checked) for checked in tried.refused),
        )
    )


def _processes(actions: Iterable[Action], run_id: RunId) -> tuple[ProcessRow, ...]:
    """Each action once, in the order of the work."""
    kinds = list(ActionKind)
    distinct = sorted(dict.fromkeys(actions), key=lambda a: (kinds.index(a.kind), a.description, a.output))
    places = {action: place for place, action in enumerate(distinct)}
    return tuple(
        ProcessRow(
            kind=action.kind.value,
            description=action.description,
            source=action.source(run_id),
            milliseconds=action.milliseconds(),
            output=action.output,
            # A wheel of another target that this one is tested with is in that one's report.
            needs=tuple(sorted(places[need] for need in action.needs if need in places)),
        )
        for action in distinct
    )


def _actions(tested: TriedWheel) -> tuple[Action, ...]:
    return (*tested.wheel.actions, *(action for report in tested.smoke for action in report.actions))


def _report(tested: TriedWheel, run_id: RunId) -> WheelReport:
    wheel = tested.wheel
    return WheelReport(
        target=wheel.key.address.spec,
        wheel=wheel.file_name,
        version=wheel.version,
        platform=wheel.key.platform.tag,
        abi=wheel.key.abi.name,
        tags=wheel.repaired.tags,
        size=wheel.size,
        sha256=wheel.sha256,
        grafted=wheel.repaired.grafted,
        headers=wheel.repaired.unrepaired.headers_origins,
        actions=count_actions(_actions(tested), run_id),
        smoke=tuple(_outcome(report) for report in tested.smoke),
    )


def _refused(checked: CheckedWheel) -> RefusedWheel:
    return RefusedWheel(
        target=checked.key.address.spec,
        wheel=checked.file_name,
        platform=checked.key.platform.tag,
        abi=checked.key.abi.name,
        problems=checked.problems,
        findings=checked.findings,
    )


def _outcome(report: SmokeReport) -> PythonOutcome:
    return PythonOutcome(
        python=report.python,
        outcome=report.outcome,
        reason=report.reason,
        checks=report.run.checks if report.run else (),
        where=report.where,
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
