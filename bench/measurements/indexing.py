"""The measurement `index`: an index of many sets, and one more set, compared with dumb-pypi on the same files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.command import Finished
from bench.apparatus.project import REPOSITORY
from bench.apparatus.workbench import Workbench
from bench.errors import BenchError
from bench.result import Measurement, Spread, Table, Verdict

SIZES = (10, 100, 1000)
QUICK_SIZES = (10, 100)
FILES = 100
PROJECT = "parts-runtime"
SECONDS = 1.0
# Of the memory at the smallest size. What an index lists may not be held in memory.
GROWTH = 1.25
_RECORDS = REPOSITORY / "bench" / "baselines" / "release_records.py"
_PACKAGES_URL = "../../files"
_BATCH = 100


@dataclass
class Level:
    """An index of a number of sets: the runs that made it from nothing, and those that added a set to it."""

    sets: int
    ours_new: list[Finished] = field(default_factory=list)
    theirs_new: list[Finished] = field(default_factory=list)
    ours_add: list[Finished] = field(default_factory=list)
    theirs_add: list[Finished] = field(default_factory=list)
    theirs_partial: list[Finished] = field(default_factory=list)
    ours_html: int = 0
    ours_json: int = 0
    theirs_html: int = 0
    listed: int = 0

    @property
    def wanted(self) -> int:
        """Return how many files the page of one project has to list."""
        return (self.sets + len(self.ours_add)) * FILES // 4


@dataclass(frozen=True)
class Indexing:
    """The records of all sets in a folder, and the programs."""

    place: Path
    tools: Path
    dumb: Path
    pairs: int

    @property
    def records(self) -> Path:
        return self.place / "records"

    def make_records(self, count: int) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        self.records.mkdir(parents=True)
        self._run(str(self.tools), str(_RECORDS), str(self.records), "0", str(count))

    def versions(self) -> list[str]:
        return sorted(path.name for path in self.records.iterdir() if path.is_dir())

    def measure(self, sets: int) -> Level:
        """Make an index of the first sets by both programs, and add more to it, one at a time."""
        level = Level(sets)
        versions = self.versions()
        ours = self.place / "ours"
        theirs = self.place / "theirs"
        for folder in (ours, theirs):
            shutil.rmtree(folder, ignore_errors=True)
        for first in range(0, sets, _BATCH):
            level.ours_new.append(self._add(ours, versions[first : min(first + _BATCH, sets)]))
        level.theirs_new.append(self._dumb(theirs, self._list(versions[:sets])))
        for number in range(sets, sets + self.pairs):
            before = self._list(versions[:number])
            after = self._list(versions[: number + 1])
            level.ours_add.append(self._add(ours, [versions[number]]))
            level.theirs_add.append(self._dumb(theirs, after))
            level.theirs_partial.append(self._dumb(theirs, after, "--previous-package-list-json", str(before)))
        page = Path("simple", PROJECT, "index.html")
        level.ours_html = (ours / page).stat().st_size
        level.ours_json = (ours / "v1+json" / PROJECT / "index.json").stat().st_size
        level.theirs_html = (theirs / page).stat().st_size
        level.listed = (ours / page).read_text().count(".whl</a>")
        if (theirs / page).read_text().count(".whl#") != level.listed:
            raise BenchError("the two indexes do not list the same files")
        return level

    def _add(self, index: Path, versions: Sequence[str]) -> Finished:
        records = [str(self.records / version) for version in versions]
        return self._run(str(self.tools), "-m", "spokeshave", "index", "add", *records, str(index))

    def _list(self, versions: Sequence[str]) -> Path:
        """Write the list of all files for dumb-pypi, with their hashes, which is not measured."""
        path = self.place / f"{len(versions)}.jsonl"
        if not path.exists():
            path.write_text("".join((self.records / f"{version}.jsonl").read_text() for version in versions))
        return path

    def _dumb(self, output: Path, packages: Path, *options: str) -> Finished:
        settings = ("--packages-url", _PACKAGES_URL, "--no-per-release-json", "--output-dir", str(output))
        return self._run(str(self.dumb), "--package-list-json", str(packages), *options, *settings)

    def _run(self, *argv: str) -> Finished:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "tools")}
        return command.run(argv, cwd=self.place, env=environment, name=argv[0])


def measure(bench: Workbench) -> Measurement:
    """Compare indexes of different sizes."""
    sizes = QUICK_SIZES if bench.quick else SIZES
    python = Path(sys.executable)
    tools = bench.venv("tools", python, REPOSITORY / "3rdparty" / "python" / "tools.txt")
    dumb = bench.venv("dumb-pypi", python, REPOSITORY / "bench" / "requirements" / "dumb-pypi.txt")
    indexing = Indexing(
        place=bench.home / "index", tools=tools / "bin" / "python", dumb=dumb / "bin" / "dumb-pypi", pairs=bench.pairs
    )
    indexing.make_records(max(sizes) + bench.pairs)
    return measurement([indexing.measure(sets) for sets in sizes])


def measurement(levels: Sequence[Level]) -> Measurement:
    smallest = levels[0]
    largest = levels[-1]
    wall = Spread.of([run.wall for run in largest.ours_add]).median
    memory = _memory(largest.ours_add) / _memory(smallest.ours_add)
    verdicts = (
        Verdict.seconds(f"one set to {largest.sets}", wall, SECONDS),
        Verdict.ratio("of dumb-pypi's CPU time", _cpu(largest.ours_add) / _cpu(largest.theirs_add), 1.0),
        Verdict.ratio(
            "of the CPU time of its partial rebuild", _cpu(largest.ours_add) / _cpu(largest.theirs_partial), 1.0
        ),
        Verdict.ratio(f"memory of {smallest.sets} sets", memory, GROWTH),
        *(Verdict.count(f"files of a project after {level.sets} sets", level.listed, level.wanted) for level in levels),
    )
    notes = (
        "dumb-pypi gets a list of all files with their hashes, and neither reads nor copies files; index add verifies, "
        "hashes and copies the files of a set, reads their metadata, and also writes JSON and pages for people.",
    )
    tables = (_new_table(levels), _add_table(levels), _page_table(levels))
    return Measurement(name="index", tables=tables, verdicts=verdicts, notes=notes)


def _new_table(levels: Sequence[Level]) -> Table:
    rows = []
    for level in levels:
        for name, runs in (("index add", level.ours_new), ("dumb-pypi", level.theirs_new)):
            wall = sum(run.wall for run in runs)
            cpu = sum(run.cpu for run in runs)
            rows.append((level.sets, name, wall, cpu, _memory(runs)))
    return Table(f"from nothing, {FILES} files a set", ("sets", "", "wall, s", "CPU, s", "memory, MB"), tuple(rows))


def _add_table(levels: Sequence[Level]) -> Table:
    rows = []
    for level in levels:
        sides = {
            "index add": level.ours_add,
            "dumb-pypi": level.theirs_add,
            "dumb-pypi, partial": level.theirs_partial,
        }
        for name, runs in sides.items():
            wall = str(Spread.of([run.wall for run in runs]))
            cpu = str(Spread.of([run.cpu for run in runs]))
            rows.append((level.sets, name, wall, cpu, _memory(runs)))
    title = f"one more set, min / median / max of {len(levels[0].ours_add)}"
    return Table(title, ("sets", "", "wall, seconds", "CPU, seconds", "memory, MB"), tuple(rows))


def _page_table(levels: Sequence[Level]) -> Table:
    rows = tuple((level.sets, level.listed, level.ours_html, level.ours_json, level.theirs_html) for level in levels)
    head = ("sets", "files", "our HTML", "our JSON", "dumb-pypi's HTML")
    return Table("bytes of the page of one project", head, rows)


def _cpu(runs: Sequence[Finished]) -> float:
    return Spread.of([run.cpu for run in runs]).median


def _memory(runs: Sequence[Finished]) -> float:
    return max(run.largest for run in runs) / (1 << 20)
