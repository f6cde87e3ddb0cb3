"""Builds the projects of tests/projects/upstream/ and prints a row for each: `tests/projects/upstream/run`.

What an earlier run built and tested comes from Pants' cache, so a run that was interrupted continues where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.support.debian_sources import fetch_pinned
from e2e.support.project import PROJECTS, Project, running

UPSTREAM = "upstream"
HEADER = ("project", "backend", "lines of BUILD", "platforms", "its own tests", "seconds of a build")


@dataclass(frozen=True)
class Row:
    """What became of a project: the cells of the table, or the reason that it has none."""

    name: str
    cells: tuple[str, ...] = ()
    failure: str = ""


def project_names() -> list[str]:
    """Return the names of all projects."""
    return sorted(file.parent.name for file in (PROJECTS / UPSTREAM).glob("*/BUILD"))


def build_lines(text: str) -> int:
    """Count the lines of a BUILD file that a user writes: neither blank nor comments."""
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())


def cells(report: dict[str, Any], build: str) -> tuple[str, ...]:
    """Return the cells of a project from the report of its wheels."""
    wheels = report["wheels"]
    smoke = [run for wheel in wheels for run in wheel["smoke"] if run["outcome"] == "passed"]
    tests = [check["detail"] for run in smoke for check in run["checks"] if check["name"] == "tests"]
    backends = {built["report"]["backend"] for wheel in wheels for built in wheel.get("backends", ())}
    took = [run["milliseconds"] / 1000 for run in report["processes"] if run["kind"] == "backend"]
    distribution, version = wheels[0]["wheel"].split("-")[:2]
    return (
        f"{distribution} {version}",
        ", ".join(sorted(backends)),
        str(build_lines(build)),
        ", ".join(dict.fromkeys(wheel["platform"] for wheel in wheels)),
        "; ".join(dict.fromkeys(tests)) or "none ran",
        f"{sum(took) / len(took):.0f}" if took else "",
    )


def build(project: Project, name: str) -> Row:
    """Package a project, whose failure is a row and not an error."""
    fetch_pinned(project.root / UPSTREAM / name)
    project.clear_dist()
    run = project.pants("package", f"{UPSTREAM}/{name}:")
    if run.exit_code:
        return Row(name, failure=run.stderr)
    text = (PROJECTS / UPSTREAM / name / "BUILD").read_text()
    reports = sorted((project.dist / f"{UPSTREAM}.{name}").glob("*.report.json"))
    return Row(name, cells(json.loads(reports[0].read_text()), text))


def main(arguments: Sequence[str]) -> int:
    """Run the program and return the exit code: 1 if a project fails."""
    known = project_names()
    parser = argparse.ArgumentParser(prog="tests/projects/upstream/run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PROJECT", help=f"default: all of {', '.join(known)}")
    names = parser.parse_args(arguments).names or known
    unknown = sorted({*names} - {*known})
    if unknown:
        parser.error(f"there is no {' and no '.join(unknown)} in tests/projects/upstream")
    rows = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spokeshave-upstream-"))
        project = stack.enter_context(running(Project.copy(Path(folder).resolve() / "repo", UPSTREAM)))
        for number, name in enumerate(names, start=1):
            rows.append(build(project, name))
            outcome = "failed" if rows[-1].failure else "built"
            print(f"{number} of {len(names)}: {name} {outcome}", file=sys.stderr, flush=True)
    failed = [row for row in rows if row.failure]
    for row in failed:
        print(f"\n{row.name} failed:\n{row.failure}", file=sys.stderr)
    for line in (HEADER, ("---",) * len(HEADER), *(row.cells for row in rows if row.cells)):
        print(f"| {' | '.join(line)} |")
    return 1 if failed else 0
