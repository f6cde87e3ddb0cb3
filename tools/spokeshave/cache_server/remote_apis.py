"""BuildGrid's services on our blobs and results. Imported only in BuildGrid's environment, on Python 3.13."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import grpc
from buildgrid.server.actioncache.caches.action_cache_abc import ActionCacheABC
from buildgrid.server.actioncache.instance import ActionCache
from buildgrid.server.auth.config import Acl, InstanceAuthorizationConfig
from buildgrid.server.auth.enums import AuthMetadataAlgorithm
from buildgrid.server.auth.exceptions import AuthError
from buildgrid.server.auth.manager import JWTAuthManager, set_auth_manager
from buildgrid.server.cas.instance import ByteStreamInstance, ContentAddressableStorageInstance
from buildgrid.server.cas.root_storage import RootStorage
from buildgrid.server.cas.storage.storage_abc import StorageABC
from buildgrid.server.exceptions import (
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    StorageFullError,
    UnauthenticatedError,
)
from buildgrid.server.server import Server
from google.protobuf.message import DecodeError

from spokeshave.cache_server.actions import Actions
from spokeshave.cache_server.blobs import Blobs, MissingBlobError
from spokeshave.cache_server.buildgrid_internals import (
    OK,
    ActionResult,
    Digest,
    Directory,
    Status,
    check_token,
    intercepting,
)
from spokeshave.cache_server.files import BadDigestError
from spokeshave.cache_server.requests import RequestChecks
from spokeshave.cache_server.settings import Settings
from spokeshave.cache_server.status import Counts
from spokeshave.cache_server.tokens import READ_ONLY, READ_WRITE, read_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_WRITES = 1 << 20
# The bytes that are held for one request, of trees and of other blobs that are read as messages. A tree of half a
# million files has about 60 MB.
_LARGEST_MESSAGE = 64 << 20
_LOGGER = logging.getLogger(__name__)
_READS = ["GetCapabilities", "GetActionResult", "FindMissingBlobs", "BatchReadBlobs", "GetTree", "Read"]
_GRPC_OPTIONS = (
    # Two servers on one port would share its connections, and each would have half of the blobs.
    ("grpc.so_reuseport", 0),
    # Pants asks for all blobs of a result together. A digest takes about 75 bytes.
    ("grpc.max_receive_message_length", 16 << 20),
    # Sixteen runners may have 3000 concurrent requests. Above these limits gRPC cancels requests at random: by default
    # from 1000 on.
    ("grpc.server.max_pending_requests", 16384),
    ("grpc.server.max_pending_requests_hard_limit", 16384),
    # The resources of a client that is stopped or disconnected are released.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
# Requests that wait for a thread do not hold a message yet.
_WAITING_REQUESTS = 4096


@contextlib.contextmanager
def _client_errors() -> Iterator[None]:
    """Convert errors of the store to BuildGrid's errors for clients."""
    try:
        yield
    except BadDigestError as err:
        raise InvalidArgumentError(str(err)) from err
    except MissingBlobError as err:
        raise NotFoundError(f"Blob not found: {err}") from err
    except OSError as err:
        if err.errno not in _FULL:
            raise
        raise StorageFullError(f"the cache server's disk is full ({err.strerror})") from err


