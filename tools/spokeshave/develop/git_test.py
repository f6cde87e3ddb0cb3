"""Tests of what git knows of files, in real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spokeshave.develop.git import GitError, GitView, look_up


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "src/kept.py").touch()
    (folder / ".gitignore").write_text("*.so\n!kept.so\n")
    (folder / "src/.gitignore").write_text("nested.py\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "all")
    return folder


def test_tracked_and_ignored_files_are_known(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / ".git/info/exclude").write_text("own.py\n")
    paths = ["src/kept.py", "src/a.so", "src/new/b.so", "src/kept.so", "src/nested.py", "src/own.py", "src/c.py"]
    found = look_up(root, paths)
    assert found == GitView(
        is_repository=True,
        tracked=frozenset({"src/kept.py"}),
        ignored=frozenset({"src/a.so", "src/new/b.so", "src/nested.py", "src/own.py"}),
        # Pants does not read the .gitignore of other folders.
        ignored_at_root=frozenset({"src/a.so", "src/new/b.so", "src/own.py"}),
    )


def test_files_of_a_submodule_are_known(tmp_path: Path) -> None:
    root = repository(tmp_path / "whole")
    git(root, "submodule", "add", str(repository(tmp_path / "part")), "part")
    found = look_up(root, ["part/src/kept.py", "part/src/a.so"])
    assert found.tracked == {"part/src/kept.py"}
    assert found.ignored == {"part/src/a.so"}


def test_a_folder_outside_of_git_has_neither(tmp_path: Path) -> None:
    assert look_up(tmp_path, ["a.so"]) == GitView(is_repository=False)


def test_a_repository_that_git_cannot_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(GitError, match="git ls-files failed"):
        look_up(tmp_path, ["a.so"])
