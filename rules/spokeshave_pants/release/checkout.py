"""The git checkout of a build root: its commit, and whether it has changes."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_STATUS = (
    *("--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--no-renames", "-z"),
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REFUSED = "detected dubious ownership"


@dataclass(frozen=True)
class Checkout:
    """The state of a directory according to git.

    Attributes:
        commit: None outside of git, before the first commit, and if there is a problem.
        problem: Why the commit is not known, and what to do. Empty if there is no problem.
    """

    commit: str | None = None
    dirty: bool = False
    problem: str = ""


def read_checkout(root: Path, git: str | None) -> Checkout:
    """Ask git about the checkout of a directory. Problems are part of the result.

    Args:
        git: The path of the program, or None if it was not found.
    """
    # Python's own `exists` raises an error for paths without permission.
    found = [folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")]
    if not found:
        return Checkout()
    if git is None:
        return Checkout(problem=_problem(found[0], "git is not installed or not on PATH", "Install git"))
    try:
        result = subprocess.run(
            [git, *_STATUS],
            cwd=root,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        return Checkout(problem=_problem(found[0], f"{git} cannot be run ({error.strerror})", "Install git again"))
    if result.returncode:
        message = result.stderr.decode(errors="replace").strip()
        return Checkout(problem=_explain(found[0], message or f"it exited with {result.returncode}"))
    return _parse_status(found[0], result.stdout.decode(errors="replace"))


def _parse_status(folder: Path, output: str) -> Checkout:
    entries = [entry for entry in output.split("\0") if entry]
    headers = dict(entry[2:].split(" ", 1) for entry in entries if entry.startswith("# ") and " " in entry[2:])
    commit = headers.get("branch.oid", "")
    if _COMMIT.fullmatch(commit):
        return Checkout(commit=commit, dirty=any(not entry.startswith("# ") for entry in entries))
    if headers.get("branch.head") == "(unknown)":
        message = "its HEAD names a branch that cannot be read"
        return Checkout(problem=_problem(folder, message, "Repair it, by `git fsck` or a fresh clone"))
    return Checkout()  # there is no commit yet


def _explain(folder: Path, message: str) -> str:
    if _REFUSED in message:
        where = re.search(r"repository at '([^']+)'", message)
        path = where[1] if where else str(folder)
        message = f"git rejects it, because it belongs to another user ({path})"
        return _problem(folder, message, f"Run `git config --global --add safe.directory {path}`")
    return _problem(
        folder, f"git reports: {message}", f"Repair it, or remove {folder / '.git'} if the folder is not a git checkout"
    )


def _problem(folder: Path, message: str, remedy: str) -> str:
    return (
        f"The commit of the checkout {folder} is not known: {message}. {remedy}; or choose a version without a commit "
        "by `--release-version-channel=stable`, `rc` or `nightly`, or name one by `--release-version-commit` with "
        "`--release-version-channel=dev`."
    )
