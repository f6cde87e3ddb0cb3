"""The command line: `bench/run [--quick] [NAME...]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

from bench import text
from bench.apparatus.workbench import Workbench
from bench.errors import BenchError
from bench.measurements import (
    abis,
    cache,
    check,
    core,
    first,
    foreign,
    header,
    indexing,
    large,
    many,
    noop,
    platforms,
    restamping,
    runners,
    scale,
    zipping,
)
from bench.result import Measurement

MEASUREMENTS: dict[str, Callable[[Workbench], Measurement]] = {
    "core": core.measure,
    "header": header.measure,
    "abis": abis.measure,
    "foreign": foreign.measure,
    "noop": noop.measure,
    "platforms": platforms.measure,
    "first": first.measure,
    "first-all": first.measure_all,
    "scale": scale.measure,
    "large": large.measure,
    "many": many.measure,
    "zip": zipping.measure,
    "restamp": restamping.measure,
    "check": check.measure,
    "index": indexing.measure,
    "cache": cache.measure,
    "runners": runners.measure,
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description="Measure Spokeshave side by side with other tools.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MEASUREMENTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="do fewer runs with smaller cores")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        help="processes that run at the same time, on each side (default: one per processor)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to a JSON file")
    parser.add_argument(
        "--home",
        type=Path,
        metavar="DIR",
        help="keep prepared files (1 GB) in this folder (default: a temporary directory)",
    )
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; the measurements are {', '.join(MEASUREMENTS)}")
    return chosen


@contextmanager
def _home(chosen: Path | None) -> Iterator[Path]:
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix="spokeshave-bench-") as temporary:
            yield Path(temporary).resolve()
    else:
        chosen.mkdir(parents=True, exist_ok=True)
        yield chosen.resolve()


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _machine(jobs: int) -> dict[str, Any]:
    return {"system": platform.platform(), "cores": os.cpu_count(), "jobs": jobs, "load": load()}


def measure(chosen: argparse.Namespace, home: Path) -> int:
    """Run the measurements and print each when it is done. Return 1 if a count is wrong, regardless of times."""
    bench = Workbench(home, jobs=chosen.jobs, quick=chosen.quick)
    machine = _machine(chosen.jobs)
    done = []
    try:
        for name in chosen.names or MEASUREMENTS:
            print(f"-- {name} (load average {load()})", file=sys.stderr, flush=True)
            done.append(MEASUREMENTS[name](bench))
            print(text.render(done[-1]), flush=True)
    finally:
        bench.close()
    print(text.table(bench.preparation()))
    print(
        f"\n{machine['system']}, {machine['cores']} cores, {chosen.jobs} jobs; "
        f"load average {machine['load']}, then {load()}"
    )
    if chosen.json:
        results = {
            "machine": {**machine, "load_at_end": load()},
            "quick": chosen.quick,
            "measurements": [measurement.as_json() for measurement in done],
            "preparation": [{"what": what.strip(), "seconds": seconds} for what, seconds in bench.prepared],
        }
        chosen.json.write_text(json.dumps(results, indent=2) + "\n")
    return 1 if any(measurement.is_wrong for measurement in done) else 0


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, _end)
    chosen = parse(arguments)
    try:
        with _home(chosen.home) as home:
            return measure(chosen, home)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
