"""Reports and other outputs: JSON with a stable order, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Union

Json = Union[None, bool, int, float, str, Sequence["Json"], Mapping[str, "Json"]]


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
        Path(name).chmod(0o644)
        Path(name).replace(destination)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_bytes(destination: Path, data: bytes) -> None:
    """Write a whole file at once; a pipe or a terminal (``/dev/stdout``) is written to, not replaced."""
    if destination.exists() and not destination.is_file():
        destination.write_bytes(data)
        return
    with atomic_file(destination) as stream:
        stream.write(data)


def to_json(value: Json) -> str:
    """JSON text with sorted keys, so that the same facts are the same bytes."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_report(destination: Path, report: Json) -> None:
    """Write a command's report."""
    write_bytes(destination, to_json(report).encode("utf-8", "backslashreplace"))
