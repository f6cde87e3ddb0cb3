"""Checks of files: each on its own, read once, several at the same time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from spokeshave.files import iter_chunks
from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.sdists import SUFFIX, read_sdist
from spokeshave.release.check.file.wheels import read_wheel
from spokeshave_core.problems import Problem


def check_wheels(paths: Sequence[Path]) -> tuple[Problem, ...]:
    """Return the problems of each wheel and sdist on its own."""
    return tuple(problem for file in read_files(paths) for problem in file.problems)


def read_files(paths: Sequence[Path]) -> tuple[CheckedFile, ...]:
    """Check wheels and sdists, in the order of their paths. The problems are in the results."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(pool.map(read_file, paths))


def read_file(path: Path) -> CheckedFile:
    """Check one wheel or sdist."""
    try:
        stream = path.open("rb")
    except OSError as err:
        problem = Problem(str(path), f"cannot be read ({err.strerror})", "Give the path of a wheel or an sdist.")
        return CheckedFile(path=path, name=path.name, size=0, sha256="", problems=(problem,))
    with stream:
        size = os.fstat(stream.fileno()).st_size
        digest = hashlib.sha256()
        for chunk in iter_chunks(stream):
            digest.update(chunk)
        read = read_sdist if path.name.endswith(SUFFIX) else read_wheel
        return read(path, stream, size, digest.hexdigest())
