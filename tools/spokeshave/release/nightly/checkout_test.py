from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from spokeshave.release.nightly.checkout import Checkout, CheckoutError, git_environment
from spokeshave.release.nightly.commit import choose_commit
from spokeshave.testing.nightly_fixtures import Repository


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    repository = Repository.begin(tmp_path / "origin")
    repository.commit("second", "2", day=2)
    return repository


def clone(origin: Repository, folder: Path, *options: str) -> Repository:
    origin.git("clone", "--quiet", *options, origin.root.as_uri(), str(folder))
    return Repository(folder)


@pytest.mark.parametrize("ref", ["HEAD", "main", "v1", "{sha:.8}", "main~0"])
def test_every_name_of_a_commit(origin: Repository, ref: str) -> None:
    origin.git("tag", "--annotate", "v1", "--message", "An annotated tag")
    sha = origin.git("rev-parse", "HEAD")
    assert choose_commit(Checkout(origin.root), ref.format(sha=sha), None).sha == sha


@pytest.mark.parametrize("ref", ["absent", "--all", "main:first", "f" * 40])
def test_an_unknown_commit_is_an_error(origin: Repository, ref: str) -> None:
    with pytest.raises(CheckoutError, match=r"is not a commit of .*\n.*git fetch --tags"):
        choose_commit(Checkout(origin.root), ref, None)


def test_the_default_is_the_upstream_branch(origin: Repository, tmp_path: Path) -> None:
    published = origin.git("rev-parse", "HEAD")
    ours = clone(origin, tmp_path / "clone")
    local = ours.commit("unpublished", "3")
    chosen = choose_commit(Checkout(ours.root), None, None)
    assert (chosen.sha, chosen.origin) == (published, "origin/main")
    ours.git("checkout", "--quiet", "--detach")
    assert choose_commit(Checkout(ours.root), None, None).sha == local


def test_the_ci_is_asked_by_a_command(origin: Repository) -> None:
    checkout = Checkout(origin.root)
    sha = origin.git("rev-parse", "HEAD~1")
    assert choose_commit(checkout, None, "git rev-parse HEAD~1").sha == sha
    assert choose_commit(checkout, None, f"echo {sha:.9}").sha == sha


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("true", "printed 0 words"),
        ("echo two words", "printed 2 words"),
        ("false", "ended with exit code 1"),
        ("/no/such/program", "cannot be run"),
        ("", "cannot be run"),
        ("'", "cannot be run"),
        ("echo absent", "'absent' is not a commit"),
    ],
)
def test_a_command_that_names_no_commit_is_an_error(origin: Repository, command: str, message: str) -> None:
    with pytest.raises(CheckoutError, match=f"^--commit-command: .*{message}"):
        choose_commit(Checkout(origin.root), None, command)


def test_the_order_and_the_dates_of_commits(origin: Repository) -> None:
    checkout = Checkout(origin.root)
    first, second = (checkout.commit(ref, "") for ref in ("main~1", "main"))
    assert checkout.comes_before(first, second)
    assert not checkout.comes_before(second, first)
    with pytest.raises(CheckoutError, match=r"does not show .* ffffffffffff,.*\n.*git fetch.* --date"):
        checkout.comes_before(first, "f" * 40)
    assert [checkout.day(each) for each in (first, second)] == ["20261101", "20261102"]


def test_the_users_configuration_changes_no_answer(
    origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n"
    headers, message = origin.git("cat-file", "commit", "HEAD").split("\n\n", 1)
    (origin.root / "raw").write_text(f"{headers}\n{signature}\n{message}\n")
    commit = origin.git("hash-object", "-t", "commit", "-w", "raw")
    gpg = tmp_path / "gpg"
    gpg.write_text("#!/bin/sh\necho No signature >&2\n")
    gpg.chmod(0o755)
    settings = {"log.showSignature": "true", "gpg.program": str(gpg), "log.date": "relative", "color.ui": "always"}
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "configuration"))
    for name, value in settings.items():
        subprocess.run(["git", "config", "--global", name, value], check=True)
    assert Checkout(origin.root).day(commit) == "20261102"


@pytest.mark.parametrize("seconds", [10**15, -(10**15)])
def test_a_time_out_of_range_is_an_error(origin: Repository, seconds: int) -> None:
    text = origin.git("cat-file", "commit", "HEAD").replace(" 1793620800 +0000", f" {seconds} +0000")
    (origin.root / "raw").write_text(f"{text}\n")
    commit = origin.git("hash-object", "-t", "commit", "-w", "--literally", "raw")
    assert Checkout(origin.root).commit(commit, "") == commit
    with pytest.raises(CheckoutError, match="which is out of range"):
        Checkout(origin.root).day(commit)


def test_the_date_is_in_utc(origin: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = origin.commit("late", "3", day=3, hour=23)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert Checkout(origin.root).day(sha) == "20261103"


def test_a_shallow_clone_says_what_to_fetch(origin: Repository, tmp_path: Path) -> None:
    first = origin.git("rev-parse", "HEAD~1")
    checkout = Checkout(clone(origin, tmp_path / "clone", "--depth=1").root)
    last = checkout.commit("HEAD", "")
    assert checkout.comes_before(last, last)
    for commit, later in ((last, first), (last, "f" * 40)):
        with pytest.raises(CheckoutError, match=r"shallow clone.*\n.*--unshallow.* --date"):
            checkout.comes_before(commit, later)
    with pytest.raises(CheckoutError, match="--unshallow"):
        checkout.commit(first, "--commit")


def test_a_folder_below_the_top(origin: Repository, tmp_path: Path) -> None:
    (origin.root / "inner").mkdir()
    inner = Checkout(origin.root / "inner")
    assert inner.prefix == "inner/"
    assert inner.common_folder == (origin.root / ".git").resolve()
    with pytest.raises(CheckoutError, match="not a git repository"):
        _ = Checkout(tmp_path).common_folder
    with pytest.raises(CheckoutError, match="cannot be run here"):
        _ = Checkout(tmp_path / "absent").common_folder


def test_variables_of_a_hook_are_dropped(origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert Checkout(origin.root).commit("main", "")
    assert not {"GIT_DIR", "GIT_INDEX_FILE"} & git_environment().keys()
    assert git_environment()["PATH"] == os.environ["PATH"]
