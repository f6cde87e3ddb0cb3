"""The report of a run of a project's own build backend. `standalone/backend/` of the tools writes it, without the core.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class BackendReport(Report):
    """A run of a build backend.

    Attributes:
        backend: The backend, such as `setuptools.build_meta`.
        requires: The build requirements in pyproject.toml.
        asked_for: Those that the backend asked for in addition.
        wheel: The file name of the wheel. Empty if there is none.
        sdist: The file name of the sdist, if that was asked for.
        compiles: The compiles of the project.
        links: The links of the project.
        probes: The compiles and links of configure checks.
        refused: The programs of the target that the build wanted to run.
        cxx: The compiles of C++ among those of the project.
        problem: What the user has to change, if that is why there is neither a wheel nor an sdist.
    """

    backend: str
    requires: tuple[str, ...]
    asked_for: tuple[str, ...]
    wheel: str
    compiles: int
    links: int
    probes: int
    refused: tuple[str, ...]
    sdist: str = ""
    cxx: int = 0
    problem: str = ""
