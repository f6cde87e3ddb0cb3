"""The state of a publication, its next step, and its transitions. Pure: times come with the events.

A file is `PENDING`, then `DOUBTFUL` from the moment in which its upload begins, `ACCEPTED` or `CONTESTED` when the
index says that it takes it or does not, and `STORED` when the index lists it with the same bytes. Only a listing makes
a file `STORED`, and between two uploads of one file there is a listing that lacks it. No stage begins before installers
see all files of the stages before it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from spokeshave.release.publish.order import UploadOrder
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
)
from spokeshave.upload.attempt import AttemptStatus
from spokeshave_core.outcomes import Presence, PublishEnd, PublishOutcome
from spokeshave_core.problems import Problem
from spokeshave_core.release.record import ReleaseFile

# Look-ups of a file that the index accepted and does not list, before it is sent again.
_LOOK_UPS = 5
# Look-ups of a file that the index does not accept: another publisher may have sent it.
_LOOK_UPS_OF_REFUSED = 2
# No pause gets longer by more.
_MOST_DOUBLINGS = 64
_NEW_VERSION = "An index keeps the first file of a name: publish the release under a new version."
_CHECK_URL = (
    "Check that --check-url is the URL of the index's simple pages, and that the project is not held back there. Then "
    "run the command again: it continues."
)
_LATER = "Check the index, then run the command again: it continues."


class Phase(enum.Enum):
    """The state of one file."""

    PENDING = "not sent"
    DOUBTFUL = "sent, without an answer"
    ACCEPTED = "accepted, not listed yet"
    CONTESTED = "not accepted, may exist"
    STORED = "stored"
    REFUSED = "refused"


# The index has said that it has the file, or may have it, and its listing decides.
_UNLISTED = (Phase.ACCEPTED, Phase.CONTESTED)


@dataclass(frozen=True)
class Patience:
    """How long a publication waits.

    Attributes:
        wait: Seconds for a stage to become visible, and the longest `Retry-After` that is honored.
        attempts: Uploads of one file, and failures in a row of a listing.
        pause: Seconds before the second attempt. Each further pause is twice as long.
        longest_pause: Seconds that no pause exceeds, except for `Retry-After`.
    """

    wait: float = 300
    attempts: int = 5
    pause: float = 2
    longest_pause: float = 60

    def pause_after(self, failures: int) -> float:
        """Return the seconds to wait after a number of failures in a row."""
        return min(self.pause * 2.0 ** min(max(failures - 1, 0), _MOST_DOUBLINGS), self.longest_pause)


@dataclass(frozen=True)
class FileProgress:
    """A file of the release.

    Attributes:
        attempts: Uploads in this run.
        was_sent: An earlier run began an upload that was not refused.
        look_ups: Listings without the file since its last upload.
        problem: What the index said about the last upload, if it did not accept the file.
    """

    file: ReleaseFile
    phase: Phase = Phase.PENDING
    attempts: int = 0
    was_sent: bool = False
    look_ups: int = 0
    problem: Problem | None = None

    @property
    def is_stored(self) -> bool:
        """Whether the index stores it."""
        return self.phase is Phase.STORED

    @property
    def is_refused(self) -> bool:
        """Whether the index did not accept it, and a listing since then lacks it."""
        return self.phase is Phase.REFUSED or (self.phase is Phase.CONTESTED and self.look_ups > 0)

    def outcome(self) -> PublishOutcome:
        """Return the outcome for the report."""
        if self.phase is Phase.STORED:
            return PublishOutcome.PUBLISHED if self.attempts else PublishOutcome.ALREADY_THERE
        if self.phase is Phase.PENDING:
            unsent = PublishOutcome.UNCONFIRMED if self.was_sent else PublishOutcome.NOT_SENT
            return PublishOutcome.FAILED if self.attempts else unsent
        return PublishOutcome.REFUSED if self.is_refused else PublishOutcome.UNCONFIRMED


@dataclass(frozen=True)
class Publication:
    """The state of a publication.

    Attributes:
        listed: The projects that were listed in this run.
        failures: Requests in a row that failed, or did not show what is waited for.
        resume_at: The time before which no request is made, with its reason.
        waits_since: The time since which all is sent that can be, and something is not listed or not visible.
        gate: The number of stages, from the first, whose files are all visible.
        is_atomic: The destination adds all files in one step at the end, so that no stage waits for another.
        is_committed: That step was made, after the last upload.
        visible: The files that were visible at the last check of all.
        problems: Why the publication ended early; empty if it did not.
    """

    order: UploadOrder
    files: Mapping[str, FileProgress]
    patience: Patience
    listed: frozenset[str] = frozenset()
    failures: int = 0
    resume_at: float = 0
    reason: str = ""
    waits_since: float | None = None
    gate: int = 0
    is_atomic: bool = False
    is_committed: bool = False
    visible: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()

    @property
    def is_stored(self) -> bool:
        """Whether the index stores all files."""
        return all(state.phase is Phase.STORED for state in self.files.values())

    @property
    def is_done(self) -> bool:
        """Whether the index stores all files, and installers see them."""
        return self.is_stored and self.visible >= self.files.keys()

    def end(self) -> PublishEnd:
        """Return what the publication came to. A file that was refused, and is not listed, was not sent."""
        if self.is_done:
            return PublishEnd.DONE
        if self.is_stored:
            return PublishEnd.NOT_VISIBLE
        may_exist = not self.is_atomic or self.is_committed
        begun = [state for state in self.files.values() if state.attempts or state.was_sent]
        is_there = any(state.phase is Phase.STORED for state in self.files.values())
        may_be_there = may_exist and any(not state.is_refused for state in begun)
        return PublishEnd.PARTIAL if is_there or may_be_there else PublishEnd.REFUSED

    def remaining(self) -> tuple[FileProgress, ...]:
        """Return the files that are not known to be stored, in the order in which they are sent."""
        states = (self.files[file.name] for file in self.order.files())
        return tuple(state for state in states if state.phase is not Phase.STORED)


def new_publication(
    order: UploadOrder,
    patience: Patience,
    sending: Iterable[str] = (),
    sent: Iterable[str] = (),
    *,
    is_atomic: bool = False,
) -> Publication:
    """Return the state in which nothing is known about the index.

    Args:
        sending: The files whose upload had begun when the run before ended, by its journal.
        sent: The files that an earlier run sent and that were not refused, by its journal.
    """
    begun = frozenset(sending)
    earlier = frozenset(sent)
    files = {
        file.name: FileProgress(
            file,
            phase=Phase.DOUBTFUL if file.name in begun else Phase.PENDING,
            was_sent=file.name in earlier,
        )
        for file in order.files()
    }
    return Publication(order=order, files=files, patience=patience, is_atomic=is_atomic)


def next_step(publication: Publication, now: float) -> Step:
    """Return what to do now."""
    if publication.problems or publication.is_done:
        return Finish()
    if now < publication.resume_at:
        return Pause(publication.resume_at - now, publication.reason)
    for stage in publication.order.stages:
        if stage.project not in publication.listed:
            return LookUp(stage.project)
    return _next_of_atomic(publication) if publication.is_atomic else _next_of_stages(publication)


def _next_of_stages(publication: Publication) -> Step:
    for number, stage in enumerate(publication.order.stages):
        states = [publication.files[file.name] for file in stage.files]
        unsent = next((state for state in states if state.phase not in (Phase.STORED, Phase.ACCEPTED)), None)
        if unsent is not None and unsent.phase is Phase.PENDING:
            before = _names(publication, number)
            return Send(unsent.file.name) if number <= publication.gate or not before else CheckVisible(before)
        if unsent is not None or any(state.phase is Phase.ACCEPTED for state in states):
            return LookUp(stage.project)
    return CheckVisible(_names(publication, len(publication.order.stages)))


def _next_of_atomic(publication: Publication) -> Step:
    remaining = publication.remaining()
    for state in remaining:
        if state.phase is Phase.PENDING:
            return Send(state.file.name)
        if state.phase is not Phase.ACCEPTED:
            return LookUp(state.file.project)
    # Also if it lists all files: a run before may have been killed before it was in order, or without attestations.
    if not publication.is_committed:
        return Commit()
    return LookUp(remaining[0].file.project) if remaining else CheckVisible(frozenset(publication.files))


def _names(publication: Publication, stages: int) -> frozenset[str]:
    """Return the files of the first stages."""
    return frozenset(file.name for stage in publication.order.stages[:stages] for file in stage.files)


def after(publication: Publication, event: Event, now: float) -> Publication:
    """Return the state after an event."""
    if isinstance(event, Listed):
        return _after_listing(publication, event, now)
    if isinstance(event, ListingFailed):
        return _after_failed_listing(publication, event, now)
    if isinstance(event, SendingBegins):
        state = publication.files[event.name]
        begun = replace(state, phase=Phase.DOUBTFUL, attempts=state.attempts + 1, look_ups=0, problem=None)
        return _with_file(replace(publication, waits_since=None, is_committed=False), begun)
    if isinstance(event, Sent):
        return _after_sending(publication, event, now)
    if isinstance(event, Committed):
        return replace(publication, is_committed=True)
    if isinstance(event, Seen):
        return _after_check(publication, event, now)
    return replace(publication, problems=event.problems)


def _with_file(publication: Publication, state: FileProgress) -> Publication:
    return replace(publication, files={**publication.files, state.file.name: state})


def _after_listing(publication: Publication, event: Listed, now: float) -> Publication:
    changed = replace(publication, listed=publication.listed | {event.project}, failures=0)
    for state in publication.files.values():
        if state.file.project == event.project:
            changed = _with_file(changed, _looked_up(state, event, publication.patience))
    is_complete = all(stage.project in changed.listed for stage in changed.order.stages)
    problems = _problems_of_files(changed)
    if problems:
        # The first listings are all read before it ends, so that all conflicts are reported together.
        return replace(changed, problems=problems if is_complete else ())
    waiting = [
        state for state in changed.files.values() if state.file.project == event.project and state.phase in _UNLISTED
    ]
    if not waiting:
        return replace(changed, waits_since=None)
    return _wait_for_listing(changed, waiting, event, now)


def _looked_up(state: FileProgress, event: Listed, patience: Patience) -> FileProgress:
    """Return a file's state after a listing of its project."""
    name = state.file.name
    found = event.states[name]
    if found is Presence.OTHER_BYTES:
        return replace(
            state, phase=Phase.REFUSED, problem=Problem(name, "is on the index, with other bytes", _NEW_VERSION)
        )
    if found is Presence.THERE:
        return replace(state, phase=Phase.STORED, problem=None)
    if state.phase is Phase.DOUBTFUL:
        return replace(state, phase=Phase.PENDING)
    if state.phase in _UNLISTED:
        return _not_listed(replace(state, look_ups=state.look_ups + 1), event, patience)
    return state