class VerifiedStorage(StorageABC):
    """Blobs on disk that are verified when they are read."""

    TYPE = "Verified"

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def has_blob(self, digest: Digest) -> bool:
        """Return whether a blob is present."""
        return not self.missing_blobs([digest])

    def missing_blobs(self, digests: Sequence[Digest]) -> list[Digest]:
        """Return the blobs that are missing, and mark the others as used."""
        with _client_errors():
            return [digest for digest in digests if not self._blobs.has(digest.hash, digest.size_bytes)]

    def get_blob(self, digest: Digest) -> IO[bytes] | None:
        """Return a blob as a file, or None. The services read it whole, so one that is too large counts as missing."""
        if digest.size_bytes > _LARGEST_MESSAGE:
            _LOGGER.warning("a blob of %d bytes is not read as a message", digest.size_bytes)
            return None
        with _client_errors():
            try:
                return self._blobs.open(digest.hash, digest.size_bytes)
            except MissingBlobError:
                return None

    def bulk_read_blobs(self, digests: Sequence[Digest]) -> dict[str, bytes]:
        """Return the existing blobs by hash.

        Raises:
            InvalidArgumentError: If they are too large together, such as the folders of a tree.
        """
        found: dict[str, bytes] = {}
        size = 0
        with _client_errors():
            for digest in digests:
                size += max(0, digest.size_bytes) if digest.hash not in found else 0
                if size > _LARGEST_MESSAGE:
                    raise InvalidArgumentError(f"the blobs have more than {_LARGEST_MESSAGE} bytes together")
                with contextlib.suppress(MissingBlobError):
                    if digest.hash not in found:
                        found[digest.hash] = self._blobs.read(digest.hash, digest.size_bytes)
        return found

    def stream_read_blob(self, digest: Digest, chunk_size: int, offset: int = 0, limit: int = 0) -> Iterator[bytes]:
        """Yield a blob, or a part of it, in pieces."""
        with _client_errors():
            yield from self._blobs.stream(digest.hash, digest.size_bytes, chunk_size, offset, limit)

    def stream_write_blob(self, digest: Digest, chunks: Iterator[bytes]) -> None:
        """Store a blob that the service verifies when it has received the last piece.

        Raises:
            InvalidArgumentError: If it is larger than its digest says. The service would receive it until the disk is
                full.
        """
        with _client_errors():
            self._blobs.write(digest.hash, _limited(chunks, digest.size_bytes))

    def commit_write(self, digest: Digest, write_session: IO[bytes]) -> None:
        """Store a blob that the service has verified."""
        write_session.seek(0)
        self.stream_write_blob(digest, iter(lambda: write_session.read(_WRITES), b""))

    def bulk_update_blobs(self, blobs: Sequence[tuple[Digest, bytes]]) -> list[Status]:
        """Store blobs that the service has verified.

        On a full disk the whole request fails, because Pants ignores the status of single blobs and would assume that
        the result is stored.
        """
        for digest, data in blobs:
            self.stream_write_blob(digest, iter([data]))
        return [Status(code=OK) for _ in blobs]

    def delete_blob(self, digest: Digest) -> None:
        """Remove a blob."""
        with _client_errors():
            self._blobs.delete(digest.hash)

    def bulk_delete(self, digests: Sequence[Digest]) -> list[str]:
        """Remove blobs. No removal fails."""
        for digest in digests:
            self.delete_blob(digest)
        return []


