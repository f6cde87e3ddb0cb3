"""The report of `version`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class VersionReport(Report):
    """`version`: the common version, and each package's own by the path of its version file."""

    version: str
    packages: dict[str, str]
    channel: str
    commit: Optional[str]
    dirty: bool
