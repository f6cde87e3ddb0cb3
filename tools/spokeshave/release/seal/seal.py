"""The seal: check a set of files, and write its record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spokeshave import __version__
from spokeshave.errors import counted, some
from spokeshave.release.record import ATTESTATION, FILES, manifest_sha256
from spokeshave.release.seal.agreement import agreed_facts, without_commit
from spokeshave.release.seal.artifact import Artifact, read_artifact, siblings
from spokeshave.release.seal.evidence import Evidence, collect_evidence
from spokeshave.release.seal.inputs import find_distributions, read_reports
from spokeshave.release.seal.matrix import check_matrix, expected_projects, required_tests
from spokeshave.release.seal.payloads import Payloads, find_payloads
from spokeshave.release.writer import RecordDraft, draft_record
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.release.record import ReleaseExpectation, ReleaseFile, ReleaseProject, ReleaseRecord, SealReport
from spokeshave_core.reports.smoke import ReportedRun, parse_reports


class SealError(SpokeshaveError):
    """A set of files that is not a release: incomplete, untested, or of several builds."""


@dataclass(frozen=True)
class SealRequest:
    """What to seal.

    Attributes:
        wheels: Folders with wheels and sdists, or such files.
        reports: Folders with reports of smoke tests, or such files.
        facts: The version, and the facts that the user declares.
        expectation: The declared matrix. Without one, the files that are given are the set.
        require_smoke_on: Globs of platform tags and Pythons, added to those of the declared matrix.
        made_by: Versions of tools to record, by name.
    """

    name: str
    facts: VersionFacts
    wheels: tuple[Path, ...]
    output: Path
    reports: tuple[Path, ...] = ()
    expectation: ReleaseExpectation | None = None
    require_smoke_on: tuple[str, ...] = ()
    made_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _DraftFiles:
    """The files of a draft: those that were read, and the names of those that cannot be."""

    artifacts: tuple[Artifact, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True)
class _Set:
    """A set of files that was read, with what is known of it."""

    artifacts: tuple[Artifact, ...]
    facts: VersionFacts
    evidence: Evidence
    payloads: Payloads
    notes: tuple[str, ...]


def seal(request: SealRequest) -> SealReport:
    """Check a set of files and write its record.

    Raises:
        SealError: For every reason that the set is not a release. Nothing is written then.
        InvalidRecordError: If the output is another record.
    """
    problems = Problems()
    with draft_record(request.output) as draft:
        found = _judge(draft, _take_files(draft, request, problems), request, problems)
        problems.raise_if_any(SealError)
        files = [_release_file(draft, artifact, found) for artifact in found.artifacts]
        draft.finish(_record(request, found, files))
    return SealReport(
        manifest_sha256=manifest_sha256(request.output),
        files=len(files),
        tests=sum(len(file.tested) for file in files),
        notes=found.notes,
    )


def _take_files(draft: RecordDraft, request: SealRequest, problems: Problems) -> _DraftFiles:
    """Copy the files to the draft and read them there, so that what was read is what is sealed."""
    given = find_distributions(request.wheels, problems)
    artifacts: dict[str, Artifact] = {}
    places: dict[str, Path] = {}
    for path in given.distributions:
        if path.name in places:
            message = f"has the same name as {places[path.name]}"
            problems.add(str(path), message, "Name the folder of one of the two.")
            continue
        places[path.name] = path
        sha256, size = draft.add_file(path)
        with problems.collecting():
            artifacts[path.name] = read_artifact(draft.folder / FILES / path.name, path, sha256, size)
    for path in given.attestations:
        if path.name[: -len(ATTESTATION)] in places:
            draft.add_attestation(path)
        else:
            problems.add(str(path), "is the attestation of a file that is not in the set", "Remove it.")
    return _DraftFiles(tuple(artifacts.values()), tuple(name for name in places if name not in artifacts))


def _judge(draft: RecordDraft, files: _DraftFiles, request: SealRequest, problems: Problems) -> _Set:
    artifacts = files.artifacts
    check_matrix(artifacts, files.broken, request.expectation, problems)
    facts = agreed_facts(artifacts, request.facts, problems)
    projects = sorted({artifact.project for artifact in artifacts})
    required = required_tests(request.expectation, request.require_smoke_on, projects, problems)
    runs: tuple[ReportedRun, ...] = ()
    with problems.collecting():
        runs = parse_reports(read_reports(request.reports, problems), "--reports")
    evidence = collect_evidence(artifacts, runs, required, problems)
    payloads = find_payloads(draft.folder / FILES, artifacts, problems)
    return _Set(
        artifacts=artifacts,
        facts=facts,
        evidence=evidence,
        payloads=payloads,
        notes=(*evidence.notes, *payloads.notes, *_commit_notes(artifacts, facts)),
    )


def _commit_notes(artifacts: Sequence[Artifact], facts: VersionFacts) -> Iterable[str]:
    unknown = without_commit(artifacts)
    if facts.commit and unknown:
        yield f"the commit that it was built from is not stated by {counted(len(unknown), 'file')}: {some(unknown)}"


def _release_file(draft: RecordDraft, artifact: Artifact, found: _Set) -> ReleaseFile:
    tested = found.evidence.tested[artifact.name]
    report = draft.add_report(tested.report) if tested.report else ""
    return ReleaseFile(
        name=artifact.name,
        project=artifact.project,
        sha256=artifact.sha256,
        size=artifact.size,
        payload_sha256=found.payloads.sha256.get(artifact.name),
        metadata_sha256=artifact.metadata.sha256 if artifact.wheel else None,
        requires_python=artifact.metadata.requires_python,
        tested=tested.evidence(report),
    )


def _record(request: SealRequest, found: _Set, files: Sequence[ReleaseFile]) -> ReleaseRecord:
    names = frozenset(file.project for file in files)
    expected = expected_projects(request.expectation)
    requires: dict[str, set[str]] = {name: set() for name in names}
    for artifact in found.artifacts:
        requires[artifact.project].update(siblings(artifact, names))
    projects = {
        name: ReleaseProject(
            version=found.facts.version,
            requires=tuple(sorted(requires[name])),
            expected=tuple(sorted(set(expected[name].wheels))) if name in expected else (),
        )
        for name in sorted(names)
    }
    return ReleaseRecord(
        name=request.name,
        version=found.facts.version,
        channel=found.facts.channel,
        commit=found.facts.commit,
        projects=projects,
        files=tuple(sorted(files, key=lambda file: file.name)),
        revisions=dict(found.facts.revisions),
        made_by={"spokeshave": __version__, **request.made_by},
    )
