"""Why a release is not published: what its check finds before anything is sent."""

from __future__ import annotations

from pathlib import Path

from spokeshave.release.destination.destination import Destination
from spokeshave.release.integrity import changed_files
from spokeshave_core.problems import Problem, SpokeshaveError


def refusals(folder: Path, destination: Destination) -> list[Problem]:
    """Return everything that is wrong with a record for a destination.

    Raises:
        DestinationError: If the destination cannot be read.
    """
    return [*changed_files(folder).as_error(SpokeshaveError).problems, *destination.credential_problems()]