def _end_of_file(state: FileProgress, patience: Patience) -> Problem | None:
    """Return why a file ends the publication; None if it does not."""
    if state.phase is Phase.REFUSED:
        return state.problem
    if state.phase is Phase.PENDING and state.attempts >= patience.attempts:
        message = f"is not on the index after {state.attempts} attempts"
        cause = f". The last one: {state.problem.message}" if state.problem else ""
        return Problem(state.file.name, message + cause, _LATER)
    return None


def _problems_of_files(publication: Publication) -> tuple[Problem, ...]:
    ends = (_end_of_file(publication.files[file.name], publication.patience) for file in publication.order.files())
    return tuple(problem for problem in ends if problem)


def _not_listed(state: FileProgress, event: Listed, patience: Patience) -> FileProgress:
    """Return the state of a file after one more listing without it."""
    if state.phase is Phase.CONTESTED:
        return replace(state, phase=Phase.REFUSED) if state.look_ups >= _LOOK_UPS_OF_REFUSED else state
    if event.has_project and state.look_ups >= _LOOK_UPS and state.attempts < patience.attempts:
        # The same bytes again: an index that has them stores nothing. Without any page of the project, more uploads
        # would show nothing: the pages are at another place, or late.
        return replace(state, phase=Phase.PENDING)
    return state


