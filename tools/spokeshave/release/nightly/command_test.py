"""The command without a build, which tests/e2e/releasing/nightly_test.py has."""

from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.nightly.steps import in_order, index_path, source_of
from spokeshave.testing.nightly_fixtures import Repository, record_of, write_manifest, write_sealed
from spokeshave_core.outcomes import NightlyEnd, Outcome
from spokeshave_core.release.nightly import NightlyReport

VERSION = "3.12.0rc20261101"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.begin(tmp_path / "repository")


def run(repository: Repository, *options: str) -> tuple[int, NightlyReport | None]:
    """Run the command on a release with the name `pair`. Return the exit code, and the report if it is a whole one."""
    root = repository.root.parent
    report = root / "report.json"
    report.unlink(missing_ok=True)
    where = ("--checkout", str(repository.root), "--scratch", str(root / "scratch"), "--report", str(report))
    code = main(["release", "nightly", "--target", "//:pair", *where, "--try", "none", *options])
    text = report.read_text() if report.exists() else "{}"
    return code, NightlyReport.from_json(text) if '"end"' in text else None


def reported(repository: Repository, *options: str) -> NightlyReport:
    """Run the command, which must succeed."""
    code, report = run(repository, *options)
    assert code == 0
    assert report is not None
    return report


def test_a_record_that_was_not_published_is_published(repository: Repository, tmp_path: Path) -> None:
    commit = repository.git("rev-parse", "HEAD")
    record = write_sealed(repository.root / "dist/releases", VERSION, commit)
    to = ("--to", f"index:{tmp_path / 'index'}", "--to", f"folder:{tmp_path / 'wheels'}")
    report = reported(repository, *to)
    assert (report.end, report.version, report.record) == (NightlyEnd.RELEASED, VERSION, str(record))
    assert [(step.name, step.outcome) for step in report.steps] == [
        ("check", Outcome.PASSED),
        ("publish", Outcome.PASSED),
        ("publish", Outcome.PASSED),
    ]
    assert [step.subject.partition(":")[0] for step in report.steps[1:]] == ["folder", "index"]
    assert [each.commit for each in ReleaseIndex(tmp_path / "index").sets()] == [commit]
    assert len(list((tmp_path / "wheels").glob("*.whl"))) == 1
    report = reported(repository, *to)
    assert (report.end, report.steps, report.newest) == (NightlyEnd.NOTHING_NEW, (), VERSION)


def test_old_releases_are_pruned(repository: Repository, tmp_path: Path) -> None:
    to = ("--to", f"index:{tmp_path / 'index'}", "--prune-keep", "2")
    for day in range(1, 5):
        commit = repository.commit("file", str(day), day=day)
        write_sealed(repository.root / "dist/releases", f"3.12.0rc2026110{day}", commit)
        report = reported(repository, *to)
    assert [step.name for step in report.steps] == ["check", "publish", "prune"]
    left = [each.version for each in ReleaseIndex(tmp_path / "index").sets()]
    assert left == ["3.12.0rc20261103", "3.12.0rc20261104"]
    # A run that was killed before is completed, although there is nothing new.
    report = reported(repository, *to[:3], "1")
    assert (report.end, [step.name for step in report.steps]) == (NightlyEnd.NOTHING_NEW, ["prune"])
    assert [each.version for each in ReleaseIndex(tmp_path / "index").sets()] == ["3.12.0rc20261104"]


def test_the_index_stands_for_a_lost_record(repository: Repository, tmp_path: Path) -> None:
    write_sealed(tmp_path / "records", VERSION, repository.git("rev-parse", "HEAD"))
    to = ("--to", f"index:{tmp_path / 'index'}")
    reported(repository, *to, "--records", str(tmp_path / "records"))
    assert reported(repository, *to).end is NightlyEnd.NOTHING_NEW


