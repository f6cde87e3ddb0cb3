"""The measurement `many`: `package` of up to 1,000 wheels, and again when nothing changed."""

from __future__ import annotations

from dataclasses import dataclass

from bench.apparatus.daemon import Memory
from bench.apparatus.project import PantsRun, Project
from bench.apparatus.wheel_farm import PLATFORM, write_wheel_farm
from bench.apparatus.workbench import Workbench
from bench.result import Measurement, Spread, Table, Verdict

SIZES = (100, 300, 1000)
QUICK_SIZES = (10, 30, 100)
# The cost for each wheel may grow by this factor from the smallest repository to the largest.
LIMIT = 1.5
_MEGABYTE = 1_000_000
_PACKAGE = (f"--native-wheel-platforms=['{PLATFORM}']", "--release-version-channel=stable", "package", "src/python::")


@dataclass(frozen=True)
class Grown:
    """The results for a repository with that number of wheels.

    Attributes:
        first: The first `package`.
        noop: Runs of the same daemon without a change.
        again: The run of a new daemon, all results of which are stored.
    """

    wheels: int
    written: int
    first: PantsRun
    noop: tuple[PantsRun, ...]
    again: PantsRun
    before: Memory
    after: Memory

    @property
    def idle(self) -> float:
        """Return the CPU seconds of the daemon for a run without a change."""
        return Spread.of([run.daemon for run in self.noop]).median


def grow(bench: Workbench, wheels: int) -> Grown:
    """Build the wheels of a repository of their own."""

    def fill(project: Project) -> None:
        project.create(sources=())
        write_wheel_farm(project.root, wheels)

    bench.say(f"many: {wheels} wheels")
    project = bench.project(f"many-{wheels}", fill)
    project.pants("list", "src/cpp::")
    before = project.daemon().memory()
    first = project.pants(*_PACKAGE)
    after = project.daemon().memory()
    noop = tuple(project.pants(*_PACKAGE) for _ in range(3))
    project.end()
    project.pants("list", "src/cpp::")
    again = project.pants(*_PACKAGE)
    project.end()
    return Grown(
        wheels=wheels,
        written=len(list((project.root / "dist").rglob("*.whl"))),
        first=first,
        noop=noop,
        again=again,
        before=before,
        after=after,
    )


def measure(bench: Workbench) -> Measurement:
    # The toolchain, the tools and the runtime pack, which the smallest of the others would pay for.
    grow(bench, 1)
    grown = [grow(bench, wheels) for wheels in (QUICK_SIZES if bench.quick else SIZES)]
    smallest = grown[0]
    largest = grown[-1]
    sizes = f"{largest.wheels} / {smallest.wheels}"
    return Measurement(
        "many",
        (_times(grown), _memory(grown)),
        (
            *(Verdict.count(f"wheels of {g.wheels} targets", g.written, g.wheels) for g in grown),
            *(
                Verdict.count(f"processes when nothing changed, {g.wheels} wheels", g.noop[-1].log.processes, 0)
                for g in grown
            ),
            *(
                # It asks the machine for its Pythons, and runs nothing for a wheel.
                Verdict.count(
                    f"processes of a new daemon, {g.wheels} wheels", g.again.log.processes, smallest.again.log.processes
                )
                for g in grown[1:]
            ),
            Verdict.ratio(
                f"daemon's CPU time for each wheel, first, {sizes}",
                largest.first.daemon / largest.wheels / (smallest.first.daemon / smallest.wheels),
                LIMIT,
            ),
            Verdict.ratio(
                f"daemon's CPU time for each wheel, nothing changed, {sizes}",
                largest.idle / largest.wheels / (smallest.idle / smallest.wheels),
                LIMIT,
            ),
        ),
    )


def _times(grown: list[Grown]) -> Table:
    return Table(
        "`package` of all wheels: seconds, and the daemon's own CPU time in ms for each wheel",
        (
            "wheels",
            "first",
            "nothing changed (min / median / max)",
            "new daemon",
            "ms for each, first",
            "nothing changed",
            "new daemon",
        ),
        tuple(
            (
                g.wheels,
                g.first.wall,
                str(Spread.of([run.wall for run in g.noop])),
                g.again.wall,
                1000 * g.first.daemon / g.wheels,
                1000 * g.idle / g.wheels,
                1000 * g.again.daemon / g.wheels,
            )
            for g in grown
        ),
    )


def _memory(grown: list[Grown]) -> Table:
    return Table(
        "The daemon's memory in MB",
        ("wheels", "before", "peak", "anonymous before", "anonymous after"),
        tuple(
            (
                g.wheels,
                g.before.resident // _MEGABYTE,
                g.after.peak // _MEGABYTE,
                g.before.anonymous // _MEGABYTE,
                g.after.anonymous // _MEGABYTE,
            )
            for g in grown
        ),
    )
