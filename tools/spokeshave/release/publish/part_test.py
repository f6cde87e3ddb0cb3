"""A part of a release that is published on purpose, what the record then says, and how it becomes complete."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.check.siblings import lacking
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.publish.part import PartError, part_of
from spokeshave.release.record import read_record
from spokeshave.release.writer import draft_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like_of_user
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind
from spokeshave.testing.release_fixtures import COMPILER, RUNTIME
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave_core.outcomes import CheckOutcome, PublishEnd
from spokeshave_core.release.check import CheckReport
from spokeshave_core.release.publish import PublishReport
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

FAST = ("--pause", "0.01", "--wait", "0.3", "--timeout", "5")
LINUX = "manylinux_2_17_x86_64"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def record(tmp_path: Path, sealed: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "record"))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    with pypi_like_of_user(tmp_path, monkeypatch) as running:
        yield running


def publish(to: str, record: Path, *options: str) -> tuple[int, PublishReport]:
    path = record.parent / "report.json"
    code = main(["release", "publish", str(record), "--to", to, *FAST, "--report", str(path), *options])
    return code, PublishReport.from_json(path.read_text())


def said(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capfd.readouterr()
    code = main(list(arguments))
    captured = capfd.readouterr()
    return code, captured.out + captured.err


def test_a_part_needs_the_word_of_the_user(server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for options in ((), ("--dry-run",)):
        code = main(["release", "publish", str(record), "--to", server.upload_url, "--only", "win_*", *options])
        text = capfd.readouterr().err
        assert code == 1
        assert "--only: win_* selects 2 of 5 files of abacus 3.12.0, which is published as a whole" in text
        assert "add --partial" in text
    assert main(["release", "publish", str(record), "--to", server.upload_url, "--partial"]) == 1
    assert "--partial: needs --only" in capfd.readouterr().err
    assert server.uploads() == []


def test_a_glob_that_matches_nothing_is_refused(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    to = ("--to", server.upload_url)
    for command in (("publish", str(record), *to, "--partial"), ("check", str(record), *to)):
        code, text = said(capfd, "release", *command, "--only", "macosx_*", "--only", "win_*")
        assert code == 1
        assert f"'macosx_*' matches no file\n    There is: {LINUX} (2), win_amd64 (2), sdists (1)." in text
    assert server.uploads() == []


def test_a_part_is_recorded_and_completed_later(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    part = ("--only", "manylinux_*", "--partial")
    code, report = publish(server.upload_url, record, *part)
    captured = capfd.readouterr()
    assert (code, report.end, report.only) == (0, PublishEnd.DONE, ("manylinux_*",))
    assert "published (2 published), PARTIAL: only manylinux_*" in captured.out
    assert "partial: only manylinux_*; publish without --only completes it" in captured.err
    assert [request.file.split("-")[0] for request in server.uploads()] == ["abacus_runtime", "abacus_compiler"]
    assert len(report.left_out) == 3
    code, text = said(capfd, "release", "status", str(record))
    assert code == 3
    assert "partial: only manylinux_* (2 of 5 files)" in text
    code, text = said(capfd, "release", "show", str(record))
    assert f"on {server.upload_url}: partial: only manylinux_* (2 of 5 files)" in text

    code, report = publish(server.upload_url, record)
    assert (code, report.only, report.left_out) == (0, (), ())
    assert server.sha256s() == {file.name: file.sha256 for file in read_record(record).files}
    code, text = said(capfd, "release", "status", str(record))
    assert code == 0
    assert "complete (5 of 5 files)" in text
    assert "partial" not in said(capfd, "release", "show", str(record))[1]


def test_parts_that_are_everything_are_complete(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert publish(server.upload_url, record, "--only", "wheels", "--partial")[0] == 0
    assert "PARTIAL" in capfd.readouterr().out
    code, report = publish(server.upload_url, record, "--only", "sdists", "--partial")
    assert (code, report.only, report.left_out) == (0, ("sdists",), ())
    assert "PARTIAL" not in capfd.readouterr().out
    assert "partial" not in said(capfd, "release", "show", str(record))[1]
    assert said(capfd, "release", "status", str(record))[0] == 0
    # If nothing is left out, --partial is not needed.
    assert publish(server.upload_url, record, "--only", "wheels", "--only", "sdists")[0] == 0


def test_the_command_that_continues_repeats_the_part(server: PypiLike, record: Path) -> None:
    server.change(faults=[Fault(FaultKind.FULL, name="abacus_compiler*")])
    code, report = publish(server.upload_url, record, "--only", "win_*", "--only", "sdists", "--partial")
    assert (code, report.end) == (3, PublishEnd.PARTIAL)
    assert report.continue_with is not None
    assert "--only 'win_*' --only sdists" in report.continue_with
    assert report.continue_with.endswith(" --partial")
    assert main(shlex.split(report.continue_with)[1:]) == 0
    assert len(server.stored()) == 3


def test_a_broken_part_is_not_shown_as_whole(server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server.change(faults=[Fault(FaultKind.FULL, name="abacus_compiler*")])
    assert publish(server.upload_url, record, "--only", "win_*", "--partial")[0] == 3
    assert "incomplete part: only win_* (1 of 5 files)" in said(capfd, "release", "status", str(record))[1]


def test_a_quota_counts_the_part_alone(server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]) -> None:
    compilers = sorted(file.size for file in read_record(record).files if "compiler" in file.name)
    limit = ("--project-limit", f"{COMPILER}={max(compilers)}")
    code, text = said(capfd, "release", "check", str(record), "--to", server.upload_url, *limit)
    assert (code, "too many" in text) == (1, True)
    assert main(["release", "check", str(record), "--to", server.upload_url, *limit, "--only", "win_*"]) == 0
    assert publish(server.upload_url, record, *limit, "--only", "win_*", "--partial")[0] == 0


def test_a_folder_gets_a_part_in_one_step(tmp_path: Path, record: Path) -> None:
    to = f"folder:{tmp_path / 'wheels'}"
    assert publish(to, record, "--only", "win_*", "--partial")[0] == 0
    assert len(list((tmp_path / "wheels").glob("abacus_*"))) == 2
    assert publish(to, record)[0] == 0
    assert len(list((tmp_path / "wheels").glob("abacus_*"))) == 5
    begun = [json.loads(line) for line in next((record / "state").iterdir()).read_text().splitlines()]
    assert [line.get("only") for line in begun if line["event"] == "begins"] == ["win_*", None]


def test_the_sdist_of_a_compiler_waits_for_its_runtime(
    server: PypiLike, record: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The compiler's wheels are for a newer glibc than the runtime's, as with IREE."""
    mixed = renamed(record, tmp_path / "mixed")
    to = server.upload_url
    # The check says the same before.
    checked = tmp_path / "check.json"
    check = ("release", "check", str(mixed), "--to", to, "--report", str(checked))
    code, text = said(capfd, *check, "--only", "any")
    assert (code, text.count("only any would publish it without abacus-runtime, which it pins")) == (1, 2)
    (found,) = CheckReport.from_json(checked.read_text()).destinations
    assert set(found.files.values()) == {CheckOutcome.REFUSED}
    code, report = publish(to, mixed, "--only", "any", "--partial")
    assert (code, report.end) == (1, PublishEnd.REFUSED)
    text = capfd.readouterr().err
    assert "only any would publish it without abacus-runtime, which it pins" in text
    assert "for win_amd64" in text
    assert "Add --only 'win_amd64'" in text
    assert server.uploads() == []
    # The runtime is there already.
    assert publish(to, mixed, "--only", LINUX, "--only", "win_amd64", "--partial")[0] == 0
    assert said(capfd, *check, "--only", "any")[0] == 0
    assert publish(to, mixed, "--only", "any", "--partial")[0] == 0


