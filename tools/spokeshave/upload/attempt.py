"""One attempt to upload one file, and what its outcome means for the next one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from spokeshave_core.problems import Problem

# Besides all from 500 on: a time-out of the server's, "too early" and "too many requests".
_TEMPORARY = (408, 425, 429)


def is_temporary(status: int) -> bool:
    """Return whether the same request may succeed later, by the status of its answer."""
    return status >= 500 or status in _TEMPORARY


class AttemptStatus(enum.Enum):
    """The outcome of one attempt.

    Attributes:
        STORED: The index says that it accepted the file. Only a listing shows whether it has it.
        ALREADY_THERE: The index has the file already, with the same bytes.
        REFUSED: The index does not want the file. The same attempt would fail again.
        TEMPORARY: There is no answer, or one that asks for another attempt. The index may have the file.
        EXPIRED: The index no longer accepts the short-lived credentials. The next attempt uses new ones.
    """

    STORED = "stored"
    ALREADY_THERE = "already there"
    REFUSED = "refused"
    TEMPORARY = "temporary"
    EXPIRED = "credentials expired"


@dataclass(frozen=True)
class Attempt:
    """The result of one attempt.

    Attributes:
        problem: What went wrong; None for STORED and ALREADY_THERE.
        retry_after: The seconds that the index asks to wait before the next attempt.
    """

    status: AttemptStatus
    problem: Problem | None = None
    retry_after: float | None = None

    @property
    def is_done(self) -> bool:
        """Return whether the index says that it has the file."""
        return self.status in (AttemptStatus.STORED, AttemptStatus.ALREADY_THERE)
