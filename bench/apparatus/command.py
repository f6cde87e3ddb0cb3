"""Running of one command, with its wall time, total CPU time, and the memory of its largest process."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import CommandError


@dataclass(frozen=True)
class Finished:
    """Seconds of wall and CPU time. `largest` is the peak resident size in bytes of the largest process."""

    output: str
    wall: float
    cpu: float
    largest: int


def run(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], name: str = "") -> Finished:
    """Run a command to its end.

    Its output goes to a file, because a daemon that it starts would keep a pipe open.

    Raises:
        CommandError: If its exit code is not 0.
    """
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        wall = time.monotonic() - began
        process.returncode = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise CommandError(name or " ".join(argv), process.returncode, text)
    return Finished(output=text, wall=wall, cpu=usage.ru_utime + usage.ru_stime, largest=usage.ru_maxrss * 1024)
