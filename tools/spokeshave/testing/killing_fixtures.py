"""Processes that are killed before any step that changes files, and folders as values."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_CHANGES = frozenset(("os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir"))


def killed_at(step: int, action: Callable[[], object]) -> bool:
    """Do something in a process of its own, which is killed before its n-th change of files, counted from 0.

    Returns:
        Whether it was killed. If not, it has fewer steps, and was done to the end.
    """
    child = os.fork()
    if child == 0:
        _run_child(step, action)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def kills(prepare: Callable[[], Callable[[], object]]) -> Iterator[int]:
    """Yield each step after which something was killed; it is prepared again for each."""
    step = 0
    while killed_at(step, prepare()):
        yield step
        step += 1


def tree_of(folder: Path) -> dict[str, bytes | str]:
    """Return the files of a folder with their bytes, and the links with their targets."""
    found: dict[str, bytes | str] = {}
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root, name)
            key = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[key] = os.readlink(path)  # noqa: PTH115 (with the slashes of the link)
            elif path.is_file():
                found[key] = path.read_bytes()
    return found


def _run_child(step: int, action: Callable[[], object]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    remaining = step

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal remaining
        if (event in _CHANGES and _changes(event, arguments[0])) or (event == "open" and _writes(*arguments)):
            if remaining == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            remaining -= 1

    try:
        sys.addaudithook(watch)
        action()
    except BaseException:
        os._exit(1)
    os._exit(0)


def _changes(event: str, path: object) -> bool:
    """Return whether a call does something: the file that it removes exists."""
    return event not in ("os.remove", "os.rmdir") or not isinstance(path, (str, os.PathLike)) or os.path.lexists(path)


def _writes(path: object, mode: object, flags: object) -> bool:
    if path == os.devnull:
        return False
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
