"""Which commit a nightly is made of: named by the user, asked from the CI, or the newest one that others can see."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass

from spokeshave.release.nightly.checkout import Checkout, CheckoutError
from spokeshave_core.problems import Problem

_COMMAND = "--commit-command"
_SHORT = 12


@dataclass(frozen=True)
class ChosenCommit:
    """A commit.

    Attributes:
        sha: The full hash.
        origin: Its name, such as `origin/main`, or `--commit-command`.
    """

    sha: str
    origin: str

    @property
    def short(self) -> str:
        """Return the hash for messages."""
        return self.sha[:_SHORT]


def choose_commit(checkout: Checkout, ref: str | None, command: str | None) -> ChosenCommit:
    """Return the commit of a name, or that a command prints, or of the branch that the current one follows.

    Raises:
        CheckoutError: If the command fails, or if there is no such commit in the checkout.
    """
    if ref is not None:
        return ChosenCommit(checkout.commit(ref, "--commit"), ref)
    if command is not None:
        return ChosenCommit(checkout.commit(_printed(checkout, command), _COMMAND), _COMMAND)
    default = checkout.default_ref()
    return ChosenCommit(checkout.commit(default, "the checkout"), default)


def _printed(checkout: Checkout, command: str) -> str:
    """Return the one word that a command prints."""
    remedy = "It has to print the hash of one commit, and nothing else. Run it by hand to see why it does not."
    try:
        argv = shlex.split(command)
        result = subprocess.run(argv, cwd=checkout.folder, stdout=subprocess.PIPE, text=True, check=False)
    except (OSError, ValueError, IndexError) as err:
        raise CheckoutError(Problem(_COMMAND, f"{command!r} cannot be run ({err})", remedy)) from err
    words = result.stdout.split()
    if result.returncode or len(words) != 1:
        printed = (
            f"printed {len(words)} words" if not result.returncode else f"ended with exit code {result.returncode}"
        )
        raise CheckoutError(Problem(_COMMAND, f"{command!r} {printed}", remedy))
    return words[0]
