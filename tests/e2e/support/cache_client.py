"""A client of the Remote Execution API: a program for BuildGrid's environment that runs the requests on its stdin.

    python cache_client.py '{"address": ..., "ca": ..., "token": ..., "instance": ...}' < requests.json > answers.json

PYTHONPATH has to contain tools/.

An answer is the server's, or the name of the gRPC status with its details.
"""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc

from spokeshave.cache_server.buildgrid_internals import bytestream, bytestream_services, messages, services

CHUNK = 1 << 20
TIMEOUT = 60


class Client:
    def __init__(self, address: str, ca: str = "", token: str = "", instance: str = "") -> None:
        target = address.partition("://")[2]
        if address.startswith("grpcs://"):
            channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(Path(ca).read_bytes()))
        else:
            channel = grpc.insecure_channel(target)
        self.instance = instance
        self.options: dict[str, Any] = {"timeout": TIMEOUT}
        if token:
            self.options["metadata"] = [("authorization", f"Bearer {token}")]
        self.actions = services.ActionCacheStub(channel)
        self.blobs = services.ContentAddressableStorageStub(channel)
        self.bytes = bytestream_services.ByteStreamStub(channel)
        self.capabilities_of = services.CapabilitiesStub(channel)

    def name(self, rest: str) -> str:
        return f"{self.instance}/{rest}" if self.instance else rest

    def capabilities(self) -> bool:
        """Return whether results may be stored."""
        found = self.capabilities_of.GetCapabilities(
            messages.GetCapabilitiesRequest(instance_name=self.instance), **self.options
        )
        return bool(found.cache_capabilities.action_cache_update_capabilities.update_enabled)

    def put(self, path: str) -> str:
        """Upload a file as a stream and return its digest."""
        with Path(path).open("rb") as file:
            digest = f"{hashlib.file_digest(file, 'sha256').hexdigest()}/{file.tell()}"  # type: ignore[attr-defined]

        def requests() -> Iterator[Any]:
            offset = 0
            size = Path(path).stat().st_size
            with Path(path).open("rb") as file:
                for data in iter(lambda: file.read(CHUNK), b""):
                    name = self.name(f"uploads/{uuid.uuid4()}/blobs/{digest}")
                    yield bytestream.WriteRequest(
                        resource_name=name, write_offset=offset, data=data, finish_write=offset + len(data) == size
                    )
                    offset += len(data)

        self.bytes.Write(requests(), **self.options)
        return digest

    def put_batch(self, path: str) -> str:
        """Upload a small file in one message and return its digest."""
        data = Path(path).read_bytes()
        digest = f"{hashlib.sha256(data).hexdigest()}/{len(data)}"
        one = messages.BatchUpdateBlobsRequest.Request(digest=parsed(digest), data=data)
        self.blobs.BatchUpdateBlobs(
            messages.BatchUpdateBlobsRequest(instance_name=self.instance, requests=[one]), **self.options
        )
        return digest

    def get(self, digest: str, path: str) -> int:
        """Download a blob to a file and return its size."""
        request = bytestream.ReadRequest(resource_name=self.name(f"blobs/{digest}"))
        with Path(path).open("wb") as file:
            for answer in self.bytes.Read(request, **self.options):
                file.write(answer.data)
            return file.tell()

    def missing(self, digests: list[str]) -> list[str]:
        """Return the digests whose blobs are missing."""
        request = messages.FindMissingBlobsRequest(instance_name=self.instance, blob_digests=map(parsed, digests))
        found = self.blobs.FindMissingBlobs(request, **self.options)
        return [f"{each.hash}/{each.size_bytes}" for each in found.missing_blob_digests]

    def store(self, action: str, outputs: list[str]) -> str:
        """Store the result of an action, by its name, as files with these digests."""
        files = [messages.OutputFile(path=digest, digest=parsed(digest)) for digest in outputs]
        request = messages.UpdateActionResultRequest(
            instance_name=self.instance,
            action_digest=of(action),
            action_result=messages.ActionResult(output_files=files),
        )
        self.actions.UpdateActionResult(request, **self.options)
        return "stored"

    def look(self, action: str) -> list[str]:
        """Return the digests of an action's outputs."""
        request = messages.GetActionResultRequest(instance_name=self.instance, action_digest=of(action))
        return [file.path for file in self.actions.GetActionResult(request, **self.options).output_files]

    def look_at_once(self, count: int) -> dict[str, int]:
        """Look up a number of unknown actions concurrently. Return how often each status occurred."""
        digests = [of(f"{number}") for number in range(count)]
        requests = [
            messages.GetActionResultRequest(instance_name=self.instance, action_digest=each) for each in digests
        ]
        calls = [self.actions.GetActionResult.future(request, **self.options) for request in requests]
        return Counter(call.code().name for call in calls)


def parsed(digest: str) -> Any:
    sha256, _, size = digest.partition("/")
    return messages.Digest(hash=sha256, size_bytes=int(size))


def of(action: str) -> Any:
    return messages.Digest(hash=hashlib.sha256(action.encode()).hexdigest(), size_bytes=len(action))


def answer(call: Callable[..., object], arguments: list[Any]) -> object:
    try:
        return call(*arguments)
    except grpc.RpcError as err:
        return f"{err.code().name}: {err.details()}"


def main() -> None:
    client = Client(**json.loads(sys.argv[1]))
    requests = json.load(sys.stdin)
    json.dump([answer(getattr(client, verb), arguments) for verb, *arguments in requests], sys.stdout)


if __name__ == "__main__":
    main()
