"""The results of actions, stored as one file each."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from spokeshave.cache_server.files import checked_sha256, clear_folder, remove_same, touch, write_whole

_MAGIC = b"spokeshave action result 1\n"
_CHECKSUM = hashlib.sha256().digest_size
_LOGGER = logging.getLogger(__name__)


class Actions:
    """A directory of results, each named by its action's digest and beginning with a checksum."""

    def __init__(
        self,
        folder: Path,
        written: Callable[[int], None] = lambda _size: None,
        damaged: Callable[[], None] = lambda: None,
    ) -> None:
        self._results = folder / "ac"
        self._temporary = folder / "ac-tmp"
        self._written = written
        self._damaged = damaged
        self._temporary.mkdir(parents=True, exist_ok=True)
        clear_folder(self._temporary)
        for first in range(256):
            (self._results / f"{first:02x}").mkdir(parents=True, exist_ok=True)

    def read(self, sha256: str, size: int) -> bytes | None:
        """Return an action's stored result, or None. A damaged result is removed and counts as missing."""
        path = self._path(sha256, size)
        try:
            stat = path.stat()
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        payload = data[len(_MAGIC) + _CHECKSUM :]
        if data != _framed(payload):
            if remove_same(path, stat):
                _LOGGER.warning("the action result %s was damaged on disk; it was removed", path)
                self._damaged()
            return None
        touch(path, stat)
        return payload

    def write(self, sha256: str, size: int, payload: bytes) -> None:
        """Store an action's result, replacing an earlier one."""
        self._written(write_whole(self._path(sha256, size), self._temporary, [_framed(payload)]))

    def remove(self, sha256: str, size: int) -> None:
        """Remove an action's result."""
        self._path(sha256, size).unlink(missing_ok=True)

    def _path(self, sha256: str, size: int) -> Path:
        return self._results / checked_sha256(sha256)[:2] / f"{sha256[2:]}-{size}"


def _framed(payload: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(payload).digest() + payload
