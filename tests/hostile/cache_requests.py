"""Hostile requests to a cache server: a program for BuildGrid's environment. It prints the answer to each as JSON.

    python cache_requests.py '{"address": ..., "count": 0, "seed": 1}' > answers.json

PYTHONPATH has to contain tests/, tools/ and core/. The rule that answers are held to is in `hostile.cache_server`.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import grpc

from hostile.mutation import mutated, random_edits
from spokeshave.cache_server.buildgrid_internals import bytestream, messages

REMOTE = "build.bazel.remote.execution.v2"
READ = "google.bytestream.ByteStream/Read"
WRITE = "google.bytestream.ByteStream/Write"
FIND = f"{REMOTE}.ContentAddressableStorage/FindMissingBlobs"
READ_BATCH = f"{REMOTE}.ContentAddressableStorage/BatchReadBlobs"
WRITE_BATCH = f"{REMOTE}.ContentAddressableStorage/BatchUpdateBlobs"
TREE = f"{REMOTE}.ContentAddressableStorage/GetTree"
LOOK = f"{REMOTE}.ActionCache/GetActionResult"
STORE = f"{REMOTE}.ActionCache/UpdateActionResult"
CAPABILITIES = f"{REMOTE}.Capabilities/GetCapabilities"
HEALTH = "grpc.health.v1.Health/Check"
METADATA = f"{REMOTE}.requestmetadata-bin"
SECONDS = 10
_STREAMS_ANSWERS = (READ, TREE)
_MEGA = 1 << 20
_PIECE = _MEGA - 1024
_INT64 = (1 << 63) - 1
_OUTSIDE = "../" * 18 + "etc/passwd"
assert len(_OUTSIDE) == 64


@dataclass(frozen=True)
class Request:
    """A request, as the bytes of its messages.

    Attributes:
        method: The path of the method, without the first slash.
        messages: The messages of the client, of which only `Write` has others than one.
        metadata: Headers.
    """

    name: str
    method: str
    messages: Iterable[bytes]
    metadata: Sequence[tuple[str, str | bytes]] = ()


@dataclass(frozen=True)
class Answer:
    """What became of a request.

    Attributes:
        status: The name of the gRPC status.
        taken: How many messages were taken from the client.
    """

    name: str
    status: str
    details: str
    seconds: float
    taken: int


class Client:
    """A client that sends any bytes."""

    def __init__(self, address: str) -> None:
        options = [
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_metadata_size", _MEGA),
        ]
        self._channel = grpc.insecure_channel(address.partition("://")[2], options)

    def send(self, request: Request) -> Answer:
        """Send a request, and wait for its status."""
        taken = 0

        def sent() -> Iterator[bytes]:
            nonlocal taken
            for message in request.messages:
                taken += 1
                yield message

        began = time.monotonic()
        status = "OK"
        details = ""
        try:
            self._answers(request, sent())
        except grpc.RpcError as err:
            status = err.code().name
            details = str(err.details())[:200]
        return Answer(
            name=request.name,
            status=status,
            details=details,
            seconds=round(time.monotonic() - began, 1),
            taken=taken,
        )

    def _answers(self, request: Request, sent: Iterator[bytes]) -> None:
        path = f"/{request.method}"
        options: dict[str, Any] = {"timeout": SECONDS + 5, "metadata": request.metadata}
        if request.method == WRITE:
            self._channel.stream_unary(path)(sent, **options)
        elif request.method in _STREAMS_ANSWERS:
            for _ in self._channel.unary_stream(path)(next(sent), **options):
                pass
        else:
            self._channel.unary_unary(path)(next(sent), **options)


def digest_of(data: bytes) -> Any:
    """Return the digest of some bytes."""
    return messages.Digest(hash=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def digest(sha256: str, size: int) -> Any:
    """Return a digest, which need not be one of anything."""
    return messages.Digest(hash=sha256, size_bytes=size)


def batch_of(*blobs: bytes) -> bytes:
    """Return the message that stores blobs."""
    entries = [messages.BatchUpdateBlobsRequest.Request(digest=digest_of(blob), data=blob) for blob in blobs]
    return bytes(messages.BatchUpdateBlobsRequest(requests=entries).SerializeToString())


def read_of(name: str, offset: int = 0, limit: int = 0) -> bytes:
    """Return the message that reads a blob."""
    request = bytestream.ReadRequest(resource_name=name, read_offset=offset, read_limit=limit)
    return bytes(request.SerializeToString())


def write_of(name: str, data: bytes = b"", offset: int = 0, *, finish: bool = True) -> bytes:
    """Return a message that writes a part of a blob."""
    request = bytestream.WriteRequest(resource_name=name, write_offset=offset, data=data, finish_write=finish)
    return bytes(request.SerializeToString())


def find_of(*digests: Any) -> bytes:
    """Return the message that asks which blobs are missing."""
    return bytes(messages.FindMissingBlobsRequest(blob_digests=digests).SerializeToString())


def read_batch_of(*digests: Any) -> bytes:
    """Return the message that reads blobs together."""
    return bytes(messages.BatchReadBlobsRequest(digests=digests).SerializeToString())


def look_of(action: Any) -> bytes:
    """Return the message that looks up a result."""
    return bytes(messages.GetActionResultRequest(action_digest=action).SerializeToString())


def store_of(action: Any, result: Any) -> bytes:
    """Return the message that stores a result."""
    request = messages.UpdateActionResultRequest(action_digest=action, action_result=result)
    return bytes(request.SerializeToString())


def result_of(*outputs: Any, **fields: Any) -> Any:
    """Return a result with these files."""
    files = [messages.OutputFile(path="x", digest=each) for each in outputs]
    return messages.ActionResult(output_files=files, **fields)


def tree_request(root: Any, **fields: Any) -> bytes:
    """Return the message that asks for a tree."""
    return bytes(messages.GetTreeRequest(root_digest=root, **fields).SerializeToString())


def tree_of(root: Any) -> Any:
    """Return a result with a folder whose tree is a blob."""
    return messages.ActionResult(output_directories=[messages.OutputDirectory(path="x", tree_digest=root)])


GOOD = b"a blob"
GARBAGE = b"\xff" * 40
NAME = f"blobs/{digest_of(GOOD).hash}/{len(GOOD)}"
UPLOAD = f"uploads/0/blobs/{digest_of(b'other').hash}/5"


def valid_requests() -> list[Request]:
    """Return one request of each method, which is answered. The first one stores what others read."""
    action = digest_of(b"valid")
    return [
        Request("valid batch", WRITE_BATCH, [batch_of(GOOD, GARBAGE)]),
        Request("valid write", WRITE, [write_of(UPLOAD, b"other")]),
        Request("valid read", READ, [read_of(NAME)]),
        Request("valid batch read", READ_BATCH, [read_batch_of(digest_of(GOOD))]),
        Request("valid question", FIND, [find_of(digest_of(GOOD), digest_of(b"none"))]),
        Request("valid result", STORE, [store_of(action, result_of(digest_of(GOOD)))]),
        Request("valid look", LOOK, [look_of(action)]),
        Request("valid capabilities", CAPABILITIES, [b""]),
        Request("valid health", HEALTH, [b""]),
    ]


def attacks() -> list[Request]:
    """Return requests that a server has to refuse, or to answer without harm."""
    return [*_malformed(), *_headers(), *_names(), *_digests(), *_streams(), *_results(), *_trees(), *_large()]


def _malformed() -> list[Request]:
    methods = (READ, WRITE, FIND, READ_BATCH, WRITE_BATCH, TREE, LOOK, STORE, CAPABILITIES, HEALTH)
    found = [Request(f"garbage to {method}", method, [GARBAGE]) for method in methods]
    found += [Request(f"nothing to {method}", method, [b""]) for method in methods]
    for method in ("x/y", "google.bytestream.ByteStream/Delete", f"{REMOTE}.Execution/Execute", "a" * 4000):
        found.append(Request(f"unknown {method[:40]}", method, [b""]))
    for name in ("SplitBlob", "SpliceBlob"):
        found.append(Request(name, f"{REMOTE}.ContentAddressableStorage/{name}", [b""]))
    nested = b""
    for _ in range(3000):
        nested = b"\x0a" + _varint(len(nested)) + nested
    found.append(Request("nested messages", STORE, [b"\x1a" + _varint(len(nested)) + nested]))
    return found


def _varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def _headers() -> list[Request]:
    question = find_of(digest_of(GOOD))
    headers: dict[str, list[tuple[str, str | bytes]]] = {
        "metadata that is garbage": [(METADATA, GARBAGE)],
        "large metadata": [("x-large", "x" * 7000)],
        "too large metadata": [("x-large", "x" * 100_000)],
        "many headers": [(f"x-{number}", "") for number in range(150)],
        "identity": [("x-request-workflow", "x" * 1000), ("x-request-actor", "y"), ("x-request-subject", "z")],
        "a token without need": [("authorization", "Bearer " + "x." * 3000)],
        "twice": [(METADATA, b""), (METADATA, GARBAGE)],
    }
    return [
        Request(name=f"{name} to {method.rpartition('/')[2]}", method=method, messages=[message], metadata=header)
        for name, header in headers.items()
        for method, message in ((FIND, question), (READ, read_of(NAME)), (WRITE, write_of(UPLOAD, b"other")))
    ]


def _names() -> list[Request]:
    sha256 = digest_of(GOOD).hash
    names = [
        "",
        "/",
        "blobs//",
        "blobs",
        f"blobs/{sha256}/",
        f"blobs/{sha256}/-6",
        f"blobs/{sha256}/{'9' * 25}",
        f"blobs/{sha256}/{'9' * 5000}",
        f"blobs/{sha256}/6/../../x",
        f"blobs/{_OUTSIDE}/6",
        f"blobs/{'x' * 64}/6",
        f"blobs/{sha256.upper()}/6",
        f"blobs/{sha256[:-1]}\n/6",
        f"blobs/{sha256}/6\n",
        f"\n/blobs/{sha256}/6",
        f"other/blobs/{sha256}/6",
        f"compressed-blobs/zstd/{sha256}/6",
        f"../../blobs/{sha256}/6",
        "x" * 100_000,
        f"{'x' * 100_000}/blobs/{sha256}/6",
        "blobs/" * 20_000 + "x",
        "uploads/" * 20_000 + "x",
        "uploads/" * 10_000 + "/blobs/" * 10_000,
    ]
    found = []
    for number, name in enumerate(names):
        found.append(Request(f"read name {number}: {name[:70]!r}", READ, [read_of(name)]))
        upload = name if name.startswith("uploads/") else name.replace("blobs/", "uploads/0/blobs/", 1)
        found.append(Request(f"write name {number}: {upload[:70]!r}", WRITE, [write_of(upload, GOOD)]))
    found.append(Request("a path as id", WRITE, [write_of(f"uploads/../../../x/blobs/{sha256}/6", GOOD)]))
    found.append(Request("a long tail", WRITE, [write_of(f"{UPLOAD}/{'x/' * 50_000}", b"other")]))
    query = bytestream.QueryWriteStatusRequest(resource_name="uploads/" * 20_000 + "x").SerializeToString()
    found.append(Request("query", "google.bytestream.ByteStream/QueryWriteStatus", [query]))
    long = "i" * 200_000
    found.append(Request("instance", FIND, [messages.FindMissingBlobsRequest(instance_name=long).SerializeToString()]))
    found.append(
        Request("instance 2", CAPABILITIES, [messages.GetCapabilitiesRequest(instance_name=long).SerializeToString()])
    )
    return found


def _digests() -> list[Request]:
    sha256 = digest_of(GOOD).hash
    wrong = {
        "empty": digest("", 0),
        "a path": digest(_OUTSIDE, 6),
        "a long hash": digest("a" * 1_000_000, 6),
        "not hexadecimal": digest("x" * 64, 6),
        "upper case": digest(sha256.upper(), 6),
        "wrong size": digest(sha256, 7),
        "negative size": digest(sha256, -6),
        "largest size": digest(sha256, _INT64),
        "smallest size": digest(sha256, -_INT64 - 1),
        "a line break": digest(f"{sha256[:-1]}\n", 6),
    }
    found = []
    for name, each in wrong.items():
        entry = messages.BatchUpdateBlobsRequest.Request(digest=each, data=GOOD)
        batch = messages.BatchUpdateBlobsRequest(requests=[entry]).SerializeToString()
        for method, message in (
            (FIND, find_of(each)),
            (READ_BATCH, read_batch_of(each)),
            (WRITE_BATCH, batch),
            (TREE, tree_request(each)),
            (LOOK, look_of(each)),
            (STORE, store_of(each, result_of(digest_of(GOOD)))),
            (STORE, store_of(digest_of(name.encode()), result_of(each))),
            (STORE, store_of(digest_of(f"tree {name}".encode()), tree_of(each))),
            (LOOK, look_of(digest_of(name.encode()))),
            (LOOK, look_of(digest_of(f"tree {name}".encode()))),
        ):
            found.append(Request(f"digest with {name} to {method.rpartition('/')[2]}", method, [message]))
    return found


def _streams() -> list[Request]:
    data = b"z" * _PIECE
    small = f"uploads/1/blobs/{digest_of(b'small').hash}/5"
    wrong = f"uploads/1/blobs/{digest_of(b'wrong').hash}/5"
    offsets = (-1, 7, _INT64, -_INT64 - 1)
    return [
        Request("no message", WRITE, []),
        Request("wrong bytes", WRITE, [write_of(wrong, b"bytes")]),
        Request("too few bytes", WRITE, [write_of(small, b"sm")]),
        Request("no end", WRITE, [write_of(small, b"sm", finish=False)]),
        Request("a wrong offset", WRITE, [write_of(wrong, b"wrong", -5)]),
        Request("endless bytes", WRITE, (write_of(small, data, finish=False) for _ in range(2000))),
        Request("endless nothing", WRITE, (write_of(small, finish=False) for _ in range(5_000))),
        Request("another name", WRITE, [write_of(small, b"sm", finish=False), write_of(NAME, b"all", 2)]),
        Request("garbage in the middle", WRITE, [write_of(small, b"sm", finish=False), GARBAGE]),
        *(Request(f"read from {each}", READ, [read_of(NAME, each)]) for each in offsets),
        *(Request(f"read up to {each}", READ, [read_of(NAME, 0, each)]) for each in offsets),
        Request("read after both ends", READ, [read_of(NAME, 6, _INT64)]),
    ]


def _results() -> list[Request]:
    late = messages.ExecutedActionMetadata()
    late.worker_completed_timestamp.seconds = _INT64
    late.worker_completed_timestamp.nanos = -1
    results = {
        "a time that is not one": result_of(digest_of(GOOD), execution_metadata=late),
        "a tree that is not one": tree_of(digest_of(GARBAGE)),
        "a tree that is missing": tree_of(digest_of(b"missing")),
        "a tree of the largest size": tree_of(digest(digest_of(GOOD).hash, _INT64)),
        "a wrong standard output": result_of(stdout_digest=digest("x", 1)),
        "a large standard output": result_of(stdout_raw=b"\0" * (8 * _MEGA)),
        "many files": result_of(*[digest_of(str(number).encode()) for number in range(20_000)]),
        "a folder of garbage": messages.ActionResult(
            output_directories=[messages.OutputDirectory(path="x", root_directory_digest=digest_of(GARBAGE))]
        ),
    }
    found = []
    for name, result in results.items():
        action = digest_of(name.encode())
        found.append(Request(f"store {name}", STORE, [store_of(action, result)]))
        found.append(Request(f"look at {name}", LOOK, [look_of(action)]))
    action = digest_of(GARBAGE)
    found.append(Request("store by garbage", STORE, [store_of(action, result_of(digest_of(GOOD)))]))
    found.append(Request("look by garbage", LOOK, [look_of(action)]))
    return found


def _trees() -> list[Request]:
    """Return requests for trees: each level names the next one many times, and the last one is garbage."""

    def folder(below: Any, count: int) -> bytes:
        nodes = [messages.DirectoryNode(name=str(number), digest=below) for number in range(count)]
        return bytes(messages.Directory(directories=nodes).SerializeToString())

    wide = [b""]
    for _ in range(8):
        wide.append(folder(digest_of(wide[-1]), 1000))
    broken = folder(digest_of(GARBAGE), 3)
    bad = folder(digest(_OUTSIDE, 3), 1)

    def tree(name: str, root: Any, **fields: Any) -> Request:
        return Request(name, TREE, [tree_request(root, **fields)])

    deep = messages.ActionResult(
        output_directories=[messages.OutputDirectory(path="x", root_directory_digest=digest_of(wide[-1]))]
    )
    return [
        *(Request("store a wide tree", WRITE_BATCH, [batch_of(level)]) for level in wide[1:]),
        Request("store broken trees", WRITE_BATCH, [batch_of(broken, bad)]),
        tree("a wide tree", digest_of(wide[-1])),
        tree("a wide tree by small pages", digest_of(wide[-1]), page_size=-5),
        tree("a broken tree", digest_of(broken)),
        tree("a tree with a path as hash", digest_of(bad)),
        tree("a tree of garbage", digest_of(GARBAGE)),
        tree("a page token", digest_of(wide[-1]), page_token="x" * 10_000),
        Request("store a wide result", STORE, [store_of(digest_of(b"wide"), deep)]),
        Request("look at a wide result", LOOK, [look_of(digest_of(b"wide"))]),
    ]


def _large() -> list[Request]:
    """Return requests of many megabytes, and those that ask for many: a blob of 100 MB is stored in between."""
    pieces = [bytes([number]) * _PIECE for number in range(100)]
    blob = hashlib.sha256()
    for piece in pieces:
        blob.update(piece)
    large = digest(blob.hexdigest(), 100 * _PIECE)
    upload = f"uploads/2/blobs/{large.hash}/{large.size_bytes}"
    tree = messages.Directory(directories=[messages.DirectoryNode(name="x", digest=large)]).SerializeToString()
    balance = digest(digest_of(b"balance").hash, -large.size_bytes)
    return [
        Request("a message over the limit", FIND, [b"\x0a" + _varint(40 * _MEGA) + b"x" * (40 * _MEGA)]),
        Request("a large batch", WRITE_BATCH, [batch_of(b"y" * (15 * _MEGA))]),
        Request("a batch of one blob", READ_BATCH, [read_batch_of(*[digest_of(GOOD)] * 100_000)]),
        Request("many questions", FIND, [find_of(*(digest_of(str(number).encode()) for number in range(40_000)))]),
        Request("many wrong questions", FIND, [find_of(*(digest(str(number), 1) for number in range(40_000)))]),
        Request("write a large blob", WRITE, (write_of(upload, piece, finish=False) for piece in pieces)),
        Request("a large blob in a batch", READ_BATCH, [read_batch_of(large)]),
        Request("a large blob and a negative one", READ_BATCH, [read_batch_of(large, balance)]),
        Request("store a tree", WRITE_BATCH, [batch_of(tree)]),
        Request(
            "a tree with a large blob", TREE, [messages.GetTreeRequest(root_digest=digest_of(tree)).SerializeToString()]
        ),
        Request("a large blob as a tree", TREE, [tree_request(large)]),
        Request("store a large blob as a tree", STORE, [store_of(digest_of(b"large"), tree_of(large))]),
        Request("look at a large blob as a tree", LOOK, [look_of(digest_of(b"large"))]),
        Request("store by a large blob", STORE, [store_of(large, result_of(digest_of(GOOD)))]),
        Request("look by a large blob", LOOK, [look_of(large)]),
    ]


def mutated_requests(count: int, seed: int) -> Iterator[Request]:
    """Yield changed valid requests, which are the same for the same seed."""
    randomness = random.Random(seed)
    valid = valid_requests()
    words = (b"blobs/", b"uploads/", b"/", _OUTSIDE.encode(), digest_of(GOOD).hash.encode(), b"\xff" * 9, b"\0")
    for number in range(count):
        chosen = randomness.choice(valid)
        edited = [mutated(each, random_edits(randomness, randomness.randint(1, 5)), words) for each in chosen.messages]
        if chosen.method == WRITE:
            edited *= randomness.randint(0, 3)
        yield Request(f"mutated {number} of {chosen.name}", chosen.method, edited)


def main() -> None:
    """Send all requests, and print the answers."""
    given = json.loads(sys.argv[1])
    client = Client(given["address"])
    requests = [*valid_requests(), *attacks(), *mutated_requests(given["count"], given["seed"])]
    answers = [client.send(request) for request in (*requests, *valid_requests())]
    json.dump([asdict(each) for each in answers], sys.stdout)


if __name__ == "__main__":
    main()
