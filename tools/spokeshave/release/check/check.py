"""The check of a release: its files, the set, and what each destination would refuse. Nothing is sent."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.check.fields import check_fields, check_local_versions, check_names
from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file_set import by_project, check_set
from spokeshave.release.check.index import Offer, check_offers
from spokeshave.release.check.release_files import ReleaseFiles, read_release
from spokeshave.release.check.version_texts import check_version_texts
from spokeshave.release.destination.destination import Destination, DestinationError
from spokeshave_core.outcomes import CheckOutcome, Presence
from spokeshave_core.problems import Problem
from spokeshave_core.release.check import CheckedDestination, CheckedDistribution, CheckReport, ProjectSpace

_OUTCOMES = {
    Presence.MISSING: CheckOutcome.READY,
    Presence.THERE: CheckOutcome.ALREADY_THERE,
    Presence.OTHER_BYTES: CheckOutcome.REFUSED,
}

PartProblems = Callable[[Destination], Iterable[Problem]]


@dataclass(frozen=True)
class _Visit:
    """What a destination has of the files. Its problems are those of reading it."""

    destination: Destination
    offers: tuple[Offer, ...]
    problems: tuple[Problem, ...]


def record_problems(record: Path, destination: Destination, names: Collection[str] | None = None) -> list[Problem]:
    """Return everything that is wrong with a record for a destination.

    Args:
        names: The files that go there; None for all.

    Raises:
        InvalidRecordError: If its manifest cannot be read.
    """
    return list(check_release(read_release(record), [destination], names=names).problems)


def check_release(
    release: ReleaseFiles,
    destinations: Sequence[Destination],
    now: datetime.datetime | None = None,
    *,
    names: Collection[str] | None = None,
    part_problems: PartProblems | None = None,
) -> CheckReport:
    """Check files for destinations. Without one, they are checked for PyPI, as far as that can be done without it.

    Args:
        names: The files that go there; None for all. The files themselves are all checked.
        part_problems: Returns what a destination would lack with these files alone.
    """
    moment = now or datetime.datetime.now(datetime.timezone.utc)
    own = [*release.problems, *(problem for file in release.files for problem in file.problems)]
    own += check_set(release.files, release.version)
    if not destinations or any(_is_like_pypi(destination) for destination in destinations):
        own += [*check_names(release.files), *check_fields(release.files), *check_local_versions(release.files)]
    texts = check_version_texts(
        release.files, {problem.place for problem in own}, release.kept, is_record=release.version is not None
    )
    own += texts.problems
    refused = files_of(own)
    chosen = [file for file in release.files if names is None or file.name in names]
    visits = [_visit(destination, chosen, release.record, part_problems) for destination in destinations]
    problems = list(own)
    reports = []
    for visit in visits:
        found = [*visit.problems, *check_offers(visit.offers, moment, release.channel)]
        problems += found
        reports.append(_destination_report(visit, found))
    return CheckReport(
        version=release.version,
        files=tuple(_file_report(file, refused) for file in release.files),
        destinations=tuple(reports),
        problems=tuple(dict.fromkeys(problems)),
        notes=texts.notes,
    )


def _is_like_pypi(destination: Destination) -> bool:
    """Return whether a destination has PyPI's rules for names and metadata, among them that against local versions."""
    return not destination.limits.local_versions


def _visit(
    destination: Destination, files: Sequence[CheckedFile], record: Path | None, part_problems: PartProblems | None
) -> _Visit:
    """Read what a destination has. The first answer that is missing ends it, as the others would be, too."""
    offers = []
    problems = list(destination.credential_problems())
    if record is not None:
        problems += destination.record_problems(record)
    try:
        for project, own in by_project(files).items():
            offers.append(_offer(destination, project, own))
        problems += part_problems(destination) if part_problems else ()
    except DestinationError as err:
        problems += err.problems
    return _Visit(destination, tuple(offers), tuple(problems))


def _offer(destination: Destination, project: str, files: Sequence[CheckedFile]) -> Offer:
    listing = destination.listing(project)
    return Offer(
        project=project,
        files=files,
        listing=listing,
        states={
            file.name: destination.state_by_sha256(file.path, file.sha256, listing)
            for file in files
            if file.name in listing.files
        },
        limits=destination.limits,
        index=destination.label,
    )


def _file_report(file: CheckedFile, refused: Collection[str]) -> CheckedDistribution:
    return CheckedDistribution(
        name=file.name,
        project=file.project,
        version=None if file.version is None else str(file.version),
        sha256=file.sha256,
        size=file.size,
        outcome=CheckOutcome.REFUSED if file.name in refused else CheckOutcome.READY,
    )


def files_of(problems: Iterable[Problem]) -> frozenset[str]:
    """Return the names of the files that problems are in. A place is `NAME`, `NAME: member`, or a path in a record."""
    return frozenset(re.split(r"[/\\]", problem.place.partition(": ")[0])[-1] for problem in problems)


def _destination_report(visit: _Visit, problems: Sequence[Problem]) -> CheckedDestination:
    outcomes = {}
    refused = files_of(problems)
    for offer in visit.offers:
        for file in offer.files:
            state = offer.states.get(file.name, Presence.MISSING)
            outcomes[file.name] = CheckOutcome.REFUSED if file.name in refused else _OUTCOMES[state]
    return CheckedDestination(
        destination=visit.destination.label,
        files=outcomes,
        projects=tuple(
            ProjectSpace(
                project=offer.project,
                used=offer.used,
                new=offer.needed,
                limit=offer.limits.of_project(offer.project),
            )
            for offer in visit.offers
        ),
    )
