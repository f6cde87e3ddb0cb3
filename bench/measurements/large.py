"""The measurement `large`: whether thousands of sources cost more for each source than hundreds."""

from __future__ import annotations

from dataclasses import dataclass

from bench.apparatus.daemon import Memory
from bench.apparatus.project import PantsRun, Project
from bench.apparatus.wide_core import EXTENSION, FOLDER, LAYERS, header, reached, write_wide_core
from bench.apparatus.workbench import Workbench
from bench.result import Measurement, Table, Verdict

TARGET = "src/python:ext"
SIZES = (300, 1000, 3000)
QUICK_SIZES = (100, 300)
# The cost for each source may grow by this factor from the smallest core to the largest.
LIMIT = 1.5
_MEGABYTE = 1_000_000
# Besides the sources of the units: the top of the core, the binding and the link.
_OTHERS = 3


@dataclass(frozen=True)
class Grown:
    """The results for a core of some size.

    Attributes:
        tailor: The run that writes the BUILD files.
        first: The first build, by a new daemon without results.
        noop: The same by the same daemon, without a change.
        again: The same by a new daemon, all results of which are stored.
        edited: The same by that daemon after the edit of one header.
        recompiled: The number of compiles after that edit.
        includers: The number of sources that include the header.
    """

    sources: int
    tailor: PantsRun
    first: PantsRun
    noop: PantsRun
    again: PantsRun
    edited: PantsRun
    processes: int
    recompiled: int
    includers: int
    before: Memory
    after: Memory

    def milliseconds(self, run: PantsRun) -> float:
        """Return the daemon's own CPU time for each source, in ms."""
        return 1000 * run.daemon / self.sources


def grow(bench: Workbench, sources: int) -> Grown:
    """Build a core of that size in a project of its own."""

    def fill(project: Project) -> None:
        project.create(sources=())
        write_wide_core(project.root, sources)

    bench.say(f"large: {sources} sources")
    project = bench.project(f"large-{sources}", fill)
    project.pants("--version")
    tailor = project.pants("tailor", "src/cpp::")
    python = project.root / "src" / "python"
    python.mkdir(parents=True)
    (python / "BUILD").write_text(EXTENSION)
    _new_daemon(project)
    before = project.daemon().memory()
    first = project.build(TARGET)
    after = project.daemon().memory()
    processes = sum(action.ran for action in project.actions() if action.kind in ("compile", "link"))
    noop = project.build(TARGET)
    _new_daemon(project)
    again = project.build(TARGET)
    # In the middle of the layers.
    unit = sources // 2
    edited = project.root / "src" / "cpp" / header(unit)
    edited.write_text(edited.read_text() + f"int edit{sources}();\n")
    build = project.build(TARGET)
    recompiled = sum(action.ran for action in project.actions() if action.kind == "compile")
    project.end()
    above = range(unit + 1, sources)
    return Grown(
        sources=sources,
        tailor=tailor,
        first=first,
        noop=noop,
        again=again,
        edited=build,
        processes=processes,
        recompiled=recompiled,
        # The unit itself, those above, and the top and the binding, which reach all.
        includers=1 + sum(unit in reached(n, sources) for n in above) + 1,
        before=before,
        after=after,
    )


def _new_daemon(project: Project) -> None:
    """Start a daemon, and let it load the plugin, before the run that is measured."""
    project.end()
    project.pants("list", "src/python::")


def measure(bench: Workbench) -> Measurement:
    grown = [grow(bench, sources) for sources in (QUICK_SIZES if bench.quick else SIZES)]
    smallest = grown[0]
    largest = grown[-1]
    return Measurement(
        "large",
        (_times(grown), _each(grown), _memory(grown)),
        (
            *(Verdict.count(f"processes for {g.sources} sources", g.processes, g.sources + _OTHERS) for g in grown),
            *(Verdict.count(f"compiles after the edit, {g.sources}", g.recompiled, g.includers) for g in grown),
            *(
                Verdict.ratio(
                    f"daemon's CPU time for each source, {name}, {largest.sources} / {smallest.sources}",
                    largest.milliseconds(getattr(largest, name)) / smallest.milliseconds(getattr(smallest, name)),
                    LIMIT,
                )
                for name in ("first", "again")
            ),
        ),
    )


def _times(grown: list[Grown]) -> Table:
    return Table(
        f"A core in folders of {FOLDER} sources and {LAYERS} layers: seconds of wall time",
        (
            "sources",
            "tailor",
            "first build",
            "nothing changed",
            "new daemon, nothing changed",
            "one header edited",
            "compiled again",
        ),
        tuple(
            (g.sources, g.tailor.wall, g.first.wall, g.noop.wall, g.again.wall, g.edited.wall, g.recompiled)
            for g in grown
        ),
    )


def _each(grown: list[Grown]) -> Table:
    return Table(
        "The daemon's own CPU time in ms for each source",
        ("sources", "tailor", "first build", "nothing changed", "new daemon, nothing changed", "one header edited"),
        tuple(
            (g.sources, *(g.milliseconds(run) for run in (g.tailor, g.first, g.noop, g.again, g.edited))) for g in grown
        ),
    )


def _memory(grown: list[Grown]) -> Table:
    return Table(
        "The daemon's memory in MB (anonymous: without the store's mapped files)",
        ("sources", "before", "peak", "anonymous before", "anonymous after", "KB more for each source"),
        tuple(
            (
                g.sources,
                g.before.resident // _MEGABYTE,
                g.after.peak // _MEGABYTE,
                g.before.anonymous // _MEGABYTE,
                g.after.anonymous // _MEGABYTE,
                (g.after.anonymous - g.before.anonymous) // g.sources // 1000,
            )
            for g in grown
        ),
    )
