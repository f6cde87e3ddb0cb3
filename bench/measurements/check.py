"""The measurement `check`: `release check` of many small wheels and a few large ones, whose time is to be linear."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.command import Finished
from bench.apparatus.project import REPOSITORY
from bench.apparatus.workbench import Workbench
from bench.result import Measurement, Spread, Table, Verdict

SMALL = 1000
LARGE = 4
# Of the CPU time of twice the wheels. A check that compares each wheel with each other has 4.
LINEAR = 2.3
SECONDS = 15.0
_MODULES = 20
_MODULE_LINES = 150
_LARGE_SIZE = 50 << 20
_HEADERS = "Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\nSummary: Many\nRequires-Python: >=3.9\n"


@dataclass(frozen=True)
class Batch:
    """A number of wheels, the runs of the check on them, and what its last report says."""

    title: str
    wheels: int
    runs: Sequence[Finished]
    checked: int
    problems: int

    @property
    def cpu(self) -> Spread:
        return Spread.of([run.cpu for run in self.runs])


def measure(bench: Workbench) -> Measurement:
    """Check half of the small wheels, all of them, and all with the large ones, in turn."""
    pins = REPOSITORY / "3rdparty" / "python"
    venv = bench.venv("check", Path(sys.executable), pins / "tools.txt", pins / "twine.txt")
    place = bench.home / "check"
    shutil.rmtree(place, ignore_errors=True)
    folders = [place / "half", place / "small", place / "large"]
    write_small(folders[0], SMALL // 2)
    write_small(folders[1], SMALL)
    write_small(folders[2], SMALL)
    for number in range(LARGE):
        write_wheel(folders[2], f"large{number}", "py3-none-any", {"large/data.bin": _noise(_LARGE_SIZE)})
    python = venv / "bin" / "python"
    # The machine's file cache contains all of it before anything is timed.
    for folder in folders:
        _check(python, folder)
    rounds = [[_check(python, folder) for folder in folders] for _ in range(bench.pairs)]
    return measurement([_batch(folder, runs) for folder, runs in zip(folders, zip(*rounds))])


def _check(python: Path, folder: Path) -> Finished:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "tools")}
    argv = (str(python), "-m", "spokeshave", "release", "check", str(folder), "--report", f"{folder}.json")
    return command.run(argv, cwd=folder.parent, env=environment, name="spokeshave release check")


def _batch(folder: Path, runs: Sequence[Finished]) -> Batch:
    report = json.loads(Path(f"{folder}.json").read_text())
    return Batch(
        title=folder.name,
        wheels=len(list(folder.iterdir())),
        runs=runs,
        checked=len(report["files"]),
        problems=len(report["problems"]),
    )


def measurement(batches: Sequence[Batch]) -> Measurement:
    half, small, _ = batches
    rows = []
    verdicts = []
    for batch in batches:
        wall = Spread.of([run.wall for run in batch.runs])
        rows.append((batch.title, batch.wheels, str(wall), str(batch.cpu)))
        verdicts.append(Verdict.count(f"wheels of {batch.title} in the report", batch.checked, batch.wheels))
        verdicts.append(Verdict.count(f"problems of {batch.title}", batch.problems, 0))
    ratio = small.cpu.median / half.cpu.median
    verdicts.append(Verdict.ratio(f"CPU of {small.wheels} wheels to that of {half.wheels}", ratio, LINEAR))
    wall = Spread.of([run.wall for run in small.runs])
    verdicts.append(Verdict.seconds(f"{small.wheels} wheels", wall.median, SECONDS))
    title = f"min / median / max of {len(half.runs)}; large: also {LARGE} wheels of {_LARGE_SIZE >> 20} MiB"
    head = ("", "wheels", "wall, seconds", "CPU, seconds")
    return Measurement("check", (Table(title, head, tuple(rows)),), tuple(verdicts))


def write_small(folder: Path, count: int) -> None:
    """Write wheels of ten projects, with the files of a small package each."""
    files = dict(_modules())
    for number in range(count):
        project = f"small{number % 10}"
        minor = number // 10
        write_wheel(folder, project, f"cp3{minor}-cp3{minor}-win_amd64", {**files, "number.txt": b"%d" % number})


def _modules() -> Iterator[tuple[str, bytes]]:
    numbers = random.Random(1)
    for module in range(_MODULES):
        lines = [f"value_{line} = {numbers.randrange(10**9)}\n" for line in range(_MODULE_LINES)]
        yield f"package/module{module}.py", "".join(lines).encode()


def _noise(size: int) -> bytes:
    """Return bytes that hardly compress, as those of libraries with debug information do."""
    return random.Random(2).getrandbits(8 * size).to_bytes(size, "little")


def write_wheel(folder: Path, project: str, tag: str, files: dict[str, bytes]) -> Path:
    """Write a valid wheel with Python's own means."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{project}-1.0.dist-info"
    members = {
        **files,
        f"{info}/METADATA": _HEADERS.format(project=project).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    lines = [f"{name},sha256={_record_hash(data)},{len(data)}\n" for name, data in members.items()]
    members[f"{info}/RECORD"] = "".join([*lines, f"{info}/RECORD,,\n"]).encode()
    path = folder / f"{project}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
