"""Build reports: the wheels of a `package` run as the rows of a table and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tabulate import tabulate

from spokeshave_core.json_values import to_text, to_value
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problem
from spokeshave_core.reports.backend import BackendReport
from spokeshave_core.reports.smoke import CheckResult
from spokeshave_core.reports.verify import Finding
from spokeshave_core.wheel_name import WheelName, distribution_of
from spokeshave_pants.action import ActionCount, ActionKind
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.wheel.report.totals import ProcessRow, total_by_stage

REPAIR = "repair"

_MARKS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.NOT_RUN: "not run"}


@dataclass(frozen=True)
class PythonOutcome:
    """The outcome of a wheel's smoke test on one Python, with the reason unless it passed.

    Attributes:
        where: The machine that it ran on if not this one: an emulator, or the machine of a given report.
    """

    python: str
    outcome: Outcome
    reason: str = ""
    checks: tuple[CheckResult, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return f"{self.python} {_MARKS[self.outcome]}{where}"


@dataclass(frozen=True)
class BackendRun:
    """A run of a project's own build backend, which compiles within one action.

    Attributes:
        ran: Whether this run executed it.
    """

    report: BackendReport
    ran: bool


@dataclass(frozen=True)
class WheelReport:
    """The report on one wheel. `size` is in bytes. `headers` is the origin of CPython's headers.

    Attributes:
        backends: The runs of the project's own build backend, if it has one: one for each processor.
        foreign_ran: The compiles of projects' own builds that this run executed.
        foreign_cached: Those of builds whose results were in a cache.
    """

    target: str
    wheel: str
    version: str
    platform: str
    abi: str
    tags: tuple[str, ...]
    size: int
    sha256: str
    grafted: tuple[str, ...]
    headers: tuple[str, ...]
    actions: tuple[ActionCount, ...]
    smoke: tuple[PythonOutcome, ...]
    build_type: BuildType = BuildType.RELEASE
    backends: tuple[BackendRun, ...] = ()
    foreign_ran: int = 0
    foreign_cached: int = 0


@dataclass(frozen=True)
class RefusedWheel:
    """A wheel that is not stamped: it could not be repaired, or the verification found something.

    Attributes:
        wheel: The name of the file, which has no version yet.
        problems: Why the repair failed.
    """

    target: str
    wheel: str
    platform: str
    abi: str
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()

    def rows(self) -> tuple[tuple[str, Problem], ...]:
        """Everything that is wrong, with the rule that found it (`repair` for a reason why the repair failed)."""
        return (
            *((REPAIR, problem) for problem in self.problems),
            *((finding.rule.value, finding.problem) for finding in self.findings),
        )


@dataclass(frozen=True)
class SdistReportRow:
    """The report on one sdist.

    Attributes:
        size: In bytes.
        files: The number of its files.
        check: What of the wheel that is built from it was compared with that of the source tree, or why nothing was.
    """

    target: str
    sdist: str
    version: str
    size: int
    sha256: str
    files: int
    actions: tuple[ActionCount, ...]
    check: str = ""


@dataclass(frozen=True)
class TargetReport:
    """The wheels of one target, its sdist, and the processes behind them, each once."""

    wheels: tuple[WheelReport, ...] = ()
    processes: tuple[ProcessRow, ...] = ()
    refused: tuple[RefusedWheel, ...] = ()
    sdists: tuple[SdistReportRow, ...] = ()

    def to_json(self) -> str:
        """Return the JSON report next to the wheels. It has no refused wheels, because nothing is written then."""
        return to_text(
            {
                "wheels": to_value(self.wheels),
                **({"sdists": to_value(self.sdists)} if self.sdists else {}),
                "processes": to_value(self.processes),
                "totals": to_value(total_by_stage(self.processes)),
            }
        )


def human_size(size: int) -> str:
    """Return a size in bytes in a readable unit."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if round(value, 1) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def render_table(
    reports: tuple[WheelReport, ...],
    refused: tuple[RefusedWheel, ...] = (),
    sdists: tuple[SdistReportRow, ...] = (),
) -> str:
    """The table that ends `package`, with notes below it: what was refused, and the reasons for what was not run."""
    table = _wheels_table(reports, sdists) if reports else "No wheel was finished."
    notes = [f"refused: {wheel.wheel}: {_count_problems(len(wheel.rows()))}" for wheel in refused]
    notes += [
        f"{report.build_type.value} build: {report.wheel} is not optimized and cannot be published"
        for report in reports
        if report.build_type is not BuildType.RELEASE
    ]
    notes += [f"version {version}" for version in sorted({report.version for report in reports})]
    notes += sorted(
        {f"grafted: {', '.join(r.grafted)} into {distribution_of(r.wheel)}" for r in reports if r.grafted}
        # The report as JSON names for each wheel what was derived from them.
        | {f"headers: {origin.split('; ')[0]}" for r in reports for origin in r.headers}
        | {f"built by {run.report.backend}" for r in reports for run in r.backends}
    )
    return "\n".join([table, *notes, *not_run_reasons(reports)])