def test_a_dry_run_prints_the_steps(repository: Repository, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = repository.state()
    report = reported(repository, "--to", f"index:{tmp_path / 'index'}", "--try", "both", "--dry-run")
    assert report.end is NightlyEnd.PLANNED
    assert [step.name for step in report.steps] == ["build", "check", "try", "publish", "try"]
    assert {step.outcome for step in report.steps} == {Outcome.NOT_RUN}
    options = f"--release-version-commit={report.commit} --release-version-date=20261101"
    assert f"--release-version-channel=nightly {options}" in capfd.readouterr().out
    assert repository.state() == before
    assert not (tmp_path / "index").exists()


def test_all_problems_are_reported_before_a_build(repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
    absent = ("--commit", "absent", "--python", "/no/such/python")
    options = ("--name", "a.b", "--date", "today", *absent, "--to", "@", "--to", "index:", "--prune-keep", "3")
    assert run(repository, *options) == (1, None)
    error = capfd.readouterr().err
    assert [
        place
        for place in ("--name", "--date", "--commit", "/no/such/python", "'@'", "'index:'", "--prune-keep")
        if place not in error
    ] == []


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("exit 7", "ended with exit code 7"),
        ("exit 0", "--target: made no release record"),
        (
            "mkdir -p dist/releases; cp -r $RECORDS/other dist/releases",
            "--name: is 'pair', but the release is named other",
        ),
        ("mkdir -p dist/releases; cp -r $RECORDS/pair dist/releases", "--target: made a record that states no commit"),
    ],
)
def test_a_build_without_a_record_is_an_error(
    repository: Repository,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    message: str,
) -> None:
    write_manifest(tmp_path / "records", record_of("1.0", name="other"))
    write_manifest(tmp_path / "records", record_of("1.0"))
    monkeypatch.setenv("RECORDS", str(tmp_path / "records"))
    launcher = tmp_path / "launcher"
    launcher.write_text(f"#!/bin/sh\n{program}\n")
    launcher.chmod(0o755)
    before = repository.state()
    monkeypatch.chdir(tmp_path)
    code, report = run(repository, "--to", f"index:{tmp_path / 'index'}", "--pants", "./launcher")
    assert code == 1
    assert report is not None
    assert (report.end, [step.outcome for step in report.steps]) == (NightlyEnd.FAILED, [Outcome.FAILED])
    assert message in str(report.problems[0])
    error = capfd.readouterr().err
    assert message in error
    assert "The same command continues." not in error
    assert repository.state() == before


def building(tmp_path: Path, version: str, commit: str) -> tuple[str, str]:
    """Return the option of a program in the place of Pants, which builds this version only.

    What it builds installs the same each time.
    """
    built = tmp_path / "built" / version
    write_sealed(built, version, commit)
    launcher = built / "launcher"
    date, _, post = version.partition("rc")[2].partition(".post")
    options = f"--release-version-date={date} {f'--release-version-post={post} ' if post else ''}package"
    check = f'case "$*" in *"{options}"*) ;; *) exit 9;; esac'
    launcher.write_text(f"#!/bin/sh\n{check}\nmkdir -p dist/releases; cp -r {built}/pair dist/releases\n")
    launcher.chmod(0o755)
    return ("--pants", str(launcher))


def test_each_index_gets_the_release(repository: Repository, tmp_path: Path) -> None:
    first, second = (("--to", f"index:{tmp_path / name}") for name in ("first", "second"))
    write_sealed(repository.root / "dist/releases", VERSION, repository.git("rev-parse", "HEAD"))
    assert reported(repository, *first).end is NightlyEnd.RELEASED
    pants = building(tmp_path, "3.12.0rc20261102", repository.commit("README", "", day=2))
    report = reported(repository, *first, *pants)
    assert (report.end, [step.name for step in report.steps]) == (NightlyEnd.NOTHING_NEW, ["build"])
    assert report.reason.endswith(f"installs the same as {VERSION}")
    report = reported(repository, *first, *second, *pants)
    assert (report.end, report.version) == (NightlyEnd.RELEASED, VERSION)
    assert [step.name for step in report.steps] == ["build", "check", "publish", "publish"]
    assert [each.version for each in ReleaseIndex(tmp_path / "second").sets()] == [VERSION]
    assert reported(repository, *first, *second, *pants).end is NightlyEnd.NOTHING_NEW
    # Without the record, a third one gets a new release.
    lost = ("--records", str(tmp_path / "lost"), "--to", f"index:{tmp_path / 'third'}")
    report = reported(repository, *first, *lost, *pants)
    assert (report.end, report.version) == (NightlyEnd.RELEASED, "3.12.0rc20261102")


