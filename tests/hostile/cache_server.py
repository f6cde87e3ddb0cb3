"""The rule for hostile requests to a cache server, and a command that sends many.

A request is answered by a result or by an error of the client, within 10 s. The server is not harmed: it answers valid
requests afterwards, its memory has grown by no more than 300 MB, it logs no stack, and it has written only below its
own folder, and no more than was sent in valid requests.

`python3.9 -m hostile.cache_server --count 5000`, with PYTHONPATH=tests:tools:core.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from e2e.support.cache_server import Server, serving
from hostile import limits

PROGRAM = Path(__file__).with_name("cache_requests.py")
# The statuses of a server that is right to refuse. INTERNAL and UNKNOWN are faults of the server.
_ALLOWED = {
    "OK",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNIMPLEMENTED",
}
_MOST_TAKEN = 200
_MOST_STORED = 250 << 20


def answers_of(server: Server, count: int, seed: int) -> list[dict[str, Any]]:
    """Send the known attacks and a number of mutated requests, and return the answers."""
    given = {"address": server.ready["address"], "count": count, "seed": seed}
    paths = (limits.REPOSITORY / "tests", limits.REPOSITORY / "tools", limits.REPOSITORY / "core")
    done = subprocess.run(
        [server.ready["python"], "-s", str(PROGRAM), json.dumps(given)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def faults_of(answers: Sequence[dict[str, Any]]) -> list[str]:
    """Return a text for each answer that breaks the rule."""
    faults = []
    for answer in answers:
        is_valid = answer["name"].startswith("valid ")
        if answer["status"] not in _ALLOWED or (is_valid and answer["status"] != "OK"):
            faults.append(f"{answer['name']}: {answer['status']}: {answer['details']}")
        if answer["seconds"] > limits.SECONDS:
            faults.append(f"{answer['name']}: takes {answer['seconds']} s")
        if answer["name"] == "endless bytes" and answer["taken"] > _MOST_TAKEN:
            faults.append(f"{answer['name']}: takes {answer['taken']} messages")
    return faults


def run(folder: Path, count: int, seed: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Start a server below a folder, send requests, and return the answers and all faults."""
    (folder / "beside").write_bytes(b"precious")
    with serving(folder / "cache") as server:
        before = server.peak_memory()
        answers = answers_of(server, count, seed)
        grown = (server.peak_memory() - before) >> 20
        log = server.log.read_text()
        stored = sum(path.stat().st_size for path in server.directory.rglob("*") if path.is_file())
        server.stop()
    faults = faults_of(answers)
    if grown > limits.MEGABYTES:
        faults.append(f"the server's memory grew by {grown} MB")
    if "Traceback" in log:
        faults.append(f"the server logged a stack: {log[log.index('Traceback') :][:3000]}")
    if stored > _MOST_STORED:
        faults.append(f"the server stored {stored >> 20} MB")
    names = {path.name for path in folder.iterdir()} - {"cache.log", "cache-ready.json"}
    if names != {"beside", "cache"} or (folder / "beside").read_bytes() != b"precious":
        faults.append(f"the server changed what is beside its folder: {sorted(names)}")
    return answers, faults


def main(arguments: list[str]) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m hostile.cache_server", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="how many mutated requests; default: 2000")
    parser.add_argument("--seed", type=int, default=1, help="other seeds make other requests; default: 1")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        answers, faults = run(Path(folder), options.count, options.seed)
    for fault in faults:
        print(fault)
    statuses = Counter(answer["status"] for answer in answers)
    print(f"{len(answers)} requests in {time.monotonic() - start:.0f} s: {dict(statuses)}, {len(faults)} faults")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
