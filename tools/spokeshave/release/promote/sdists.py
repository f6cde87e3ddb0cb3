"""The sdists of a release that is promoted: stamped again, as its wheels are.

Sdists that Spokeshave wrote state where their version is. In those of build backends it is replaced where backends
write it. No other text is rewritten: a file that still names the candidate is an error.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from spokeshave.errors import InvalidInputsError
from spokeshave.files import iter_chunks, sha256_of_file
from spokeshave.release.promote.source import ReleaseSource, file_of
from spokeshave.release.record import FILES
from spokeshave.release.seal.artifact import read_artifact
from spokeshave.release.version_search import FoundText, VersionSearch
from spokeshave.release.version_traces import TraceFinder
from spokeshave.release.writer import RecordDraft
from spokeshave.sdist.archive import PKG_INFO, read_sdist, read_sdist_of_backend
from spokeshave.sdist.backend_stamping import stamp_sdist_of_backend
from spokeshave.sdist.stamping import read_sdist_facts, stamp_sdist
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.record import FileSource, ReleaseFile

OTHER_TOOL = (
    "A build backend wrote it, so that nothing states where its version is. If it is history, such as a changelog, "
    "--keep-text allows it. Otherwise seal a record of the wheels alone and promote that, and build the sdist of the "
    "new version from its tag."
)
_REMEDY = (
    "Make it one of the `version_files`, and build the release again. If it is history, such as a changelog, "
    "--keep-text allows it."
)


@dataclass(frozen=True)
class PromotedSdist:
    """An sdist of the new version in the draft, and the sdist that it was made from.

    Attributes:
        members: The paths of its files.
        is_ours: Whether Spokeshave wrote it.
    """

    source: Path
    path: Path
    sha256: str
    size: int
    members: tuple[str, ...]
    is_ours: bool


def sdist_problems(source: ReleaseSource) -> Iterator[Problem]:
    """Yield the sdists that cannot be promoted."""
    for name in source.sdists:
        try:
            known = PKG_INFO in read_sdist_of_backend(file_of(source, name))
        except InvalidInputsError:
            known = False
        if not known:
            remedy = "Build it with a current build backend, or promote a record of the wheels alone."
            yield Problem(str(source.folder / name), "cannot be promoted, as it is not an sdist", remedy)


def promote_sdists(
    source: ReleaseSource, draft: RecordDraft, version: str, channel: str | None
) -> tuple[PromotedSdist, ...]:
    """Write all sdists with the new version into a draft."""
    promoted = []
    for name in source.sdists:
        path = file_of(source, name)
        facts = facts_of(path)
        output = draft.folder / FILES
        if facts is None:
            stamped = stamp_sdist_of_backend(path, version, source.projects, output)
        else:
            changed = replace(facts, version=version, channel=channel or facts.channel)
            stamped = stamp_sdist(path, changed, output)
        draft.list_file(stamped.sdist.path.name, stamped.sdist.sha256)
        promoted.append(
            PromotedSdist(
                source=path,
                path=stamped.sdist.path,
                sha256=stamped.sdist.sha256,
                size=stamped.sdist.size,
                members=stamped.files,
                is_ours=facts is not None,
            )
        )
    return tuple(promoted)


def facts_of(sdist: Path) -> VersionFacts | None:
    """Return the facts that an sdist of Spokeshave states. None for one of a build backend, which may contain links."""
    try:
        return read_sdist_facts(sdist)
    except InvalidInputsError:
        return None


def search_sdist(sdist: PromotedSdist, wanted: TraceFinder) -> Iterator[FoundText]:
    """Yield the files of an sdist that still name a pre-release."""
    search = VersionSearch(wanted)
    for name, file in read_sdist(sdist.path)[1].items():
        search.search_name(name, name)
        search.search_file(name, iter_chunks(io.BytesIO(file.content)), partial(io.BytesIO, file.content))
    yield from search.texts


def check_sdist(sdist: PromotedSdist, wanted: TraceFinder, kept: Sequence[str], problems: Problems) -> None:
    """Add a problem for each file of an sdist that still names a pre-release.

    Args:
        kept: The files that may.
    """
    for hit in search_sdist(sdist, wanted):
        if not (hit.member in kept and hit.is_text and hit.offset is not None):
            message = f"{hit}, so that version {wanted.new} would go on saying it"
            remedy = _REMEDY if sdist.is_ours else OTHER_TOOL
            problems.add(f"{sdist.source.name}: {hit.member}", message, remedy)


def promoted_sdist_file(source: ReleaseSource, sdist: PromotedSdist) -> ReleaseFile:
    """Return what the record says of a promoted sdist."""
    artifact = read_artifact(sdist.path, sdist.path, sdist.sha256, sdist.size)
    files = source.record.files if source.record else ()
    sealed = next((file.sha256 for file in files if file.name == sdist.source.name), None)
    return ReleaseFile(
        name=sdist.path.name,
        project=artifact.project,
        sha256=sdist.sha256,
        size=sdist.size,
        payload_sha256=None,
        metadata_sha256=None,
        requires_python=artifact.metadata.requires_python,
        source=FileSource(name=sdist.source.name, sha256=sealed or sha256_of_file(sdist.source)[0]),
    )


def sdist_differences(old: ReleaseSource, new: ReleaseSource) -> Iterator[Problem]:
    """Yield the sdists of two releases that are not the same sdist with two versions."""
    olds = {_distribution(name): name for name in old.sdists}
    news = {_distribution(name): name for name in new.sdists}
    for distribution in sorted({*olds, *news}):
        if distribution not in olds or distribution not in news:
            is_old = distribution in olds
            place = old.folder / olds[distribution] if is_old else new.folder / news[distribution]
            other = new.folder if is_old else old.folder
            yield Problem(str(place), f"has no counterpart in {other}", "Compare releases of the same files.")
            continue
        before = file_of(old, olds[distribution])
        after = file_of(new, news[distribution])
        if not _is_restamped(before, after, new):
            message = f"differs from {before.name} in more than its version"
            yield Problem(str(after), message, "Compare their files: `tar -xf` unpacks an sdist.")


def _is_restamped(before: Path, after: Path, new: ReleaseSource) -> bool:
    """Return whether one sdist has the files of the other one, stamped with its version and facts."""
    facts = facts_of(after)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        if facts is None or facts_of(before) is None:
            stamped = stamp_sdist_of_backend(before, new.version, new.projects, output).sdist.path
        else:
            stamped = stamp_sdist(before, facts, output).sdist.path
        return read_sdist_of_backend(stamped) == read_sdist_of_backend(after)


def _distribution(name: str) -> str:
    return name.rpartition("-")[0]
