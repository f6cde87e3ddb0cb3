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

from spokeshave_pants.wheel.report import (
    ProcessRow,
    WheelReport,
    from_json,
    processes_from_json,
    render_table,
    render_totals,
)
from spokeshave_pants.wheel.util_rules.wheel_set import REPORT_METADATA

logger = logging.getLogger(__name__)

_TITLE = "Wheels, repaired and verified; smoke tests as shown:"


class WheelSummary(WorkunitsCallback):
    """Collects what each target's wheels reported, and shows all of it as one table when the run ends."""

    def __init__(self) -> None:
        self._reports: dict[str, WheelReport] = {}
        self._processes: dict[tuple[str, str], ProcessRow] = {}

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
                self._processes.update({(row.kind, row.description): row for row in processes_from_json(text)})
        if finished and self._reports:
            table = render_table(tuple(self._reports.values()))
            logger.info("%s\n%s\n%s", _TITLE, table, render_totals(tuple(self._processes.values())))


class WheelSummaryFactoryRequest(WorkunitsCallbackFactoryRequest):
    pass


@rule
def wheel_summary(_: WheelSummaryFactoryRequest) -> WorkunitsCallbackFactory:
    return WorkunitsCallbackFactory(WheelSummary)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(WorkunitsCallbackFactoryRequest, WheelSummaryFactoryRequest)]
