"""Drafts: files and folders that are written next to their later place, and appear there as a whole.

A draft has a name that follows from its place, and its process locks it. So the next process takes over the draft of
one that was killed, and nothing is left. Processes that write to one place at the same time take different names.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import IO, Any, Callable, Optional, Union

# Of the 255 bytes that a file system allows.
_NAME = 64


@contextlib.contextmanager
def draft_file(destination: Path) -> Iterator[IO[bytes]]:
    """Yield a new file that replaces `destination` when the block ends without an error.

    Until then, and after an error, `destination` is unchanged. The file's mode is 0644 independent of the umask.
    """
    lock = _claim(destination, _open_file)
    descriptor, name = lock or tempfile.mkstemp(prefix=f".{destination.name[:_NAME]}.", dir=destination.parent)
    draft = Path(name)
    with contextlib.ExitStack() as stack:
        if lock:
            # The lock lasts until both descriptors are closed, and is needed until the draft has its new name.
            stack.callback(os.close, os.dup(descriptor))
        try:
            with open_named(descriptor, "w+", destination) as stream:
                stream.truncate(0)
                yield stream
            draft.chmod(0o644)
            draft.replace(destination)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def draft_folder(destination: Path) -> Iterator[Path]:
    """Yield an empty folder next to `destination`, to be renamed to it. It is removed at the end if it was not."""
    lock = _claim(destination, _open_folder)
    name = lock[1] if lock else tempfile.mkdtemp(prefix=f".{destination.name[:_NAME]}.", dir=destination.parent)
    try:
        if lock:
            _clear(name)
        yield Path(name)
    finally:
        # Its name may already be that of another process' draft.
        if lock is None or _is_at(*lock):
            shutil.rmtree(name, ignore_errors=True)
        if lock:
            os.close(lock[0])


class _NamedFile(io.FileIO):
    """An open file whose errors of writing name it. Those of Python name no file, so that a user reads no place."""

    def __init__(self, file: Union[int, Path], mode: str, path: Path) -> None:  # noqa: UP007
        super().__init__(file, mode)
        self._path = path

    def write(self, data: Any, /) -> int:
        """Write some bytes, and return their number."""
        with self._naming():
            return super().write(data)

    def truncate(self, size: Optional[int] = None, /) -> int:  # noqa: UP045
        """Change the size, and return it."""
        with self._naming():
            return super().truncate(size)

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            err.filename = str(self._path)
            raise


def open_named(file: Union[int, Path], mode: str, path: Path) -> io.BufferedRandom:  # noqa: UP007
    """Open a new file to write and read it.

    Args:
        file: The path or a descriptor, which is closed with the file.
        mode: `w+` or `x+`, as for `open`.
        path: What errors of writing name.
    """
    return io.BufferedRandom(_NamedFile(file, mode, path))


def _claim(destination: Path, open_draft: Callable[[str], tuple[int, bool]]) -> Optional[tuple[int, str]]:  # noqa: UP045
    """Open and lock a draft that no other process has. Return its descriptor and its path.

    Returns:
        None if there are no locks here: on Windows, and on some network file systems.
    """
    try:
        import fcntl
    except ImportError:
        return None
    for number in count():
        name = str(destination.with_name(f".{destination.name[:_NAME]}.{number}.draft"))
        try:
            descriptor, is_new = open_draft(name)
        except OSError:
            # It is something else, or another user's.
            if os.path.lexists(name):
                continue
            raise
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        except OSError:
            os.close(descriptor)
            if is_new:
                _remove(name)
            return None
        # Some network file systems give a new file to another user.
        is_own = is_new or os.fstat(descriptor).st_uid == os.geteuid()
        if is_own and _is_at(descriptor, name):
            return descriptor, name
        os.close(descriptor)
    raise AssertionError


def _open_file(name: str) -> tuple[int, bool]:
    """Open a file, and return its descriptor and whether it was created."""
    while True:
        with contextlib.suppress(FileExistsError):
            return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), True
        # Meanwhile, another process may have renamed it.
        with contextlib.suppress(FileNotFoundError):
            return os.open(name, os.O_RDWR | os.O_NOFOLLOW), False


def _open_folder(name: str) -> tuple[int, bool]:
    """Open a folder, and return its descriptor and whether it was created."""
    while True:
        is_new = False
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700)  # noqa: PTH102
            is_new = True
        with contextlib.suppress(FileNotFoundError):
            return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW), is_new


def _is_at(descriptor: int, name: str) -> bool:
    """Return whether an open file is still the one at a path, under no other name."""
    try:
        now = os.stat(name, follow_symlinks=False)  # noqa: PTH116
    except FileNotFoundError:
        return False
    return os.path.samestat(now, os.fstat(descriptor))


def _clear(folder: str) -> None:
    for name in os.listdir(folder):  # noqa: PTH208
        _remove(os.path.join(folder, name))  # noqa: PTH118


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
        shutil.rmtree(path)
    else:
        os.unlink(path)  # noqa: PTH108
