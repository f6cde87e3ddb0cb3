"""The measurement `runners`: one server under 1, 4 and 16 simulated runners that replay a real one's calls."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus.cache_server import CacheServer, end, serving
from bench.apparatus.daemon import Memory
from bench.apparatus.traffic import Traffic
from bench.apparatus.workbench import Workbench
from bench.errors import BenchError
from bench.measurements.cache import cache_folder, chosen_targets, empty_server, record_warm, run_fresh
from bench.result import Cell, Measurement, Spread, Table, Verdict

COUNTS = (1, 4, 16)
_REPLAYER = Path(__file__).parents[1] / "apparatus/replayer.py"
_MB = 1e6


@dataclass(frozen=True)
class Replayed:
    """The result of one simulated runner, with seconds of the machine's monotonic clock, CPU seconds and bytes.

    Attributes:
        wrong: The answers that differ from the record, with their counts.
    """

    began: float
    ended: float
    cpu: float
    received: int
    wrong: Mapping[str, int]


@dataclass(frozen=True)
class Load:
    """Several concurrent runners.

    Attributes:
        server_cpu: CPU seconds of the server.
    """

    replayed: tuple[Replayed, ...]
    server_cpu: float
    memory: Memory

    @property
    def seconds(self) -> float:
        """Return the seconds from the first runner's start to the last one's end."""
        return max(each.ended for each in self.replayed) - min(each.began for each in self.replayed)

    @property
    def received(self) -> int:
        return sum(each.received for each in self.replayed)

    @property
    def cpu(self) -> float:
        return sum(each.cpu for each in self.replayed)

    @property
    def wrong(self) -> Counter[str]:
        return sum((Counter(each.wrong) for each in self.replayed), Counter())


def measure(bench: Workbench) -> Measurement:
    """Start a server for each number of runners and measure it."""
    record = bench.record or _fill(bench)
    traffic = Traffic.read(record).reading()
    loads = []
    for count in COUNTS:
        with serving(cache_folder(bench)) as server:
            idle = server.process.memory()
            loads.append((idle, [_load(server, record, traffic, count) for _ in range(bench.pairs)]))
    return measurement(traffic, loads)


def _fill(bench: Workbench) -> Path:
    """Fill the cache with one runner, and record the calls of the next one."""
    bench.say("filling the cache, and recording what a runner with a warm cache asks for")
    targets = chosen_targets(bench)
    with empty_server(bench) as server:
        cold = run_fresh(bench, server.options, targets)
        bench.prepared.append(("a runner that fills the cache", cold.run.wall))
        bench.record = record_warm(bench, server, targets)
    return bench.record


def _load(server: CacheServer, record: Path, traffic: Traffic, count: int) -> Load:
    argv = [str(server.python), "-I", str(_REPLAYER), server.host, str(record), str(traffic.at_a_time)]
    processes = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        # All are connected before the first one starts.
        for process in processes:
            _line(process)
        server.process.reset_peak()
        before = server.process.cpu().total
        for process in processes:
            _begin(process)
        replayed = tuple(Replayed(**json.loads(_line(process))) for process in processes)
        return Load(replayed, server.process.cpu().total - before, server.process.memory())
    finally:
        for process in processes:
            end(process)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise BenchError("A simulated runner ended before it was done; see the output above.")
    return line


def _begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def measurement(traffic: Traffic, loads: Sequence[tuple[Memory, Sequence[Load]]]) -> Measurement:
    """Return the measurement of all loads.

    Args:
        traffic: The calls of each simulated runner.
        loads: For each number of runners, the server's memory before, and the runs.
    """
    calls = ", ".join(f"{count} {method}" for method, count in traffic.by_method().most_common())
    head = ("runners", "seconds", "calls/s", "hits/s", "MB/s", "CPU s: server", "runners", "memory, MB: idle", "peak")
    rows = tuple(_row(traffic, idle, runs) for idle, runs in loads)
    title = f"Simulated runners, each {calls} ({traffic.received / _MB:.1f} MB), {traffic.at_a_time} at a time"
    notes = [
        f"The recorded runner made these calls in {traffic.seconds:.1f} s, including its own work in between; a "
        f"simulated one makes them as fast as possible."
    ]
    wrong = sum((load.wrong for _, runs in loads for load in runs), Counter[str]())
    notes += [f"In place of the recorded answer {count} times: {what}" for what, count in wrong.most_common()]
    return Measurement(
        name="runners",
        tables=(Table(title, head, rows),),
        verdicts=(Verdict.count("calls with another answer than the recorded runner's", sum(wrong.values()), 0),),
        notes=tuple(notes),
    )


def _row(traffic: Traffic, idle: Memory, runs: Sequence[Load]) -> tuple[Cell, ...]:
    count = len(runs[0].replayed)
    seconds = Spread.of([load.seconds for load in runs])
    rates = (count * len(traffic.calls), count * traffic.hits, runs[0].received / _MB)
    return (
        count,
        str(seconds),
        *(f"{rate / seconds.median:.0f}" for rate in rates),
        f"{Spread.of([load.server_cpu for load in runs]).median:.1f}",
        f"{Spread.of([load.cpu for load in runs]).median:.1f}",
        f"{idle.resident / _MB:.0f}",
        f"{max(load.memory.peak for load in runs) / _MB:.0f}",
    )
