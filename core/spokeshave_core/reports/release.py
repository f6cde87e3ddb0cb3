"""The manifest of a release record, `release.json`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass, field
from typing import Optional

from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports.report import Report

FORMAT = 1


@dataclass(frozen=True)
class TestEvidence:
    """A smoke test of one file of the set.

    Attributes:
        python: The Python's ABI version, such as `3.12` or `3.14t`.
        where: The machine and system in words.
        report_sha256: The sha256 of the report in `reports/`.
        of: `file` if the report is on these bytes, `payload` if on a wheel that differs in its version only.
    """

    # Not for pytest to collect.
    __test__ = False

    python: str
    where: str
    report_sha256: str
    outcome: Outcome
    of: str = "file"


@dataclass(frozen=True)
class FileSource:
    """The file of another release that a promoted file was made from."""

    name: str
    sha256: str


@dataclass(frozen=True)
class ReleaseFile:
    """A wheel or an sdist of the set.

    Attributes:
        project: The project's normalized name.
        size: In bytes.
        payload_sha256: The sha256 of the wheel stamped back to no version. None for an sdist.
        metadata_sha256: The sha256 of METADATA (PEP 658).
        requires_python: As METADATA has it; empty if it has none.
    """

    name: str
    project: str
    sha256: str
    size: int
    payload_sha256: Optional[str]
    metadata_sha256: Optional[str]
    requires_python: str = ""
    source: Optional[FileSource] = None
    tested: tuple[TestEvidence, ...] = ()


@dataclass(frozen=True)
class ReleaseProject:
    """A project of the set.

    Attributes:
        requires: The pins to other projects of the set, as requirements.
        expected: The wheels that the declared matrix asks for, as `ABI-PLATFORM`, such as `cp311-win_amd64`.
    """

    version: str
    requires: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromotedFrom:
    """The release that a promoted one was made from. `untested`: the user said so, as it was no tested record."""

    version: str
    manifest_sha256: Optional[str]
    untested: bool = False


@dataclass(frozen=True)
class ReleaseRecord(Report):
    """Everything that a release says of itself. It has no time and no machine's name.

    Attributes:
        name: The release's name, such as `abacus`.
        version: The common version of its projects.
        channel: Such as `rc` or `stable`.
        commit: The full hash of the commit that all files were built from.
        revisions: The revisions of what the release is pinned to, by name.
        made_by: The versions of the tools, by name: `spokeshave`, and `toolchain` with its digest if it is known.
        projects: By normalized name.
        files: Sorted by name.
    """

    name: str
    version: str
    channel: Optional[str]
    commit: Optional[str]
    projects: dict[str, ReleaseProject]
    files: tuple[ReleaseFile, ...]
    revisions: dict[str, str] = field(default_factory=dict)
    made_by: dict[str, str] = field(default_factory=dict)
    promoted_from: Optional[PromotedFrom] = None
    format: int = FORMAT
