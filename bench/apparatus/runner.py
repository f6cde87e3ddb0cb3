"""A fresh runner: Pants itself, a checkout, and nothing that an earlier run could have left."""

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

# As a runner of CI has it, but for the colours, which the log is read without.
_OPTIONS = ("--no-pantsd", "--pants-config-files=pants.ci.toml", "--no-colors", "--release-version-channel=stable")
# What a process that only fetches or installs packages begins with.
_FETCHES = ("Install ", "Installing ", "Building ", "Fetch", "List the packages", "Extracting ", "Resolving ")

# How many processes of a kind came from where, by kind and source.
Sources = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class RunnerRun:
    """`package` on a fresh runner, with the bytes of the wheels that it left, by their names."""

    run: PantsRun
    sources: Sources
    wheels: Mapping[str, bytes]

    @property
    def fetching(self) -> float:
        """Seconds in which packages were fetched and installed and nothing else ran."""
        return alone(self.run.log.spans, _FETCHES)

    def ran(self, kinds: Iterable[str]) -> int:
        """How many processes of these kinds it executed itself."""
        return self.count(kinds, "ran")

    def count(self, kinds: Iterable[str], source: str) -> int:
        """How many processes of these kinds came from there."""
        return sum(self.sources.get((kind, source), 0) for kind in kinds)


@contextlib.contextmanager
def fresh(home: Path, jobs: int) -> Iterator[Project]:
    """A checkout with an empty store and empty caches, which is gone afterwards."""
    shutil.rmtree(home, ignore_errors=True)
    project = Project(home, "checkout", jobs)
    project.create(sources=("BUILD", "src", "pants.ci.toml"))
    try:
        yield project
    finally:
        shutil.rmtree(home, ignore_errors=True)


def start_up(project: Project, server: CacheServer, targets: Sequence[str]) -> PantsRun:
    """`list` of the same targets with the same options: all that Pants does before it looks for the first process."""
    return project.pants(*_OPTIONS, *server.options, "list", *targets)


def package(project: Project, options: Sequence[str], targets: Sequence[str]) -> RunnerRun:
    """`package` with a cache."""
    run = project.pants(*_OPTIONS, *options, "package", *targets)
    dist = project.root / "dist"
    rows = [row for path in dist.rglob("*.report.json") for row in json.loads(path.read_text())["processes"]]
    return RunnerRun(run, count_sources(rows), {path.name: path.read_bytes() for path in dist.glob("*.whl")})


def count_sources(rows: Iterable[Mapping[str, str]]) -> Sources:
    """Processes by kind and source; one that the reports of two wheels name counts once."""
    distinct = {row["description"]: row for row in rows}
    return Counter((row["kind"], row["source"]) for row in distinct.values())


def alone(spans: Iterable[ProcessSpan], verbs: tuple[str, ...]) -> float:
    """Seconds in which a process ran whose description begins so, and none of another kind."""
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
