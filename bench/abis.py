"""`abis`: three Python ABIs from one compile of the core, against three runs of `pip wheel`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.command import Finished
from bench.errors import BenchError
from bench.project import REPOSITORY, Action, PantsRun
from bench.pythons import find_python
from bench.result import Measurement, Spread, Table, Verdict
from bench.setuptools_project import SetuptoolsProject
from bench.workbench import Workbench

LIMIT = 1 / 3
WHEELS = ("src/python:runtime_wheel", "src/python:compiler_wheel")
# With a plus sign where that Python's build is for the stable ABI.
PYTHONS = ("3.10", "3.11", "3.12+")
_VERSION_OPTION = "--release-version-suffix=.dev0"


def measure(bench: Workbench) -> Measurement:
    """Both of Abacus' wheels for cp310, cp311 and cp312-abi3, cold, as both sides leave it before any repair."""
    project = bench.abacus()
    environments = _environments(bench)
    pip = _setuptools_project(bench, environments[0])
    # Once beforehand, so that the tools for wheels are there.
    project.pants(_VERSION_OPTION, "package", *WHEELS)
    ours: list[PantsRun] = []
    theirs: list[Sequence[Finished]] = []
    for _ in range(1 if bench.quick else 3):
        bench.next_round()
        ours.append(project.build(*WHEELS, pythons=PYTHONS))
        theirs.append([pip.wheel(python) for python in environments])
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


def _environments(bench: Workbench) -> list[Path]:
    """For each Python, the interpreter of an environment with setuptools."""
    requirements = REPOSITORY / "bench" / "requirements" / "setuptools.txt"
    found = {python.rstrip("+"): find_python(python.rstrip("+")) for python in PYTHONS}
    missing = [version for version, python in found.items() if python is None]
    if missing:
        raise BenchError(
            f"`abis` compares with wheels for Python {', '.join(found)}, and this machine has no {', '.join(missing)} "
            "with headers and ensurepip, neither on PATH nor in pyenv. Install it, or name other measurements."
        )
    return [
        bench.venv(f"setuptools-{version}", python, requirements) / "bin" / "python"
        for version, python in found.items()
        if python is not None
    ]


def _setuptools_project(bench: Workbench, python: Path) -> SetuptoolsProject:
    ninja = bench.abacus_ninja()
    # The whole package: to link, zig builds its own C++ library first.
    environment = bench.venv("zig", python, REPOSITORY / "3rdparty" / "python" / "ziglang.txt")
    (zig,) = environment.glob("lib/python*/site-packages/ziglang/zig")
    pip = SetuptoolsProject(bench.home / "setuptools", zig, ninja)
    bench.prepared.append(("zig's own C++ library, for pip wheel", pip.prime().wall))
    return pip
