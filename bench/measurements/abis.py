"""The measurement `abis`: three Python ABIs from one compile of the core, against three runs of `pip wheel`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bench.apparatus.command import Finished
from bench.apparatus.project import Action, PantsRun
from bench.apparatus.workbench import Workbench
from bench.baselines.pip_wheel import VERSIONS, environments, setuptools_project
from bench.result import Measurement, Spread, Table, Verdict

LIMIT = 1 / 3
WHEELS = ("src/python:runtime_wheel", "src/python:compiler_wheel")
# With a plus sign for a build for the stable ABI.
PYTHONS = tuple(f"{version}+" if version == "3.12" else version for version in VERSIONS)
_VERSION_OPTION = "--release-version-suffix=.dev0"


def measure(bench: Workbench) -> Measurement:
    """Build both of Abacus' wheels for cp311, cp312-abi3 and cp313, cold, up to the repair on both sides."""
    project = bench.abacus()
    pythons = environments(bench, "abis")
    pip = setuptools_project(bench, "setuptools")
    # Once beforehand, to install the tools for wheels.
    project.pants(_VERSION_OPTION, "package", *WHEELS)
    ours: list[PantsRun] = []
    theirs: list[Sequence[Finished]] = []
    for _ in range(1 if bench.quick else 3):
        bench.next_round()
        ours.append(project.build(*WHEELS, pythons=PYTHONS))
        theirs.append([pip.wheel(python) for python in pythons])
    compiles = [action for action in project.actions() if action.kind == "compile" and action.ran]
    bench.next_round()
    package = project.pants(_VERSION_OPTION, "package", *WHEELS)
    return _measurement(ours, theirs, package, compiles)


def _measurement(
    ours: Sequence[PantsRun], theirs: Sequence[Sequence[Finished]], package: PantsRun, compiles: Sequence[Action]
) -> Measurement:
    wall = Spread.of([run.wall for run in ours])
    pip_wall = Spread.of([sum(run.wall for run in runs) for runs in theirs])
    ratio = wall.median / pip_wall.median
    cpu = Spread.of([run.cpu for run in ours])
    pip_cpu = Spread.of([sum(run.cpu for run in runs) for runs in theirs])
    by_python = [
        (f"  for Python {python.rstrip('+')}", str(Spread.of([runs[i].wall for runs in theirs])), "", "")
        for i, python in enumerate(PYTHONS)
    ]
    core = Counter(action.subject for action in compiles if not _knows_python(action))
    bindings = Counter(action.subject for action in compiles if _knows_python(action))
    return Measurement(
        "abis",
        (
            Table(
                f"Abacus for three ABIs, cold: seconds, min / median / max of {len(ours)}",
                ("", "wall", "to pip wheel", "CPU, all processes"),
                (
                    ("Pants, both wheels assembled", str(wall), f"{ratio:.2f}", str(cpu)),
                    ("pip wheel, three runs", str(pip_wall), "", str(pip_cpu)),
                    *by_python,
                    (
                        "Pants, `package` (and repaired, smoke-tested)",
                        f"{package.wall:.2f}",
                        f"{package.wall / pip_wall.median:.2f}",
                        f"{package.cpu:.2f}",
                    ),
                ),
            ),
            Table(
                "Compiles that Pants ran",
                ("", "sources", "compiles"),
                (
                    ("core", len(core), sum(core.values())),
                    ("what reaches Python.h", len(bindings), sum(bindings.values())),
                ),
            ),
        ),
        (
            Verdict.ratio("Pants / three runs of pip wheel, wall", ratio, LIMIT),
            Verdict.count("compiles of the core's sources", sum(core.values()), len(core)),
            Verdict.count("compiles of what reaches Python.h", sum(bindings.values()), len(PYTHONS) * len(bindings)),
        ),
    )


def _knows_python(action: Action) -> bool:
    return " and cp3" in action.description
