"""One simulated runner: a program for the cache server's environment that makes the calls of a record anew.

    python replayer.py HOST:PORT FILE CALLS_AT_A_TIME

It prints `ready` when it is connected, and begins when a line comes on stdin. At the end it prints as JSON when it
began and ended (seconds of the machine's monotonic clock), its CPU seconds, the bytes that it received, and how many
answers were not those of the record.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

_OPTIONS = [("grpc.max_receive_message_length", -1)]
_CONNECTS_IN = 60
_ANSWERS_IN = 300


def make(channel: Any, call: dict[str, Any]) -> tuple[int, bool]:
    """Bytes received, and whether the answer is the one of the record."""
    answer, received, status = hashlib.sha256(), 0, "OK"
    try:
        for message in channel.stream_stream(call["method"])(iter(call["messages"]), timeout=_ANSWERS_IN):
            received += len(message)
            answer.update(message)
    except grpc.RpcError as err:
        status = err.code().name
    return received, (status, answer.hexdigest()) == (call["status"], call["answer"])


def replay(channel: Any, calls: Iterable[dict[str, Any]], at_a_time: int) -> dict[str, Any]:
    """All calls in the order of the record, each as soon as there is room for it."""
    began, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(at_a_time) as threads:
        made = list(threads.map(lambda call: make(channel, call), calls))
    return {
        "began": began,
        "ended": time.monotonic(),
        "cpu": time.process_time() - cpu,
        "received": sum(received for received, _ in made),
        "wrong": sum(not right for _, right in made),
    }


def main() -> None:
    """Replay once."""
    target, record, at_a_time = sys.argv[1:]
    calls = [call for call in json.loads(Path(record).read_text()) if not call["stores"]]
    for call in calls:
        call["messages"] = [base64.b64decode(message) for message in call["requests"]]
    channel = grpc.insecure_channel(target, _OPTIONS)
    grpc.channel_ready_future(channel).result(_CONNECTS_IN)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(replay(channel, calls, int(at_a_time))), flush=True)


if __name__ == "__main__":
    main()
