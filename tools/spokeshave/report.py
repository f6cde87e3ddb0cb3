"""Reports and other outputs: JSON with a stable order, and files that are written atomically."""

from __future__ import annotations

from pathlib import Path

from spokeshave.files import write_bytes
from spokeshave_core.json_values import Json, to_text


def write_text(destination: Path, text: str) -> None:
    """Write a whole text file at once."""
    write_bytes(destination, text.encode("utf-8", "backslashreplace"))


def write_report(destination: Path, report: Json) -> None:
    """Write a JSON file with sorted keys. A command writes its typed report with `write_text` and `to_json()`."""
    write_text(destination, to_text(report))
