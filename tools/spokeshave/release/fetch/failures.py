"""The errors of what is fetched, and how often a request is made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from spokeshave_core.problems import Problem, SpokeshaveError

_Result = TypeVar("_Result")
_MOST_DOUBLINGS = 32
REPORT_IT = "Report it to the administrators of the index."


class FetchError(SpokeshaveError):
    """Something that cannot be fetched."""


class AbsentError(FetchError):
    """A file that the source does not have."""


class PassingError(FetchError):
    """A failure after which another attempt may succeed.

    Attributes:
        retry_after: The seconds that the source asks to wait before.
    """

    retry_after: float | None = None


class StoppedError(FetchError):
    """A download that ends because the command does."""


@dataclass(frozen=True)
class Patience:
    """How often a request is made, and the seconds between.

    Attributes:
        wait: Makes a pause, and returns whether the command ends meanwhile.
        longest: The longest pause that a source may ask for.
    """

    attempts: int
    pause: float
    wait: Callable[[float], bool]
    longest: float = 300.0

    def again(self, request: Callable[[], _Result]) -> _Result:
        """Return the result of a request, which is made again after failures that may pass.

        Raises:
            FetchError: The one of the last attempt.
        """
        for failures in range(1, self.attempts):
            try:
                return request()
            except PassingError as err:
                asked = err.retry_after or 0
                pause = max(asked, self.pause * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
                if asked > self.longest:
                    raise
                if self.wait(min(pause, self.longest)):
                    raise StoppedError(*err.problems) from err
        return request()


def damaged(place: str, message: str) -> FetchError:
    """Return the error of a file that is not what the source says it is."""
    remedy = f"Nothing was kept of it. If the same happens again, a file or its hash is wrong. {REPORT_IT}"
    return FetchError(Problem(place, message, remedy))