def test_a_record_alone_is_not_a_release(repository: Repository, tmp_path: Path) -> None:
    """An earlier run made it, and its tries or its publication failed."""
    write_sealed(repository.root / "dist/releases", VERSION, repository.git("rev-parse", "HEAD"))
    assert reported(repository).end is NightlyEnd.RECORDED
    pants = building(tmp_path, "3.12.0rc20261102", repository.commit("README", "", day=2))
    report = reported(repository, "--to", f"folder:{tmp_path / 'wheels'}", *pants)
    assert (report.end, report.version) == (NightlyEnd.RELEASED, VERSION)
    assert len(list((tmp_path / "wheels").glob("*.whl"))) == 1
    report = reported(repository, *pants, "--try", "before", "--dry-run")
    assert [step.name for step in report.steps] == ["build", "try"]


def test_a_taken_version_is_not_an_endless_failure(repository: Repository, tmp_path: Path) -> None:
    commit = repository.git("rev-parse", "HEAD")
    to = ("--to", f"index:{tmp_path / 'index'}")
    other = repository.commit("other", "", day=1)
    write_sealed(tmp_path / "elsewhere", VERSION, other)
    assert reported(repository, *to, "--records", str(tmp_path / "elsewhere")).end is NightlyEnd.RELEASED
    write_sealed(repository.root / "dist/releases", VERSION, commit)
    dated = ("--commit", commit, "--date", "20261101")
    report = reported(repository, *to, *dated, "--dry-run")
    assert (report.end, report.steps[0].name) == (NightlyEnd.PLANNED, "build")
    version = f"{VERSION}.post1"
    # It installs the same as what the index has, so that only this option releases it.
    report = reported(repository, *to, *dated, "--force", *building(tmp_path, version, commit))
    assert (report.end, report.version) == (NightlyEnd.RELEASED, version)


def test_a_damaged_record_is_not_an_endless_failure(repository: Repository, tmp_path: Path) -> None:
    commit = repository.git("rev-parse", "HEAD")
    record = write_sealed(repository.root / "dist/releases", VERSION, commit)
    (record / "release.json").write_text("{")
    version = f"{VERSION}.post1"
    report = reported(repository, "--to", f"index:{tmp_path / 'index'}", *building(tmp_path, version, commit))
    assert (report.end, report.version) == (NightlyEnd.RELEASED, version)


def test_a_commit_of_the_future_needs_a_date(repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
    moment = "2099-01-01T12:00:00+00:00"
    repository.git("commit", "--quiet", "--allow-empty", "-m", "Late", variables={"GIT_COMMITTER_DATE": moment})
    assert run(repository, "--dry-run") == (1, None)
    assert "2099-01-01" in capfd.readouterr().err
    assert reported(repository, "--dry-run", "--date", "20261102").end is NightlyEnd.PLANNED


def test_indexes_come_last() -> None:
    given = ["index:a", "@testpypi", "index:b", "folder:c", "@testpypi"]
    assert in_order(given) == ("@testpypi", "folder:c", "index:a", "index:b")
    assert [index_path(each) for each in ("index:a", "index:", "folder:c")] == [Path("a"), None, None]


def test_where_a_release_is_installed_from() -> None:
    assert source_of("https://wheels.example.org/legacy/") == "https://wheels.example.org/simple/"
    assert [source_of(each) for each in ("@pypi", "index:a", "folder:b")] == ["@pypi", "index:a", "folder:b"]
