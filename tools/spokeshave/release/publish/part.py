"""A part of a release that is published on purpose: which files, and what its users would miss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spokeshave.errors import counted, some
from spokeshave.release.check.siblings import part_text, present, sibling_problems
from spokeshave.release.destination.destination import Destination
from spokeshave.release.file_selection import selected
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

_COMPLETE = "publish without --only completes it"


class PartError(SpokeshaveError):
    """A part of a release where nobody said that a part is meant, or the other way round."""


@dataclass(frozen=True)
class ReleasePart:
    """The files of a release that are published.

    Attributes:
        record: The whole release.
        only: The globs of `--only`; empty if they are all files.
        names: The names of the files.
    """

    record: ReleaseRecord
    only: tuple[str, ...]
    names: frozenset[str]

    @property
    def shown(self) -> str:
        """Return the globs for messages."""
        return part_text(self.only)

    @property
    def reduced(self) -> ReleaseRecord:
        """Return the record with the files of the part alone."""
        return replace(self.record, files=tuple(file for file in self.record.files if file.name in self.names))

    @property
    def others(self) -> tuple[ReleaseFile, ...]:
        """Return the files of the release that do not belong to the part."""
        return tuple(file for file in self.record.files if file.name not in self.names)

    def missing(self, folder: Path, destination: Destination) -> tuple[str, ...]:
        """Return the other files that a destination does not have."""
        return tuple(sorted({file.name for file in self.others} - present(folder, self.others, destination)))

    def problems(self, folder: Path, destination: Destination) -> Iterator[Problem]:
        """Yield a problem for each project that would be published without a sibling that it pins.

        Raises:
            DestinationError: If the destination does not list what it has.
        """
        yield from sibling_problems(folder, self.record, self.only, self.names, destination)


def part_of(record: ReleaseRecord, only: Sequence[str], *, is_meant: bool) -> ReleasePart:
    """Return the part that `--only` selects. If that is every file, it is the whole release.

    Args:
        is_meant: Whether the user said that a part is meant, by `--partial`.

    Raises:
        SelectionError: If a glob selects no file.
        PartError: If a part is selected, and not meant.
    """
    if is_meant and not only:
        raise PartError(Problem("--partial", "needs --only, which says which part", "Add --only, or omit --partial."))
    globs = tuple(dict.fromkeys(only))
    names = selected([file.name for file in record.files], globs)
    part = ReleasePart(record, globs if len(names) < len(record.files) else (), names)
    if part.only and not is_meant:
        count = f"{len(names)} of {counted(len(record.files), 'file')}"
        message = f"{' '.join(globs)} selects {count} of {record.name} {record.version}, which is published as a whole"
        remedy = "If a part is meant, add --partial: the release is then recorded as partial, and a later publish "
        raise PartError(Problem("--only", message, f"{remedy}without --only completes it."))
    return part


def notes_of(part: ReleasePart, missing: Sequence[str], maximum_age: int | None) -> Iterator[str]:
    """Yield what a user should know of a part that was published, or will be.

    Args:
        missing: The other files that the destination does not have.
        maximum_age: The days after which the destination takes no new files.
    """
    if not part.only or not missing:
        return
    age = f". The index takes new files of a release for {maximum_age} days" if maximum_age is not None else ""
    yield f"partial: {part.shown}; {_COMPLETE}{age}. Not there: {some(list(missing))}"
    sdists = [file for file in part.reduced.files if not file.is_wheel]
    if sdists and any(file.is_wheel and file.name in missing for file in part.others):
        yield "The sdist is there without all wheels: installers build it on the platforms that have none."
