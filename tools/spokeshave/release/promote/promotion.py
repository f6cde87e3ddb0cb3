"""Promotion: a new record from a tested one, with another version and no other change."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from spokeshave import __version__
from spokeshave.errors import InvalidVersionError
from spokeshave.files import sha256_of_file
from spokeshave.release.destination.destination import Destination
from spokeshave.release.promote.sdists import (
    PromotedSdist,
    check_sdist,
    promote_sdists,
    promoted_sdist_file,
    sdist_problems,
)
from spokeshave.release.promote.source import (
    PromotionError,
    ReleaseSource,
    SourceWheel,
    passed_tests,
    read_source,
    release_name,
    source_problems,
)
from spokeshave.release.promote.stamping import stamp_promoted
from spokeshave.release.promote.text_rewriting import Rewriting, matching, rewrite_texts
from spokeshave.release.record import FILES, REPORTS, manifest_sha256
from spokeshave.release.seal.artifact import Artifact, read_artifact, siblings
from spokeshave.release.version_search import search_wheel
from spokeshave.release.version_traces import TraceFinder
from spokeshave.release.writer import RecordDraft, draft_record
from spokeshave.stamp.payload import payload_difference, payload_sha256
from spokeshave.wheel.archive import ArchiveReader
from spokeshave_core.channel import Channel
from spokeshave_core.outcomes import EvidenceSubject, Presence
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.promotion import PromotedWheel, PromoteReport
from spokeshave_core.release.record import FileSource, PromotedFrom, ReleaseFile, ReleaseProject, ReleaseRecord
from spokeshave_core.reports.smoke import SmokeTestReport

_LONGEST_LINE = 100
_NOT_EQUAL = (
    "The wheel names the new version already where the stamp writes it, such as in a requirement of another wheel of "
    "the release, or in an SBOM that lists both versions. Build it again without; if it does not, this is a bug in "
    "Spokeshave."
)


@dataclass(frozen=True)
class PromotionRequest:
    """What is asked for.

    Attributes:
        source: The folder of a record, or of wheels.
        name: The name of the release, where no record has it.
        rewrite: Globs of text files in which the old version is replaced.
        keep: Globs of text files that may go on naming pre-releases.
        untested: Whether wheels without a passed smoke test are promoted.
        anyway: Whether the version need not be a later one of the same base version.
        to: A destination that may not have the new version with other bytes.
    """

    source: Path
    version: str
    output: Path
    name: str | None = None
    rewrite: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    untested: bool = False
    anyway: bool = False
    to: Destination | None = None


@dataclass(frozen=True)
class StampedCopy:
    """A wheel of the new version in the draft, and the wheel that it was made from."""

    source: SourceWheel
    path: Path
    sha256: str
    size: int
    changed: tuple[str, ...]
    rewritten: tuple[str, ...]
    payload_sha256: str
    kept: tuple[str, ...] = ()
    unsearched: tuple[str, ...] = ()

    @property
    def counts_tests(self) -> bool:
        """Whether tests of the source count: it differs in nothing but its version."""
        return not self.rewritten


def promote(request: PromotionRequest) -> PromoteReport:
    """Write the record of a release that differs from another one in its version only.

    Either the whole record exists afterwards, or nothing was written.

    Raises:
        SpokeshaveError: For all problems.
    """
    problems = Problems()
    new = parse_version(request.version)
    source = read_source(request.source)
    name = release_name(source, request.name)
    problems.extend(PromotionError(*source_problems(source, new, anyway=request.anyway, untested=request.untested)))
    problems.extend(PromotionError(*sdist_problems(source)))
    rewriting = Rewriting(request.rewrite, TraceFinder(Version(source.version), new))
    with draft_record(request.output) as draft:
        plan = PromotionPlan(
            version=str(new),
            channel=channel_of(new, source.record.channel if source.record else None),
            siblings=frozenset(source.projects),
            rewriting=rewriting,
            keep=request.keep,
            draft=draft,
        )
        copies = stamp_all(source, plan, problems)
        sdists = promote_sdists(source, draft, plan.version, plan.channel) if not problems else ()
        check_globs(copies, {"--rewrite-text": request.rewrite, "--keep-text": request.keep}, problems, sdists)
        for sdist in sdists:
            kept = (name for names in matching(request.keep, sdist.members).values() for name in names)
            check_sdist(sdist, rewriting.wanted, tuple(kept), problems)
        if not request.untested:
            check_rewritten(source, copies, problems)
        if request.to:
            with problems.collecting():
                check_destination(request.to, copies, problems)
        problems.raise_if_any(PromotionError)
        record = promoted_record(name, source, copies, plan, sdists)
        add_reports(source, record, draft)
        draft.finish(record)
    return report(request.output, source, record, copies, sdists)


def parse_version(text: str) -> Version:
    """Return a version.

    Raises:
        InvalidVersionError: If it does not conform to PEP 440.
    """
    try:
        return Version(text)
    except InvalidVersion as err:
        problem = Problem(f"--version {text}", "is not a PEP 440 version", "Give one such as 3.12.0 or 3.12.0rc2.")
        raise InvalidVersionError(problem) from err


def channel_of(version: Version, before: str | None) -> str | None:
    """Return the channel of a promoted version: stable or rc. For another kind of pre-release it does not change."""
    if not version.is_prerelease:
        return Channel.STABLE.value
    is_rc = version.dev is None and version.pre is not None and version.pre[0] == "rc"
    return Channel.RC.value if is_rc else before


def stamp_all(source: ReleaseSource, plan: PromotionPlan, problems: Problems) -> list[StampedCopy]:
    """Write all wheels with the new version into the draft, and search them, some at the same time."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(plan.promote_wheel, source.wheels))
    for result in results:
        problems.extend(result.problems.as_error(PromotionError))
    copies = [result.copy for result in results if result.copy]
    for copy in copies:
        plan.draft.list_file(copy.path.name, copy.sha256)
    return copies


