"""The report on all wheels of one target, which `package` shows and writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pants.engine.addresses import Address
from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.internals.session import RunId
from pants.engine.rules import Rule, collect_rules
from pants.engine.unions import UnionRule
from pants.util.logging import LogLevel

from spokeshave_core.outcomes import Source
from spokeshave_pants.action import Action, ActionKind, count_actions, count_foreign
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.cc.subsystem import CcBuildSubsystem
from spokeshave_pants.pants_api import concurrently, implicitly, rule
from spokeshave_pants.wheel.build.rules import CheckedWheel
from spokeshave_pants.wheel.planned_work import AnnouncedWorkRequest, announce_work
from spokeshave_pants.wheel.report.totals import ProcessRow
from spokeshave_pants.wheel.report.wheels import (
    BackendRun,
    PythonOutcome,
    RefusedWheel,
    SdistReportRow,
    TargetReport,
    WheelReport,
)
from spokeshave_pants.wheel.sdist.check import SdistCheck
from spokeshave_pants.wheel.sdist.rules import StampedSdist
from spokeshave_pants.wheel.smoke.rules import SmokeReport
from spokeshave_pants.wheel.wheel_set import (
    SdistOfWheelRequest,
    SmokeTestedWheel,
    SmokeTestedWheelsRequest,
    prepare_sdist,
    sdist_of_wheel,
    smoke_test_wheels,
)

REPORT_METADATA = "spokeshave_wheels"


@dataclass(frozen=True)
class WheelReportsRequest:
    """A request for the reports on a target's wheels."""

    address: Address


@dataclass(frozen=True)
class WheelReports(EngineAwareReturnType):
    """This run's report on a target's wheels, including failed ones, which the end of `package` shows as a table."""

    report: TargetReport

    def metadata(self) -> dict[str, Any]:
        """Return the report for the run's summary."""
        return {REPORT_METADATA: self.report}

    def cacheable(self) -> bool:
        """Return False, so that a run in which nothing changed reports its wheels too."""
        return False


@rule(level=LogLevel.DEBUG)
async def report_wheels(request: WheelReportsRequest, run_id: RunId, build: CcBuildSubsystem) -> WheelReports:
    # The first is for the run, which says by it how many of its actions are done.
    _, results, _ = await concurrently(
        announce_work(AnnouncedWorkRequest(request.address), **implicitly()),
        smoke_test_wheels(SmokeTestedWheelsRequest(request.address), **implicitly()),
        prepare_sdist(SdistOfWheelRequest(request.address)),
    )
    found = await sdist_of_wheel(SdistOfWheelRequest(request.address))
    actions = [action for wheel in results.wheels for action in _actions(wheel)]
    actions += found.sdist.actions if found.sdist else ()
    actions += found.check.actions if found.check else ()
    actions += [action for checked in results.refused for action in checked.actions]
    return WheelReports(
        TargetReport(
            wheels=tuple(_report(wheel, run_id, build.type) for wheel in results.wheels),
            processes=_processes(actions, run_id),
            refused=tuple(_refused(checked) for checked in results.refused),
            sdists=(_sdist_row(found.sdist, found.check, run_id),) if found.sdist else (),
        )
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
            platform=action.platform.tag if action.platform else "",
            # The report of another target contains the wheels of that target that this one is tested with.
            needs=tuple(sorted(places[need] for need in action.needs if need in places)),
            calls=action.calls,
        )
        for action in distinct
    )


def _actions(tested: SmokeTestedWheel) -> tuple[Action, ...]:
    return (*tested.wheel.actions, *(action for report in tested.smoke for action in report.actions))


def _report(tested: SmokeTestedWheel, run_id: RunId, build_type: BuildType) -> WheelReport:
    wheel = tested.wheel
    foreign = count_foreign(wheel.actions, run_id)
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
        smoke=tuple(python_outcome(report) for report in tested.smoke),
        build_type=build_type,
        backends=tuple(
            BackendRun(report, action.source(run_id) is Source.RAN)
            for report, action in wheel.repaired.unrepaired.backends
        ),
        foreign_ran=foreign.ran,
        foreign_cached=foreign.cached,
    )


def _sdist_row(sdist: StampedSdist, check: SdistCheck | None, run_id: RunId) -> SdistReportRow:
    return SdistReportRow(
        target=sdist.address.spec,
        sdist=sdist.file_name,
        version=sdist.version,
        size=sdist.size,
        sha256=sdist.sha256,
        files=sdist.files,
        actions=count_actions((*sdist.actions, *(check.actions if check else ())), run_id),
        check=check.summary if check else "",
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


def python_outcome(report: SmokeReport) -> PythonOutcome:
    """Return a smoke test as reports list it."""
    return PythonOutcome(
        python=report.python,
        outcome=report.outcome,
        reason=report.reason,
        checks=report.run.checks if report.run else (),
        where=report.where,
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
