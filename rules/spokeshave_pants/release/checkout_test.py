"""Tests of the state of a checkout, by the real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from spokeshave_pants.release.checkout import Checkout, read_checkout

GIT = shutil.which("git", path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin") or "git"


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "protocol.file.allow=always")
    command = [GIT, *settings, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def make(folder: Path) -> str:
    """Create a repository with one commit."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "file").write_text("text")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Begin")
    return git(folder, "rev-parse", "HEAD")


def test_a_folder_outside_of_git_has_no_commit_and_no_problem(tmp_path: Path) -> None:
    assert read_checkout(tmp_path, GIT) == read_checkout(tmp_path, None) == Checkout()


def test_a_repository_without_a_commit_is_as_outside_of_git(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("text")
    assert read_checkout(tmp_path, GIT) == Checkout()
    git(tmp_path, "add", ".")
    assert read_checkout(tmp_path, GIT) == Checkout()


def test_every_kind_of_change_makes_a_checkout_dirty(tmp_path: Path) -> None:
    repository = tmp_path / "a"
    clean = Checkout(commit=make(repository))
    assert read_checkout(repository, GIT) == clean
    below = repository / "new folder"
    below.mkdir()
    assert read_checkout(below, GIT) == clean
    (below / "new").write_text("text")
    assert read_checkout(repository, GIT) == Checkout(clean.commit, dirty=True)
    (repository / ".git/info/exclude").write_text("new folder\n")
    assert read_checkout(below, GIT) == clean
    (repository / "file").write_text("changed")
    assert read_checkout(below, GIT).dirty
    git(repository, "add", ".")
    assert read_checkout(repository, GIT).dirty
    git(repository, "reset", "--quiet", "--hard")
    (repository / "file").unlink()
    assert read_checkout(repository, GIT).dirty


def test_worktrees_submodules_and_shallow_clones_have_a_commit(tmp_path: Path) -> None:
    first = Checkout(commit=make(tmp_path / "a"))
    git(tmp_path / "a", "worktree", "add", "--quiet", "../worktree")
    assert read_checkout(tmp_path / "worktree", GIT) == first
    make(tmp_path / "b")
    git(tmp_path / "b", "submodule", "--quiet", "add", f"file://{tmp_path}/a", "sub")
    assert read_checkout(tmp_path / "b/sub", GIT) == first
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/a", "shallow")
    assert read_checkout(tmp_path / "shallow", GIT) == first
    git(tmp_path / "a", "checkout", "--quiet", "--detach")
    assert read_checkout(tmp_path / "a", GIT) == first


def test_a_checkout_of_another_user_is_a_problem_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "a")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = read_checkout(tmp_path / "a", GIT)
    assert found.commit is None
    assert "belongs to another user" in found.problem
    assert f"`git config --global --add safe.directory {tmp_path / 'a'}`" in found.problem
    if os.getuid() == 0:
        monkeypatch.delenv("GIT_TEST_ASSUME_DIFFERENT_OWNER")
        for path in ("a", "a/.git"):
            os.chown(tmp_path / path, 1234, 1234)
        assert read_checkout(tmp_path / "a", GIT) == found


BREAKAGES = {
    "an empty folder": ("empty", "not a git repository"),
    "a file that leads nowhere": ("file", "not a git repository: /nowhere"),
    "a link that leads nowhere": ("link", "not a git repository"),
    "no work tree": ("bare", "must be run in a work tree"),
    "a corrupt HEAD": ("HEAD", "not a git repository"),
    "a corrupt index": ("index", "index file"),
    "a corrupt branch": ("refs/heads/main", "its HEAD names a branch that cannot be read"),
    "a commit that is missing": ("missing", "bad object HEAD"),
}


@pytest.mark.parametrize("kind", BREAKAGES)
def test_a_broken_repository_is_a_problem_in_gits_own_words(tmp_path: Path, kind: str) -> None:
    what, words = BREAKAGES[kind]
    repository = tmp_path / "a"
    make(repository)
    if what in ("HEAD", "index", "refs/heads/main"):
        (repository / ".git" / what).write_text("x")
    elif what == "missing":
        (repository / ".git/refs/heads/main").write_text("0123456789abcdef0123456789abcdef01234567\n")
    elif what == "bare":
        git(repository, "config", "core.bare", "true")
    else:
        shutil.rmtree(repository / ".git")
        if what == "empty":
            (repository / ".git").mkdir()
        elif what == "file":
            (repository / ".git").write_text("gitdir: /nowhere\n")
        else:
            (repository / ".git").symlink_to("nowhere")
    found = read_checkout(repository, GIT)
    assert (found.commit, found.dirty) == (None, False)
    assert words in found.problem
    assert str(repository) in found.problem
    assert "--release-version-commit" in found.problem


def test_a_repository_without_git_to_read_it_is_a_problem(tmp_path: Path) -> None:
    make(tmp_path / "a")
    assert "git is not installed or not on PATH. Install git" in read_checkout(tmp_path / "a", None).problem
    assert "cannot be run (No such file or directory)" in read_checkout(tmp_path / "a", "/nowhere/git").problem