def _wait_for_listing(publication: Publication, waiting: list[FileProgress], event: Listed, now: float) -> Publication:
    since = now if publication.waits_since is None else publication.waits_since
    if now - since >= publication.patience.wait:
        return replace(publication, problems=tuple(_problems_of_unlisted(waiting, event)))
    pause = publication.patience.pause_after(max(state.look_ups for state in waiting))
    accepted = [state for state in waiting if state.phase is not Phase.CONTESTED]
    reason = f"the index does not list {_some(accepted)} yet" if accepted else _another_may_send(waiting)
    return replace(publication, waits_since=since, resume_at=now + pause, reason=reason)


def _another_may_send(refused: list[FileProgress]) -> str:
    return f"another publisher may be sending {_some(refused)}"


def _problems_of_unlisted(waiting: Iterable[FileProgress], event: Listed) -> Iterator[Problem]:
    """Yield why files are not published that the index did not list in time: its own reasons, and the first other."""
    accepted = [state for state in waiting if state.phase is Phase.ACCEPTED]
    yield from (state.problem for state in waiting if state.phase is Phase.CONTESTED and state.problem)
    if accepted and event.has_project:
        yield Problem(accepted[0].file.name, "was accepted, but the index does not list it", _LATER)
    elif accepted:
        message = f"was accepted, but the index does not list it, nor any other file of {event.project}"
        yield Problem(accepted[0].file.name, message, _CHECK_URL)


