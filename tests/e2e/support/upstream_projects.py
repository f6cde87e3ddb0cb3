"""Builds the projects of tests/projects/upstream/ and prints a row for each: `tests/projects/upstream/run`.

A line on stderr reports each project as it ends, with the whole error if it fails. The table on stdout is last. What an
earlier run built and tested comes from Pants' cache, so a run that was interrupted continues where it was.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.support.debian_sources import fetch_pinned
from e2e.support.project import PROJECTS, Project, running

UPSTREAM = "upstream"
HEADER = ("project", "backend", "lines of BUILD", "platforms", "its own tests", "seconds of a build")
NO_TESTS = "none ran"


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
        "; ".join(dict.fromkeys(tests)) or NO_TESTS,
        f"{sum(took) / len(took):.0f}" if took else "",
    )


def finished_row(name: str, report: dict[str, Any], build: str) -> Row:
    """Return the row of a built project, which fails if none of its own tests ran."""
    found = cells(report, build)
    if found[HEADER.index("its own tests")] == NO_TESTS:
        return Row(name, failure="It was built, but none of its own tests ran: see `smoke_tests` in its BUILD file.")
    return Row(name, found)


def build(project: Project, name: str) -> Row:
    """Package a project, whose failure is a row and not an error."""
    project.clear_dist()
    try:
        fetch_pinned(project.root / UPSTREAM / name)
        run = project.pants("package", f"{UPSTREAM}/{name}:")
    except (AssertionError, subprocess.SubprocessError) as error:
        return Row(name, failure=str(error))
    if run.exit_code:
        return Row(name, failure=run.stderr)
    text = (PROJECTS / UPSTREAM / name / "BUILD").read_text()
    reports = sorted((project.dist / f"{UPSTREAM}.{name}").glob("*.report.json"))
    return finished_row(name, json.loads(reports[0].read_text()), text)


def progress_text(row: Row, position: str, seconds: float) -> str:
    """Return what is printed when a project ends.

    Args:
        position: Its number among all, such as `3/35`.
    """
    line = f"[{position}] {row.name}: {seconds:.0f} s, {'FAILED' if row.failure else 'ok'}"
    return f"{line}\n{row.failure.rstrip()}\n" if row.failure else line


def table_text(rows: Sequence[Row]) -> str:
    """Return the table of the projects that were built."""
    lines = (HEADER, ("---",) * len(HEADER), *(row.cells for row in rows if row.cells))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
            start = time.monotonic()
            rows.append(build(project, name))
            text = progress_text(rows[-1], f"{number}/{len(names)}", time.monotonic() - start)
            print(text, file=sys.stderr, flush=True)
    failed = [row.name for row in rows if row.failure]
    print(table_text(rows))
    if failed:
        print(f"{len(failed)} of {len(names)} failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0
