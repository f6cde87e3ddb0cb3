"""The report of `fuse`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class FuseReport(Report):
    """`fuse`. `output` is the path of what was written."""

    output: str
