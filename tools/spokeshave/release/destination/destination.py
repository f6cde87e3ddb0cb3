"""The protocol of what a release goes to: an index or a folder."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from spokeshave.upload.attempt import Attempt
from spokeshave.upload.transport import ProgressCallback
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem, SpokeshaveError


class DestinationError(SpokeshaveError):
    """A destination that cannot be used, or does not exist."""


class UnansweredError(DestinationError):
    """A destination that does not answer, or answers with an error that may pass. Another attempt may succeed.

    Attributes:
        retry_after: The seconds that it asks to wait before.
    """

    retry_after: float | None = None


class UnreadableError(DestinationError):
    """A destination that does not list its files in a way that we can read."""


@dataclass(frozen=True)
class ListedFile:
    """A file that a destination lists.

    Attributes:
        hashes: In hex, by algorithm. Old indexes have only md5, or none.
        size: In bytes; None if the index does not list sizes (PEP 700).
        uploaded: The time of its upload; None if the index does not list it.
        yanked: The reason, which may be empty; None if it is not yanked.
        provenance: The URL of its attestations (PEP 740), if it has any.
    """

    name: str
    url: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    uploaded: datetime.datetime | None = None
    yanked: str | None = None
    provenance: str | None = None

    @property
    def sha256(self) -> str | None:
        """Return its sha256 in hex, if the index lists it."""
        return self.hashes.get("sha256")


@dataclass(frozen=True)
class Listing:
    """A project on a destination.

    Attributes:
        project: The normalized name.
        exists: Whether the destination has the project. If not, there are no files.
        files: By name.
        versions: As the index lists them; None if it does not.
        status: `active`, `archived`, `quarantined` or `deprecated` (PEP 792).
    """

    project: str
    exists: bool
    files: Mapping[str, ListedFile] = field(default_factory=dict)
    versions: tuple[str, ...] | None = None
    status: str = "active"


@dataclass(frozen=True)
class Limits:
    """What a destination accepts. None means unlimited.

    Attributes:
        file: The largest file in bytes.
        project: The largest sum of a project's files in bytes, for projects that are not in `projects`.
        projects: Other sums by normalized name.
        local_versions: Whether versions such as `1.0+local` are accepted.
        maximum_age: The age of a release in days after which it takes no new files.
    """

    file: int | None = None
    project: int | None = None
    projects: Mapping[str, int] = field(default_factory=dict)
    local_versions: bool = True
    maximum_age: int | None = None

    def of_project(self, project: str) -> int | None:
        """Return the size limit of a project by its normalized name."""
        return self.projects.get(project, self.project)


class Destination(Protocol):
    """What a release goes to. It is opened by `open_destination`, and no method repeats a failed request by itself.

    Attributes:
        text: As the user named it: `@pypi`, a URL, `folder:PATH`.
        label: For messages: the text, and the URL if that is not the text.
        limits: What it accepts.
        is_atomic: Whether nothing is listed before `commit`, which then adds all files that were sent in one step. An
            index lists each file on its own.
    """

    text: str
    label: str
    limits: Limits
    is_atomic: bool

    def listing(self, project: str) -> Listing:
        """Return the files of a project, past all caches that can be passed.

        Raises:
            UnansweredError: If there is no answer. Another attempt may succeed.
            UnreadableError: If the answer is not a listing.
        """

    def state_of(self, file: Path, listing: Listing) -> Presence:
        """Return whether a listing of its project has a file: by sha256, another hash, or else by download.

        Raises:
            UnansweredError: If it has to be downloaded, and there is no answer.
            UnreadableError: If it cannot be downloaded.
        """

    def state_by_sha256(self, file: Path, sha256: str, listing: Listing) -> Presence:
        """Return what `state_of` does for a file whose sha256 is known. It is read only if the listing has no sha256.

        Raises:
            DestinationError: Those of `state_of`.
        """
        listed = listing.files.get(file.name)
        if listed is None or not listed.sha256:
            return self.state_of(file, listing)
        return Presence.THERE if listed.sha256 == sha256 else Presence.OTHER_BYTES

    def hidden(self, project: str, names: Iterable[str]) -> frozenset[str]:
        """Return the files that installers do not see yet, in the simple pages in HTML or in JSON.

        Raises:
            UnansweredError: If there is no answer.
            UnreadableError: If an answer is not a listing.
        """

    def send(self, file: Path, attestations: Sequence[Path] = (), progress: ProgressCallback | None = None) -> Attempt:
        """Send one file in one attempt.

        Args:
            attestations: The files of its attestations (PEP 740).
            progress: Is called with the sent and all bytes, with each piece of an upload.
        """

    def record_problems(self, record: Path) -> list[Problem]:  # noqa: ARG002 (that of others)
        """Return why it does not take a record, by its manifest alone. By default, it takes each."""
        return []

    def commit(self, record: Path, only: Sequence[str] = ()) -> None:
        """Make all files that were sent visible. An index that lists each file on its own has done so already.

        Others also put in order what they have of the record, so that it is called if nothing was sent, too.

        Args:
            record: The release's record, whose files they are.
            only: The globs of `--only`, if a part of the release is meant.

        Raises:
            DestinationError: If that fails; then none is visible.
        """

    def credential_problems(self) -> list[Problem]:
        """Return what is wrong with the credentials. Nothing is sent with them, so a wrong password is not found."""

    def log_in(self) -> None:
        """Get a CI job's token from the index, if the job has no other credentials. Other destinations need none.

        Raises:
            UnansweredError: If the index or the CI does not answer.
            DestinationError: If the index does not trust the job.
        """

    def scrubbed(self, text: str) -> str:
        """Return a text without passwords, for anything that is printed or written."""

    def scrubbed_problems(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return the same problems without passwords."""
        scrub = self.scrubbed
        return tuple(Problem(scrub(each.place), scrub(each.message), scrub(each.remedy)) for each in problems)
