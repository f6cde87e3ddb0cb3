"""Smoke tests that ran on other machines, from the reports of `spokeshave smoke-test`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spokeshave_pants.errors import SpokeshaveError
from spokeshave_pants.python_abi import PythonVersion

_REMEDY = "Write it with `spokeshave smoke-test --report`, or take it out of `[wheel-smoke].reports`."


class InvalidSmokeReportError(SpokeshaveError):
    """A file that is not a report of `spokeshave smoke-test`."""


@dataclass(frozen=True)
class ReportedRun:
    """The run of one wheel, identified by its bytes, on one Python of another machine.

    Attributes:
        where: The machine, such as `macOS 14.5 arm64`.
        run: The run in the report, as JSON.
    """

    file: str
    wheel: str
    sha256: str
    python: str
    outcome: str
    where: str
    reason: str
    run: str


def parse_reports(files: Iterable[tuple[str, str]]) -> tuple[ReportedRun, ...]:
    """Parse the runs of reports, given by path and text. Runs without a Python to run on are skipped.

    Raises:
        InvalidSmokeReportError: For all files that are not reports.
    """
    runs: list[ReportedRun] = []
    problems: list[str] = []
    for path, text in files:
        try:
            document = json.loads(text)
            for report in document if isinstance(document, list) else [document]:
                runs.extend(_runs(path, report))
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"{path} is no report of smoke tests ({error!r}). {_REMEDY}")
    if problems:
        raise InvalidSmokeReportError("\n".join(problems))
    return tuple(runs)


def _runs(path: str, report: Mapping[str, Any]) -> Iterable[ReportedRun]:
    for run in report["runs"]:
        version = re.match(r"3\.\d+", run["python"]["version"])
        if run["outcome"] not in ("passed", "failed") or version is None:
            continue
        threads = "t" if run["python"].get("free_threaded") else ""
        yield ReportedRun(
            file=path,
            wheel=str(report["wheel"]),
            sha256=str(report["sha256"]),
            python=version[0] + threads,
            outcome=str(run["outcome"]),
            where=str(run["python"].get("platform") or "another machine"),
            reason=str(run["reason"]),
            run=json.dumps(run, sort_keys=True),
        )


def matching_run(runs: Iterable[ReportedRun], sha256: str, version: PythonVersion) -> ReportedRun | None:
    """Return the run of exactly these bytes on a Python. A failed run takes precedence over passed ones."""
    found = [run for run in runs if run.sha256 == sha256 and run.python == str(version)]
    return min(found, key=lambda run: (run.outcome == "passed", run.file), default=None)


def other_bytes(runs: Iterable[ReportedRun], wheel: str, sha256: str) -> str:
    """Return a note if reports contain a wheel of this name with other bytes. Empty otherwise."""
    files = sorted({run.file for run in runs if run.wheel == wheel and run.sha256 != sha256})
    if not files:
        return ""
    return (
        f"{', '.join(files)} tells of other bytes under the name {wheel}, and does not count: test the wheel whose "
        f"sha256 is {sha256}"
    )
