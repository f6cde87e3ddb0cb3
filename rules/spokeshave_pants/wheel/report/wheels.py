"""Build reports: the wheels of a `package` run as the rows of a table and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from tabulate import tabulate

from spokeshave_pants.file_names import WheelName, distribution_of
from spokeshave_pants.wheel.report.totals import ProcessRow, totals_document

_MARKS = {"passed": "ok", "failed": "FAILED", "not run": "not run"}


@dataclass(frozen=True)
class CheckRow:
    """One check of a smoke test. `detail` has the count of checked items or the error."""

    name: str
    outcome: str
    detail: str


@dataclass(frozen=True)
class PythonOutcome:
    """The result of a wheel on one Python: `passed`, `failed`, or `not run` with the reason.

    Attributes:
        where: The machine that it ran on if not this one: an emulator, or the machine of a given report.
    """

    python: str
    outcome: str
    reason: str = ""
    checks: tuple[CheckRow, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return f"{self.python} {_MARKS[self.outcome]}{where}"


@dataclass(frozen=True)
class ActionRow:
    """Actions of one kind behind a wheel, by the source of their results."""

    kind: str
    ran: int
    hit_locally: int
    hit_remotely: int
    memoized: int

    @property
    def cached(self) -> int:
        """Return the number of actions that this run did not execute."""
        return self.hit_locally + self.hit_remotely + self.memoized


@dataclass(frozen=True)
class WheelReport:
    """The report on one wheel. `size` is in bytes. `headers` is the origin of CPython's headers."""

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
    actions: tuple[ActionRow, ...]
    smoke: tuple[PythonOutcome, ...]


def to_json(reports: tuple[WheelReport, ...], processes: tuple[ProcessRow, ...] = ()) -> str:
    """Return the reports of one target's wheels, each process once, and their totals, with stable key order."""
    document = {
        "wheels": [asdict(report) for report in reports],
        "processes": [asdict(process) for process in processes],
        "totals": totals_document(processes),
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def processes_from_json(text: str) -> tuple[ProcessRow, ...]:
    """Parse the processes that `to_json` wrote."""
    rows = json.loads(text)["processes"]
    return tuple(ProcessRow(**{**row, "needs": tuple(row["needs"])}) for row in rows)


def from_json(text: str) -> tuple[WheelReport, ...]:
    """Parse the reports that `to_json` wrote."""
    return tuple(
        WheelReport(
            **{
                **wheel,
                "tags": tuple(wheel["tags"]),
                "grafted": tuple(wheel["grafted"]),
                "headers": tuple(wheel["headers"]),
                "actions": tuple(ActionRow(**row) for row in wheel["actions"]),
                "smoke": tuple(
                    PythonOutcome(**{**outcome, "checks": tuple(CheckRow(**check) for check in outcome["checks"])})
                    for outcome in wheel["smoke"]
                ),
            }
        )
        for wheel in json.loads(text)["wheels"]
    )


def human_size(size: int) -> str:
    """Return a size in bytes in a readable unit."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if round(value, 1) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def render_table(reports: tuple[WheelReport, ...]) -> str:
    """Return the table at the end of `package`, followed by the reasons for what was not run."""
    rows = [
        (
            distribution_of(report.wheel),
            _tag(report),
            human_size(report.size),
            f"{_total(report, 'compile', ran=True)} / {_total(report, 'compile', ran=False)}",
            f"{_all(report, ran=True)} / {_all(report, ran=False)}",
            "  ".join(map(str, report.smoke)),
        )
        for report in sorted(reports, key=lambda report: (report.version, report.wheel))
    ]
    headers = ("wheel", "tag", "size", "compiled / cached", "actions run / cached", "smoke tests")
    table = str(tabulate(rows, headers=headers, colalign=("left", "left", "right", "right", "right", "left")))
    notes = [f"version {version}" for version in sorted({report.version for report in reports})]
    notes += sorted(
        {f"grafted: {', '.join(r.grafted)} into {distribution_of(r.wheel)}" for r in reports if r.grafted}
        # The JSON report contains these for each wheel.
        | {f"headers: {origin.split('; ')[0]}" for r in reports for origin in r.headers}
    )
    return "\n".join([table, *notes, *not_run_reasons(reports)])


def not_run_reasons(reports: tuple[WheelReport, ...]) -> list[str]:
    """Return the reasons why wheels or checks were not run, each once with the Pythons that it applies to."""
    pythons: dict[str, dict[str, None]] = {}
    for outcome in (outcome for report in reports for outcome in report.smoke):
        reasons = [outcome.reason] if outcome.outcome == "not run" else []
        reasons += [f"{check.name} ({check.detail})" for check in outcome.checks if check.outcome == "not run"]
        for reason in reasons:
            pythons.setdefault(reason, {})[outcome.python] = None
    return sorted(f"not run on Python {', '.join(found)}: {reason}" for reason, found in pythons.items())


def _tag(report: WheelReport) -> str:
    """Return the wheel's tag, with only the PEP 600 platform of a compressed set that includes a legacy alias."""
    name = WheelName.parse(report.wheel)
    newest = [platform for platform in name.platforms if platform.startswith("manylinux_")]
    return f"{name.python}-{name.abi}-{(newest or [name.platform])[0]}"


def _total(report: WheelReport, kind: str, *, ran: bool) -> int:
    return sum(row.ran if ran else row.cached for row in report.actions if row.kind == kind)


def _all(report: WheelReport, *, ran: bool) -> int:
    return sum(row.ran if ran else row.cached for row in report.actions)
