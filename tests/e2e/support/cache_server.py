"""The real cache server, started by its command, and a client of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from e2e.support.project import REPOSITORY

COMMAND = REPOSITORY / "tools/cache-server"
CLIENT = Path(__file__).with_name("cache_client.py")
# The very first start creates BuildGrid's environment.
_STARTS_IN = 300.0
_ENDS_IN = 15.0

needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None,
    reason="bubblewrap gives the server a small disk, and is not here (Debian's package bubblewrap)",
)


@dataclass(frozen=True)
class Client:
    """A client of a server, with one process for each list of requests."""

    python: str
    connection: Mapping[str, str]

    def ask(self, *requests: tuple[Any, ...]) -> list[Any]:
        """Return the answers to requests, such as `("get", digest, path)`."""
        done = subprocess.run(
            [self.python, "-s", str(CLIENT), json.dumps(self.connection)],
            env={**os.environ, "PYTHONPATH": str(COMMAND.parent)},
            input=json.dumps(requests),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers: list[Any] = json.loads(done.stdout)
        return answers

    def having(self, **connection: str) -> Client:
        """Return this client with other settings, such as another token."""
        return Client(self.python, {**self.connection, **connection})


@dataclass(frozen=True)
class Server:
    """A server that is ready."""

    process: subprocess.Popen[str]
    directory: Path
    log: Path
    ready: dict[str, Any] = field(repr=False)

    @property
    def client(self) -> Client:
        return Client(self.ready["python"], {"address": self.ready["address"]})

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options for Pants that the server printed."""
        return tuple(self.ready["options"])

    def blob(self, digest: str) -> Path:
        """Return the file of a blob."""
        return self.directory / "cas/objects" / digest[:2] / digest.partition("/")[0][2:]

    def blobs(self) -> list[Path]:
        """Return the files of all blobs."""
        return sorted((self.directory / "cas/objects").glob("*/*"))

    def kill(self) -> None:
        """Kill it, like a power failure."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> float:
        """Terminate it and return the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_ENDS_IN)
        return time.monotonic() - began

    def peak_memory(self) -> int:
        """Return its peak memory in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) << 10


@contextlib.contextmanager
def serving(
    directory: Path,
    *options: str,
    home: Path | None = None,
    prepare: Callable[[], None] | None = None,
    disk: int = 0,
) -> Iterator[Server]:
    """Run a server on any free port during the block. It is always stopped afterwards.

    Args:
        prepare: Called in the process before it becomes the server.
        disk: The bytes of a disk for the folder alone, which bubblewrap mounts for the server only.
    """
    ready = directory.with_name(f"{directory.name}-ready.json")
    log = directory.with_name(f"{directory.name}.log")
    ready.unlink(missing_ok=True)
    within = _on_a_disk_of(disk, directory) if disk else ()
    process = start(directory, "--ready-file", str(ready), *options, home=home, log=log, prepare=prepare, within=within)
    try:
        wait_for(ready.exists, _STARTS_IN, lambda: _still_running(process, log))
        facts = json.loads(ready.read_text())
        seen = Path(f"/proc/{facts['pid']}/root{directory}") if disk else directory
        yield Server(process=process, directory=seen, log=log, ready=facts)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()


def _on_a_disk_of(size: int, directory: Path) -> tuple[str, ...]:
    """Return the prefix of a command that sees a small disk at a folder. The disk ends with the command."""
    directory.mkdir()
    disk = ("--size", str(size), "--tmpfs", str(directory))
    return ("bwrap", "--die-with-parent", "--dev-bind", "/", "/", *disk)


def start(
    directory: Path,
    *options: str,
    log: Path,
    home: Path | None = None,
    prepare: Callable[[], None] | None = None,
    within: tuple[str, ...] = (),
) -> subprocess.Popen[str]:
    """Start the command, or one that runs it, without waiting until it is ready."""
    with log.open("a") as stream:
        return subprocess.Popen(
            [*within, str(COMMAND), "--listen", "127.0.0.1:0", "--directory", str(directory), *options],
            env={**os.environ, **({"SPOKESHAVE_HOME": str(home)} if home else {})},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            text=True,
            preexec_fn=prepare,
        )


def refused(directory: Path, *options: str, log: Path, home: Path | None = None) -> str:
    """Return the error of a command that must not start a server."""
    log.unlink(missing_ok=True)
    process = start(directory, *options, home=home, log=log)
    try:
        assert process.wait(60) == 1, log.read_text()
    finally:
        process.kill()
    return log.read_text()


def wait_for(condition: Callable[[], object], seconds: float, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        meanwhile()
        assert time.monotonic() < deadline, f"it is not so after {seconds:.0f} s"
        time.sleep(0.05)


def _still_running(process: subprocess.Popen[str], log: Path) -> None:
    assert process.poll() is None, f"the server ended:\n{log.read_text()}"