def _wheels_table(reports: tuple[WheelReport, ...], sdists: tuple[SdistReportRow, ...]) -> str:
    rows = [
        (
            distribution_of(report.wheel),
            _tag(report),
            human_size(report.size),
            f"{compiles_of(report, ran=True)} / {compiles_of(report, ran=False)}",
            f"{_all(report, ran=True)} / {_all(report, ran=False)}",
            "  ".join(map(str, report.smoke)),
        )
        for report in sorted(reports, key=lambda report: (report.version, report.wheel))
    ]
    rows += [
        (
            distribution_of(row.sdist),
            f"sdist of {row.files} files",
            human_size(row.size),
            "",
            f"{_all(row, ran=True)} / {_all(row, ran=False)}",
            row.check,
        )
        for row in sorted(sdists, key=lambda row: (row.version, row.sdist))
    ]
    headers = ("wheel", "tag", "size", "compiled / cached", "actions run / cached", "smoke tests")
    return str(tabulate(rows, headers=headers, colalign=("left", "left", "right", "right", "right", "left")))


def _count_problems(number: int) -> str:
    return "1 problem" if number == 1 else f"{number} problems"


def not_run_reasons(reports: tuple[WheelReport, ...]) -> list[str]:
    """Return the reasons why wheels or checks were not run, each once with the Pythons that it applies to."""
    pythons: dict[str, dict[str, None]] = {}
    for outcome in (outcome for report in reports for outcome in report.smoke):
        reasons = [outcome.reason] if outcome.outcome is Outcome.NOT_RUN else []
        reasons += [f"{check.name} ({check.detail})" for check in outcome.checks if check.outcome is Outcome.NOT_RUN]
        for reason in reasons:
            pythons.setdefault(reason, {})[outcome.python] = None
    return sorted(f"not run on Python {', '.join(found)}: {reason}" for reason, found in pythons.items())


def _tag(report: WheelReport) -> str:
    """Return the wheel's tag, with only the PEP 600 platform of a compressed set that includes a legacy alias."""
    tag = WheelName.parse(report.wheel).tag
    newest = [platform for platform in tag.platforms if platform.startswith("manylinux_")]
    return str(replace(tag, platform=(newest or [tag.platform])[0]))


def compiles_of(report: WheelReport, *, ran: bool) -> int:
    """Return the number of compiles, including those of projects' own builds."""
    own = sum(row.ran if ran else row.cached for row in report.actions if row.kind is ActionKind.COMPILE)
    return own + (report.foreign_ran if ran else report.foreign_cached)


def _all(report: WheelReport | SdistReportRow, *, ran: bool) -> int:
    return sum(row.ran if ran else row.cached for row in report.actions)
