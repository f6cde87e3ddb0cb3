"""The table at the end of a run, gathered from the wheels that the run reported."""

from __future__ import annotations

import logging
from typing import Any

from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.streaming_workunit_handler import (
    StreamingWorkunitContext,
    WorkunitsCallback,
    WorkunitsCallbackFactory,
    WorkunitsCallbackFactoryRequest,
)
from pants.engine.unions import UnionRule

from spokeshave_pants.wheel.report import WheelReport, from_json, render_table
from spokeshave_pants.wheel.util_rules.wheel_set import REPORT_METADATA

logger = logging.getLogger(__name__)


class WheelSummary(WorkunitsCallback):
    """Collects what each target's wheels reported, and shows all of it as one table when the run ends."""

    def __init__(self) -> None:
        self._reports: dict[str, WheelReport] = {}

    @property
    def can_finish_async(self) -> bool:
        return False

    def __call__(
        self,
        *,
        started_workunits: tuple[dict[str, Any], ...],
        completed_workunits: tuple[dict[str, Any], ...],
        finished: bool,
        context: StreamingWorkunitContext,
    ) -> None:
        for workunit in completed_workunits:
            text = workunit.get("metadata", {}).get(REPORT_METADATA)
            if text:
                self._reports.update({report.wheel: report for report in from_json(text)})
        if finished and self._reports:
            logger.info("Wheels, all repaired, verified and smoke-tested:\n%s", render_table(tuple(self._reports.values())))


class WheelSummaryFactoryRequest(WorkunitsCallbackFactoryRequest):
    pass


@rule
def wheel_summary(_: WheelSummaryFactoryRequest) -> WorkunitsCallbackFactory:
    return WorkunitsCallbackFactory(WheelSummary)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(WorkunitsCallbackFactoryRequest, WheelSummaryFactoryRequest)]
