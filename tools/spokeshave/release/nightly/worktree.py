"""A git worktree of its own for one commit, which leaves the checkout as it is and is removed at the end.

There is one for each repository, at a fixed path, with a lock next to it. The lock ends with the last process that has
it open, so that the build of a killed run keeps it until it ends too. The next run then removes what is left.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.nightly.checkout import Checkout, CheckoutError, git_environment
from spokeshave_core.home import spokeshave_home
from spokeshave_core.problems import Problem

_TREE = "worktree"
_LOCK = "lock"


@dataclass(frozen=True)
class Worktree:
    """The sources of one commit.

    Attributes:
        root: The build root in it.
        lock: The open file of the lock, for processes that run in it.
    """

    root: Path
    lock: int


def scratch_folder(checkout: Checkout) -> Path:
    """Return the folder for the worktree of a repository, in Spokeshave's home."""
    key = hashlib.sha256(os.fsencode(checkout.common_folder)).hexdigest()[:16]
    return spokeshave_home() / "nightly" / key


@contextlib.contextmanager
def worktree_of(checkout: Checkout, commit: str, scratch: Path) -> Iterator[Worktree]:
    """Yield a worktree of a commit, with its submodules. It waits for another run in the same repository.

    Raises:
        CheckoutError: If git cannot make it.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    tree = scratch.resolve() / _TREE
    with _locked(scratch / _LOCK) as lock:
        _remove(checkout, tree)
        try:
            checkout.git("worktree", "add", "--quiet", "--detach", "--force", str(tree), commit)
            _get_submodules(tree)
            yield Worktree(tree / checkout.prefix, lock)
        finally:
            _remove(checkout, tree)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another nightly of this repository to end (it holds {path})", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _get_submodules(tree: Path) -> None:
    if not (tree / ".gitmodules").is_file():
        return
    # With its output, as it may take long.
    command = ["git", "submodule", "update", "--init", "--recursive"]
    result = subprocess.run(command, cwd=tree, env=git_environment(), check=False)
    if result.returncode:
        message = f"`{' '.join(command)}` ended with exit code {result.returncode}"
        raise CheckoutError(Problem(".gitmodules", message, "Make its repositories readable from here."))


def _remove(checkout: Checkout, tree: Path) -> None:
    """Remove the worktree, and what git knows of it, or what a killed run has left of them."""
    shutil.rmtree(tree, ignore_errors=True)
    if tree.exists():
        raise CheckoutError(Problem(str(tree), "cannot be removed", "Remove the folder."))
    # The worktree of a killed `git worktree add` is locked.
    checkout.git("worktree", "remove", "--force", "--force", str(tree), is_checked=False)
