"""Reports and other outputs: JSON with a stable order, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from spokeshave_core.json_values import Json as Json
from spokeshave_core.json_values import to_text as to_json


@contextlib.contextmanager
def atomic_file(destination: Path) -> Iterator[IO[bytes]]:
    """A new file that takes the place of ``destination`` when the block ends without an error.

    Until then, and after an error, whatever was at ``destination`` is untouched. The folder is made
    when it is missing, and the file's mode is 0644 whatever the umask.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{destination.name[:64]}.", dir=destination.parent)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
        os.chmod(name, 0o644)
        os.replace(name, destination)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def write_bytes(destination: Path, data: bytes) -> None:
    """Write a whole file at once; a pipe or a terminal (``/dev/stdout``) is written to, not replaced."""
    if destination.exists() and not destination.is_file():
        destination.write_bytes(data)
        return
    with atomic_file(destination) as stream:
        stream.write(data)


def write_text(destination: Path, text: str) -> None:
    """Write a whole text file at once."""
    write_bytes(destination, text.encode("utf-8", "backslashreplace"))


def write_report(destination: Path, report: Json) -> None:
    """Write a JSON file with sorted keys. A command writes its typed report with `write_text` and `to_json()`."""
    write_text(destination, to_json(report))
