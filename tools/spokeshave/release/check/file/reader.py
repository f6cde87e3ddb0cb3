"""Checks of files: each on its own, read once, several at the same time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from spokeshave.files import sha256_of_stream
from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.sdists import read_sdist
from spokeshave.release.check.file.wheels import read_wheel
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import SDIST_SUFFIX


def read_files(paths: Sequence[Path], sums: Mapping[str, str] | None = None) -> tuple[CheckedFile, ...]:
    """Check wheels and sdists, in the order of their paths. The problems are in the results.

    Args:
        sums: The sha256 of files whose bytes were hashed already, by name.
    """
    known = sums or {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(pool.map(lambda path: read_file(path, known.get(path.name)), paths))


def read_file(path: Path, sha256: str | None = None) -> CheckedFile:
    """Check one wheel or sdist.

    Args:
        sha256: That of the file, if it is known. Otherwise, the file is read for it.
    """
    try:
        stream = path.open("rb")
    except OSError as err:
        problem = Problem(str(path), f"cannot be read ({err.strerror})", "Give the path of a wheel or an sdist.")
        return CheckedFile(path=path, name=path.name, size=0, sha256="", problems=(problem,))
    with stream:
        size = os.fstat(stream.fileno()).st_size
        read = read_sdist if path.name.endswith(SDIST_SUFFIX) else read_wheel
        return read(path, stream, size, sha256 or sha256_of_stream(stream)[0])
