"""The manifest of a release record, `release.json`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass, field
from typing import Optional

from spokeshave_core.outcomes import EvidenceSubject, Outcome
from spokeshave_core.reports.report import Report
from spokeshave_core.wheel_name import WHEEL_SUFFIX

FORMAT = 1


@dataclass(frozen=True)
class TestEvidence:
    """A smoke test of one file of the set.

    Attributes:
        python: The Python's ABI version, such as `3.12` or `3.14t`.
        where: The kind of machine, without its versions, and what emulated it: `Linux aarch64, glibc (qemu-aarch64)`.
        report_sha256: The sha256 of the wheel's report in `reports/`, which is in its canonical form.
    """

    # Not for pytest to collect.
    __test__ = False

    python: str
    where: str
    report_sha256: str
    outcome: Outcome
    of: EvidenceSubject = EvidenceSubject.FILE


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

    @property
    def is_wheel(self) -> bool:
        """Return whether the file is a wheel, and not an sdist."""
        return self.name.endswith(WHEEL_SUFFIX)


@dataclass(frozen=True)
class ReleaseProject:
    """A project of the set.

    Attributes:
        requires: The pins to other projects of the set, as requirements.
        expected: The files that the declared matrix asks for, as in `ExpectedProject`. Empty if none was declared.
    """

    version: str
    requires: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromotedFrom:
    """The release that a promoted one was made from.

    Attributes:
        manifest_sha256: By which its record is known. None where it was a folder of wheels without a record.
        untested: Whether a wheel was promoted without a passed smoke test, because the user said so.
        rewritten: The globs of `--rewrite-text`: of text files in which the old version was replaced.
        kept: The globs of `--keep-text`: of text files that still name pre-releases, such as a changelog.
    """

    version: str
    manifest_sha256: Optional[str]
    untested: bool = False
    rewritten: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


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


SDIST = "sdist"
"""The expected file that is a project's sdist."""

EXPECTATION = ".expect.json"
"""What follows the record's folder in the name of the file for `spokeshave release seal --expect`."""


@dataclass(frozen=True)
class ExpectedProject:
    """The files that a project of a release must have, and where they must have been tested.

    Attributes:
        wheels: As `ABI-PLATFORM`, such as `cp311-win_amd64` or `cp312-abi3-macosx_11_0_arm64`, or `sdist`.
        require_smoke_on: As the field of a target: globs of platform tags (`win_*`) and of Pythons (`3.12`).
        pythons: The Pythons that the project is for, such as `3.12` or `3.14t`. Each that a wheel serves needs a test
            where one is required. Without any, a wheel needs a test on the Python that it is tagged for.
    """

    wheels: tuple[str, ...]
    require_smoke_on: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseExpectation(Report):
    """The declared matrix of a release, for `release seal --expect`: by normalized project name."""

    projects: dict[str, ExpectedProject]


@dataclass(frozen=True)
class SealReport(Report):
    """`release seal`: the record that was written.

    Attributes:
        manifest_sha256: The sha256 of `release.json`, by which the record is known.
        files: The number of files of the set.
        tests: The number of smoke tests that count.
        notes: What a user should know and need not fix, such as reports of other wheels.
    """

    manifest_sha256: str
    files: int
    tests: int
    notes: tuple[str, ...] = ()
