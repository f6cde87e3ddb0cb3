"""The report of `intake`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class IntakeReport(Report):
    """`intake`: a wheel of a project's own build backend, made ready for the repair.

    Attributes:
        wheel: The name of the file.
        name: The distribution, as its metadata has it.
        version: As the metadata has it; the placeholder in a wheel that is stamped.
        requires_python: As the metadata has it. Empty for any Python.
        modules: The extension modules, by their import names.
        left_out: The files that were not taken over.
    """

    wheel: str
    name: str
    version: str
    requires_python: str
    modules: tuple[str, ...]
    left_out: tuple[str, ...]
