"""The project's own cache server, started by its command and ended by its pid."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.apparatus.daemon import Daemon
from bench.apparatus.project import REPOSITORY
from bench.errors import BenchError, CommandError

_COMMAND = REPOSITORY / "tools" / "cache-server"
# The very first start creates BuildGrid's environment.
_STARTS_IN = 600.0
_ENDS_IN = 15.0


@dataclass(frozen=True)
class CacheServer:
    """A running server.

    Attributes:
        python: The Python of its environment, which has gRPC.
        options: The options of Pants to use it.
    """

    process: Daemon
    folder: Path
    address: str
    python: Path
    options: tuple[str, ...]

    @property
    def host(self) -> str:
        """Return its address, as `HOST:PORT`."""
        return self.address.partition("://")[2]

    def size(self) -> int:
        """Return the bytes of its stored blobs and results."""
        places = (self.folder / "cas" / "objects", self.folder / "ac")
        return sum(path.stat().st_size for place in places for path in place.rglob("*") if path.is_file())


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[CacheServer]:
    """Run a server with its cache in a folder, on any free port, during the block.

    Raises:
        CommandError: If it does not start.
    """
    ready = folder.with_name(f"{folder.name}-ready.json")
    log = folder.with_name(f"{folder.name}.log")
    ready.unlink(missing_ok=True)
    where = ("--directory", str(folder), "--ready-file", str(ready))
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(_COMMAND), "--listen", "127.0.0.1:0", *where],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, ready, log)
        facts = json.loads(ready.read_text())
        yield CacheServer(
            process=Daemon(process.pid),
            folder=folder,
            address=facts["address"],
            python=Path(facts["python"]),
            options=tuple(facts["options"]),
        )
    finally:
        end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """Terminate a process of ours, and kill it if it does not end."""
    process.terminate()
    try:
        process.wait(_ENDS_IN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], ready: Path, log: Path) -> None:
    deadline = time.monotonic() + _STARTS_IN
    while not ready.exists():
        if process.poll() is not None:
            raise CommandError("tools/cache-server", process.returncode, log.read_text())
        if time.monotonic() > deadline:
            raise BenchError(f"tools/cache-server is not ready after {_STARTS_IN:.0f} s; its log is {log}.")
        time.sleep(0.05)
