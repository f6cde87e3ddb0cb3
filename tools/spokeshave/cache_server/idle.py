"""Ends requests whose client sends and takes nothing. Each request has a thread, of which a server has few."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Waiting:
    """The times that a request waits for its client.

    Attributes:
        since: When the current wait began. None if the server works for the request.
    """

    cancel: Callable[[], object]
    since: float | None = None

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Yield items that come from the client: the server waits until there is the next one."""
        iterator = iter(items)
        with contextlib.suppress(StopIteration):
            while True:
                self.since = time.monotonic()
                item = next(iterator)
                self.since = None
                yield item
        self.since = None

    def taking(self, items: Iterable[T]) -> Iterator[T]:
        """Yield items that the client takes: the server waits until it wants the next one."""
        for item in items:
            self.since = time.monotonic()
            yield item
            self.since = None


class IdleWatch:
    """A thread that cancels the requests which wait for their client for longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._requests: dict[int, Waiting] = {}
        threading.Thread(target=self._watch, name="idle requests", daemon=True).start()

    @contextlib.contextmanager
    def watching(self, cancel: Callable[[], object]) -> Iterator[Waiting]:
        """Watch a request during the block.

        Args:
            cancel: Ends the request, from another thread.
        """
        waiting = Waiting(cancel)
        self._requests[id(waiting)] = waiting
        try:
            yield waiting
        finally:
            del self._requests[id(waiting)]

    def _watch(self) -> None:
        while True:
            time.sleep(self._seconds / 10)
            latest = time.monotonic() - self._seconds
            for waiting in list(self._requests.values()):
                since = waiting.since
                if since is not None and since < latest:
                    waiting.cancel()
