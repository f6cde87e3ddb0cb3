"""A file to fetch, and the sha256 that it must have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Download:
    """A file to fetch.

    Attributes:
        name: For messages.
        size: In bytes; None if the source does not list it.
        is_quiet: Whether it gets no line of its own, as the small files of a record.
    """

    name: str
    url: str
    sha256: str
    size: int | None
    target: Path
    is_quiet: bool = False
