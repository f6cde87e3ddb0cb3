"""The reports of `metadata` and `assemble`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class MetadataReport(Report):
    """`metadata`: what a pyproject.toml says of its wheel."""

    name: str
    static_version: Optional[str]
    requires_python: Optional[str]


@dataclass(frozen=True)
class AssembleReport(Report):
    """`assemble`. `wheel` is the file's name, `files` are all paths in it."""

    wheel: str
    name: str
    static_version: Optional[str]
    requires_python: Optional[str]
    files: tuple[str, ...]
