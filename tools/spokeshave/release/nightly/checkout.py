"""A git checkout that is only read: its commits, their order and their dates."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from spokeshave_core.problems import Problem, SpokeshaveError

# No program of the user runs, nothing is packed in the background, and a worktree has all files of its commit, although
# git copies the patterns of a sparse checkout to new ones.
_CONFIGURATION = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false"),
    *("-c", "core.sparseCheckout=false", "-c", "index.sparse=false"),
)
_ANSWERS_NO = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_UPSTREAM = "HEAD@{upstream}"


class CheckoutError(SpokeshaveError):
    """A checkout that cannot be used, or a commit that is not in it."""


@dataclass(frozen=True)
class Checkout:
    """The checkout that a folder is in. No method changes its branch, index, working tree or stashes.

    Attributes:
        folder: The build root, which may be a folder below the checkout's top.
    """

    folder: Path

    def git(self, *arguments: str, is_checked: bool = True, is_shown: bool = False) -> subprocess.CompletedProcess[str]:
        """Run git, and return its result.

        Args:
            is_checked: Whether a failure is an error.
            is_shown: Whether its output is printed and not returned, as it may take long.

        Raises:
            CheckoutError: If git is missing, or fails and the result `is_checked`.
        """
        command = ["git", *_CONFIGURATION, *arguments]
        try:
            result = subprocess.run(
                command, cwd=self.folder, env=git_environment(), capture_output=not is_shown, text=True, check=False
            )
        except OSError as err:
            message = f"git cannot be run here ({err.strerror})"
            raise CheckoutError(Problem(str(self.folder), message, "Install git, and name a checkout.")) from err
        if is_checked and result.returncode:
            message = f"git {arguments[0]} failed: {result.stderr.strip() or f'exit code {result.returncode}'}"
            raise CheckoutError(
                Problem(str(self.folder), message, "Run it in a git checkout, or name one by --checkout.")
            )
        return result

    @functools.cached_property
    def common_folder(self) -> Path:
        """Return the folder of the repository, which all worktrees of it share."""
        return Path(self.folder, self.git("rev-parse", "--git-common-dir").stdout.strip()).resolve()

    @functools.cached_property
    def prefix(self) -> str:
        """Return the path of the folder from the checkout's top. Empty at the top, and in a bare repository."""
        return self.git("rev-parse", "--show-prefix").stdout.strip()

    @functools.cached_property
    def is_shallow(self) -> bool:
        """Return whether it has only the newest commits."""
        return self.git("rev-parse", "--is-shallow-repository").stdout.strip() == "true"

    def default_ref(self) -> str:
        """Return the branch that the current one follows, as it was last fetched, or HEAD if it follows none."""
        result = self.git("rev-parse", "--symbolic-full-name", "--abbrev-ref", _UPSTREAM, is_checked=False)
        return result.stdout.strip() if result.returncode == 0 and result.stdout.strip() else "HEAD"

    def commit(self, ref: str, place: str) -> str:
        """Return the full hash of the commit that a branch, a tag or an abbreviated hash names.

        Args:
            place: Where the name comes from, for messages.

        Raises:
            CheckoutError: If it names none.
        """
        # A name that begins with a dash would be an option.
        result = self.git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", is_checked=False)
        if ref.startswith("-") or result.returncode:
            raise CheckoutError(Problem(place, f"{ref!r} is not a commit of {self.folder}", self._fetch(ref)))
        return result.stdout.strip()

    def day(self, commit: str) -> str:
        """Return the UTC date at which a commit was made, as YYYYMMDD.

        Raises:
            CheckoutError: If there is no such commit, or if its date is not a date.
        """
        # A command for scripts: the user's configuration does not change what it prints.
        seconds = self.git("rev-list", "--max-count=1", "--timestamp", commit).stdout.split()[0]
        try:
            return (_EPOCH + timedelta(seconds=int(seconds))).strftime("%Y%m%d")
        except OverflowError as err:
            problem = Problem(
                f"commit {commit[:12]}", f"has the time {seconds}, which is out of range", "Commit it again."
            )
            raise CheckoutError(problem) from err

    def comes_before(self, commit: str, later: str) -> bool:
        """Return whether a commit is an ancestor of that of the newest release, or the same.

        Raises:
            CheckoutError: If the history that is here does not show it.
        """
        result = self.git("merge-base", "--is-ancestor", commit, later, is_checked=False)
        if result.returncode == 0:
            return True
        if self.is_shallow:
            message = f"is a shallow clone, so that git cannot show whether {commit[:12]} comes before {later[:12]}"
            remedy = f"{self._fetch(later)} Or give the date of the version with --date."
            raise CheckoutError(Problem(str(self.folder), message, remedy))
        if result.returncode != _ANSWERS_NO:
            message = (
                f"does not show whether {commit[:12]} comes before {later[:12]}, the commit of the newest release "
                f"({result.stderr.strip()})"
            )
            remedy = f"{self._fetch(later)} Or give the date of the version with --date."
            raise CheckoutError(Problem(str(self.folder), message, remedy))
        return False

    def _fetch(self, ref: str) -> str:
        if self.is_shallow:
            return "Get the whole history: `git fetch --unshallow --tags`, or fetch-depth: 0 in actions/checkout."
        return f"Fetch it first (`git fetch --tags`), and see `git rev-parse {ref}`."


def git_environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of git and of what runs in a worktree: without what binds it to another repository.

    Git sets these variables for its hooks and aliases.
    """
    return {name: value for name, value in variables.items() if name not in _local_variables()}


@functools.lru_cache
def _local_variables() -> frozenset[str]:
    result = subprocess.run(["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=False)
    return frozenset(result.stdout.split()) - {"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}
