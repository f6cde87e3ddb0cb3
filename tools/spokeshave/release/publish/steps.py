"""What a publication does next (steps), and what it then learns (events). Both are values without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

from spokeshave.upload.attempt import Attempt
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem


@dataclass(frozen=True)
class LookUp:
    """Step: read which files of a project the index stores."""

    project: str


@dataclass(frozen=True)
class Send:
    """Step: upload a file. It was looked up after its last attempt."""

    name: str


@dataclass(frozen=True)
class CheckVisible:
    """Step: read whether installers see these files, of projects by name."""

    names: frozenset[str]


@dataclass(frozen=True)
class Commit:
    """Step: let an atomic destination add all files at once."""


@dataclass(frozen=True)
class Pause:
    """Step: wait before the next request."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Finish:
    """Step: nothing is left to do, or nothing can be done."""


Step = Union[LookUp, Send, Commit, CheckVisible, Pause, Finish]


@dataclass(frozen=True)
class Listed:
    """Event: the index has listed a project, or said that it does not have it.

    Attributes:
        has_project: Whether the index has any page for the project.
    """

    project: str
    states: Mapping[str, Presence]
    has_project: bool = True


@dataclass(frozen=True)
class ListingFailed:
    """Event: a project could not be listed.

    Attributes:
        is_final: Another attempt would fail too.
        retry_after: The seconds that the index asks to wait.
    """

    problem: Problem
    is_final: bool = False
    retry_after: float | None = None


@dataclass(frozen=True)
class SendingBegins:
    """Event: from now on, the index may have the file."""

    name: str


@dataclass(frozen=True)
class Sent:
    """Event: an upload ended."""

    name: str
    attempt: Attempt


@dataclass(frozen=True)
class Committed:
    """Event: an atomic destination has added what was sent."""


@dataclass(frozen=True)
class Seen:
    """Event: these files of the step are visible. `problem` is why others could not be read, if that failed."""

    names: frozenset[str]
    problem: Problem | None = None


@dataclass(frozen=True)
class Stopped:
    """Event: the publication cannot go on: it was interrupted, or its credentials were refused, or a file changed."""

    problems: tuple[Problem, ...]


Event = Union[Listed, ListingFailed, SendingBegins, Sent, Committed, Seen, Stopped]
