"""Pants' daemon from the kernel's view: CPU time, memory, and its end."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_KIB = 1024
_TICK = os.sysconf("SC_CLK_TCK")
# Writing this to clear_refs resets the peak to the present size (proc(5)).
_RESET_PEAK = "5"


@dataclass(frozen=True)
class Memory:
    """Sizes in bytes. The store's files are mapped and count as resident. `anonymous` excludes them."""

    peak: int
    resident: int
    anonymous: int


@dataclass(frozen=True)
class CpuTime:
    """CPU seconds of the daemon itself, and of its processes that have ended."""

    own: float = 0.0
    processes: float = 0.0

    @property
    def total(self) -> float:
        return self.own + self.processes


class Daemon:
    """The daemon of one build root."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._proc = Path("/proc") / str(pid)

    @classmethod
    def of(cls, root: Path) -> Daemon | None:
        """Return the running daemon of a build root, by its pid file."""
        for file in root.glob(".pids/*/pantsd/pid"):
            pid = int(file.read_text())
            try:
                name = (Path("/proc") / str(pid) / "cmdline").read_bytes()
            except FileNotFoundError:
                continue
            if name.startswith(b"pantsd") and str(root).encode() in name:
                return cls(pid)
        return None

    def cpu(self) -> CpuTime:
        fields = (self._proc / "stat").read_text().rsplit(")", 1)[1].split()
        user, system, user_of_ended, system_of_ended = (int(field) / _TICK for field in fields[11:15])
        return CpuTime(own=user + system, processes=user_of_ended + system_of_ended)

    def memory(self) -> Memory:
        sizes = {
            name: int(value.split()[0]) * _KIB
            for name, _, value in (line.partition(":") for line in (self._proc / "status").read_text().splitlines())
            if name in ("VmHWM", "VmRSS", "RssAnon")
        }
        return Memory(sizes["VmHWM"], sizes["VmRSS"], sizes["RssAnon"])

    def reset_peak(self) -> None:
        (self._proc / "clear_refs").write_text(_RESET_PEAK)

    def end(self) -> None:
        """Terminate it, and kill it after ten seconds."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.pid, sent)
            except ProcessLookupError:
                return
            for _ in range(100):
                if not self._proc.exists():
                    return
                time.sleep(0.1)
