"""A function in a process of its own, which is killed before any of its changes to files."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_WRITING = os.O_WRONLY | os.O_RDWR
_CHANGES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod"})
_IN_OPEN_FOLDER = frozenset({"os.remove", "os.rmdir"})


def run_killed(function: Callable[[], object], folder: Path, step: int) -> bool:
    """Run a function in a fork, and kill it with SIGKILL before one of its changes below a folder.

    Args:
        step: The number of the change, from 0. Opening a file to write is a change, too.

    Returns:
        Whether it was killed. It made fewer changes if not, and has succeeded.
    """
    process = multiprocessing.get_context("fork").Process(target=_run, args=(function, str(folder), step))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def _run(function: Callable[[], object], folder: str, step: int) -> None:
    left = step

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if _is_change(event, arguments, folder):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 (until the end)
    sys.addaudithook(hook)
    function()


def _is_change(event: str, arguments: tuple[object, ...], folder: str) -> bool:
    """Return whether an event of Python's audit is a change below a folder."""
    if event == "open":
        flags = arguments[2]
        is_change = isinstance(flags, int) and bool(flags & _WRITING)
    else:
        is_change = event in _CHANGES
    paths = [os.fspath(each) for each in arguments if isinstance(each, (str, os.PathLike))]
    # What is in a removed folder is named below the open folder.
    return is_change and (event in _IN_OPEN_FOLDER or any(path.startswith(folder) for path in paths))
