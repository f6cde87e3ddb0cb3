"""One simulated runner: a program for the cache server's environment that repeats the calls of a record.

    python replayer.py HOST:PORT FILE CALLS_AT_A_TIME

It prints `ready` when it is connected, and starts when it reads a line from stdin. At the end it prints JSON: the times
of start and end (seconds of the machine's monotonic clock), its CPU seconds, the received bytes, and the answers that
differ from the record, with their counts.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

_OPTIONS = [("grpc.max_receive_message_length", -1)]
_CONNECTS_IN = 60
_ANSWERS_IN = 300


async def make(channel: Any, call: dict[str, Any], room: asyncio.Semaphore) -> tuple[int, str]:
    """Return the received bytes, and how the answer differs from the record's. Empty if it does not."""
    answer = hashlib.sha256()
    received = 0
    status = "OK"
    async with room:
        try:
            async for message in channel.unary_stream(call["method"])(call["message"], timeout=_ANSWERS_IN):
                received += len(message)
                answer.update(message)
        except grpc.RpcError as err:
            status = err.code().name
    if status != call["status"]:
        return received, status
    return received, "" if answer.hexdigest() == call["answer"] else "other bytes"


async def replay(channel: Any, calls: Iterable[dict[str, Any]], at_a_time: int) -> dict[str, Any]:
    """Make all calls in the order of the record, each as soon as a slot is free."""
    began = time.monotonic()
    cpu = time.process_time()
    room = asyncio.Semaphore(at_a_time)
    answers = await asyncio.gather(*(make(channel, call, room) for call in calls))
    return {
        "began": began,
        "ended": time.monotonic(),
        "cpu": time.process_time() - cpu,
        "received": sum(received for received, _ in answers),
        "wrong": Counter(wrong for _, wrong in answers if wrong),
    }


async def main() -> None:
    """Replay once."""
    target, record, at_a_time = sys.argv[1:]
    calls = [call for call in json.loads(Path(record).read_text()) if not call["stores"]]
    for call in calls:
        (message,) = call["requests"]
        call["message"] = base64.b64decode(message)
    async with grpc.aio.insecure_channel(target, _OPTIONS) as channel:
        await asyncio.wait_for(channel.channel_ready(), _CONNECTS_IN)
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(await replay(channel, calls, int(at_a_time))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
