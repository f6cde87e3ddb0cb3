"""Why a release is not published: what its check finds before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spokeshave.release.destination.destination import Destination, Listing, UnansweredError
from spokeshave.release.integrity import changed_files
from spokeshave.release.publish.publication import Patience
from spokeshave_core.problems import Problem, SpokeshaveError


def refusals(
    folder: Path, destination: Destination, patience: Patience, sleep: Callable[[float], None]
) -> list[Problem]:
    """Return everything that is wrong with a record for a destination. A listing that fails is read again.

    Raises:
        DestinationError: If the destination cannot be read.
    """
    return [*changed_files(folder).as_error(SpokeshaveError).problems, *destination.credential_problems()]
