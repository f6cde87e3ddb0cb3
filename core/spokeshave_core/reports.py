"""The report of each `spokeshave` command: what the tools write as JSON and the rules read.

A key of the JSON has the name of its field (`json_values`). Python 3.9 evaluates the types of fields at run time, so
this module writes `Optional` and has no `from __future__ import annotations`.
"""

import re
from dataclasses import dataclass
from typing import Optional, TypeVar

from spokeshave_core.json_values import InvalidJsonError, Json, from_value, parse_text, to_text, to_value
from spokeshave_core.outcomes import Outcome, Rule, UploadOutcome
from spokeshave_core.problems import Problem

R = TypeVar("R", bound="Report")


class InvalidReportError(ValueError):
    """A text that is not the report that it should be; the message says what is wrong with it."""


@dataclass(frozen=True)
class Report:
    """Base of all reports."""

    def to_json(self) -> str:
        """The report as JSON text; equal reports are equal texts."""
        return to_text(self._document())

    @classmethod
    def from_json(cls: type[R], text: str) -> R:
        """The report that `to_json` wrote.

        Raises:
            InvalidReportError: The text is not JSON, a key is missing, or a value has another type.
        """
        try:
            return from_value(cls, cls._fields(parse_text(text)))
        except InvalidJsonError as err:
            raise InvalidReportError(str(err)) from err

    def _document(self) -> Json:
        return to_value(self)

    @classmethod
    def _fields(cls, document: Json) -> Json:
        """The object with the fields, from what the file contains."""
        return document


@dataclass(frozen=True)
class FailureReport(Report):
    """The report of any command that failed."""

    problems: tuple[Problem, ...]


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


@dataclass(frozen=True)
class FuseReport(Report):
    """`fuse`. `output` is the path of what was written."""

    output: str


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


@dataclass(frozen=True)
class Finding:
    """A finding of the verification: a problem and the rule that found it."""

    rule: Rule
    place: str
    message: str
    remedy: str

    @property
    def problem(self) -> Problem:
        """The finding without its rule."""
        return Problem(self.place, self.message, self.remedy)

    def __str__(self) -> str:
        return f"{self.problem} [{self.rule.value}]"


@dataclass(frozen=True)
class VerifyReport(Report):
    """`verify`: everything that was found; nothing for a wheel that is as it should be."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class StampReport(Report):
    """`stamp`. `changed` are the paths of files with new bytes, `copied` is how many have the same."""

    wheel: str
    sha256: str
    size: int
    version: str
    changed: tuple[str, ...]
    copied: int


@dataclass(frozen=True)
class VersionReport(Report):
    """`version`: the common version, and each package's own by the path of its version file."""

    version: str
    packages: dict[str, str]
    channel: str
    commit: Optional[str]
    dirty: bool


@dataclass(frozen=True)
class FetchReport(Report):
    """`fetch`: the file names of the wheels."""

    wheels: tuple[str, ...]


@dataclass(frozen=True)
class UploadedFile:
    """A wheel and what became of it."""

    wheel: str
    sha256: str
    outcome: UploadOutcome


@dataclass(frozen=True)
class UploadReport(Report):
    """`upload`. `index` is the upload endpoint, without credentials."""

    index: str
    files: tuple[UploadedFile, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """One check of a smoke test. `detail` says what went wrong and what to do, or what was counted."""

    name: str
    outcome: Outcome
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class PythonFacts:
    """The interpreter of a smoke test.

    Attributes:
        version: Empty where the interpreter could not be started, as is `implementation`.
        platform: The machine and system in words.
        emulator: What emulated that, if anything did.
    """

    path: str
    version: str = ""
    implementation: str = ""
    platform: str = ""
    emulator: str = ""
    free_threaded: bool = False

    @property
    def abi_version(self) -> Optional[str]:
        """`3.13` or `3.13t`; None where the interpreter could not be started."""
        found = re.match(r"3\.\d+", self.version)
        return found[0] + ("t" if self.free_threaded else "") if found else None

    def __str__(self) -> str:
        name = f"{self.implementation} {self.version}" if self.version else self.path
        return f"{name} ({self.emulator})" if self.emulator else name


@dataclass(frozen=True)
class SmokeRun:
    """A smoke test of a wheel on one interpreter."""

    python: PythonFacts
    outcome: Outcome
    reason: str = ""
    checks: tuple[CheckResult, ...] = ()

    @property
    def seconds(self) -> float:
        """Return the total time of all checks."""
        return sum(check.seconds for check in self.checks)


@dataclass(frozen=True)
class SmokeTestReport(Report):
    """`smoke-test`: all runs of one wheel."""

    wheel: str
    sha256: str
    runs: tuple[SmokeRun, ...]

    def with_outcome(self, outcome: Outcome) -> list[SmokeRun]:
        """The runs with an outcome."""
        return [run for run in self.runs if run.outcome is outcome]


@dataclass(frozen=True)
class SmokeTestReports(Report):
    """What `smoke-test` writes: an object for one wheel, a list for several."""

    reports: tuple[SmokeTestReport, ...]

    def _document(self) -> Json:
        documents = [to_value(report) for report in self.reports]
        return documents[0] if len(documents) == 1 else documents

    @classmethod
    def _fields(cls, document: Json) -> Json:
        return {"reports": document if isinstance(document, list) else [document]}