def renamed(record: Path, output: Path) -> Path:
    """Return a release whose compiler is for all platforms, and whose runtime is for two."""
    manifest = read_record(record)
    wheel = build_wheel(
        output.parent / "pure",
        {"abacus_compiler/__init__.py": ""},
        "py3-none-any",
        name="abacus_compiler",
        version="3.12.0",
        metadata_lines=f"Requires-Python: >=3.9\nRequires-Dist: {RUNTIME}==3.12.0\n",
    )
    kept = [file for file in manifest.files if file.project == RUNTIME and file.is_wheel]
    with draft_record(output) as draft:
        for file in kept:
            draft.add_file(record / "files" / file.name)
        sha256, size = draft.add_file(wheel)
        compiler = replace(kept[0], name=wheel.name, project=COMPILER, sha256=sha256, size=size)
        draft.finish(replace(manifest, files=tuple(sorted([*kept, compiler], key=lambda file: file.name))))
    return output


def file_of(name: str) -> ReleaseFile:
    project = name.split("-")[0].replace("_", "-")
    return ReleaseFile(name=name, project=project, sha256="0" * 64, size=1, payload_sha256=None, metadata_sha256=None)


def platforms_without(names: tuple[str, ...], *only: str) -> list[str]:
    """Return the platforms for which a part has a compiler without its runtime, on an index that has nothing."""
    record = ReleaseRecord(
        name="abacus",
        version="1.0",
        channel=None,
        commit=None,
        projects={RUNTIME: ReleaseProject("1.0"), COMPILER: ReleaseProject("1.0", (f"{RUNTIME}==1.0",))},
        files=tuple(map(file_of, names)),
    )
    part = part_of(record, only, is_meant=True)
    return [lack.platform for lack in lacking(part.reduced.files, record, part.names)]


