from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from packaging.version import Version

from spokeshave.cli import main
from spokeshave.errors import InvalidVersionError
from spokeshave.testing.report_fixtures import read_report
from spokeshave.version.command import VersionRequest, compute_version
from spokeshave_core.channel import Channel
from spokeshave_core.reports.version import VersionReport

COMMIT = "3f786850e387550fdab836ed7e6dc881de23001b"


def files(folder: Path, *versions: str) -> list[Path]:
    paths = [folder / f"{index}" / "version.json" for index, _ in enumerate(versions)]
    for path, version in zip(paths, versions):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"package-version": version}))
    return paths


def common(folder: Path, request: VersionRequest, *versions: str) -> str:
    return compute_version(files(folder, *(versions or ("3.12.0.dev",))), request).common


def problems_of(paths: list[Path], request: VersionRequest) -> list[str]:
    with pytest.raises(InvalidVersionError) as caught:
        compute_version(paths, request)
    return [problem.place for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("request_", "version"),
    [
        (VersionRequest(Channel.STABLE), "3.12.0"),
        (VersionRequest(Channel.RC, date="20260821"), "3.12.0rc20260821"),
        (VersionRequest(Channel.RC, suffix="rc3"), "3.12.0rc3"),
        (VersionRequest(Channel.RC, suffix="3"), "3.12.0rc3"),
        (VersionRequest(Channel.NIGHTLY, commit=COMMIT, date="20260821"), "3.12.0rc20260821"),
        (VersionRequest(Channel.DEV, commit=COMMIT), f"3.12.0.dev0+{COMMIT}"),
        (VersionRequest(Channel.DEV, commit="ABCDEF0"), "3.12.0.dev0+abcdef0"),
        (VersionRequest(Channel.LOCAL, commit=COMMIT), f"3.12.0.dev0+{COMMIT}"),
        (VersionRequest(Channel.LOCAL, commit=COMMIT, dirty=True), f"3.12.0.dev0+{COMMIT}.dirty"),
        (VersionRequest(Channel.RC, date="20260821", post=1), "3.12.0rc20260821.post1"),
        (VersionRequest(Channel.NIGHTLY, suffix="7", post=12), "3.12.0rc7.post12"),
        (VersionRequest(None, suffix="a1"), "3.12.0a1"),
        (VersionRequest(None, suffix="+mine"), "3.12.0+mine"),
        (VersionRequest(None, suffix=".post1"), "3.12.0.post1"),
    ],
)
def test_version_of_each_channel(tmp_path: Path, request_: VersionRequest, version: str) -> None:
    assert common(tmp_path, request_) == version


def test_common_version_is_the_pep_440_maximum(tmp_path: Path) -> None:
    assert common(tmp_path, VersionRequest(Channel.STABLE), "3.9.9.dev", "3.9.10.dev", "3.9.1") == "3.9.10"


def test_each_package_keeps_its_own_z(tmp_path: Path) -> None:
    paths = files(tmp_path, "3.9.1.dev", "3.9.0.dev")
    version = compute_version(paths, VersionRequest(Channel.RC, suffix="rc1"))
    assert [own for _, own in version.packages] == ["3.9.1rc1", "3.9.0rc1"]


def test_version_files_of_different_series_are_refused(tmp_path: Path) -> None:
    paths = files(tmp_path, "3.9.0.dev", "3.10.0.dev")
    assert problems_of(paths, VersionRequest(Channel.STABLE)) == [f"{paths[0]}, {paths[1]}"]


def test_commit_of_digits_keeps_its_leading_zeros(tmp_path: Path) -> None:
    assert common(tmp_path, VersionRequest(Channel.DEV, commit="0012345")) == "3.12.0.dev0+g0012345"


def test_default_date_is_today_in_utc(tmp_path: Path) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    version = common(tmp_path, VersionRequest(Channel.NIGHTLY))
    after = datetime.datetime.now(datetime.timezone.utc)
    assert version in {f"3.12.0rc{moment:%Y%m%d}" for moment in (before, after)}


