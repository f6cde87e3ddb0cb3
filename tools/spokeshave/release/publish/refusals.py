"""Why a release is not published: what its check finds before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from spokeshave.release.check.check import record_problems
from spokeshave.release.destination.destination import Destination, FileState, Listing, UnansweredError
from spokeshave.release.publish.publication import Patience
from spokeshave.upload.attempt import Attempt
from spokeshave.upload.transport import ProgressCallback
from spokeshave_core.problems import Problem


def refusals(
    folder: Path, destination: Destination, patience: Patience, sleep: Callable[[float], None]
) -> list[Problem]:
    """Return everything that is wrong with a record for a destination. A listing that fails is read again.

    Raises:
        InvalidRecordError: If the manifest of the record cannot be read.
    """
    return record_problems(folder, _PatientDestination(destination, patience, sleep))


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
        for failures in range(1, self._patience.attempts):
            try:
                return self._destination.listing(project)
            except UnansweredError as err:
                asked = err.retry_after or 0
                if asked > self._patience.wait:
                    raise
                self._sleep(max(self._patience.pause_after(failures), asked))
        return self._destination.listing(project)

    def state_of(self, file: Path, listing: Listing) -> FileState:
        return self._destination.state_of(file, listing)

    def hidden(self, project: str, names: Iterable[str]) -> frozenset[str]:
        return self._destination.hidden(project, names)

    def send(self, file: Path, attestations: Sequence[Path] = (), progress: ProgressCallback | None = None) -> Attempt:
        return self._destination.send(file, attestations, progress)

    def commit(self) -> None:
        self._destination.commit()

    def credential_problems(self) -> list[Problem]:
        return self._destination.credential_problems()

    def scrubbed(self, text: str) -> str:
        return self._destination.scrubbed(text)
