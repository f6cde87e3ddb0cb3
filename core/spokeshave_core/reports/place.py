"""The report of `place`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class PlaceReport(Report):
    """`place`. `files` are the paths of what was written, below the output folder."""

    files: tuple[str, ...]