def _after_failed_listing(publication: Publication, event: ListingFailed, now: float) -> Publication:
    failures = publication.failures + 1
    if event.is_final or failures >= publication.patience.attempts:
        problems = (*_problems_of_files(publication), event.problem)
        return replace(publication, problems=problems, failures=failures)
    return _pause(replace(publication, failures=failures), event.problem, event.retry_after, failures, now)


def _pause(
    publication: Publication, problem: Problem | None, retry_after: float | None, failures: int, now: float
) -> Publication:
    """Return the state with a pause before the next request: as long as the index asks for, or longer each time."""
    if retry_after is not None and retry_after > publication.patience.wait:
        remedy = f"Run the command again after that time: it continues. Or let it wait with --wait {retry_after:.0f}."
        place = problem.place if problem else ""
        message = f"the index asks to wait for {retry_after:.0f} s"
        return replace(publication, problems=(Problem(place, message, remedy),))
    pause = publication.patience.pause_after(failures)
    reason = f"{problem.place}: {problem.message}" if problem else ""
    return replace(publication, resume_at=now + max(pause, retry_after or 0), reason=reason)


def _after_sending(publication: Publication, event: Sent, now: float) -> Publication:
    attempt = event.attempt
    state = replace(publication.files[event.name], problem=attempt.problem)
    if attempt.is_done:
        return _with_file(publication, replace(state, phase=Phase.ACCEPTED))
    if attempt.status is AttemptStatus.REFUSED:
        return _with_file(publication, replace(state, phase=Phase.CONTESTED))
    changed = _with_file(publication, state)
    if attempt.status is AttemptStatus.EXPIRED:
        return changed
    return _pause(changed, attempt.problem, attempt.retry_after, state.attempts, now)


def _after_check(publication: Publication, event: Seen, now: float) -> Publication:
    """Return the state after a check of the files of the first stages, or of all."""
    complete = _complete_stages(publication, event.names)
    if complete > publication.gate or event.names >= publication.files.keys():
        return replace(
            publication, gate=max(complete, publication.gate), visible=event.names, failures=0, waits_since=None
        )
    since = now if publication.waits_since is None else publication.waits_since
    failures = publication.failures + 1
    changed = replace(publication, visible=event.names, waits_since=since, failures=failures)
    missing = _first_hidden(publication, event.names)
    if now - since < publication.patience.wait:
        reason = event.problem.message if event.problem else f"{missing.name} is stored, but not visible yet"
        return replace(changed, resume_at=now + publication.patience.pause_after(failures), reason=reason)
    cause = f" ({event.problem.message})" if event.problem else ""
    message = f"is stored, but not visible to installers after {now - since:.0f} s{cause}"
    if not publication.is_stored:
        message += ". What follows it was not sent"
    return replace(changed, problems=(Problem(missing.name, message, _LATER),))


def _complete_stages(publication: Publication, names: frozenset[str]) -> int:
    """Return the number of stages, from the first, that are all visible."""
    count = 0
    for stage in publication.order.stages:
        if not names.issuperset(file.name for file in stage.files):
            break
        count += 1
    return count


def _first_hidden(publication: Publication, names: frozenset[str]) -> ReleaseFile:
    return next(file for file in publication.order.files() if file.name not in names)


def _some(states: list[FileProgress]) -> str:
    first = states[0].file.name
    return first if len(states) == 1 else f"{first} and {len(states) - 1} more"