def _limited(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    received = 0
    for chunk in chunks:
        received += len(chunk)
        if received > size:
            raise InvalidArgumentError(f"more bytes were sent than the {size} of the digest")
        yield chunk


class Storage(RootStorage):
    """BuildGrid's view of the storage, where a folder that is not one is an error of the client."""

    def get_tree(self, root_digest: Digest, raise_on_missing_subdir: bool = False) -> Iterator[Directory]:
        """Yield the folders of a tree, the root first."""
        try:
            yield from super().get_tree(root_digest, raise_on_missing_subdir)
        except DecodeError as err:
            raise InvalidArgumentError(f"a blob of the tree of {root_digest.hash} is not a folder") from err


class DiskActionCache(ActionCacheABC):
    """Results on disk. A result is returned only while all blobs that it refers to exist."""

    def __init__(self, storage: RootStorage, actions: Actions, counts: Counts, allow_updates: bool) -> None:
        super().__init__(allow_updates=allow_updates, storage=storage)
        self._actions = actions
        self._counts = counts

    def get_action_result(self, action_digest: Digest) -> ActionResult:
        """Return the result of an action.

        Raises:
            NotFoundError: If there is none.
        """
        with _client_errors():
            payload = self._actions.read(action_digest.hash, action_digest.size_bytes)
        if payload is not None:
            result = ActionResult.FromString(payload)
            if self._is_whole(action_digest, result):
                self._counts.add("hits")
                return result
            self._actions.remove(action_digest.hash, action_digest.size_bytes)
        self._counts.add("misses")
        raise NotFoundError(f"No result of {action_digest.hash}/{action_digest.size_bytes}")

    def _is_whole(self, action_digest: Digest, result: ActionResult) -> bool:
        """Return whether all blobs of a result exist, and are what it says. Its trees are what clients have stored."""
        try:
            return bool(self.referenced_blobs_still_exist(action_digest, result))
        except (DecodeError, InvalidArgumentError):
            return False

    def update_action_result(self, action_digest: Digest, action_result: ActionResult) -> None:
        """Store an action's result."""
        if not self.allow_updates:
            raise PermissionDeniedError("this cache server is read-only")
        with _client_errors():
            payload = action_result.SerializeToString()
            self._actions.write(action_digest.hash, action_digest.size_bytes, payload)


class TokenAuth(JWTAuthManager):
    """Authorization of clients by our tokens, with the reason for a refusal."""

    def __init__(self, secret: str, instance_name: str) -> None:
        allowed = [Acl(subject=rf"{READ_WRITE}\Z"), Acl(subject=rf"{READ_ONLY}\Z", requests=_READS)]
        acls = {instance_name: InstanceAuthorizationConfig(allow=allowed)}
        super().__init__(secret=secret, algorithm=AuthMetadataAlgorithm.JWT_HS256, acls=acls)

    def authorize(self, context: grpc.ServicerContext, instance_name: str, request_name: str) -> bool:
        """Check whether a request is allowed. The raised error contains the reason for the client."""
        if super().authorize(context, instance_name, request_name):
            return True
        scheme, _, token = str(dict(context.invocation_metadata()).get("authorization", "")).partition(" ")
        if scheme != "Bearer":
            raise UnauthenticatedError(
                "this cache server requires a bearer token (Pants' option remote_oauth_bearer_token; on Pants 2.17.1, "
                "remote_oauth_bearer_token_path)"
            )
        try:
            check_token(self, token)
        except AuthError as err:
            raise UnauthenticatedError(f"{err}; `cache-server token` prints a new one") from err
        raise PermissionDeniedError(f"the token does not allow {request_name}")


class CheckedServer(Server):
    """BuildGrid's server, which checks requests first."""

    def setup_grpc(self) -> grpc.Server:
        """Create gRPC's server."""
        with intercepting(RequestChecks()):
            return super().setup_grpc()


def make_server(settings: Settings, blobs: Blobs, actions: Actions, counts: Counts) -> Server:
    """Return BuildGrid's server, not started yet."""
    server = CheckedServer(
        server_reflection=False,
        grpc_compression=grpc.Compression.NoCompression,
        is_instrumented=False,
        grpc_server_options=_GRPC_OPTIONS,
        max_workers=settings.threads,
        maximum_concurrent_rpcs=settings.threads + _WAITING_REQUESTS,
    )
    # The server's threads inherit the settings of the thread that starts it.
    if settings.token_secret:
        set_auth_manager(TokenAuth(read_secret(settings.token_secret), settings.instance_name))
    server.add_port(str(settings.listen), _credentials(settings.tls_cert, settings.tls_key))
    storage = Storage(VerifiedStorage(blobs))
    read_only = settings.read_only
    for instance in (
        ContentAddressableStorageInstance(storage, read_only=read_only),
        ByteStreamInstance(storage, read_only=read_only, stream_blob=True),
        ActionCache(DiskActionCache(storage, actions, counts, allow_updates=not read_only)),
    ):
        server.register_instance(settings.instance_name, instance)
    return server


def _credentials(cert: Path | None, key: Path | None) -> dict[str, str] | None:
    return {"tls-server-cert": str(cert), "tls-server-key": str(key)} if cert and key else None
