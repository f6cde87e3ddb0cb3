"""Rules for all wheels of one target: built, smoke-tested and reported."""

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

from spokeshave_pants.action import Action, ActionKind, count_actions
from spokeshave_pants.errors import SpokeshaveError
from spokeshave_pants.python_abi import PythonVersion
from spokeshave_pants.wheel.build.package_headers import PackageHeaders, PackageHeadersRequest
from spokeshave_pants.wheel.build.rules import StampedWheel, StampWheelRequest, WheelKey
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest
from spokeshave_pants.wheel.report.totals import ProcessRow
from spokeshave_pants.wheel.report.wheels import ActionRow, CheckRow, PythonOutcome, WheelReport, to_json
from spokeshave_pants.wheel.smoke.rules import SmokeChance, SmokeReport, SmokeTestWheelRequest
from spokeshave_pants.wheel.subsystem import NativeWheelSubsystem

logger = logging.getLogger(__name__)

REPORT_METADATA = "spokeshave_wheels"


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
            f"{self.wheel.key} {'failed its smoke test' if report.outcome == 'failed' else 'has to be smoke-tested'} "
            f"on Python {report.python}:\n{report.reason}"
            for report in self.smoke
            if report.is_error
        )


@dataclass(frozen=True)
class SmokeTestedWheels:
    """All wheels of a target with their results, passed or not.

    Attributes:
        left_out: Wheels that were not built because they cannot run here, with the reason.
    """

    wheels: tuple[SmokeTestedWheel, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class TestedWheelsRequest:
    """A request for the wheels of a target, none of which may fail."""

    address: Address


@dataclass(frozen=True)
class TestedWheels:
    """All wheels of a target. None failed. Their reports list those that were not run."""

    digest: Digest
    wheels: tuple[SmokeTestedWheel, ...]

    # Not for pytest to collect.
    __test__ = False


@dataclass(frozen=True)
class WheelReportsRequest:
    """A request for the reports on a target's wheels."""

    address: Address


@dataclass(frozen=True)
class WheelReports(EngineAwareReturnType):
    """This run's report on a target's wheels, including failed ones, which the end of `package` shows as a table."""

    reports: tuple[WheelReport, ...]
    processes: tuple[ProcessRow, ...]

    def json(self) -> str:
        """Return the reports as JSON text."""
        return to_json(self.reports, self.processes)

    def metadata(self) -> dict[str, Any]:
        """Return the report for the run's summary."""
        return {REPORT_METADATA: self.json()}

    def cacheable(self) -> bool:
        """Return False, so that each run reports its wheels."""
        # So that a run in which nothing changed reports its wheels too.
        return False


@rule(desc="Build and smoke-test wheels", level=LogLevel.DEBUG)
async def smoke_test_wheels(request: SmokeTestedWheelsRequest, chosen: NativeWheelSubsystem) -> SmokeTestedWheels:
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
    runs, left_out = _sort_chances(served, chances) if request.only_runnable else (served, [])
    keys = [key for key in keys if any(key == wanted for wanted, _ in runs)]
    builds = tuple((key.platform, key.abi) for key in keys)
    await Get(PackageHeaders, PackageHeadersRequest(plan.native_targets, plan.variant, builds))
    wheels = await MultiGet(Get(StampedWheel, StampWheelRequest(key)) for key in keys)
    reports = await MultiGet(Get(SmokeReport, SmokeTestWheelRequest(key, version)) for key, version in runs)
    by_key: dict[WheelKey, list[SmokeReport]] = {key: [] for key in keys}
    for (key, _), report in zip(runs, reports):
        by_key[key].append(report)
    return SmokeTestedWheels(
        tuple(SmokeTestedWheel(wheel, tuple(by_key[wheel.key])) for wheel in wheels), tuple(left_out)
    )


def _sort_chances(
    served: list[tuple[WheelKey, PythonVersion]], chances: Iterable[SmokeChance]
) -> tuple[list[tuple[WheelKey, PythonVersion]], list[str]]:
    """Return the wheels that can or must be tested here, and a line per platform and reason for the others."""
    runs, left_out = [], []
    for (key, version), chance in zip(served, chances):
        if chance.reason and not chance.required:
            left_out.append(f"{key.address} for {key.platform}: not run ({chance.reason})")
        else:
            runs.append((key, version))
    return runs, list(dict.fromkeys(left_out))


@rule(level=LogLevel.DEBUG)
async def tested_wheels(request: TestedWheelsRequest) -> TestedWheels:
    results = await Get(SmokeTestedWheels, SmokeTestedWheelsRequest(request.address))
    problems = [problem for wheel in results.wheels for problem in wheel.problems()]
    if problems:
        remedy = (
            f"Mend what the tests found; `{bin_name()} test {request.address}` runs them alone. A check that takes "
            "longer where nothing is wrong gets its time by `smoke_timeout`."
        )
        raise SmokeTestError("\n\n".join([*problems, remedy]))
    digest = await Get(Digest, MergeDigests(wheel.wheel.digest for wheel in results.wheels))
    return TestedWheels(digest, results.wheels)


@rule(level=LogLevel.DEBUG)
async def report_wheels(request: WheelReportsRequest, run_id: RunId) -> WheelReports:
    results = await Get(SmokeTestedWheels, SmokeTestedWheelsRequest(request.address))
    actions = [action for wheel in results.wheels for action in _actions(wheel)]
    return WheelReports(
        reports=tuple(_report(wheel, run_id) for wheel in results.wheels),
        processes=_processes(actions, run_id),
    )


def _processes(actions: Iterable[Action], run_id: RunId) -> tuple[ProcessRow, ...]:
    """Return each action once, in the order of the work."""
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
            # The report of another target contains the wheels of that target that this one is tested with.
            needs=tuple(sorted(places[need] for need in action.needs if need in places)),
        )
        for action in distinct
    )


def _actions(tested: SmokeTestedWheel) -> tuple[Action, ...]:
    return (*tested.wheel.actions, *(action for report in tested.smoke for action in report.actions))


def _report(tested: SmokeTestedWheel, run_id: RunId) -> WheelReport:
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
        actions=tuple(
            ActionRow(kind.value, count.ran, count.hit_locally, count.hit_remotely, count.memoized)
            for kind, count in count_actions(_actions(tested), run_id).items()
        ),
        smoke=tuple(_outcome(report) for report in tested.smoke),
    )


def _outcome(report: SmokeReport) -> PythonOutcome:
    checks = report.facts().get("checks", ())
    rows = tuple(CheckRow(check["name"], check["outcome"], check["detail"]) for check in checks)
    return PythonOutcome(report.python, report.outcome, report.reason, rows, report.where)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
