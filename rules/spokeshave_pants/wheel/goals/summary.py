"""The summary at the end of a run that packaged wheels: the table, and the HTML page if it is requested."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from pants.base.build_root import BuildRoot
from pants.core.goals.package import PackageSubsystem
from pants.core.util_rules.distdir import DistDir
from pants.core.util_rules.environments import determine_bootstrap_environment
from pants.engine.internals.selectors import Params
from pants.engine.rules import Rule, collect_rules, rule
from pants.engine.streaming_workunit_handler import (
    StreamingWorkunitContext,
    WorkunitsCallback,
    WorkunitsCallbackFactory,
    WorkunitsCallbackFactoryRequest,
)
from pants.engine.target import Targets
from pants.engine.unions import UnionRule

from spokeshave_pants.wheel.report.page.document import render_page, write_page
from spokeshave_pants.wheel.report.page.run import PackageRun
from spokeshave_pants.wheel.report.spans import SpanCollector
from spokeshave_pants.wheel.report.totals import ProcessRow, merge_processes, render_totals
from spokeshave_pants.wheel.report.wheels import WheelReport, from_json, processes_from_json, render_table
from spokeshave_pants.wheel.subsystem import PackageReportOptions, ReportFormat
from spokeshave_pants.wheel.target_types import RepositoriesField
from spokeshave_pants.wheel.wheel_set import REPORT_METADATA

logger = logging.getLogger(__name__)

PAGE_NAME = "report.html"
_TITLE = "Wheels, repaired and verified; smoke tests as shown:"


class WheelSummary(WorkunitsCallback):
    """A collector of the reports of all targets, which prints them together at the end of the run.

    Attributes:
        page: The path of the page, or None for no page.
    """

    def __init__(self, page: Path | None = None) -> None:
        self._page = page
        self._reports: dict[str, WheelReport] = {}
        self._processes: list[tuple[ProcessRow, ...]] = []
        self._spans = SpanCollector()

    @property
    def can_finish_async(self) -> bool:
        """Return False, so that the summary is printed before Pants exits."""
        return False

    def __call__(
        self,
        *,
        started_workunits: tuple[dict[str, Any], ...],
        completed_workunits: tuple[dict[str, Any], ...],
        finished: bool,
        context: StreamingWorkunitContext,
    ) -> None:
        """Receive work units from Pants, and show the summary at the end of the run."""
        self._spans.add(completed_workunits)
        for workunit in completed_workunits:
            text = workunit.get("metadata", {}).get(REPORT_METADATA)
            if text:
                self._reports.update({report.wheel: report for report in from_json(text)})
                self._processes.append(processes_from_json(text))
        if finished:
            self._show(context)

    def _show(self, context: StreamingWorkunitContext) -> None:
        run = self._run(context.run_tracker.run_information())
        unpublished = _unpublished(context) if run.succeeded and "publish" in context.run_tracker.goals else []
        if unpublished:
            logger.warning(f"Not published (no `{RepositoriesField.alias}`): {', '.join(unpublished)}")
        if run.reports:
            logger.info("%s\n%s\n\n%s", _TITLE, render_table(run.reports), render_totals(run.processes, run.looked_up))
        # A run that failed before the first wheel also writes its page, to replace that of an earlier run.
        if self._page and (run.reports or (not run.succeeded and "package" in context.run_tracker.goals)):
            _write(self._page, run)

    def _run(self, information: dict[str, Any]) -> PackageRun:
        """Return the run from Pants' data and the collected reports."""
        return PackageRun(
            started=information["timestamp"],
            seconds=time.time() - information["timestamp"],
            succeeded=information.get("outcome") == "SUCCESS",
            reports=tuple(self._reports.values()),
            processes=merge_processes(self._processes),
            spans=self._spans.spans,
        )


def _unpublished(context: StreamingWorkunitContext) -> list[str]:
    """Return the targets of a run that have no repositories to publish to.

    The goal's field set reports them when it is created, but a daemon creates it only once for all runs with the same
    targets.
    """
    scheduler = context._scheduler
    params = Params(context._specs, context._options_bootstrapper, determine_bootstrap_environment(scheduler))
    (targets,) = scheduler.product_request(Targets, [params])
    return [t.address.spec for t in targets if t.has_field(RepositoriesField) and not t[RepositoriesField].value]


def _write(page: Path, run: PackageRun) -> None:
    try:
        write_page(page, render_page(run))
    except OSError as error:
        logger.error(f"The page of the wheels could not be written: {error}. The JSON reports tell of them too.")
    else:
        logger.info(f"Wrote {page}")


class WheelSummaryFactoryRequest(WorkunitsCallbackFactoryRequest):
    """A request for the collector of a run."""


@rule
def wheel_summary(
    _: WheelSummaryFactoryRequest, package: PackageSubsystem, dist: DistDir, build_root: BuildRoot
) -> WorkunitsCallbackFactory:
    wanted = ReportFormat.HTML in package.options.report
    page = build_root.pathlib_path / dist.relpath / PAGE_NAME if wanted else None
    return WorkunitsCallbackFactory(lambda: WheelSummary(page))


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(WorkunitsCallbackFactoryRequest, WheelSummaryFactoryRequest),
        PackageSubsystem.register_plugin_options(PackageReportOptions),
    ]
