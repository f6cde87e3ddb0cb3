"""Reports and other outputs: JSON with a stable order, and files that are written atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Union

from spokeshave.files import write_bytes

Json = Union[None, bool, int, float, str, Sequence["Json"], Mapping[str, "Json"]]


def to_json(value: Json) -> str:
    """Return JSON text with sorted keys, so that equal facts give equal bytes."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_report(destination: Path, report: Json) -> None:
    """Write a command's report."""
    write_bytes(destination, to_json(report).encode("utf-8", "backslashreplace"))