@dataclass(frozen=True)
class PromotionResult:
    """A wheel in the draft, or None where it could not be stamped, and its problems."""

    copy: StampedCopy | None
    problems: Problems


@dataclass(frozen=True)
class PromotionPlan:
    """What is done to each wheel.

    Attributes:
        siblings: The normalized names of the projects, whose pins follow.
    """

    version: str
    channel: str | None
    siblings: frozenset[str]
    rewriting: Rewriting
    keep: tuple[str, ...]
    draft: RecordDraft

    def promote_wheel(self, wheel: SourceWheel) -> PromotionResult:
        """Write one wheel with the new version, and search it for the old one."""
        problems = Problems()
        copy = None
        with problems.collecting():
            copy = self._stamp(wheel, problems)
            copy = search(copy, self.rewriting.wanted, self.keep, problems)
        return PromotionResult(copy, problems)

    def _stamp(self, wheel: SourceWheel, problems: Problems) -> StampedCopy:
        """Write one wheel with the new version, and prove that it differs in nothing else from its source."""
        stamped = stamp_promoted(wheel.path, self.version, self.channel, self.draft.folder / FILES, self.siblings)
        path = stamped.wheel.path
        payload = payload_sha256(path, self.siblings)
        # Another version of the compressor than that of the seal gives another sha256 for the same payload.
        sealed = wheel.sealed.payload_sha256 if wheel.sealed else None
        if payload != sealed and payload != payload_sha256(wheel.path, self.siblings):
            self._add_difference(wheel.path, path, problems)
        rewritten = self._rewrite(path, problems) if self.rewriting.globs else ()
        sha256, size = sha256_of_file(path) if rewritten else (stamped.wheel.sha256, stamped.wheel.size)
        return StampedCopy(
            source=wheel,
            path=path,
            sha256=sha256,
            size=size,
            changed=tuple(sorted({*stamped.changed, *rewritten})),
            rewritten=rewritten,
            payload_sha256=payload_sha256(path, self.siblings) if rewritten else payload,
        )

    def _add_difference(self, source: Path, path: Path, problems: Problems) -> None:
        """Add the problem of a wheel that is another one than its source, and where that is."""
        found = payload_difference(source, path, self.siblings)
        place = f"{source.name}: {found.member}" if found else source.name
        line = f", in line {found.line}: {shortened(found.text)}" if found and found.line else ""
        problems.add(place, f"differs in more than its version from {path.name}{line}", _NOT_EQUAL)

    def _rewrite(self, path: Path, problems: Problems) -> tuple[str, ...]:
        """Rewrite the texts of a wheel in place, and return the paths of the rewritten files."""
        with tempfile.TemporaryDirectory(prefix=".rewritten-", dir=self.draft.folder) as folder:
            rewritten = rewrite_texts(path, self.rewriting, Path(folder), problems)
            if rewritten:
                (Path(folder) / path.name).replace(path)
        return rewritten


