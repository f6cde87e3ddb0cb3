"""BuildGrid's messages of the Remote Execution API, which only its private modules have. The adapter of those.

It is imported in BuildGrid's environment only, on Python 3.13.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import grpc

from spokeshave.pinned_library import private_api

with private_api("buildgrid", __name__):
    from buildgrid._protos.build.bazel.remote.execution.v2 import remote_execution_pb2 as messages
    from buildgrid._protos.build.bazel.remote.execution.v2 import remote_execution_pb2_grpc as services
    from buildgrid._protos.build.bazel.remote.execution.v2.remote_execution_pb2 import (
        ActionResult,
        Digest,
        Directory,
        RequestMetadata,
    )
    from buildgrid._protos.google.bytestream import bytestream_pb2 as bytestream
    from buildgrid._protos.google.bytestream import bytestream_pb2_grpc as bytestream_services
    from buildgrid._protos.google.rpc.code_pb2 import OK
    from buildgrid._protos.google.rpc.status_pb2 import Status
    from buildgrid.server.settings import REQUEST_METADATA_HEADER_NAME as REQUEST_METADATA

__all__ = [
    "OK",
    "REQUEST_METADATA",
    "ActionResult",
    "Digest",
    "Directory",
    "RequestMetadata",
    "Status",
    "bytestream",
    "bytestream_services",
    "check_token",
    "intercepting",
    "messages",
    "services",
]


def check_token(manager: Any, token: str) -> None:
    """Check a token as BuildGrid's JWTAuthManager does, which only logs what is wrong with it.

    Raises:
        AuthError: The token is not valid.
    """
    with private_api("buildgrid", __name__):
        manager._token_parser.identity_from_token(token)


@contextlib.contextmanager
def intercepting(*interceptors: grpc.ServerInterceptor) -> Iterator[None]:
    """Give the gRPC server that the block creates interceptors, for which BuildGrid has no option."""
    create = grpc.server
    used = []

    def server(*arguments: Any, **options: Any) -> Any:
        used.append(True)
        return create(*arguments, interceptors=interceptors, **options)

    grpc.server = server
    try:
        yield
    finally:
        grpc.server = create
    with private_api("buildgrid", __name__):
        if not used:
            raise AttributeError("Server.setup_grpc, which calls grpc.server")
