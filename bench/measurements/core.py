"""The measurement `core`: Pants against ninja, with the same compiles and links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from bench.apparatus.command import Finished
from bench.apparatus.project import PantsRun
from bench.apparatus.workbench import EXTENSIONS, Workbench
from bench.result import Measurement, Spread, Table, Verdict

LIMIT = 1.25
CPU_LIMIT = 1.05


@dataclass(frozen=True)
class Pair:
    """Pants and ninja, one after the other."""

    pants: PantsRun
    ninja: Finished


@dataclass(frozen=True)
class Outside:
    """Seconds of a Pants run in which its slots for processes were not all in use.

    Attributes:
        before: Time before the first process, including the client's start and exit.
        after: Time after the last process.
        idle: The unused part of the slots in between, per slot.
    """

    before: float
    after: float
    idle: float

    @classmethod
    def of(cls, run: PantsRun, jobs: int) -> Outside:
        log = run.log
        span = log.last - log.first
        after = log.ended - log.last
        idle = span - sum(process.seconds for process in log.spans) / jobs
        return cls(run.wall - span - after, after, idle)


def alternate(pairs: int, pants: Callable[[], PantsRun], ninja: Callable[[], Finished]) -> list[Pair]:
    """Run A B A B, so that a temporary disturbance of the machine affects both."""
    return [Pair(pants(), ninja()) for _ in range(pairs)]


def compare(title: str, pairs: list[Pair], jobs: int) -> tuple[Table, Table, float, float]:
    """Compare wall and CPU time, Pants' time outside of processes, and the ratios of the medians of both times."""
    wall = [Spread.of([p.pants.wall for p in pairs]), Spread.of([p.ninja.wall for p in pairs])]
    cpu = [Spread.of([p.pants.cpu for p in pairs]), Spread.of([p.ninja.cpu for p in pairs])]
    ratio = wall[0].median / wall[1].median
    cpu_ratio = cpu[0].median / cpu[1].median
    times = Table(
        f"{title}: seconds, min / median / max of {len(pairs)} alternate runs",
        ("", "Pants", "ninja", "Pants / ninja"),
        (
            ("wall", str(wall[0]), str(wall[1]), ratio),
            ("CPU, all processes", str(cpu[0]), str(cpu[1]), cpu_ratio),
        ),
    )
    outside = [Outside.of(p.pants, jobs) for p in pairs]
    spent = Table(
        "Of Pants' wall time, not processes",
        ("before the first and at exit", f"idle slots between ({jobs} slots)", "after the last process"),
        (
            (
                Spread.of([o.before for o in outside]).median,
                Spread.of([o.idle for o in outside]).median,
                Spread.of([o.after for o in outside]).median,
            ),
        ),
    )
    return times, spent, ratio, cpu_ratio


def measure(bench: Workbench) -> Measurement:
    """Compile and link Abacus' core and both of its extensions for Python 3.12, cold."""
    project = bench.abacus()
    ninja = bench.abacus_ninja()

    def pants() -> PantsRun:
        bench.next_round()
        return project.build(*EXTENSIONS)

    pairs = alternate(bench.pairs, pants, ninja.cold)
    ran = sum(action.ran for action in project.actions() if action.kind in ("compile", "link"))
    times, spent, ratio, cpu_ratio = compare("Abacus' core and two extensions", pairs, bench.jobs)
    return Measurement(
        "core",
        (times, spent),
        (
            Verdict.ratio("Pants / ninja, wall", ratio, LIMIT),
            Verdict.ratio("Pants / ninja, CPU", cpu_ratio, CPU_LIMIT),
            Verdict.count("compiles and links that Pants ran", ran, len(ninja.steps)),
        ),
    )
