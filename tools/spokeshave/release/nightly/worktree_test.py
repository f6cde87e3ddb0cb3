"""A commit is checked out next to the checkout, which stays as it is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.release.nightly.build import BuildError, PantsCommand, run_pants
from spokeshave.release.nightly.checkout import Checkout, CheckoutError
from spokeshave.release.nightly.worktree import tree_folder, worktree_of
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.nightly_fixtures import Repository
from spokeshave.testing.system_call_fixtures import needs_system_calls

HOLD = """
import sys, time
from pathlib import Path
from spokeshave.release.nightly.build import PantsCommand, run_pants
from spokeshave.release.nightly.checkout import Checkout
from spokeshave.release.nightly.worktree import worktree_of
with worktree_of(Checkout(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3])) as worktree:
    run_pants(worktree, PantsCommand(sys.argv[4], "//:release", ()))
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository.begin(tmp_path / "repository")
    repository.commit("first", "2", day=2)
    return repository


def make_dirty(repository: Repository) -> None:
    (repository.root / "first").write_text("stashed")
    repository.git("stash")
    (repository.root / "first").write_text("changed")
    (repository.root / "staged").write_text("staged")
    repository.git("add", "staged")
    (repository.root / "untracked").write_text("untracked")
    hook = repository.root / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho run >> hook-was-run\n")
    hook.chmod(0o755)


@pytest.mark.parametrize("ref", ["main", "HEAD~1"])
def test_a_checkout_with_changes_stays_as_it_is(repository: Repository, tmp_path: Path, ref: str) -> None:
    make_dirty(repository)
    before = repository.state()
    commit = repository.git("rev-parse", ref)
    with worktree_of(Checkout(repository.root), commit, tmp_path / "scratch") as worktree:
        own = Repository(worktree.root)
        assert own.git("rev-parse", "HEAD") == commit
        assert own.git("status", "--porcelain") == ""
        assert (worktree.root / "first").read_text() == ("2" if ref == "main" else "1")
        assert repository.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert repository.state() == before
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == ["lock"]


def test_a_build_root_below_the_top(repository: Repository, tmp_path: Path) -> None:
    inner = repository.root / "inner"
    inner.mkdir()
    with worktree_of(Checkout(inner), repository.git("rev-parse", "HEAD"), tmp_path / "scratch") as worktree:
        assert worktree.root.name == "inner"
        with pytest.raises(BuildError, match="a folder that the commit does not have"):
            run_pants(worktree, PantsCommand("true", "//:release", ()))


def test_a_bare_repository(repository: Repository, tmp_path: Path) -> None:
    repository.git("clone", "--quiet", "--bare", str(repository.root), str(tmp_path / "bare"))
    checkout = Checkout(tmp_path / "bare")
    with worktree_of(checkout, checkout.commit("main", ""), tmp_path / "scratch") as worktree:
        assert (worktree.root / "first").read_text() == "2"


@pytest.mark.parametrize("options", [(), ("--no-cone",), ("--sparse-index",)])
def test_a_sparse_checkout_gives_all_files(repository: Repository, tmp_path: Path, options: tuple[str, ...]) -> None:
    for folder in ("wanted", "other"):
        (repository.root / folder).mkdir()
        repository.commit(f"{folder}/file", folder)
    repository.git("sparse-checkout", "set", *options, "wanted")
    assert not (repository.root / "other").exists()
    commit = repository.git("rev-parse", "HEAD")
    before = repository.state()
    with worktree_of(Checkout(repository.root), commit, tmp_path / "scratch") as worktree:
        assert (worktree.root / "other/file").read_text() == "other"
        # Pants asks git so.
        assert Repository(worktree.root).git("status", "--porcelain=v2") == ""
    assert repository.state() == before


@pytest.mark.parametrize("kind", ["folder", "file", "link", "worktree"])
def test_a_folder_of_the_user_stays(repository: Repository, tmp_path: Path, kind: str) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tree = tree_folder(scratch)
    if kind == "folder":
        tree.mkdir()
        (tree / "work").write_text("mine")
    elif kind == "file":
        tree.write_text("mine")
    elif kind == "link":
        tree.symlink_to(tmp_path / "absent")
    else:
        repository.git("worktree", "add", "--quiet", "--detach", str(tree), "HEAD")
        (tree / "work").write_text("mine")
    commit = repository.git("rev-parse", "HEAD")
    # The refused run leaves nothing that changes the answer of the next one.
    for _ in range(2):
        refused = pytest.raises(CheckoutError, match=r"nightly-\w+: exists.*\n.*--scratch")
        with refused, worktree_of(Checkout(repository.root), commit, scratch):
            pass
    assert os.path.lexists(tree)
    if kind in ("folder", "worktree"):
        assert (tree / "work").read_text() == "mine"


