"""A git worktree of its own for one commit, which leaves the checkout as it is and is removed at the end.

There is one for each repository and scratch folder, at a fixed path, with a lock next to it. The lock ends with the
last process that has it open, so that the build of a killed run keeps it until it ends too. The next run then removes
what is left: a marker next to the folder, which is older than it and is removed after it, says that it is not the
user's. git names its entry of a worktree by the folder. So that name is one that nothing else has: a killed git
leaves entries that git itself neither lists nor removes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.nightly.checkout import Checkout, CheckoutError
from spokeshave_core.home import spokeshave_home
from spokeshave_core.problems import Problem

_LOCK = "lock"
_MARKER = "worktree.made"


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


def tree_folder(scratch: Path) -> Path:
    """Return the folder of the worktree in a scratch folder."""
    scratch = scratch.resolve()
    return scratch / f"nightly-{hashlib.sha256(os.fsencode(scratch)).hexdigest()[:16]}"


@contextlib.contextmanager
def worktree_of(checkout: Checkout, commit: str, scratch: Path) -> Iterator[Worktree]:
    """Yield a worktree of a commit, with its submodules. It waits for another run in the same repository.

    Raises:
        CheckoutError: If git cannot make it.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    tree = tree_folder(scratch)
    marker = scratch / _MARKER
    with _locked(scratch / _LOCK) as lock:
        if marker.exists():
            _remove(checkout, tree, marker)
        if os.path.lexists(tree):
            remedy = "Remove it if it is not needed, or choose another folder with --scratch."
            raise CheckoutError(Problem(str(tree), "exists, and was not made by a nightly", remedy))
        marker.touch()
        try:
            checkout.git("worktree", "add", "--quiet", "--detach", "--force", str(tree), commit)
            _get_submodules(tree)
            yield Worktree(tree / checkout.prefix, lock)
        finally:
            _remove(checkout, tree, marker)


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
    arguments = ("submodule", "update", "--init", "--recursive")
    result = Checkout(tree).git(*arguments, is_checked=False, is_shown=True)
    if result.returncode:
        message = f"`git {' '.join(arguments)}` ended with exit code {result.returncode}"
        raise CheckoutError(Problem(".gitmodules", message, "Make its repositories readable from here."))


def _remove(checkout: Checkout, tree: Path, marker: Path) -> None:
    """Remove the worktree, and what git knows of it, or what a killed run has left of them."""
    shutil.rmtree(tree, ignore_errors=True)
    if os.path.lexists(tree):
        raise CheckoutError(Problem(str(tree), "cannot be removed", "Remove the folder."))
    # The worktree of a killed `git worktree add` is locked.
    checkout.git("worktree", "remove", "--force", "--force", str(tree), is_checked=False)
    for entry in Path(checkout.common_folder).glob(f"worktrees/{tree.name}*"):
        shutil.rmtree(entry, ignore_errors=True)
    marker.unlink()
