"""The measurement `platforms`: the cost of another platform, and the stages of the first command on a new machine."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence

from bench.apparatus.pants_log import ProcessSpan
from bench.apparatus.project import PLATFORM, Project
from bench.apparatus.workbench import Workbench
from bench.result import Measurement, Table, Verdict

WHEELS = ("src/python:runtime_wheel", "src/python:compiler_wheel")
SECOND = "manylinux_2_17_aarch64"
_QUICK = (PLATFORM, SECOND, "musllinux_1_2_x86_64")
# The prefixes of processes' descriptions, and the stage of each.
_STAGES = {
    "Install": "downloads and tools",
    "Building": "downloads and tools",
    "Fetch": "downloads and tools",
    "Make the runtime pack": "runtime packs",
    "Compile": "compiles",
    "Link": "links",
    "Fuse": "links",
    "Check the metadata": "wheels",
    "Assemble": "wheels",
    "Repair": "wheels",
    "Verify": "wheels",
    "Stamp": "wheels",
    "Smoke-test": "smoke tests",
}


def measure(bench: Workbench) -> Measurement:
    """Count a second platform after the first, then run the whole first command with an empty store, by stages."""
    project = bench.abacus()
    bench.next_round()
    _package(project, PLATFORM)
    both = _package(project, PLATFORM, SECOND)
    second = Counter((row["kind"], SECOND in row["description"]) for row in both)
    again = Counter(row["kind"] for row in _package(project, PLATFORM, SECOND))
    platforms = list(_QUICK) if bench.quick else ["*"]
    spans, wall = _first_command(bench, platforms)
    packs = Counter(span.description for span in spans if span.description.startswith("Make the runtime pack"))
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
            Table(
                f"The first command, cold, for {', '.join(platforms)}: {wall:.0f} s, by stages",
                ("stage", "processes", "seconds, added up", "first to last"),
                tuple(_stages(spans)),
            ),
        ),
        (
            Verdict.count(
                "processes that the second platform ran for the first",
                sum(count for (kind, is_second), count in second.items() if not is_second and kind != "metadata"),
                0,
            ),
            Verdict.count("processes that ran where both platforms were there", sum(again.values()), 0),
            Verdict.count("runtime packs that were made twice", sum(count - 1 for count in packs.values()), 0),
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


def _first_command(bench: Workbench, platforms: Iterable[str]) -> tuple[Sequence[ProcessSpan], float]:
    """Run `package` of both wheels without store and caches, like on a new machine with only Pants installed."""
    home = bench.home / "first"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    project = Project(home, "abacus-first", bench.jobs)
    project.create(sources=("BUILD", "src"))
    try:
        run = project.pants(_chosen(platforms), "package", *WHEELS)
    finally:
        project.end()
        shutil.rmtree(home, ignore_errors=True)
    return run.log.spans, run.wall


def _stages(spans: Iterable[ProcessSpan]) -> Iterable[tuple[str, int, str, str]]:
    by_stage: dict[str, list[ProcessSpan]] = {stage: [] for stage in [*_STAGES.values(), "other"]}
    for span in spans:
        stage = next((stage for words, stage in _STAGES.items() if span.description.startswith(words)), "other")
        by_stage[stage].append(span)
    for stage, found in by_stage.items():
        if found:
            began, ended = min(span.began for span in found), max(span.ended for span in found)
            yield stage, len(found), f"{sum(span.seconds for span in found):.1f}", f"{ended - began:.1f}"
