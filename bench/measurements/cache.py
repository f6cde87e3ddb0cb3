"""The measurement `cache`: a fresh runner with a warm remote cache, a cold one, and `pip wheel` with ccache."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus.cache_server import CacheServer, serving
from bench.apparatus.command import Finished
from bench.apparatus.project import PantsRun
from bench.apparatus.runner import RunnerRun, fresh, package, start_up
from bench.apparatus.traffic import Traffic, recording
from bench.apparatus.workbench import Workbench
from bench.baselines.ccache import Ccache, CompilerCalls
from bench.baselines.pip_wheel import VERSIONS, environments, setuptools_project
from bench.baselines.setuptools_project import SetuptoolsProject
from bench.result import Cell, Measurement, Spread, Table, Verdict

LIMIT = 0.15
# The processes that a runner with a warm cache must not run.
SHARED = ("runtime pack", "compile", "link", "assemble", "repair")
_NAMES = "runtime packs, compiles, links, assembles and repairs"
# Warm runners after each cold one.
_WARM = 3
_MB = 1e6


@dataclass(frozen=True)
class PipRuns:
    """A `pip wheel` for each Python, and the work of ccache in them."""

    runs: Sequence[Finished]
    calls: CompilerCalls

    @property
    def wall(self) -> float:
        return sum(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        return sum(run.cpu for run in self.runs)


@dataclass(frozen=True)
class Started:
    """A fresh runner's `package`, and Pants' start-up alone on an equally fresh runner, immediately before."""

    idle: PantsRun
    runner: RunnerRun

    @property
    def wall(self) -> float:
        """Return the wall seconds without the start-up."""
        return self.runner.run.wall - self.idle.wall

    @property
    def cpu(self) -> float:
        """Return the CPU seconds without the start-up."""
        return self.runner.run.cpu - self.idle.cpu


@dataclass(frozen=True)
class Round:
    """A runner that fills an empty cache, and runners that use it, on both sides."""

    cold: Started
    warm: Sequence[Started]
    pip_cold: PipRuns
    pip_warm: Sequence[PipRuns]

    @property
    def different(self) -> int:
        """Return the wheels that differ between runners, or that only one of them made."""
        cold = self.cold.runner.wheels.items()
        return sum(len(cold ^ started.runner.wheels.items()) for started in self.warm)


@dataclass(frozen=True)
class PipSide:
    """A checkout that fills ccache, and an equal one in another directory that uses it."""

    pythons: Sequence[Path]
    first: SetuptoolsProject
    fresh: SetuptoolsProject
    ccache: Ccache

    def cold(self) -> PipRuns:
        self.ccache.clear()
        return self._wheels(self.first)

    def warm(self) -> PipRuns:
        return self._wheels(self.fresh)

    def _wheels(self, project: SetuptoolsProject) -> PipRuns:
        self.ccache.calls()
        return PipRuns([project.wheel(python) for python in self.pythons], self.ccache.calls())


def chosen_targets(bench: Workbench) -> tuple[str, ...]:
    """Return the wheels that runners build."""
    return ("src/python:runtime_wheel", *(() if bench.quick else ("src/python:compiler_wheel",)))


def measure(bench: Workbench) -> Measurement:
    """Run a cold runner and `pip wheel` with an empty ccache, then warm ones and `pip wheel` alternately."""
    targets = chosen_targets(bench)
    pip = _pip_side(bench)
    rounds = []
    for _ in range(1 if bench.quick else 3):
        with empty_server(bench) as server:
            cold = _start(bench, server, targets)
            stored = server.size()
            pip_cold = pip.cold()
            warm, pip_warm = zip(*((_start(bench, server, targets), pip.warm()) for _ in range(_WARM)))
            rounds.append(Round(cold=cold, warm=warm, pip_cold=pip_cold, pip_warm=pip_warm))
            record = bench.record = record_warm(bench, server, targets)
    return measurement(rounds, stored, Traffic.read(record), pip.ccache.size())


def empty_server(bench: Workbench) -> AbstractContextManager[CacheServer]:
    """Run a server with an empty cache, which remains until the next call."""
    shutil.rmtree(cache_folder(bench), ignore_errors=True)
    return serving(cache_folder(bench))


def cache_folder(bench: Workbench) -> Path:
    """Return the server's folder."""
    return bench.home / "cache"


