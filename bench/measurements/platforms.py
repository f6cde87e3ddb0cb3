"""`platforms`: what a further platform costs."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable

from bench.apparatus.project import PLATFORM, Project
from bench.apparatus.workbench import Workbench
from bench.measurements.first import WHEELS
from bench.result import Measurement, Table, Verdict

SECOND = "manylinux_2_17_aarch64"


def measure(bench: Workbench) -> Measurement:
    """Count the processes of a second platform, built after the first."""
    project = bench.abacus()
    bench.next_round()
    _package(project, PLATFORM)
    both = _package(project, PLATFORM, SECOND)
    second = Counter((row["kind"], SECOND in row["description"]) for row in both)
    again = Counter(row["kind"] for row in _package(project, PLATFORM, SECOND))
    return Measurement(
        "platforms",
        (
            Table(
                f"Processes that a second platform ran, {SECOND} after {PLATFORM}",
                ("kind", "for the second", "for the first"),
                tuple(
                    (kind, second[kind, True], second[kind, False])
                    for kind in dict.fromkeys(kind for kind, _ in second)
                ),
            ),
        ),
        (
            Verdict.count(
                "processes that the second platform ran for the first",
                sum(count for (kind, is_second), count in second.items() if not is_second and kind != "metadata"),
                0,
            ),
            Verdict.count("processes that ran when both platforms were built", sum(again.values()), 0),
        ),
    )


def _package(project: Project, *platforms: str) -> list[dict[str, str]]:
    """Return the processes that `package` ran for these platforms."""
    shutil.rmtree(project.root / "dist", ignore_errors=True)
    project.pants(_chosen(platforms), "--release-version-channel=stable", "package", *WHEELS)
    rows = [row for report in _reports(project) for row in report["processes"] if row["source"] == "ran"]
    return list({row["description"]: row for row in rows}.values())


def _chosen(platforms: Iterable[str]) -> str:
    return f"--native-wheel-platforms={list(platforms)}"


def _reports(project: Project) -> list[dict[str, list[dict[str, str]]]]:
    return [json.loads(path.read_text()) for path in (project.root / "dist").rglob("*.report.json")]
