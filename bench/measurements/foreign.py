"""The measurement `foreign`: a project with a CMake build of its own for two Pythons, against `pip wheel` for each.

The core is built once for both Pythons. The project by its own backend is shown as well: it is built once for each.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus.command import Finished
from bench.apparatus.project import Action, PantsRun, Project
from bench.apparatus.workbench import Workbench
from bench.baselines import blosc
from bench.baselines.pip_wheel import environments
from bench.result import Cell, Measurement, Spread, Table, Verdict

PYTHONS = ("3.11", "3.12")
LIMIT = 0.75


@dataclass(frozen=True)
class Side:
    """The runs of one way to build the wheels, and the processes of the last one, if Pants ran it."""

    name: str
    cpu: Sequence[float]
    wall: Sequence[float]
    actions: Sequence[Action] = ()

    @classmethod
    def of_pants(cls, name: str, runs: Sequence[PantsRun], actions: Sequence[Action]) -> Side:
        return cls(name=name, cpu=[run.cpu for run in runs], wall=[run.wall for run in runs], actions=actions)

    @classmethod
    def of_pip(cls, name: str, runs: Sequence[Sequence[Finished]]) -> Side:
        return cls(name, [sum(r.cpu for r in run) for run in runs], [sum(r.wall for r in run) for run in runs])

    @property
    def median(self) -> float:
        return Spread.of(self.cpu).median

    def built(self) -> tuple[Action, ...]:
        """Return the builds by the project itself that were executed."""
        return tuple(action for action in self.actions if action.calls is not None and action.ran)

    def compiles(self) -> int:
        """Return the compiles of the project, by its own build or by Pants."""
        own = sum(action.ran for action in self.actions if action.kind == "compile")
        return own + sum(action.calls["compiles"] for action in self.built() if action.calls)


def measure(bench: Workbench) -> Measurement:
    """Build python-blosc for two Pythons, cold, up to the repair on all sides."""
    pythons = environments(bench, "foreign", PYTHONS, blosc.BUILD_PINS, "blosc")
    pip = blosc.BloscWheels(bench.home / "blosc", bench.zig())
    source = pip.download(pythons[0])

    def fill(project: Project) -> None:
        project.create(sources=())
        blosc.write_project(project.root, source, PYTHONS)

    project = bench.project("foreign", fill)
    # Once beforehand: the toolchain, the runtime pack, headers, and what zig builds for each link.
    bench.say("foreign: preparation")
    began = time.monotonic()
    pip.wheel(pythons[0])
    for target in (blosc.WHEEL_TARGET, blosc.BACKEND_TARGET):
        project.build(target, pythons=PYTHONS)
    bench.prepared.append(("first builds of python-blosc, all of the above in it", time.monotonic() - began))
    shared: list[PantsRun] = []
    backend: list[PantsRun] = []
    theirs: list[Sequence[Finished]] = []
    actions: dict[str, tuple[Action, ...]] = {}
    for _ in range(1 if bench.quick else 3):
        blosc.write_round(project.root, PYTHONS, int(time.time() * 1000))
        for target, runs in ((blosc.WHEEL_TARGET, shared), (blosc.BACKEND_TARGET, backend)):
            runs.append(project.build(target, pythons=PYTHONS))
            actions[target] = project.actions()
            _try(project, pythons)
        theirs.append([pip.wheel(python) for python in pythons])
    project.end()
    return measurement(
        Side.of_pants("Pants, the core by CMake, once", shared, actions[blosc.WHEEL_TARGET]),
        Side.of_pants("Pants, the project's own backend", backend, actions[blosc.BACKEND_TARGET]),
        Side.of_pip(f"pip wheel, {len(PYTHONS)} runs", theirs),
    )


def _try(project: Project, pythons: Sequence[Path]) -> None:
    """Use each wheel on its Python. This time is not measured."""
    for version, python in zip(PYTHONS, pythons):
        (wheel,) = project.output.glob(f"*-cp{version.replace('.', '')}-*.whl")
        blosc.try_import(python, wheel)


def measurement(shared: Side, backend: Side, pip: Side) -> Measurement:
    """Return the tables and what is asked of the numbers."""
    rows = [
        (side.name, str(Spread.of(side.cpu)), side.median / pip.median, str(Spread.of(side.wall)))
        for side in (shared, backend, pip)
    ]
    builds = [_row(action) for side in (shared, backend) for action in side.built()]
    projects = [action for action in shared.built() if action.kind == "project"]
    title = f"python-blosc for {len(PYTHONS)} Pythons, cold: seconds, min / median / max of {len(pip.cpu)}"
    times = Table(title, ("", "CPU, all processes", "to pip wheel", "wall"), tuple(rows))
    head = ("process", "compiles (foreign)", "links", "probes", "seconds")
    counts = Table("Builds by the project itself, in the last run", head, tuple(builds))
    verdicts = (
        Verdict.ratio(f"Pants / {len(PYTHONS)} runs of pip wheel, CPU", shared.median / pip.median, LIMIT),
        Verdict.count(f"CMake processes for {len(PYTHONS)} Pythons", len(projects), 1),
        Verdict.count("runs of the backend", sum(a.kind == "backend" for a in backend.built()), len(PYTHONS)),
    )
    notes = (f"Compiles in all: {shared.compiles()} with the core by CMake, {backend.compiles()} by the backend.",)
    return Measurement(name="foreign", tables=(times, counts), verdicts=verdicts, notes=notes)


def _row(action: Action) -> tuple[Cell, ...]:
    calls = action.calls or {}
    return (action.description, calls["compiles"], calls["links"], calls["probes"], action.seconds)
