"""A publication's steps, done: requests to the destination, lines of the journal, and what the user sees of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.release.destination.destination import (
    Destination,
    DestinationError,
    FileState,
    Listing,
    UnansweredError,
    UnreadableError,
)
from spokeshave.release.publish.journal import SENDING, Journal
from spokeshave.release.publish.progress import Progress
from spokeshave.release.publish.publication import Phase, Publication, after, next_step
from spokeshave.release.publish.steps import (
    CheckVisible,
    Commit,
    Committed,
    Event,
    Finish,
    Listed,
    ListingFailed,
    LookUp,
    Pause,
    Seen,
    Send,
    SendingBegins,
    Sent,
    Step,
    Stopped,
)
from spokeshave.release.record import attestation_path, file_path
from spokeshave_core.problems import Problem
from spokeshave_core.reports.release import ReleaseFile


class Interruption(KeyboardInterrupt):
    """A signal that ends the publication after the current line of Python."""


@dataclass(frozen=True)
class Publisher:
    """What the steps of a publication are done with.

    Attributes:
        folder: The record.
        clock: The time in seconds, of any origin.
    """

    folder: Path
    destination: Destination
    journal: Journal
    progress: Progress
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def run(self, publication: Publication) -> Publication:
        """Return the state at the end. A signal ends it early."""
        try:
            while not isinstance(step := next_step(publication, self.clock()), Finish):
                if isinstance(step, Pause):
                    self.progress.pause(step)
                    self.sleep(step.seconds)
                    continue
                if isinstance(step, Send):
                    # In two events: if the second one never comes, the file counts as possibly sent.
                    begins = self._begin(publication.files[step.name].file)
                    publication = after(publication, begins, self.clock())
                    if isinstance(begins, Stopped):
                        continue
                publication = self._apply(publication, self._perform(publication, step))
        except Interruption as err:
            problem = Problem("", f"was interrupted ({err})", "")
            publication = after(publication, Stopped(problem, is_interruption=True), self.clock())
        return publication

    def _apply(self, publication: Publication, event: Event) -> Publication:
        changed = after(publication, event, self.clock())
        for name, state in changed.files.items():
            before = publication.files[name]
            if state.phase is Phase.STORED and before.phase is not Phase.STORED:
                self.progress.stored(state)
                if state.attempts or before.phase is Phase.DOUBTFUL:
                    self.journal.write("stored", state.file)
        return changed

    def _begin(self, file: ReleaseFile) -> Event:
        """Compare the bytes with the record's before each upload, and write the journal."""
        path = file_path(self.folder, file.name)
        if sha256_of_file(path) != (file.sha256, file.size):
            message = "has other bytes than when the release was sealed"
            return Stopped(Problem(str(path), message, "Get the record again from where it was sealed."))
        self.journal.write(SENDING, file)
        return SendingBegins(file.name)

    def _perform(self, publication: Publication, step: Step) -> Event:
        if isinstance(step, LookUp):
            return self._look_up(publication, step.project)
        if isinstance(step, CheckVisible):
            return self._check_visible(publication, step)
        if isinstance(step, Commit):
            return self._commit()
        if not isinstance(step, Send):
            raise TypeError(step)
        return self._send(publication.files[step.name].file)

    def _look_up(self, publication: Publication, project: str) -> Event:
        states = [state for state in publication.files.values() if state.file.project == project]
        try:
            listing = self.destination.listing(project)
            found = {
                state.file.name: FileState.SAME_BYTES
                if state.phase is Phase.STORED
                else state_in(self.destination, self.folder, state.file, listing)
                for state in states
            }
        except DestinationError as err:
            return ListingFailed(_first(err), is_final=isinstance(err, UnreadableError))
        return Listed(project, found)

    def _check_visible(self, publication: Publication, step: CheckVisible) -> Event:
        seen: set[str] = set()
        projects = dict.fromkeys(publication.files[name].file.project for name in sorted(step.names))
        for project in projects:
            names = {name for name in step.names if publication.files[name].file.project == project}
            try:
                seen |= names - self.destination.hidden(project, names)
            except (UnansweredError, UnreadableError) as err:
                return Seen(frozenset(seen), _first(err))
        return Seen(frozenset(seen))

    def _commit(self) -> Event:
        try:
            self.destination.commit()
        except DestinationError as err:
            return Stopped(_first(err))
        return Committed()

    def _send(self, file: ReleaseFile) -> Event:
        attestation = attestation_path(self.folder, file.name)
        self.progress.sending(file)
        began = self.clock()
        attempt = self.destination.send(file_path(self.folder, file.name), [attestation] if attestation else [])
        self.progress.sent(file, attempt, self.clock() - began)
        detail = self.destination.scrubbed(attempt.problem.message) if attempt.problem else ""
        self.journal.write(attempt.status.value, file, detail)
        return Sent(file.name, attempt)


def state_in(destination: Destination, folder: Path, file: ReleaseFile, listing: Listing) -> FileState:
    """Return whether a listing has a file, by the record's sha256 where the listing has one.

    Raises:
        DestinationError: If the file has to be downloaded, and that fails.
    """
    listed = listing.files.get(file.name)
    if listed is not None and listed.sha256:
        return FileState.SAME_BYTES if listed.sha256 == file.sha256 else FileState.OTHER_BYTES
    return destination.state_of(file_path(folder, file.name), listing)


def _first(error: DestinationError) -> Problem:
    return error.problems[0]