def shortened(text: str) -> str:
    """Return a line of a file for a message."""
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}..."


def check_globs(
    copies: Sequence[StampedCopy],
    options: Mapping[str, tuple[str, ...]],
    problems: Problems,
    sdists: Sequence[PromotedSdist] = (),
) -> None:
    """Add a problem for each glob of an option that matches no file of any wheel, which is probably a typo."""
    if not copies or not any(options.values()):
        return
    names = {member for sdist in sdists for member in sdist.members}
    for copy in copies:
        with ArchiveReader(copy.path) as reader:
            names |= set(reader.members)
    for option, globs in options.items():
        for glob, found in matching(globs, names).items():
            if not found:
                remedy = "Write it for the paths in the wheels, such as 'abacus/*.pc'; * matches slashes too."
                problems.add(f"{option} {glob}", "matches no file of any wheel", remedy)


def search(copy: StampedCopy, wanted: TraceFinder, keep: tuple[str, ...], problems: Problems) -> StampedCopy:
    """Add a problem for each file of a wheel that still names a pre-release.

    Returns:
        The wheel with the text files that may, and the packed files that could not be searched.
    """
    searched = search_wheel(copy.path, wanted, copy.source.path)
    hits = searched.texts
    allowed = {name for names in matching(keep, [hit.member for hit in hits]).values() for name in names}
    kept = [hit for hit in hits if hit.member in allowed and hit.is_text and hit.offset is not None]
    for hit in hits:
        if hit not in kept:
            message = f"{hit}, so that version {wanted.new} would go on saying it"
            problems.add(f"{copy.source.path.name}: {hit.member}", message, hit.remedy)
    return replace(
        copy, kept=tuple(hit.member for hit in kept), unsearched=tuple(str(file) for file in searched.unsearched)
    )


def check_rewritten(source: ReleaseSource, copies: Sequence[StampedCopy], problems: Problems) -> None:
    """Add a problem for each wheel whose tests do not count any more, because texts in it were rewritten."""
    for copy in copies if source.record else ():
        if copy.rewritten:
            message = f"has rewritten texts ({', '.join(copy.rewritten)}), so that its smoke tests do not count"
            problems.add(copy.path.name, message, "Add --untested, which the new record states, and test it again.")


def check_destination(destination: Destination, copies: Sequence[StampedCopy], problems: Problems) -> None:
    """Add a problem for each wheel of which a destination has other bytes."""
    for project in sorted({copy.source.name.project for copy in copies}):
        listing = destination.listing(project)
        for copy in copies:
            if copy.source.name.project != project:
                continue
            if destination.state_by_sha256(copy.path, copy.sha256, listing) is Presence.OTHER_BYTES:
                remedy = "Give another --version: an index keeps the first bytes of each name for ever."
                problems.add(copy.path.name, f"exists with other bytes on {destination.label}", remedy)


