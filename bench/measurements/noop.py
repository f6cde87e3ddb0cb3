"""The measurement `noop`: runs without any change, and with only the version changed."""

from __future__ import annotations

import datetime
import json
import random
from collections import Counter

from bench.apparatus.project import Project
from bench.apparatus.workbench import Workbench
from bench.result import Measurement, Spread, Table, Verdict

LIMIT = 1.0
WHEEL = "src/python:runtime_wheel"
_NEVER_AGAIN = ("compile", "link", "repair", "runtime pack")


def ran_by_kind(project: Project) -> Counter[str]:
    """Return the number of executed processes of each kind in the last `package`, by its report."""
    (report,) = (project.root / "dist").rglob("runtime_wheel.report.json")
    processes = json.loads(report.read_text())["processes"]
    return Counter(process["kind"] for process in processes if process["source"] == "ran")


def rc_options() -> tuple[str, str]:
    """Return the options of a release candidate with a date in a far year, so that no store has it."""
    day = datetime.date(2100, 1, 1) + datetime.timedelta(days=random.randrange(300_000))
    return ("--release-version-channel=rc", f"--release-version-date={day:%Y%m%d}")


def measure(bench: Workbench) -> Measurement:
    """Run `package` of the runtime wheel, with the daemon running."""
    project = bench.abacus()
    project.pants("--release-version-channel=stable", "package", WHEEL)
    runs = [project.pants("--release-version-channel=stable", "package", WHEEL) for _ in range(bench.pairs)]
    idle = ran_by_kind(project)
    processes = max(run.log.processes for run in runs)
    changed = project.pants(*rc_options(), "package", WHEEL)
    after = ran_by_kind(project)
    seconds = Spread.of([run.wall for run in runs])
    kinds = sorted({*idle, *after, *_NEVER_AGAIN})
    return Measurement(
        "noop",
        (
            Table(
                f"`package` of the runtime wheel: seconds (nothing changed: min / median / max of {len(runs)})",
                ("", "wall", "processes run"),
                (
                    ("nothing changed", str(seconds), processes),
                    ("another channel and date", f"{changed.wall:.2f}", changed.log.processes),
                ),
            ),
            Table(
                "Processes that ran, according to the JSON report",
                ("kind", "nothing changed", "another version"),
                tuple((kind, idle[kind], after[kind]) for kind in kinds),
            ),
        ),
        (
            Verdict.seconds("nothing changed", seconds.median, LIMIT),
            Verdict.count("processes that ran when nothing changed", processes, 0),
            Verdict.count(
                f"{', '.join(_NEVER_AGAIN[:-1])} or {_NEVER_AGAIN[-1]} after a version change",
                sum(after[kind] for kind in _NEVER_AGAIN),
                0,
            ),
        ),
    )
