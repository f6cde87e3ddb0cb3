"""The measurement `zip`: wheels that are only copied and zipped, against Debian's `zip` on the same files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.command import Finished
from bench.apparatus.project import REPOSITORY
from bench.apparatus.workbench import Workbench
from bench.errors import BenchError
from bench.result import Measurement, Spread, Table, Verdict

# Relative to zip's throughput.
LIMIT = 0.7
MEMORY = 64 << 20
FILE_SIZE = 25_000_000
_PLATFORM = "manylinux_2_17_x86_64"
_UNREPAIRED = "cp310-abi3-linux_x86_64"
_PYPROJECT = '[project]\nname = "payload"\ndynamic = ["version"]\n'
_MODULE = '__attribute__((visibility("default"))) void *PyInit_native(void) { return 0; }\n'
# After the header, so that no file of the payload is recognized as a program.
_START = 4096


@dataclass(frozen=True)
class Side:
    """A step of ours and `zip` with the same compression. `ours` and `theirs` are their last outputs."""

    step: str
    level: str
    runs: list[Finished]
    zip_runs: list[Finished]
    ours: int
    theirs: int

    @property
    def ratio(self) -> float:
        """Return the ratio of our throughput to zip's."""
        return Spread.of([run.wall for run in self.zip_runs]).median / Spread.of([run.wall for run in self.runs]).median


@dataclass(frozen=True)
class Zipping:
    """A payload, and the programs that make an archive of it."""

    place: Path
    python: Path
    zip: str

    @property
    def payload(self) -> Path:
        return self.place / "payload"

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.payload.rglob("*") if path.is_file())

    def assemble(self) -> Finished:
        shutil.rmtree(self.place / "assembled", ignore_errors=True)
        return self._tool("assemble", "--pyproject", "pyproject.toml", "--payload", "payload", "--tag", _UNREPAIRED)

    def repair(self) -> Finished:
        shutil.rmtree(self.place / "repaired", ignore_errors=True)
        return self._tool("repair", "--wheel", str(self.wheel("assembled")), "--platform", _PLATFORM)

    def wheel(self, folder: str) -> Path:
        (wheel,) = (self.place / folder).glob("*.whl")
        return wheel

    def run_zip(self, level: str) -> Finished:
        archive = self.place / f"zip{level}.zip"
        archive.unlink(missing_ok=True)
        argv = (self.zip, "-q", level, "-r", str(archive), ".")
        return command.run(argv, cwd=self.payload, env=os.environ, name=f"zip {level}")

    def _tool(self, step: str, *arguments: str) -> Finished:
        argv = (str(self.python), "-m", "spokeshave", step, *arguments)
        outputs = ("--output", "assembled" if step == "assemble" else "repaired", "--report", f"{step}.json")
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "tools")}
        return command.run((*argv, *outputs), cwd=self.place, env=environment, name=f"spokeshave {step}")


def measure(bench: Workbench) -> Measurement:
    """Assemble (stored) against `zip -0`, and repair without grafts (deflated) against `zip -6`."""
    zipping = _prepare(bench, 100_000_000 if bench.quick else 500_000_000)
    # The machine's file cache contains all of it before anything is timed.
    zipping.run_zip("-0")
    stored, zip_stored, deflated, zip_deflated = zip(*_pairs(zipping, bench.pairs))
    sides = (
        _side(zipping, "assemble", "-0", list(stored), list(zip_stored)),
        _side(zipping, "repair", "-6", list(deflated), list(zip_deflated)),
    )
    return measurement(sides, zipping.size())


def _pairs(zipping: Zipping, count: int) -> Iterator[tuple[Finished, Finished, Finished, Finished]]:
    for _ in range(count):
        yield zipping.assemble(), zipping.run_zip("-0"), zipping.repair(), zipping.run_zip("-6")


