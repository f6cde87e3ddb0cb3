"""The report of `stamp`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class StampReport(Report):
    """`stamp`. `changed` are the paths of files with new bytes, `copied` is how many have the same."""

    wheel: str
    sha256: str
    size: int
    version: str
    changed: tuple[str, ...]
    copied: int
