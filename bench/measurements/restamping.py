"""The measurement `restamp`: a set of wheels as the final release, against change_wheel_version and against `cp`.

The promotion also proves that nothing else changed, and searches all files for the old version.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.command import Finished
from bench.apparatus.project import REPOSITORY
from bench.apparatus.workbench import Workbench
from bench.result import Measurement, Spread, Table, Verdict

COUNT = 84
CANDIDATE = "3.12.0rc20260821"
CPU_LIMIT = 0.2
WALL_LIMIT = 1.5
_BASELINES = REPOSITORY / "bench" / "baselines"


@dataclass(frozen=True)
class Runs:
    """The runs of each side. `hashes` has the output of each of ours."""

    stamp: list[Finished] = field(default_factory=list)
    promote: list[Finished] = field(default_factory=list)
    copy: list[Finished] = field(default_factory=list)
    hash: list[Finished] = field(default_factory=list)
    change: list[Finished] = field(default_factory=list)

    @property
    def hashes(self) -> list[str]:
        """Return the different results of ours, as the hashes of all wheels."""
        return sorted({run.output for run in [*self.stamp, *self.promote]})


@dataclass(frozen=True)
class Restamping:
    """A set of wheels in a folder, and the Pythons that have the two tools."""

    place: Path
    tools: Path
    changer: Path
    jobs: int

    @property
    def wheels(self) -> Path:
        return self.place / "set" / "wheels"

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.wheels.iterdir())

    def stamp(self) -> Finished:
        shutil.rmtree(self.place / "stamped", ignore_errors=True)
        return self._python(self.tools, "stamp_wheels.py", str(self.wheels), "stamped", str(self.jobs))

    def promote(self) -> Finished:
        shutil.rmtree(self.place / "promoted", ignore_errors=True)
        return self._python(self.tools, "promote_wheels.py", "record", "promoted")

    def copy(self) -> Finished:
        shutil.rmtree(self.place / "copied", ignore_errors=True)
        return self._run("cp", "-r", str(self.wheels), "copied")

    def hash(self) -> Finished:
        return self._run("sha256sum", *map(str, sorted((self.place / "copied").iterdir())))

    def change(self) -> Finished:
        """Change copies of the wheels, as the program writes into their folder."""
        shutil.rmtree(self.place / "changed", ignore_errors=True)
        shutil.copytree(self.wheels, self.place / "changed")
        return self._python(self.changer, "change_versions.py", "changed")

    def make(self, zig: Path, size: int) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        self._python(self.tools, "wheel_set.py", "set", str(zig), str(COUNT), str(size))
        seal = ("-m", "spokeshave", "release", "seal", "--wheels", str(self.wheels), "--output", "record")
        self._run(str(self.tools), *seal, "--name", "parts", "--version", CANDIDATE)

    def _python(self, python: Path, script: str, *arguments: str) -> Finished:
        return self._run(str(python), str(_BASELINES / script), *arguments)

    def _run(self, *argv: str) -> Finished:
        cache = str(self.place / "zig-cache")
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "tools"),
            "ZIG_GLOBAL_CACHE_DIR": cache,
            "ZIG_LOCAL_CACHE_DIR": cache,
        }
        return command.run(argv, cwd=self.place, env=environment, name=argv[0])


def measure(bench: Workbench) -> Measurement:
    """Restamp 84 wheels. change_wheel_version runs once, because it takes minutes."""
    restamping = _prepare(bench, 3_000_000 if bench.quick else 12_000_000)
    runs = Runs()
    # The machine's file cache contains all of the wheels before anything is timed.
    restamping.copy()
    for _ in range(bench.pairs):
        runs.stamp.append(restamping.stamp())
        runs.promote.append(restamping.promote())
        runs.copy.append(restamping.copy())
        runs.hash.append(restamping.hash())
    runs.change.append(restamping.change())
    return measurement(runs, restamping.size())


def measurement(runs: Runs, size: int) -> Measurement:
    sides = {
        "stamp": runs.stamp,
        "release promote": runs.promote,
        "cp": runs.copy,
        "sha256sum of the copies": runs.hash,
        "change_wheel_version": runs.change,
    }
    rows = tuple((name, *_cells(found)) for name, found in sides.items())
    head = ("", "wall, seconds", "CPU, seconds", "peak memory, MB")
    ours = _cpu(runs.stamp)
    verdicts = (
        Verdict.ratio("CPU time of change_wheel_version", ours / _cpu(runs.change), CPU_LIMIT),
        Verdict.ratio("the same for the promotion", _cpu(runs.promote) / _cpu(runs.change), CPU_LIMIT),
        Verdict.ratio("wall time of cp", _wall(runs.stamp) / _wall(runs.copy), WALL_LIMIT),
        Verdict.count("results of all our runs", len(runs.hashes), 1),
        Verdict.count("wheels", len(runs.hashes[0].split()), COUNT),
    )
    hashed = ours / (_cpu(runs.copy) + _cpu(runs.hash))
    notes = (f"CPU time of cp and sha256sum together: {hashed:.2f}. A release needs the hash of each wheel.",)
    title = f"{COUNT} wheels, {size / 1e6:.0f} MB, min / median / max of {len(runs.stamp)}"
    return Measurement(name="restamp", tables=(Table(title, head, rows),), verdicts=verdicts, notes=notes)


def _cpu(runs: list[Finished]) -> float:
    return Spread.of([run.cpu for run in runs]).median


def _wall(runs: list[Finished]) -> float:
    return Spread.of([run.wall for run in runs]).median


def _cells(runs: list[Finished]) -> tuple[str, ...]:
    wall = Spread.of([run.wall for run in runs])
    cpu = Spread.of([run.cpu for run in runs])
    return str(wall), str(cpu), f"{max(run.largest for run in runs) / (1 << 20):.0f}"


def _prepare(bench: Workbench, size: int) -> Restamping:
    pins = REPOSITORY / "3rdparty" / "python"
    python = Path(sys.executable)
    tools = bench.venv("tools", python, pins / "tools.txt")
    changer = bench.venv("changer", python, REPOSITORY / "bench" / "requirements" / "change-wheel-version.txt")
    restamping = Restamping(
        place=bench.home / "restamp",
        tools=tools / "bin" / "python",
        changer=changer / "bin" / "python",
        jobs=bench.jobs,
    )
    restamping.make(bench.zig(), size)
    return restamping
