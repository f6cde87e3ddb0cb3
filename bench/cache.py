"""`cache`: a fresh runner with a warm remote cache against a cold one, and against `pip wheel` with ccache."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.cache_server import CacheServer, serving
from bench.ccache import Ccache, CompilerCalls
from bench.command import Finished
from bench.pip_wheel import VERSIONS, environments, setuptools_project
from bench.project import PantsRun
from bench.result import Cell, Measurement, Spread, Table, Verdict
from bench.runner import RunnerRun, fresh, package, start_up
from bench.setuptools_project import SetuptoolsProject
from bench.traffic import Traffic, recording
from bench.workbench import Workbench

LIMIT = 0.15
# What a runner with a warm cache must not run.
SHARED = ("runtime pack", "compile", "link", "assemble", "repair")
_SHARED_NAMES = "runtime packs, compiles, links, assembles and repairs"
_MB = 1e6


@dataclass(frozen=True)
class PipRuns:
    """A `pip wheel` for each Python, and what ccache had to do in them."""

    runs: Sequence[Finished]
    calls: CompilerCalls

    @property
    def wall(self) -> float:
        return sum(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        return sum(run.cpu for run in self.runs)


@dataclass(frozen=True)
class Pair:
    """A runner that fills an empty cache and one that then has all of it, on both sides, and Pants' start alone."""

    idle: PantsRun
    cold: RunnerRun
    warm: RunnerRun
    pip_cold: PipRuns
    pip_warm: PipRuns

    @property
    def ratio(self) -> float:
        """Of the warm runner's wall time to the cold one's, both beyond the start."""
        return (self.warm.run.wall - self.idle.wall) / (self.cold.run.wall - self.idle.wall)

    @property
    def strict_ratio(self) -> float:
        """The same, less the time in which the cold runner did nothing but fetch packages."""
        return (self.warm.run.wall - self.idle.wall) / (self.cold.run.wall - self.idle.wall - self.cold.fetching)

    @property
    def different(self) -> int:
        """Wheels that only one of the runners made, or with other bytes."""
        return len(self.warm.wheels.items() ^ self.cold.wheels.items())


@dataclass(frozen=True)
class PipSide:
    """A checkout that fills ccache, and one elsewhere with the same files that is built with it."""

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
    """The wheels that runners build."""
    return ("src/python:runtime_wheel", *(() if bench.quick else ("src/python:compiler_wheel",)))


def measure(bench: Workbench) -> Measurement:
    """Alternately: Pants' start, a cold runner, `pip wheel` with an empty ccache, a warm runner, `pip wheel` again."""
    targets = chosen_targets(bench)
    pip = _pip_side(bench)
    pairs = []
    for _ in range(1 if bench.quick else 3):
        with empty_server(bench) as server:
            pairs.append(_pair(bench, server, targets, pip))
            stored = server.size()
            record = bench.record = record_warm(bench, server, targets)
    return measurement(pairs, stored, Traffic.read(record), pip.ccache.size())


def empty_server(bench: Workbench) -> AbstractContextManager[CacheServer]:
    """A server whose cache has nothing; what it has afterwards stays until the next."""
    shutil.rmtree(cache_folder(bench), ignore_errors=True)
    return serving(cache_folder(bench))


def cache_folder(bench: Workbench) -> Path:
    """The server's folder."""
    return bench.home / "cache"


def run_fresh(bench: Workbench, options: Sequence[str], targets: Sequence[str]) -> RunnerRun:
    """`package` on a fresh runner."""
    with fresh(bench.home / "runner", bench.jobs) as project:
        return package(project, options, targets)


def record_warm(bench: Workbench, server: CacheServer, targets: Sequence[str]) -> Path:
    """The record of all that one more warm runner, in no ratio, and the server say to each other."""
    record = bench.home / "cache-record.json"
    with recording(server, record) as options:
        run_fresh(bench, options, targets)
    return record


def _pair(bench: Workbench, server: CacheServer, targets: Sequence[str], pip: PipSide) -> Pair:
    with fresh(bench.home / "runner", bench.jobs) as project:
        idle = start_up(project, server, targets)
    cold = run_fresh(bench, server.options, targets)
    pip_cold = pip.cold()
    warm = run_fresh(bench, server.options, targets)
    return Pair(idle, cold, warm, pip_cold, pip.warm())


def _pip_side(bench: Workbench) -> PipSide:
    ccache = Ccache.find(bench.home / "ccache")
    pythons = environments(bench, "cache")
    packages = [target.partition(":")[2].replace("_wheel", "") for target in chosen_targets(bench)]
    first, second = (
        setuptools_project(bench, pythons[0], name, [f"abacus_{package}" for package in packages], ccache)
        for name in ("setuptools-ccache", "setuptools-ccache-of-another")
    )
    return PipSide(pythons, first, second, ccache)