def promoted_record(
    name: str,
    source: ReleaseSource,
    copies: Sequence[StampedCopy],
    plan: PromotionPlan,
    sdists: Sequence[PromotedSdist] = (),
) -> ReleaseRecord:
    """Return the manifest of the promoted release."""
    before = source.record
    artifacts = [read_artifact(copy.path, copy.path, copy.sha256, copy.size) for copy in copies]
    files = [promoted_file(copy, artifact) for copy, artifact in zip(copies, artifacts)]
    return ReleaseRecord(
        name=name,
        version=plan.version,
        channel=plan.channel,
        commit=before.commit if before else None,
        projects=promoted_projects(source, plan.version, artifacts),
        files=tuple(
            sorted([*files, *(promoted_sdist_file(source, each) for each in sdists)], key=lambda file: file.name)
        ),
        revisions=before.revisions if before else {},
        made_by={**(before.made_by if before else {}), "spokeshave": __version__},
        promoted_from=PromotedFrom(
            version=source.version,
            manifest_sha256=source.manifest_sha256,
            untested=any(not passed_tests(file) for file in files),
            rewritten=plan.rewriting.globs if any(copy.rewritten for copy in copies) else (),
            kept=plan.keep if any(copy.kept for copy in copies) else (),
        ),
    )


def promoted_projects(source: ReleaseSource, version: str, artifacts: Sequence[Artifact]) -> dict[str, ReleaseProject]:
    """Return the projects with the new version, and with the pins that their wheels have now."""
    names = frozenset(source.projects)
    before = source.record.projects if source.record else {}
    projects = {}
    for name in source.projects:
        requires = {text for artifact in artifacts if artifact.project == name for text in siblings(artifact, names)}
        expected = before[name].expected if name in before else ()
        projects[name] = ReleaseProject(version=version, requires=tuple(sorted(requires)), expected=expected)
    return projects


def promoted_file(copy: StampedCopy, artifact: Artifact) -> ReleaseFile:
    """Return what the record says of a promoted wheel. Tests of its source count for its payload."""
    sealed = copy.source.sealed
    source_sha256 = sealed.sha256 if sealed else sha256_of_file(copy.source.path)[0]
    evidence = sealed.tested if sealed and copy.counts_tests else ()
    return ReleaseFile(
        name=copy.path.name,
        project=artifact.project,
        sha256=copy.sha256,
        size=copy.size,
        payload_sha256=copy.payload_sha256,
        metadata_sha256=artifact.metadata.sha256,
        requires_python=artifact.metadata.requires_python,
        source=FileSource(name=copy.source.path.name, sha256=source_sha256),
        tested=tuple(replace(test, of=EvidenceSubject.PAYLOAD) for test in evidence),
    )


def add_reports(source: ReleaseSource, record: ReleaseRecord, draft: RecordDraft) -> None:
    """Copy the reports that count into the draft."""
    counted = {test.report_sha256 for file in record.files for test in file.tested}
    for path in sorted((source.folder / REPORTS).glob("*.json")) if source.record else ():
        if sha256_of_file(path)[0] in counted:
            draft.add_report(SmokeTestReport.from_json(path.read_text("utf-8")))


def report(
    output: Path,
    source: ReleaseSource,
    record: ReleaseRecord,
    copies: Sequence[StampedCopy],
    sdists: Sequence[PromotedSdist] = (),
) -> PromoteReport:
    """Return the report of a promotion."""
    tests = {file.name: len(passed_tests(file)) for file in record.files}
    wheels = [
        PromotedWheel(
            name=copy.path.name,
            source=copy.source.path.name,
            sha256=copy.sha256,
            changed=copy.changed,
            rewritten=copy.rewritten,
            kept=copy.kept,
            tests=tests[copy.path.name],
            unsearched=copy.unsearched,
        )
        for copy in copies
    ]
    return PromoteReport(
        version=record.version,
        promoted_from=source.version,
        manifest_sha256=manifest_sha256(output),
        untested=bool(record.promoted_from and record.promoted_from.untested),
        wheels=tuple(wheels),
        sdists=tuple(sdist.path.name for sdist in sdists),
    )
