"""Checks of requests before BuildGrid's services read them. Imported only in BuildGrid's environment, on Python 3.13.

BuildGrid's own search in long names takes minutes, in which the server does nothing else, and it answers garbage by
INTERNAL and logs a stack. It does so before it checks the token, so that any client that can connect reaches it.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from spokeshave.cache_server.buildgrid_internals import REQUEST_METADATA, ActionResult, Digest, RequestMetadata
from spokeshave.cache_server.files import BadDigestError, checked_sha256
from spokeshave.cache_server.idle import IdleWatch

# Clients that are slower try again. gRPC's keepalive (`remote_apis`) detects lost connections, not silent clients.
_IDLE_SECONDS = 60.0
_LONGEST_INSTANCE = 255
_BLOB = r"blobs/[0-9a-f]{64}/[0-9]{1,18}"
_INSTANCE = rf"(?:.{{1,{_LONGEST_INSTANCE}}}/)?"
_UPLOAD = re.compile(rf"{_INSTANCE}uploads/[^/]{{1,128}}/{_BLOB}(?:/.{{0,1000}})?")
_READ = "/google.bytestream.ByteStream/Read"
_NAMES = {
    _READ: re.compile(rf"{_INSTANCE}{_BLOB}"),
    "/google.bytestream.ByteStream/Write": _UPLOAD,
    "/google.bytestream.ByteStream/QueryWriteStatus": _UPLOAD,
}
_SHOWN = 200


class _Malformed:
    """Takes the place of a message that cannot be parsed."""


class RefusedError(Exception):
    """A request that is refused, with the status for the client."""

    def __init__(self, status: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.status = status


class RequestChecks(grpc.ServerInterceptor):
    """Refuses requests that are malformed, and ends those whose client does nothing."""

    def __init__(self) -> None:
        self._idle = IdleWatch(_IDLE_SECONDS)

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Return the handler of a method, which checks the request first. None if there is no such method."""
        handler = continuation(details)
        if handler is None:
            return None
        kind = "stream_unary" if handler.request_streaming else "unary_unary"
        kind = "unary_stream" if handler.response_streaming else kind
        create = getattr(grpc, f"{kind}_rpc_method_handler")
        behavior = getattr(handler, kind)
        check = functools.partial(_check, details.method, details.invocation_metadata)
        if handler.request_streaming:
            checked = self._checked_stream(behavior, check)
        elif handler.response_streaming and not getattr(behavior, "experimental_non_blocking", False):
            checked = self._checked_answers(behavior, check)
        else:
            checked = _checked(behavior, check)
        return create(checked, _tolerant(handler.request_deserializer), handler.response_serializer)

    def _checked_stream(self, behavior: Callable[..., Any], check: Callable[[Any], None]) -> Callable[..., Any]:
        def run(requests: Iterator[Any], context: Any) -> Any:
            with self._idle.watching(context.cancel) as waiting:
                received = waiting.each(requests)
                first = next(received, _Malformed())
                _refuse_if_wrong(context, check, first)
                return behavior(_parsed(itertools.chain([first], received), context), context)

        return run

    def _checked_answers(self, behavior: Callable[..., Any], check: Callable[[Any], None]) -> Callable[..., Any]:
        def run(request: Any, context: Any) -> Iterator[Any]:
            _refuse_if_wrong(context, check, request)
            with self._idle.watching(context.cancel) as waiting:
                yield from waiting.taking(behavior(request, context))

        return run


def _parsed(requests: Iterator[Any], context: Any) -> Iterator[Any]:
    for request in requests:
        if isinstance(request, _Malformed):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a message cannot be parsed")
        yield request


def _checked(behavior: Callable[..., Any], check: Callable[[Any], None]) -> Callable[..., Any]:
    @functools.wraps(behavior)
    def run(request: Any, context: Any, *more: Any) -> Any:
        _refuse_if_wrong(context, check, request)
        return behavior(request, context, *more)

    return run


def _refuse_if_wrong(context: Any, check: Callable[[Any], None], request: Any) -> None:
    try:
        check(request)
    except RefusedError as err:
        context.abort(err.status, str(err))


def _tolerant(deserializer: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return a parser of messages that does not raise, because gRPC logs a stack then."""

    def parse(data: bytes) -> Any:
        try:
            return deserializer(data)
        except DecodeError:
            return _Malformed()

    return parse


def _check(method: str, metadata: Any, request: Any) -> None:
    """Check the first message of a request, and its headers.

    Raises:
        RefusedError: If something is wrong with it.
    """
    if isinstance(request, _Malformed):
        raise _wrong("the message is missing or cannot be parsed")
    for key, value in metadata:
        if key == REQUEST_METADATA:
            _check_metadata(value)
    instance = getattr(request, "instance_name", "")
    if len(instance) > _LONGEST_INSTANCE:
        raise _wrong(f"the instance name has {len(instance)} characters, and {_LONGEST_INSTANCE} are allowed")
    name = getattr(request, "resource_name", "")
    if method in _NAMES and not _NAMES[method].fullmatch(name):
        raise _wrong(f"{name[:_SHOWN]!r} is not the name of a blob")
    if method == _READ:
        _check_range(request, int(name.rpartition("/")[2]))
    if hasattr(request, "action_digest"):
        _check_action(request)


def _check_metadata(value: bytes) -> None:
    try:
        RequestMetadata.FromString(value)
    except DecodeError:
        raise _wrong(f"the header {REQUEST_METADATA} cannot be parsed") from None


def _check_range(request: Any, size: int) -> None:
    if not 0 <= request.read_offset <= size or request.read_limit < 0:
        message = f"{request.read_limit} bytes from {request.read_offset} are not a part of {size} bytes"
        raise RefusedError(grpc.StatusCode.OUT_OF_RANGE, message)


def _check_action(request: Any) -> None:
    """Check the digest of an action, and its result. A wrong one would fail each time that it is looked up."""
    try:
        _check_digest(request.action_digest)
        if hasattr(request, "action_result"):
            _check_result(request.action_result)
    except BadDigestError as err:
        raise _wrong(str(err)) from err


def _check_result(result: ActionResult) -> None:
    for file in result.output_files:
        _check_digest(file.digest)
    for folder in result.output_directories:
        for field in ("tree_digest", "root_directory_digest"):
            if folder.HasField(field):
                _check_digest(getattr(folder, field))
    for digest in (result.stdout_digest, result.stderr_digest):
        if digest.hash:
            _check_digest(digest)
    try:
        result.execution_metadata.worker_completed_timestamp.ToDatetime()
    except (ValueError, OverflowError) as err:
        raise _wrong(f"the time of completion is not valid: {err}") from err


def _check_digest(digest: Digest) -> None:
    checked_sha256(digest.hash)
    if digest.size_bytes < 0:
        raise BadDigestError(f"{digest.size_bytes} is not a number of bytes")


def _wrong(message: str) -> RefusedError:
    return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, message)
