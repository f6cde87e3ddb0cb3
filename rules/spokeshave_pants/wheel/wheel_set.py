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
            f"{self.wheel.key} {'failed its smoke test' if report.outcome == 'failed' else 'has to be smoke-tested'} "
            f"on Python {report.python}:\n{report.reason}"
            for report in self.smoke
            if report.is_error
        )


@dataclass(frozen=True)
class TriedWheels:
    """Every wheel of a target, whatever came of it.

    :param left_out: what was not built as nothing here runs it, with the reason.
    """

    wheels: tuple[TriedWheel, ...]
    left_out: tuple[str, ...] = ()


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

    reports: tuple[WheelReport, ...]
    processes: tuple[ProcessRow, ...]

    def json(self) -> str:
        return to_json(self.reports, self.processes)

    def metadata(self) -> dict[str, Any]:
        return {REPORT_METADATA: self.json()}

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
    wheels = await MultiGet(Get(StampedWheel, StampWheelRequest(key)) for key in keys)
    reports = await MultiGet(Get(SmokeReport, SmokeTestWheelRequest(key, version)) for key, version in tried)
    by_key: dict[WheelKey, list[SmokeReport]] = {key: [] for key in keys}
    for (key, _), report in zip(tried, reports):
        by_key[key].append(report)
    return TriedWheels(tuple(TriedWheel(wheel, tuple(by_key[wheel.key])) for wheel in wheels), tuple(left_out))


def _sort_chances(
    served: list[tuple[WheelKey, PythonVersion]], chances: Iterable[SmokeChance]
) -> tuple[list[tuple[WheelKey, PythonVersion]], list[str]]:
    """What can be tried here or has to be, and a line for each platform and reason of the rest."""
    tried = []
    left_out = []
    for (key, version), chance in zip(served, chances):
        if chance.reason and not chance.required:
            left_out.append(f"{key.address} for {key.platform}: not run ({chance.reason})")
        else:
            tried.append((key, version))
    return tried, list(dict.fromkeys(left_out))


@rule(level=LogLevel.DEBUG)
async def tested_wheels(request: TestedWheelsRequest) -> TestedWheels:
    tried = await Get(TriedWheels, TriedWheelsRequest(request.address))
    problems = [problem for wheel in tried.wheels for problem in wheel.problems()]
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
    return WheelReports(
        reports=tuple(_report(wheel, run_id) for wheel in tried.wheels),
        processes=_processes(actions, run_id),
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
        actions=tuple(
            ActionRow(
                kind=kind.value,
                ran=count.ran,
                hit_locally=count.hit_locally,
                hit_remotely=count.hit_remotely,
                memoized=count.memoized,
            )
            for kind, count in count_actions(_actions(tested), run_id).items()
        ),
        smoke=tuple(_outcome(report) for report in tested.smoke),
    )


def _outcome(report: SmokeReport) -> PythonOutcome:
    checks = report.facts().get("checks", ())
    rows = tuple(CheckRow(check["name"], check["outcome"], check["detail"]) for check in checks)
    return PythonOutcome(
        python=report.python, outcome=report.outcome, reason=report.reason, checks=rows, where=report.where
    )


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules()]
