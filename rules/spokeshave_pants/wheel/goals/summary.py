"""The end of a run that packaged wheels: the table on the terminal and, if they are asked for, page and annotations."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pants.base.build_root import BuildRoot
from pants.core.goals.package import PackageSubsystem
from pants.core.util_rules.distdir import DistDir
from pants.engine.env_vars import EnvironmentVarsRequest
from pants.engine.rules import Rule, collect_rules
from pants.engine.streaming_workunit_handler import (
    StreamingWorkunitContext,
    WorkunitsCallback,
    WorkunitsCallbackFactory,
    WorkunitsCallbackFactoryRequest,
)
from pants.engine.unions import UnionRule

from spokeshave_core.problems import Problem
from spokeshave_pants.cc.diagnostics import COMPILE_METADATA, FailedCompile
from spokeshave_pants.pants_api import environment_vars_subset, implicitly, rule
from spokeshave_pants.sandbox.tools import PROBLEMS_METADATA
from spokeshave_pants.wheel.goals.run_context import ChangedPantsError, targets_of
from spokeshave_pants.wheel.report.github import annotate, render_summary
from spokeshave_pants.wheel.report.page.document import render_page, write_page
from spokeshave_pants.wheel.report.page.run import PackageRun
from spokeshave_pants.wheel.report.spans import SpanCollector
from spokeshave_pants.wheel.report.totals import merge_processes, render_foreign, render_totals
from spokeshave_pants.wheel.report.wheels import TargetReport, render_table
from spokeshave_pants.wheel.subsystem import PackageReportOptions, ReportFormat
from spokeshave_pants.wheel.target_types import RepositoriesField
from spokeshave_pants.wheel.wheel_reports import REPORT_METADATA

logger = logging.getLogger(__name__)

PAGE_NAME = "report.html"
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
_TITLE = "Wheels, repaired and verified; smoke tests as shown:"


class WheelSummary(WorkunitsCallback):
    """Collects the reports of each target's wheels, and shows all of them together when the run ends.

    Args:
        page: Where to write the page; None for none.
        github: Where and how to annotate; None for no annotations.
    """

    def __init__(self, page: Path | None = None, github: GithubStep | None = None) -> None:
        self._page = page
        self._github = github
        self._problems: list[Problem] = []
        self._compiles: list[FailedCompile] = []
        self._reports: list[TargetReport] = []
        self._spans = SpanCollector()

    @property
    def can_finish_async(self) -> bool:
        """Return False, so that the summary is printed before Pants exits."""
        return False

    def __call__(
        self,
        *,
        started_workunits: tuple[dict[str, Any], ...],  # noqa: ARG002 (Pants gives it by name)
        completed_workunits: tuple[dict[str, Any], ...],
        finished: bool,
        context: StreamingWorkunitContext,
    ) -> None:
        """Receive work units from Pants, and show the summary at the end of the run."""
        self._spans.add(completed_workunits)
        for workunit in completed_workunits:
            metadata = workunit.get("metadata", {})
            if REPORT_METADATA in metadata:
                self._reports.append(metadata[REPORT_METADATA])
            if COMPILE_METADATA in metadata:
                self._compiles.append(metadata[COMPILE_METADATA])
            self._problems.extend(metadata.get(PROBLEMS_METADATA, ()))
        if finished:
            self._show(context)

    def _show(self, context: StreamingWorkunitContext) -> None:
        run = self._run(context.run_tracker.run_information())
        unpublished = _unpublished(context) if run.succeeded and "publish" in context.run_tracker.goals else []
        if unpublished:
            logger.warning(f"Not published (no `{RepositoriesField.alias}`): {', '.join(unpublished)}")
        tables = ""
        if run.reports or run.refused:
            table = render_table(run.reports, run.refused, run.sdists)
            foreign = render_foreign(run.processes)
            parts = (table, *((foreign,) if foreign else ()), render_totals(run.processes, run.looked_up))
            tables = "\n\n".join(parts)
            logger.info("%s\n%s", _TITLE, tables)
        # A run that failed before the first wheel also writes its page, to replace that of an earlier run.
        if self._page and (run.reports or (not run.succeeded and "package" in context.run_tracker.goals)):
            _write(self._page, run)
        if self._github:
            self._annotate(self._github, run, tables)

    def _annotate(self, github: GithubStep, run: PackageRun, tables: str) -> None:
        annotations = annotate(
            compiles=self._compiles,
            problems=self._problems,
            refused=run.refused,
            wheels=run.reports,
            is_source=github.is_source,
        )
        for annotation in annotations:
            print(annotation.command(), flush=True)
        if tables and github.summary:
            _append(github.summary, render_summary(_TITLE.rstrip(":"), tables))

    def _run(self, information: dict[str, Any]) -> PackageRun:
        """Return the run from Pants' data and the collected reports."""
        return PackageRun(
            started=information["timestamp"],
            seconds=time.time() - information["timestamp"],
            succeeded=information.get("outcome") == "SUCCESS",
            reports=tuple({wheel.wheel: wheel for report in self._reports for wheel in report.wheels}.values()),
            sdists=tuple({row.sdist: row for report in self._reports for row in report.sdists}.values()),
            refused=tuple(dict.fromkeys(wheel for report in self._reports for wheel in report.refused)),
            processes=merge_processes(report.processes for report in self._reports),
            spans=self._spans.spans,
        )


