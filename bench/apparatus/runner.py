"""A fresh runner: Pants itself, a checkout, and no results of earlier runs."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus.cache_server import CacheServer
from bench.apparatus.pants_log import ProcessSpan
from bench.apparatus.project import PantsRun, Project

# The settings of a CI runner, except for colours, because the log is parsed without them.
_OPTIONS = ("--no-pantsd", "--pants-config-files=pants.ci.toml", "--no-colors", "--release-version-channel=stable")
# The prefixes of processes that only download or install packages.
_FETCHES = ("Install ", "Installing ", "Building ", "Fetch", "List the packages", "Extracting ", "Resolving ")

# The number of processes, by kind and source.
Sources = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class RunnerRun:
    """`package` on a fresh runner, with the bytes of its wheels by their names."""

    run: PantsRun
    sources: Sources
    wheels: Mapping[str, bytes]

    @property
    def fetching(self) -> float:
        """Return the seconds in which only packages were downloaded and installed."""
        return alone(self.run.log.spans, _FETCHES)

    def ran(self, kinds: Iterable[str]) -> int:
        """Return the number of processes of these kinds that it executed itself."""
        return self.count(kinds, "ran")

    def count(self, kinds: Iterable[str], source: str) -> int:
        """Return the number of processes of these kinds with a source."""
        return sum(self.sources.get((kind, source), 0) for kind in kinds)


@contextlib.contextmanager
def fresh(home: Path, jobs: int) -> Iterator[Project]:
    """Create a checkout with an empty store and empty caches, which is deleted afterwards."""
    shutil.rmtree(home, ignore_errors=True)
    project = Project(home, "checkout", jobs)
    project.create(sources=("BUILD", "src", "pants.ci.toml"))
    try:
        yield project
    finally:
        shutil.rmtree(home, ignore_errors=True)


def start_up(project: Project, server: CacheServer, targets: Sequence[str]) -> PantsRun:
    """Run `list` for the same targets with the same options: all that Pants does before its first process."""
    return project.pants(*_OPTIONS, *server.options, "list", *targets)


def package(project: Project, options: Sequence[str], targets: Sequence[str]) -> RunnerRun:
    """Run `package` with a cache."""
    run = project.pants(*_OPTIONS, *options, "package", *targets)
    dist = project.root / "dist"
    rows = [row for path in dist.rglob("*.report.json") for row in json.loads(path.read_text())["processes"]]
    return RunnerRun(run, count_sources(rows), {path.name: path.read_bytes() for path in dist.glob("*.whl")})


def count_sources(rows: Iterable[Mapping[str, str]]) -> Sources:
    """Return the number of processes by kind and source. One in the reports of two wheels counts once."""
    distinct = {row["description"]: row for row in rows}
    return Counter((row["kind"], row["source"]) for row in distinct.values())


def alone(spans: Iterable[ProcessSpan], verbs: tuple[str, ...]) -> float:
    """Return the seconds in which processes with such a description ran and no others did."""
    edges = sorted(
        (at, step, span.description.startswith(verbs))
        for span in spans
        for at, step in ((span.began, 1), (span.ended, -1))
    )
    running = {True: 0, False: 0}
    total = before = 0.0
    for at, step, chosen in edges:
        if running[True] and not running[False]:
            total += at - before
        running[chosen] += step
        before = at
    return total