def run_fresh(bench: Workbench, options: Sequence[str], targets: Sequence[str]) -> RunnerRun:
    """Run `package` on a fresh runner."""
    with fresh(bench.home / "runner", bench.jobs) as project:
        return package(project, options, targets)


def record_warm(bench: Workbench, server: CacheServer, targets: Sequence[str]) -> Path:
    """Record the traffic of one more warm runner, which is part of no ratio. Return the record's path."""
    record = bench.home / "cache-record.json"
    with recording(server, record) as options:
        run_fresh(bench, options, targets)
    return record


def _start(bench: Workbench, server: CacheServer, targets: Sequence[str]) -> Started:
    with fresh(bench.home / "runner", bench.jobs) as project:
        idle = start_up(project, server, targets)
    return Started(idle, run_fresh(bench, server.options, targets))


def _pip_side(bench: Workbench) -> PipSide:
    ccache = Ccache.find(bench.home / "ccache")
    pythons = environments(bench, "cache")
    packages = [target.partition(":")[2].replace("_wheel", "") for target in chosen_targets(bench)]
    first, second = (
        setuptools_project(bench, name, [f"abacus_{package}" for package in packages], ccache)
        for name in ("setuptools-ccache", "setuptools-ccache-of-another")
    )
    return PipSide(pythons=pythons, first=first, fresh=second, ccache=ccache)


def measurement(rounds: Sequence[Round], stored: int, traffic: Traffic, ccache_size: int) -> Measurement:
    """Return the measurement of all rounds.

    Args:
        stored: The bytes in the server after the cold runner.
        ccache_size: The bytes in ccache's folder.
    """
    cold = [each.cold for each in rounds]
    warm = [started for each in rounds for started in each.warm]
    pip_warm = [runs for each in rounds for runs in each.pip_warm]
    beyond = _median(started.wall for started in warm)
    ratio = beyond / _median(started.wall for started in cold)
    strict = beyond / _median(started.wall - started.runner.fetching for started in cold)
    return Measurement(
        "cache",
        (
            _times(cold, warm),
            _ratios(cold, warm, ratio, strict),
            _processes(cold[-1].runner, warm[-1].runner),
            _bytes(warm[-1].runner, stored, traffic, ccache_size),
            _against_ccache(cold, warm, [each.pip_cold for each in rounds], pip_warm),
        ),
        (
            Verdict.ratio("a fresh runner with a warm cache / a cold one, wall beyond start-up", ratio, LIMIT),
            Verdict.count(f"{_NAMES} that warm runners ran", sum(each.runner.ran(SHARED) for each in warm), 0),
            Verdict.count(
                f"{_NAMES} that {len(warm)} warm runners had from the cache",
                sum(each.runner.count(SHARED, "hit_remotely") for each in warm),
                _WARM * sum(each.runner.ran(SHARED) for each in cold),
            ),
            Verdict.count("wheels that differ from the cold runner's", sum(each.different for each in rounds), 0),
            Verdict.count(
                "compiler calls that were misses in a warm ccache",
                sum(runs.calls.misses for runs in pip_warm),
                0,
            ),
        ),
    )


def _median(samples: Iterable[float]) -> float:
    return Spread.of(list(samples)).median