@pytest.mark.parametrize(
    ("runtime", "compiler", "only", "expected"),
    [
        ("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_28_x86_64", "manylinux_2_28*", 1),
        ("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_28_x86_64", "manylinux_*", 0),
        ("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_28_x86_64", "manylinux_2_17*", 0),
        ("py3-none-any", "cp312-cp312-win_amd64", "win_*", 1),
        ("cp312-cp312-macosx_11_0_universal2", "cp312-cp312-macosx_11_0_arm64", "*_arm64", 1),
        ("cp311-cp311-win_amd64", "cp312-cp312-win_arm64", "win_arm64", 0),
    ],
)
def test_a_sibling_for_the_same_platform_is_needed(runtime: str, compiler: str, only: str, expected: int) -> None:
    names = (f"abacus_runtime-1.0-{runtime}.whl", f"abacus_compiler-1.0-{compiler}.whl")
    assert len(platforms_without(names, only)) == expected


def test_an_sdist_needs_any_file_of_its_sibling() -> None:
    names = ("abacus_runtime-1.0-py3-none-any.whl", "abacus_compiler-1.0.tar.gz")
    assert platforms_without(names, "sdists") == ["any platform"]
    # A sibling without a file for the platform is a fault of the release, and not of the part.
    assert (
        platforms_without(("abacus_compiler-1.0-py3-none-win_amd64.whl", "abacus_compiler-1.0.tar.gz"), "win_*") == []
    )


def test_a_part_of_nothing_is_an_error() -> None:
    record = ReleaseRecord(name="a", version="1.0", channel=None, commit=None, projects={}, files=())
    with pytest.raises(PartError, match="needs --only"):
        part_of(record, (), is_meant=True)


def test_an_index_lists_a_part_as_one(tmp_path: Path, record: Path, capfd: pytest.CaptureFixture[str]) -> None:
    to = f"index:{tmp_path / 'site'}"
    assert publish(to, record, "--only", "win_*", "--partial")[0] == 0
    (listed,) = ReleaseIndex(tmp_path / "site").sets()
    assert (listed.only, listed.files) == (("win_*",), 2)
    assert "partial: only win_* (2 of 5 files)" in said(capfd, "release", "status", str(record))[1]
    wanted = ("release", "fetch", "abacus==3.12", "--from", to, "--output", str(tmp_path / "copy"))
    code, text = said(capfd, *wanted)
    assert code == 1
    assert "is partial on" in text
    assert publish(to, record)[0] == 0
    (listed,) = ReleaseIndex(tmp_path / "site").sets()
    assert (listed.only, listed.files) == ((), 5)
    assert said(capfd, *wanted)[0] == 0