def test_no_hook_of_the_user_runs(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Repository.begin(tmp_path / "inner")
    repository.git("submodule", "--quiet", "add", str(inner.root), "inner")
    repository.git("commit", "--quiet", "--message", "A submodule")
    hook = tmp_path / "hooks/post-checkout"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/run\n")
    hook.chmod(0o755)
    configuration = tmp_path / "configuration"
    settings = f'[core]\nhooksPath={hook.parent}\nfsmonitor={hook}\n[protocol "file"]\nallow=always\n'
    configuration.write_text(settings)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    checkout = Checkout(repository.root)
    with worktree_of(checkout, checkout.commit("HEAD", ""), tmp_path / "scratch") as worktree:
        assert (worktree.root / "inner/first").exists()
    assert not (tmp_path / "run").exists()


def test_submodules_are_checked_out(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = Repository.begin(tmp_path / "inner")
    repository.git("submodule", "--quiet", "add", str(inner.root), "inner")
    repository.git("commit", "--quiet", "--message", "A submodule")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    checkout = Checkout(repository.root)
    commit = checkout.commit("HEAD", "")
    before = repository.state()
    with worktree_of(checkout, commit, tmp_path / "scratch") as worktree:
        assert (worktree.root / "inner/first").read_text() == "1"
    assert repository.state() == before
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "never")
    with pytest.raises(CheckoutError, match="submodule"), worktree_of(checkout, commit, tmp_path / "scratch"):
        pass
    assert repository.state() == before


def program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def start(repository: Repository, scratch: Path, launcher: Path) -> subprocess.Popen[str]:
    """Start a process with a worktree in which a program runs, and wait until that has written the file `begun`."""
    commit = repository.git("rev-parse", "HEAD")
    command = [sys.executable, "-c", HOLD, str(repository.root), commit, str(scratch), str(launcher)]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (tree_folder(scratch) / "begun").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return process


def test_leftovers_of_a_killed_run_are_removed(repository: Repository, tmp_path: Path) -> None:
    before = repository.state()
    scratch = tmp_path / "scratch"
    ended = tmp_path / "ended"
    process = start(repository, scratch, program(tmp_path, f"echo begun > begun; sleep 1; echo ended > {ended}"))
    process.kill()
    process.wait()
    assert (tree_folder(scratch) / "first").exists()
    assert repository.state() != before
    assert not ended.exists()
    checkout = Checkout(repository.root)
    with worktree_of(checkout, checkout.commit("HEAD~1", ""), scratch) as worktree:
        # The killed run's build was waited for, as it still wrote to the folder.
        assert ended.exists()
        assert not (worktree.root / "begun").exists()
        assert (worktree.root / "first").read_text() == "1"
    assert repository.state() == before


@pytest.mark.parametrize("is_folder_left", [True, False])
def test_a_half_made_worktree_is_replaced(repository: Repository, tmp_path: Path, is_folder_left: bool) -> None:
    """A killed `git worktree add` leaves a locked entry, and none or a part of the folder."""
    tree = tree_folder(tmp_path / "scratch")
    before = repository.state()
    repository.git("worktree", "add", "--quiet", "--lock", "--detach", str(tree), "HEAD")
    (tmp_path / "scratch/worktree.made").touch()
    (tree / ".git").unlink()
    if not is_folder_left:
        (tree / "first").unlink()
        tree.rmdir()
    checkout = Checkout(repository.root)
    with worktree_of(checkout, checkout.commit("HEAD", ""), tmp_path / "scratch") as worktree:
        assert (worktree.root / "first").read_text() == "2"
    assert repository.state() == before


@needs_system_calls
def test_a_run_killed_anywhere_is_replaced(repository: Repository, tmp_path: Path) -> None:
    """By a kill of the run and of git at any change of the repository or of the scratch folder."""
    original = Path(shutil.copytree(repository.root, tmp_path / "original"))
    scratch = tmp_path / "scratch"
    commit = repository.git("rev-parse", "HEAD~1")
    before = repository.state()

    def check_out() -> int:
        with worktree_of(Checkout(repository.root), commit, scratch) as worktree:
            return int((worktree.root / "first").read_text() != "1")

    def prepared() -> Callable[[], int]:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(repository.root)
        shutil.copytree(original, repository.root)
        return check_out

    for _ in kills(prepared, scratch, repository.root, most=8):
        assert check_out() == 0
        assert repository.state() == before
        assert [path.name for path in scratch.iterdir()] == ["lock"]


def test_a_build_ends_with_its_run(repository: Repository, tmp_path: Path) -> None:
    before = repository.state()
    scratch = tmp_path / "scratch"
    process = start(repository, scratch, program(tmp_path, "echo $$ > pid; mv pid begun; exec sleep 60"))
    pid = int((tree_folder(scratch) / "begun").read_text())
    process.send_signal(signal.SIGINT)
    process.communicate()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert repository.state() == before


def test_a_failed_build_is_an_error(repository: Repository, tmp_path: Path) -> None:
    checkout = Checkout(repository.root)
    with worktree_of(checkout, checkout.commit("HEAD", ""), tmp_path / "scratch") as worktree:
        with pytest.raises(BuildError, match="ended with exit code 7"):
            run_pants(worktree, PantsCommand(str(program(tmp_path, "exit 7")), "//:release", ()))
        with pytest.raises(BuildError, match="cannot be run"):
            run_pants(worktree, PantsCommand("/no/such/pants", "//:release", ()))


def test_pants_imports_nothing_of_this_command(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another commit has other sources of the plugin."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    checkout = Checkout(repository.root)
    with worktree_of(checkout, checkout.commit("HEAD", ""), tmp_path / "scratch") as worktree:
        run_pants(worktree, PantsCommand(str(program(tmp_path, 'test -z "${PYTHONPATH-}"')), "//:release", ()))