def _side(zipping: Zipping, step: str, level: str, runs: list[Finished], zip_runs: list[Finished]) -> Side:
    ours = zipping.wheel("assembled" if step == "assemble" else "repaired").stat().st_size
    return Side(
        step=step,
        level=level,
        runs=runs,
        zip_runs=zip_runs,
        ours=ours,
        theirs=(zipping.place / f"zip{level}.zip").stat().st_size,
    )


def measurement(sides: tuple[Side, ...], size: int) -> Measurement:
    head = ("", "wall, seconds", "CPU, seconds", "MB/s", "to zip", "written, MB", "peak memory, MB")
    rows = []
    verdicts = []
    for side in sides:
        rows.append((side.step, *_cells(side.runs, size, f"{side.ratio:.2f}", side.ours)))
        rows.append((f"zip {side.level}", *_cells(side.zip_runs, size, "", side.theirs)))
        wanted = f"throughput of {side.step} at least {LIMIT} of zip {side.level}'s"
        verdicts.append(Verdict(wanted, f"{side.ratio:.2f}", side.ratio >= LIMIT, is_count=False))
        largest = max(run.largest for run in side.runs)
        wanted = f"memory of {side.step} at most {MEMORY >> 20} MB"
        verdicts.append(Verdict(wanted, f"{largest / (1 << 20):.0f} MB", largest <= MEMORY, is_count=False))
    title = f"A payload of {size / 1e6:.0f} MB, min / median / max of {len(sides[0].runs)}"
    return Measurement("zip", (Table(title, head, tuple(rows)),), tuple(verdicts))


def _cells(runs: list[Finished], size: int, ratio: str, written: int) -> tuple[str, ...]:
    wall = Spread.of([run.wall for run in runs])
    cpu = Spread.of([run.cpu for run in runs])
    largest = max(run.largest for run in runs)
    speed = f"{size / 1e6 / wall.median:.0f}"
    megabytes = f"{written / 1e6:.1f}"
    return str(wall), str(cpu), speed, ratio, megabytes, f"{largest / (1 << 20):.0f}"


def _prepare(bench: Workbench, size: int) -> Zipping:
    program = shutil.which("zip")
    if program is None:
        raise BenchError("`zip` needs the program zip, which is not on PATH. Install it (Debian: zip).")
    pins = REPOSITORY / "3rdparty" / "python"
    tools = bench.venv("tools", Path(sys.executable), pins / "tools.txt")
    (zig,) = bench.venv("zig", Path(sys.executable), pins / "ziglang.txt").glob("lib/python*/site-packages/ziglang/zig")
    place = bench.home / "zip"
    shutil.rmtree(place, ignore_errors=True)
    package = place / "payload" / "payload"
    package.mkdir(parents=True)
    (place / "pyproject.toml").write_text(_PYPROJECT)
    (package / "__init__.py").write_text("")
    _link_module(zig, place, package / "native.abi3.so")
    write_files(zig, package, size)
    return Zipping(place, tools / "bin" / "python", program)


def _link_module(zig: Path, place: Path, module: Path) -> None:
    """Link a module without any library, because a platform's wheel must contain one."""
    (place / "native.c").write_text(_MODULE)
    cache = str(place / "zig-cache")
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    argv = (str(zig), "cc", "-target", "x86_64-linux-gnu.2.17", "-shared", "-nostdlib", "-O2", "-g0", "-s")
    command.run((*argv, "-o", str(module), "native.c"), cwd=place, env=environment, name="zig cc")


def write_files(source_file: Path, package: Path, size: int) -> None:
    """Write files of machine code: pieces of the compiler itself, repeated."""
    with source_file.open("rb") as source:
        source.seek(_START)
        for number in range(size // FILE_SIZE):
            data = source.read(FILE_SIZE)
            if len(data) < FILE_SIZE:
                source.seek(_START)
                data = source.read(FILE_SIZE)
            (package / f"part{number:02}.bin").write_bytes(data)
