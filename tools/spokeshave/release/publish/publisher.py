"""A publication's steps, done: requests to the destination, lines of the journal, and what the user sees of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.release.destination.destination import (
    Destination,
    DestinationError,
    Listing,
    UnansweredError,
    UnreadableError,
)
from spokeshave.release.publish.journal import LISTED, SENDING, Journal
from spokeshave.release.publish.progress import Progress
from spokeshave.release.publish.publication import Phase, Publication, after, next_step
from spokeshave.release.publish.steps import (
    CheckVisible,
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
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem
from spokeshave_core.release.record import ReleaseFile


class Interruption(KeyboardInterrupt):
    """A signal that ends the publication after the current line of Python."""


@dataclass
class Publisher:
    """What the steps of a publication are done with.

    Attributes:
        folder: The record.
        publication: The state, which is right whenever a run is interrupted.
        only: The globs of `--only`, if a part of the record is published.
        clock: The time in seconds, of any origin.
    """

    folder: Path
    destination: Destination
    journal: Journal
    progress: Progress
    publication: Publication
    only: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> None:
        """Do all steps to the end."""
        while not isinstance(step := self._next(), Finish):
            if isinstance(step, Send) and not self._begin(self.publication.files[step.name].file):
                continue
            self._do(step)

    def list_all(self) -> None:
        """Do the first steps, which read what the destination has, and no others."""
        while isinstance(step := self._next(), (LookUp, Pause)):
            self._do(step)

    def list_known(self) -> None:
        """Read once what the destination has of each project, as far as it answers. Nothing ends or is sent."""
        for project in dict.fromkeys(stage.project for stage in self.publication.order.stages):
            with contextlib.suppress(OSError):
                event = self._look_up(project)
                if isinstance(event, Listed):
                    self._apply(event)

    def stop(self, *problems: Problem) -> None:
        """End the publication."""
        self._apply(Stopped(problems))

    def _next(self) -> Step:
        return next_step(self.publication, self.clock())

    def _do(self, step: Step) -> None:
        if isinstance(step, Pause):
            self.progress.pause(step)
            self.sleep(step.seconds)
        else:
            self._apply(self._perform(step))

    def _apply(self, event: Event) -> None:
        before = self.publication.files
        self.publication = after(self.publication, event, self.clock())
        for name, state in self.publication.files.items():
            if state.phase is Phase.STORED and before[name].phase is not Phase.STORED:
                self.progress.stored(state)
                if state.attempts or before[name].phase is Phase.DOUBTFUL:
                    self.journal.write(LISTED, state.file)

    def _begin(self, file: ReleaseFile) -> bool:
        """Compare the bytes with the record's before each upload, and write the journal. False if they differ.

        From here on the file counts as possibly sent, also if the upload is interrupted.
        """
        path = file_path(self.folder, file.name)
        if sha256_of_file(path) != (file.sha256, file.size):
            message = "has other bytes than when the release was sealed"
            self.stop(Problem(str(path), message, "Get the record again from where it was sealed."))
            return False
        self.journal.write(SENDING, file)
        self._apply(SendingBegins(file.name))
        return True

    def _perform(self, step: Step) -> Event:
        if isinstance(step, LookUp):
            return self._look_up(step.project)
        if isinstance(step, CheckVisible):
            return self._check_visible(step)
        if isinstance(step, Send):
            return self._send(self.publication.files[step.name].file)
        return self._commit()

    def _look_up(self, project: str) -> Event:
        states = [state for state in self.publication.files.values() if state.file.project == project]
        try:
            listing = self.destination.listing(project)
            found = {
                state.file.name: Presence.THERE if state.phase is Phase.STORED else self._state_in(state.file, listing)
                for state in states
            }
        except UnansweredError as err:
            return ListingFailed(_first(err), retry_after=err.retry_after)
        except DestinationError as err:
            return ListingFailed(_first(err), is_final=isinstance(err, UnreadableError))
        return Listed(project, found, has_project=listing.exists)

    def _state_in(self, file: ReleaseFile, listing: Listing) -> Presence:
        return self.destination.state_by_sha256(file_path(self.folder, file.name), file.sha256, listing)

    def _check_visible(self, step: CheckVisible) -> Event:
        seen: set[str] = set()
        projects = dict.fromkeys(self.publication.files[name].file.project for name in sorted(step.names))
        for project in projects:
            names = {name for name in step.names if self.publication.files[name].file.project == project}
            try:
                seen |= names - self.destination.hidden(project, names)
            except (UnansweredError, UnreadableError) as err:
                return Seen(frozenset(seen), _first(err))
        return Seen(frozenset(seen))

    def _commit(self) -> Event:
        try:
            self.destination.commit(self.folder, self.only)
        except DestinationError as err:
            return Stopped(err.problems)
        return Committed()

    def _send(self, file: ReleaseFile) -> Event:
        attestation = attestation_path(self.folder, file.name)
        self.progress.sending(file)
        began = self.clock()
        attempt = self.destination.send(
            file_path(self.folder, file.name),
            [attestation] if attestation else [],
            lambda sent, total: self.progress.advanced(file, sent, total),
        )
        self.progress.sent(file, attempt, self.clock() - began)
        detail = self.destination.scrubbed(attempt.problem.message) if attempt.problem else ""
        self.journal.write(attempt.status.value, file, detail)
        return Sent(file.name, attempt)


def _first(error: DestinationError) -> Problem:
    return error.problems[0]
