"""Why a release is not published: what its check finds before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from spokeshave.release.check.check import record_problems
from spokeshave.release.destination.destination import (
    Destination,
    DestinationError,
    Listing,
    UnansweredError,
)
from spokeshave.release.publish.part import ReleasePart
from spokeshave.release.publish.publication import Patience
from spokeshave.upload.attempt import Attempt
from spokeshave.upload.transport import ProgressCallback
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem

_Result = TypeVar("_Result")


def refusals(
    folder: Path,
    part: ReleasePart,
    destination: Destination,
    patience: Patience,
    sleep: Callable[[float], None],
    *,
    logs_in: bool,
) -> list[Problem]:
    """Return everything that is wrong with a record for a destination. A request that fails is made again.

    Args:
        part: What of it is published. The files themselves are all checked.
        logs_in: Whether a CI job gets the token that a publication needs. Some CIs let it get only one.

    Raises:
        InvalidRecordError: If the manifest of the record cannot be read.
    """
    patient = _PatientDestination(destination, patience, sleep)
    problems = record_problems(folder, patient, part.names)
    try:
        problems += part.problems(folder, patient)
    except DestinationError as err:
        problems += [problem for problem in err.problems if problem not in problems]
    if logs_in:
        try:
            patient.log_in()
        except DestinationError as err:
            problems += err.problems
    return problems


class _PatientDestination(Destination):
    """A destination whose listings are read again after errors that may pass."""

    def __init__(self, destination: Destination, patience: Patience, sleep: Callable[[float], None]) -> None:
        self.text = destination.text
        self.label = destination.label
        self.limits = destination.limits
        self.is_atomic = destination.is_atomic
        self._destination = destination
        self._patience = patience
        self._sleep = sleep

    def listing(self, project: str) -> Listing:
        return self._again(lambda: self._destination.listing(project))

    def _again(self, request: Callable[[], _Result]) -> _Result:
        """Make a request again as often as the user wants."""
        for failures in range(1, self._patience.attempts):
            try:
                return request()
            except UnansweredError as err:
                asked = err.retry_after or 0
                if asked > self._patience.wait:
                    raise
                self._sleep(max(self._patience.pause_after(failures), asked))
        return request()

    def state_of(self, file: Path, listing: Listing) -> Presence:
        return self._destination.state_of(file, listing)

    def hidden(self, project: str, names: Iterable[str]) -> frozenset[str]:
        return self._destination.hidden(project, names)

    def send(self, file: Path, attestations: Sequence[Path] = (), progress: ProgressCallback | None = None) -> Attempt:
        return self._destination.send(file, attestations, progress)

    def record_problems(self, record: Path) -> list[Problem]:
        return self._destination.record_problems(record)

    def commit(self, record: Path, only: Sequence[str] = ()) -> None:
        self._destination.commit(record, only)

    def credential_problems(self) -> list[Problem]:
        return self._destination.credential_problems()

    def log_in(self) -> None:
        self._again(self._destination.log_in)

    def scrubbed(self, text: str) -> str:
        return self._destination.scrubbed(text)
