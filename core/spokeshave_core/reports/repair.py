"""The report of `repair`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class GraftedLibrary:
    """A shared library that was copied into a wheel, by its original name and its path in the wheel."""

    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class RepairReport(Report):
    """`repair`.

    Attributes:
        size: In bytes.
        libraries: What the wheel takes from its platform.
        newest_symbols: The newest version of each kind that the wheel asks for (`GLIBC`; `macOS` and `Windows` as a
            whole).
    """

    wheel: str
    sha256: str
    size: int
    tags: tuple[str, ...]
    platform: str
    grafted: tuple[GraftedLibrary, ...]
    libraries: tuple[str, ...]
    newest_symbols: dict[str, str]