def _times(cold: Sequence[Started], warm: Sequence[Started]) -> Table:
    starts = [started.idle for started in (*cold, *warm)]
    rows: list[tuple[Cell, ...]] = [("Pants' start-up (`list`)", *_spreads(starts), "", "")]
    for name, found in (("cold, fills the cache", cold), ("warm", warm)):
        beyond = (Spread.of([started.wall for started in found]), Spread.of([started.cpu for started in found]))
        rows.append((name, *_spreads([started.runner.run for started in found]), *map(str, beyond)))
    head = ("", "wall", "CPU, all processes", "wall beyond start-up", "CPU beyond start-up")
    title = f"`package` on a fresh runner: seconds, min / median / max of {len(cold)} cold and {len(warm)} warm"
    return Table(title, head, tuple(rows))


def _spreads(runs: Sequence[PantsRun]) -> tuple[str, str]:
    return str(Spread.of([run.wall for run in runs])), str(Spread.of([run.cpu for run in runs]))


def _ratios(cold: Sequence[Started], warm: Sequence[Started], ratio: float, strict: float) -> Table:
    cpu = _median(started.cpu for started in warm) / _median(started.cpu for started in cold)
    whole = _median(each.runner.run.wall for each in warm) / _median(each.runner.run.wall for each in cold)
    fetching = _median(started.runner.fetching for started in cold)
    rows = (
        ("wall beyond start-up", f"{ratio:.3f}"),
        (f"the same, less the {fetching:.1f} s in which cold only fetched packages", f"{strict:.3f}"),
        ("CPU beyond start-up", f"{cpu:.3f}"),
        ("wall, start-up in both", f"{whole:.3f}"),
    )
    return Table("Warm / cold", ("", "ratio"), rows)


def _processes(cold: RunnerRun, warm: RunnerRun) -> Table:
    kinds = dict.fromkeys(kind for kind, _ in cold.sources)
    rows = tuple((kind, cold.ran([kind]), warm.ran([kind]), warm.count([kind], "hit_remotely")) for kind in kinds)
    return Table("Processes, according to the JSON reports", ("kind", "cold ran", "warm ran", "warm hit"), rows)


def _bytes(warm: RunnerRun, stored: int, traffic: Traffic, ccache_size: int) -> Table:
    wheels = sum(len(data) for data in warm.wheels.values())
    sizes = {
        f"the wheels ({len(warm.wheels)})": wheels,
        "a warm runner received": traffic.received,
        "a warm runner sent": traffic.sent,
        "a cold runner stored": stored,
        "ccache's folder": ccache_size,
    }
    rows = tuple((name, f"{size / _MB:.2f}", f"{size / wheels:.2f}") for name, size in sizes.items())
    calls = ", ".join(f"{count} {method}" for method, count in traffic.by_method().most_common())
    return Table(f"Bytes (a warm runner's calls: {calls})", ("", "MB", "to the wheels"), rows)


def _against_ccache(
    cold: Sequence[Started], warm: Sequence[Started], pip_cold: Sequence[PipRuns], pip_warm: Sequence[PipRuns]
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, ours, theirs in (("cold", cold, pip_cold), ("warm", warm, pip_warm)):
        calls = f"{theirs[-1].calls.hits} / {theirs[-1].calls.misses}"
        wall = [runs.wall for runs in theirs]
        cpu = [runs.cpu for runs in theirs]
        rows += [
            (f"{name}, wall", *_compared([each.runner.run.wall for each in ours], wall), calls),
            ("  beyond Pants' start-up", *_compared([each.wall for each in ours], wall), ""),
            (f"{name}, CPU", *_compared([each.runner.run.cpu for each in ours], cpu), ""),
            ("  beyond Pants' start-up", *_compared([each.cpu for each in ours], cpu), ""),
        ]
    title = f"Against {len(VERSIONS)} runs of `pip wheel` with ccache, the same sources: seconds"
    return Table(title, ("", "Pants, `package`", "pip wheel", "Pants / pip", "ccache hits / misses"), tuple(rows))


def _compared(ours: Sequence[float], theirs: Sequence[float]) -> tuple[str, str, str]:
    mine = Spread.of(ours)
    other = Spread.of(theirs)
    return str(mine), str(other), f"{mine.median / other.median:.2f}"
