"""The traffic between a runner and the cache server, from the recorder's file."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus.cache_server import CacheServer, end
from bench.errors import BenchError

_RECORDER = Path(__file__).with_name("recorder.py")
_LOOK_UP = "/GetActionResult"


@dataclass(frozen=True)
class Call:
    """One call. Times are in seconds, sizes are bytes of the messages, without gRPC's overhead."""

    method: str
    began: float
    ended: float
    sent: int
    received: int
    status: str
    stores: bool

    @property
    def is_hit(self) -> bool:
        return self.method.endswith(_LOOK_UP) and self.status == "OK"


@dataclass(frozen=True)
class Traffic:
    """The calls of one runner, in the order of their start."""

    calls: tuple[Call, ...]

    @classmethod
    def read(cls, record: Path) -> Traffic:
        names = Call.__dataclass_fields__
        return cls(tuple(Call(**{name: row[name] for name in names}) for row in json.loads(record.read_text())))

    @property
    def received(self) -> int:
        return sum(call.received for call in self.calls)

    @property
    def sent(self) -> int:
        return sum(call.sent for call in self.calls)

    @property
    def hits(self) -> int:
        return sum(call.is_hit for call in self.calls)

    @property
    def seconds(self) -> float:
        """Return the seconds from the first call's start to the last one's end."""
        return max(call.ended for call in self.calls) - min(call.began for call in self.calls)

    @property
    def at_a_time(self) -> int:
        """Return the greatest number of concurrent calls."""
        edges = [(call.began, 1) for call in self.calls] + [(call.ended, -1) for call in self.calls]
        now = most = 0
        for _, step in sorted(edges):
            now += step
            most = max(most, now)
        return most

    def reading(self) -> Traffic:
        """Return the traffic without the calls that store."""
        return Traffic(tuple(call for call in self.calls if not call.stores))

    def by_method(self) -> Counter[str]:
        return Counter(call.method.rpartition("/")[2] for call in self.calls)


@contextlib.contextmanager
def recording(server: CacheServer, record: Path) -> Iterator[Sequence[str]]:
    """Run a recorder and yield the options of Pants to use it. It writes its file at the end."""
    record.unlink(missing_ok=True)
    argv = [str(server.python), "-I", str(_RECORDER), server.host, str(record)]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().decode().strip()
        if not port:
            raise BenchError("The recorder in front of the cache server did not start; see the output above.")
        yield [option.replace(server.host, f"127.0.0.1:{port}") for option in server.options]
    finally:
        end(process)
