from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from spokeshave.cache_server.idle import IdleWatch

SECONDS = 0.4


def slowly(pauses: list[float]) -> Iterator[float]:
    for pause in pauses:
        time.sleep(pause)
        yield pause


def test_a_request_without_a_message_is_ended() -> None:
    ended = threading.Event()
    with IdleWatch(SECONDS).watching(ended.set) as waiting:
        assert list(waiting.each(slowly([0, 3 * SECONDS]))) == [0, 3 * SECONDS]
    assert ended.is_set()


def test_an_answer_that_nobody_takes_is_ended() -> None:
    ended = threading.Event()
    with IdleWatch(SECONDS).watching(ended.set) as waiting:
        for _ in waiting.taking([1]):
            assert ended.wait(3 * SECONDS)


def test_a_slow_client_and_a_working_server_go_on() -> None:
    ended = threading.Event()
    with IdleWatch(SECONDS).watching(ended.set) as waiting:
        for _ in waiting.each(slowly([SECONDS / 2] * 4)):
            pass
        for _ in waiting.each([1]):
            time.sleep(2 * SECONDS)
        for _ in waiting.taking(slowly([2 * SECONDS])):
            pass
        time.sleep(2 * SECONDS)
    assert not ended.is_set()


def test_ended_requests_are_not_watched() -> None:
    ended = threading.Event()
    with IdleWatch(SECONDS).watching(ended.set) as waiting:
        requests = waiting.each(slowly([0, 0]))
        next(requests)
    time.sleep(2 * SECONDS)
    assert not ended.is_set()
