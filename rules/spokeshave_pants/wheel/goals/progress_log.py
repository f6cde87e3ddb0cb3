"""The lines of a long run that say how many of its actions are done."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pants.engine.rules import Rule, collect_rules
from pants.engine.streaming_workunit_handler import (
    StreamingWorkunitContext,
    WorkunitsCallback,
    WorkunitsCallbackFactory,
    WorkunitsCallbackFactoryRequest,
)
from pants.engine.unions import UnionRule

from spokeshave_pants.pants_api import rule
from spokeshave_pants.wheel.planned_work import PLAN_METADATA, PLANNING
from spokeshave_pants.wheel.progress import Progress
from spokeshave_pants.wheel.report.spans import finished_process, is_execution

logger = logging.getLogger(__name__)


class ProgressLog(WorkunitsCallback):
    """Logs a line about every 30 s while wheels are packaged."""

    def __init__(self) -> None:
        self._progress = Progress(began=time.monotonic())

    @property
    def can_finish_async(self) -> bool:
        """Return whether the run may end before the last call."""
        return True

    def __call__(
        self,
        *,
        started_workunits: tuple[dict[str, Any], ...],
        completed_workunits: tuple[dict[str, Any], ...],
        finished: bool,
        context: StreamingWorkunitContext,  # noqa: ARG002  # Pants passes it by name
    ) -> None:
        """Count the actions of a call, and log a line if one is due."""
        update(self._progress, started_workunits, completed_workunits)
        line = None if finished else self._progress.line_when_due(time.monotonic())
        if line:
            logger.info(line)


def update(progress: Progress, started: Iterable[Mapping[str, Any]], completed: Iterable[Mapping[str, Any]]) -> None:
    """Take Pants' work units into account."""
    for workunit in started:
        if workunit["name"] == PLANNING:
            progress.prepare()
        if is_execution(workunit):
            progress.start(workunit["span_id"], workunit.get("description", ""))
    for workunit in completed:
        progress.stop(workunit["span_id"])
        work = workunit.get("metadata", {}).get(PLAN_METADATA)
        if work:
            progress.expect(work)
        description = finished_process(workunit)
        if description:
            progress.finish(description)


class ProgressLogFactoryRequest(WorkunitsCallbackFactoryRequest):
    """The request by which Pants finds the progress log."""


@rule
async def progress_log(_: ProgressLogFactoryRequest) -> WorkunitsCallbackFactory:
    return WorkunitsCallbackFactory(ProgressLog)


def rules() -> list[Rule | UnionRule]:
    return [*collect_rules(), UnionRule(WorkunitsCallbackFactoryRequest, ProgressLogFactoryRequest)]