def test_post_release_and_epoch_are_kept(tmp_path: Path) -> None:
    assert common(tmp_path, VersionRequest(Channel.STABLE), "1!3.12.0.post2.dev") == "1!3.12.0.post2"
    assert (
        common(tmp_path, VersionRequest(Channel.DEV, commit="abcdef0"), "3.12.0.post2") == "3.12.0.post2.dev0+abcdef0"
    )
    paths = files(tmp_path, "3.12.0.post2")
    assert problems_of(paths, VersionRequest(Channel.RC, date="20260821")) == [str(paths[0])]


def test_all_file_and_argument_problems_are_reported_together(tmp_path: Path) -> None:
    paths = files(tmp_path, "3.12.0", "not one", "3.12.0+local")
    (tmp_path / "json").write_text("{")
    (tmp_path / "key").write_text('{"version": "1"}')
    (tmp_path / "list").write_text("[]")
    (tmp_path / "type").write_text('{"package-version": 3.12}')
    (tmp_path / "deep").write_text("[" * 100_000)
    names = [tmp_path / name for name in ("missing", "json", "key", "list", "type", "deep")]
    request = VersionRequest(Channel.DEV, commit="xyz", date="2026-08-21", suffix="1", dirty=True)
    places = problems_of([*paths, *names], request)
    assert places[:8] == [*map(str, paths[1:]), *map(str, names)]
    assert set(places[8:]) == {"--commit", "--date", "--suffix", "--dirty"}


@pytest.mark.parametrize(
    "date", ["20260230", "2026821", "today", "\uff12\uff10\uff12\uff16\uff10\uff18\uff12\uff11", ""]
)
def test_an_invalid_date_is_refused(tmp_path: Path, date: str) -> None:
    assert problems_of(files(tmp_path, "3.12.0"), VersionRequest(Channel.RC, date=date)) == ["--date"]


@pytest.mark.parametrize(
    "request_",
    [
        VersionRequest(Channel.STABLE, post=1),
        VersionRequest(Channel.DEV, commit=COMMIT, post=1),
        VersionRequest(None, suffix="a1", post=1),
        VersionRequest(Channel.RC, post=0),
    ],
)
def test_a_number_of_the_day_that_cannot_be_is_refused(tmp_path: Path, request_: VersionRequest) -> None:
    assert problems_of(files(tmp_path, "3.12.0"), request_) == ["--post"]


def test_releases_of_a_day_sort_between_two_days(tmp_path: Path) -> None:
    requests = [("20260821", None), ("20260821", 1), ("20260821", 2), ("20260822", None)]
    versions = [
        compute_version(files(tmp_path, "3.12.0"), VersionRequest(Channel.RC, date=date, post=post)).common
        for date, post in requests
    ]
    assert versions == sorted(versions, key=Version)


@pytest.mark.parametrize("suffix", ["", ".1", "x y", "rc1+", "!", "..", "²"])
def test_suffix_that_makes_no_version_is_refused(tmp_path: Path, suffix: str) -> None:
    assert problems_of(files(tmp_path, "3.12.0"), VersionRequest(None, suffix=suffix)) == ["--suffix"]


@pytest.mark.parametrize("channel", [Channel.STABLE, Channel.RC, Channel.NIGHTLY, Channel.DEV])
def test_changed_tree_is_released_on_no_channel_but_local(tmp_path: Path, channel: Channel) -> None:
    commit = COMMIT if channel is Channel.DEV else None
    assert problems_of(files(tmp_path, "3.12.0"), VersionRequest(channel, commit=commit, dirty=True)) == ["--dirty"]


def test_missing_commit_is_refused(tmp_path: Path) -> None:
    assert problems_of(files(tmp_path, "3.12.0"), VersionRequest(Channel.DEV)) == ["--commit"]


def test_command_prints_text_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for path in files(tmp_path, "3.12.1.dev", "3.12.0.dev")]
    arguments = ["version", "--file", *paths, "--channel", "stable"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "3.12.1\n"
    assert main([*arguments, "--format", "json", "--report", str(tmp_path / "report.json")]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == {
        "version": "3.12.1",
        "packages": {paths[0]: "3.12.1", paths[1]: "3.12.0"},
        "channel": "stable",
        "commit": None,
        "dirty": False,
    }
    assert (tmp_path / "report.json").read_text() == printed
    assert read_report(VersionReport, tmp_path / "report.json").version == "3.12.1"