def measurement(pairs: Sequence[Pair], stored: int, traffic: Traffic, ccache_size: int) -> Measurement:
    """
    :param stored: bytes in the server when the cold runner had filled it.
    :param ccache_size: bytes in ccache's folder.
    """
    last = pairs[-1]
    ratio = Spread.of([pair.ratio for pair in pairs]).median
    return Measurement(
        "cache",
        (
            _times(pairs),
            _processes(last),
            _bytes(last, stored, traffic, ccache_size),
            _against_ccache(pairs),
        ),
        (
            Verdict.ratio("a fresh runner with a warm cache / a cold one, wall beyond start-up", ratio, LIMIT),
            Verdict.count(f"{_SHARED_NAMES} that a warm runner ran", max(p.warm.ran(SHARED) for p in pairs), 0),
            Verdict.count(
                f"{_SHARED_NAMES} that a warm runner had from the cache",
                last.warm.count(SHARED, "hit_remotely"),
                last.cold.ran(SHARED),
            ),
            Verdict.count("wheels that differ between both runners", sum(pair.different for pair in pairs), 0),
            Verdict.count(
                "compiler calls that ccache did not answer when it was warm",
                sum(pair.pip_warm.calls.misses for pair in pairs),
                0,
            ),
        ),
    )


def _times(pairs: Sequence[Pair]) -> Table:
    idle = Spread.of([pair.idle.wall for pair in pairs]).median
    runs: Mapping[str, list[PantsRun]] = {
        "Pants' start-up (`list`)": [pair.idle for pair in pairs],
        "cold, fills the cache": [pair.cold.run for pair in pairs],
        "warm": [pair.warm.run for pair in pairs],
    }
    strict = Spread.of([pair.strict_ratio for pair in pairs])
    rows: list[tuple[Cell, ...]] = []
    for name, found in runs.items():
        wall, cpu = Spread.of([run.wall for run in found]), Spread.of([run.cpu for run in found])
        rows.append((name, str(wall), f"{wall.median - idle:.1f}", str(cpu)))
    fetching = Spread.of([pair.cold.fetching for pair in pairs]).median
    rows.append(("of cold, only fetching packages", "", f"{fetching:.1f}", ""))
    rows.append(("warm / cold without that, beyond start-up", "", f"{strict.median:.2f}", ""))
    title = f"`package` on a fresh runner: seconds, min / median / max of {len(pairs)}"
    return Table(title, ("", "wall", "beyond start-up", "CPU, all processes"), tuple(rows))


def _processes(pair: Pair) -> Table:
    kinds = dict.fromkeys(kind for kind, _ in pair.cold.sources)
    rows = tuple(
        (kind, pair.cold.ran([kind]), pair.warm.ran([kind]), pair.warm.count([kind], "hit_remotely")) for kind in kinds
    )
    return Table("Processes, by the reports beside the wheels", ("kind", "cold ran", "warm ran", "warm hit"), rows)


def _bytes(pair: Pair, stored: int, traffic: Traffic, ccache_size: int) -> Table:
    wheels = sum(len(data) for data in pair.warm.wheels.values())
    sizes = {
        f"the wheels made ({len(pair.warm.wheels)})": wheels,
        "a warm runner received": traffic.received,
        "a warm runner sent": traffic.sent,
        "a cold runner stored": stored,
        "ccache's folder": ccache_size,
    }
    rows = tuple((name, f"{size / _MB:.2f}", f"{size / wheels:.2f}") for name, size in sizes.items())
    calls = ", ".join(f"{count} {method}" for method, count in traffic.by_method().most_common())
    return Table(f"Bytes (a warm runner's calls: {calls})", ("", "MB", "to the wheels"), rows)


def _against_ccache(pairs: Sequence[Pair]) -> Table:
    def row(name: str, ours: list[float], theirs: list[float], calls: CompilerCalls | None) -> tuple[Cell, ...]:
        mine, other = Spread.of(ours), Spread.of(theirs)
        told = f"{calls.hits} hits, {calls.misses} misses" if calls else ""
        return (name, str(mine), str(other), f"{mine.median / other.median:.2f}", told)

    last = pairs[-1]
    rows = (
        row("cold, wall", [p.cold.run.wall for p in pairs], [p.pip_cold.wall for p in pairs], last.pip_cold.calls),
        row("cold, CPU", [p.cold.run.cpu for p in pairs], [p.pip_cold.cpu for p in pairs], None),
        row("warm, wall", [p.warm.run.wall for p in pairs], [p.pip_warm.wall for p in pairs], last.pip_warm.calls),
        row("warm, CPU", [p.warm.run.cpu for p in pairs], [p.pip_warm.cpu for p in pairs], None),
    )
    title = f"Against {len(VERSIONS)} runs of `pip wheel` with ccache, the same sources: seconds"
    return Table(title, ("", "Pants, `package`", "pip wheel", "Pants / pip", "compiler calls"), rows)