def _unpublished(context: StreamingWorkunitContext) -> list[str]:
    """Return the targets of a run that have no repositories to publish to.

    The goal's field set reports them when it is created, but a daemon creates it only once for all runs with the same
    targets.
    """
    try:
        targets = targets_of(context)
    except ChangedPantsError as error:
        logger.error(f"Targets without a repository are not reported: {error}")
        return []
    return [t.address.spec for t in targets if t.has_field(RepositoriesField) and not t[RepositoriesField].value]


@dataclass(frozen=True)
class GithubStep:
    """The step of GitHub Actions that runs `package`.

    Attributes:
        root: The build root, from which paths of files are written.
        summary: The file for the step's summary; None outside of GitHub Actions.
    """

    root: Path
    summary: Path | None

    def is_source(self, path: str) -> bool:
        """Whether a path is that of a file in the build root."""
        return not path.startswith("/") and (self.root / path).is_file()


def _append(summary: Path, text: str) -> None:
    try:
        with summary.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        logger.error(f"The summary of the step could not be written: {error}. The tables are in the log.")


def _write(page: Path, run: PackageRun) -> None:
    try:
        write_page(page, render_page(run))
    except OSError as error:
        logger.error(f"The page of the wheels could not be written: {error}. The JSON reports contain the same data.")
    else:
        logger.info(f"Wrote {page}")


class WheelSummaryFactoryRequest(WorkunitsCallbackFactoryRequest):
    """A request for the collector of a run."""


@rule
async def wheel_summary(
    _: WheelSummaryFactoryRequest, package: PackageSubsystem, dist: DistDir, build_root: BuildRoot
) -> WorkunitsCallbackFactory:
    formats = package.options.report
    root = build_root.pathlib_path
    page = root / dist.relpath / PAGE_NAME if ReportFormat.HTML in formats else None
    if ReportFormat.GITHUB not in formats:
        return WorkunitsCallbackFactory(lambda: WheelSummary(page))
    variables = await environment_vars_subset(EnvironmentVarsRequest([_SUMMARY_VARIABLE]), **implicitly())
    summary = variables.get(_SUMMARY_VARIABLE)
    github = GithubStep(root, Path(summary) if summary else None)
    return WorkunitsCallbackFactory(lambda: WheelSummary(page, github))


def rules() -> list[Rule | UnionRule]:
    return [
        *collect_rules(),
        UnionRule(WorkunitsCallbackFactoryRequest, WheelSummaryFactoryRequest),
        PackageSubsystem.register_plugin_options(PackageReportOptions),
    ]
