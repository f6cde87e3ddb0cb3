"""The measurement `scale`: the growth of time, processes and memory with the number of sources."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.apparatus.command import Finished
from bench.apparatus.daemon import Memory
from bench.apparatus.generated_core import write_core
from bench.apparatus.project import PantsRun, Project, Rounds
from bench.apparatus.workbench import Workbench
from bench.measurements.core import LIMIT, Outside
from bench.result import Measurement, Spread, Table, Verdict

TARGET = "src/python:ext"
SIZES = (75, 150, 300)
QUICK_SIZES = (15, 30, 60)
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Grown:
    """The results for a core of some size."""

    sources: int
    pants: Sequence[PantsRun]
    ninja: Sequence[Finished]
    noop: PantsRun
    processes: int
    before: Memory
    after: Memory

    @property
    def pants_wall(self) -> float:
        return Spread.of([run.wall for run in self.pants]).median

    @property
    def ninja_wall(self) -> float:
        return Spread.of([run.wall for run in self.ninja]).median

    @property
    def cpu_ratio(self) -> float:
        return Spread.of([run.cpu for run in self.pants]).median / Spread.of([run.cpu for run in self.ninja]).median

    @property
    def ratio(self) -> float:
        return self.pants_wall / self.ninja_wall


def grow(bench: Workbench, sources: int) -> Grown:
    """Build a generated core of that size in a project of its own, by Pants and by ninja in turn."""

    def fill(project: Project) -> None:
        project.create(sources=())
        write_core(project.root, sources)

    bench.say(f"scale: {sources} sources")
    project = bench.project(f"scale-{sources}", fill)
    rounds = Rounds(project)
    rounds.next()
    steps, place = bench.keep_sandboxes(project, TARGET)
    ninja = bench.ninja(place, steps)
    bench.check_equal(project, ninja)
    _warm(project)
    before = project.daemon().memory()
    project.daemon().reset_peak()
    pants: list[PantsRun] = []
    theirs: list[Finished] = []
    for _ in range(1 if bench.quick else 2):
        rounds.next()
        pants.append(project.build(TARGET))
        theirs.append(ninja.cold())
    processes = sum(action.ran for action in project.actions() if action.kind in ("compile", "link"))
    after = project.daemon().memory()
    noop = project.build(TARGET)
    project.end()
    return Grown(sources=sources, pants=pants, ninja=theirs, noop=noop, processes=processes, before=before, after=after)


def _warm(project: Project) -> None:
    """Start the daemon, and compile one source so that it creates the toolchain for its sandboxes."""
    source = project.root / "src" / "cpp" / "binding" / "binding.cc"
    source.write_text(source.read_text() + f"// {time.time()}\n")
    project.build(TARGET)


def measure(bench: Workbench) -> Measurement:
    grown = [grow(bench, sources) for sources in (QUICK_SIZES if bench.quick else SIZES)]
    largest = grown[-1]
    return Measurement(
        "scale",
        (_times(grown), _outside(grown, bench.jobs), _memory(grown)),
        (
            Verdict.ratio(f"Pants / ninja, wall, {largest.sources} sources", largest.ratio, LIMIT),
            *(
                # In addition to the binding and the link.
                Verdict.count(f"processes for {core.sources} sources", core.processes, core.sources + 2)
                for core in grown
            ),
        ),
    )


def _times(grown: Sequence[Grown]) -> Table:
    return Table(
        "A generated core and one extension, cold: seconds of wall time, and the ratio of CPU times",
        ("sources", "processes", "Pants", "ninja", "Pants / ninja", "CPU, Pants / ninja", "nothing changed"),
        tuple(
            (core.sources, core.processes, core.pants_wall, core.ninja_wall, core.ratio, core.cpu_ratio, core.noop.wall)
            for core in grown
        ),
    )


def _outside(grown: Sequence[Grown], jobs: int) -> Table:
    rows = [(core.sources, [Outside.of(run, jobs) for run in core.pants]) for core in grown]
    return Table(
        "Of Pants' wall time, not processes",
        ("sources", "before the first and at exit", f"idle slots between ({jobs} slots)", "after the last process"),
        tuple(
            (
                sources,
                Spread.of([o.before for o in outside]).median,
                Spread.of([o.idle for o in outside]).median,
                Spread.of([o.after for o in outside]).median,
            )
            for sources, outside in rows
        ),
    )


def _memory(grown: Sequence[Grown]) -> Table:
    return Table(
        "Memory in MB (anonymous: without the store's mapped files)",
        ("sources", "daemon before", "daemon's peak", "anonymous before", "anonymous after", "largest compiler"),
        tuple(
            (
                core.sources,
                core.before.resident // _MEGABYTE,
                core.after.peak // _MEGABYTE,
                core.before.anonymous // _MEGABYTE,
                core.after.anonymous // _MEGABYTE,
                max(run.largest for run in core.ninja) // _MEGABYTE,
            )
            for core in grown
        ),
    )
