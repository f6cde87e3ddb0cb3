"""The report of a run of a project's own build backend, as part of an action."""

from __future__ import annotations

from spokeshave_core.reports.backend import BackendReport
from spokeshave_pants.action import ForeignCalls


def foreign_calls(report: BackendReport) -> ForeignCalls:
    """Return what a build had the compiler do."""
    return ForeignCalls(compiles=report.compiles, links=report.links, probes=report.probes)
