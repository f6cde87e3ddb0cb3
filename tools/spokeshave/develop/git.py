"""What git knows of files in a source tree: whether it tracks them, and whether it ignores them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spokeshave_core.problems import Problem, SpokeshaveError

_GITIGNORE = ".gitignore"


class GitError(SpokeshaveError):
    """A repository that git cannot read."""


@dataclass(frozen=True)
class GitView:
    """What git knows of files, by their paths from the build root.

    Attributes:
        is_repository: Whether the tree is in a git repository. Without one, nothing is tracked or ignored.
        tracked: The files that git tracks.
        ignored: The files that git ignores.
        ignored_at_root: Those of them that Pants ignores too. Pants reads the .gitignore of the build root only, and
            the files of git that are for all repositories of the user or for all checkouts of the repository.
    """

    is_repository: bool
    tracked: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    ignored_at_root: frozenset[str] = frozenset()


def look_up(build_root: Path, paths: Iterable[str]) -> GitView:
    """Return what git knows of files that exist or not.

    Raises:
        GitError: If there is a repository that git cannot read.
    """
    git = shutil.which("git")
    if not any((folder / ".git").exists() for folder in (build_root, *build_root.parents)):
        return GitView(is_repository=False)
    if git is None:
        remedy = "Install git. It knows which files must not be overwritten."
        raise GitError(Problem(str(build_root), "is a git repository, but there is no `git` on PATH", remedy))
    tracked: set[str] = set()
    ignored: set[str] = set()
    at_root: set[str] = set()
    for folder, names in _by_folder(build_root, paths).items():
        # Each from its own folder, which may be in a submodule.
        listed = _run(git, folder, ("ls-files", "-z", "--", *(str(build_root / name) for name in names)), b"")
        tracked.update(os.path.relpath(folder / name, build_root) for name in listed.split("\0") if name)
        top = Path(_run(git, folder, ("rev-parse", "--show-toplevel"), b"").rstrip("\n"))
        asked = b"".join(os.fsencode(build_root / name) + b"\0" for name in names)
        fields = _run(git, folder, ("check-ignore", "--no-index", "-z", "-v", "--stdin"), asked).split("\0")
        for source, pattern, name in zip(fields[0::4], fields[2::4], fields[3::4]):
            if pattern.startswith("!"):
                continue
            path = os.path.relpath(name, build_root)
            ignored.add(path)
            file = top / source
            if file.name != _GITIGNORE or file.resolve() == (build_root / _GITIGNORE).resolve():
                at_root.add(path)
    return GitView(
        is_repository=True,
        tracked=frozenset(tracked),
        ignored=frozenset(ignored),
        ignored_at_root=frozenset(at_root),
    )


def _by_folder(build_root: Path, paths: Iterable[str]) -> dict[Path, list[str]]:
    """Return the paths by the nearest folder that exists."""
    found: dict[Path, list[str]] = {}
    for path in sorted(paths):
        folder = (build_root / path).parent
        while not folder.is_dir():
            folder = folder.parent
        found.setdefault(folder, []).append(path)
    return found


def _run(git: str, folder: Path, arguments: tuple[str, ...], text: bytes) -> str:
    """Run git. `check-ignore` exits with 1 if no path is ignored."""
    # Variables such as GIT_DIR, which a hook of git has, would name another repository.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    result = subprocess.run(
        [git, "-C", str(folder), *arguments], env=variables, input=text, capture_output=True, check=False
    )
    if result.returncode not in (0, 1) or (result.returncode and result.stderr):
        message = f"git {arguments[0]} failed: {result.stderr.decode(errors='replace').strip()}"
        raise GitError(Problem(str(folder), message, "Repair the repository, and run the command again."))
    return os.fsdecode(result.stdout)
