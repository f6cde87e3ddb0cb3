"""A recording proxy for a cache server: a program for the server's environment.

    python recorder.py HOST:PORT FILE

It prints the port that it listens on. When it is terminated, it writes a JSON list of calls to the file, in the order
of their start: method, seconds of start and end, the messages of the request in base64 (unless it stores something),
bytes sent and received, the status, and the sha256 of the answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

# More than the concurrent calls of Pants.
_THREADS = 256
_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
_STORES = ("/Write", "/BatchUpdateBlobs", "/UpdateActionResult")


class Recorder(grpc.GenericRpcHandler):  # type: ignore[misc]
    """A proxy that forwards calls as bytes. For gRPC a single message is a stream of one, so one handler is enough."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self.calls: list[dict[str, Any]] = []

    def service(self, details: Any) -> Any:
        """Return the handler of a method."""
        call = self._channel.stream_stream(details.method)

        def handle(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
            yield from self._hand_on(call, details.method, requests, context)

        return grpc.stream_stream_rpc_method_handler(handle)

    def _hand_on(self, call: Any, method: str, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        call_record: dict[str, Any] = {
            "method": method,
            "began": time.monotonic(),
            "requests": [],
            "sent": 0,
            "received": 0,
        }
        call_record.update(status="OK", stores=method.endswith(_STORES))
        self.calls.append(call_record)
        answer = hashlib.sha256()
        try:
            for message in call(_noted(requests, call_record)):
                call_record["received"] += len(message)
                answer.update(message)
                yield message
        except grpc.RpcError as err:
            call_record["status"] = err.code().name
            context.abort(err.code(), err.details())
        finally:
            call_record.update(ended=time.monotonic(), answer=answer.hexdigest())


def _noted(requests: Iterator[bytes], call_record: dict[str, Any]) -> Iterator[bytes]:
    for message in requests:
        call_record["sent"] += len(message)
        if not call_record["stores"]:
            call_record["requests"].append(base64.b64encode(message).decode())
        yield message


def main() -> None:
    """Serve until terminated."""
    target, record = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    recorder = Recorder(grpc.insecure_channel(target, _OPTIONS))
    server = grpc.server(ThreadPoolExecutor(_THREADS), [recorder], options=_OPTIONS)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    stop.wait()
    server.stop(grace=5).wait()
    Path(record).write_text(json.dumps(recorder.calls))


if __name__ == "__main__":
    main()
