"""Records as they were written, and each change to one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.release.integrity import changed_files, verify_record
from spokeshave.release.record import InvalidRecordError, file_path, manifest_sha256, read_record
from spokeshave.release.writer import draft_record
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord, TestEvidence
from spokeshave_core.reports.smoke import PythonFacts, SmokeRun, SmokeTestReport

NAME = "demo-1.0-py3-none-any.whl"


def write_record(output: Path, content: bytes = b"a wheel", version: str = "1.0") -> Path:
    """Write a record of one file, which is not a wheel: only its bytes matter here."""
    source = output.parent / "wheels" / NAME
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content)
    with draft_record(output) as draft:
        sha256, size = draft.add_file(source)
        run = SmokeRun(PythonFacts("", "3.12", "CPython", platform="Linux x86_64, glibc"), Outcome.PASSED)
        report = draft.add_report(SmokeTestReport(NAME, sha256, (run,)))
        test = TestEvidence(python="3.12", where="Linux x86_64, glibc", report_sha256=report, outcome=Outcome.PASSED)
        file = ReleaseFile(
            name=NAME,
            project="demo",
            sha256=sha256,
            size=size,
            payload_sha256=None,
            metadata_sha256=None,
            tested=(test,),
        )
        record = ReleaseRecord(
            name="demo",
            version=version,
            channel=None,
            commit=None,
            projects={"demo": ReleaseProject(version)},
            files=(file,),
        )
        draft.finish(record)
    return output


@pytest.mark.parametrize(
    ("version", "fault"),
    [("one", "has the version 'one', which is not a version"), ("2.0", "and 2.0 of the release")],
)
def test_versions_of_a_manifest_are_valid_and_one(tmp_path: Path, version: str, fault: str) -> None:
    manifest = write_record(tmp_path / "record") / "release.json"
    values = json.loads(manifest.read_text())
    values["version"] = version
    manifest.write_text(json.dumps(values))
    with pytest.raises(InvalidRecordError) as caught:
        read_record(manifest.parent)
    assert fault in str(caught.value)
    values["version"] = "1.0"
    values["projects"]["demo"]["version"] = "one"
    manifest.write_text(json.dumps(values))
    with pytest.raises(InvalidRecordError, match="version of demo 'one', which is not a version"):
        read_record(manifest.parent)


def problems_of(folder: Path) -> list[str]:
    error = changed_files(folder).as_error(SpokeshaveError)
    return [f"{Path(problem.place).relative_to(folder).as_posix()}: {problem.message}" for problem in error.problems]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_record(tmp_path / "demo" / "1.0")


def test_a_sealed_record_has_no_problem(record: Path) -> None:
    assert problems_of(record) == []
    assert verify_record(record) == read_record(record)
    assert sorted(path.relative_to(record).as_posix() for path in record.rglob("*") if path.is_file()) == [
        "SHA256SUMS",
        "constraints.txt",
        f"files/{NAME}",
        "pylock.demo.toml",
        "release.json",
        f"reports/{NAME}.json",
    ]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="the system has no sha256sum")
def test_coreutils_verify_the_sums(record: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=record, check=True)


def flip_a_byte(record: Path) -> None:
    path = file_path(record, NAME)
    path.write_bytes(path.read_bytes()[:-1] + b"L")


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(record: Path) -> None:
        text = (record / path).read_text()
        assert old in text
        (record / path).write_text(text.replace(old, new))

    return change


def write(path: str) -> Callable[[Path], None]:
    def change(record: Path) -> None:
        (record / path).parent.mkdir(exist_ok=True)
        (record / path).write_text("something")

    return change


def remove(path: str) -> Callable[[Path], None]:
    return lambda record: (record / path).unlink()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (flip_a_byte, f"files/{NAME}: was changed after it was sealed"),
        (edit("release.json", '"size": 7', '"size": 8'), "release.json: was changed after it was sealed"),
        (edit("release.json", "{", "{{"), "release.json: was changed after it was sealed"),
        (edit("constraints.txt", "1.0", "1.1"), "constraints.txt: was changed after it was sealed"),
        (edit(f"reports/{NAME}.json", "passed", "failed"), f"reports/{NAME}.json: was changed after it was sealed"),
        (write("files/other-1.0-py3-none-any.whl"), "files/other-1.0-py3-none-any.whl: is not part of"),
        (write("notes.txt"), "notes.txt: is not part of the sealed record"),
        (write("attestations/other.whl.publish.attestation"), "attestations/other.whl.publish.attestation: is not"),
        (write(f"attestations/{NAME}"), f"attestations/{NAME}: is not part of the sealed record"),
        (remove(f"files/{NAME}"), f"files/{NAME}: is part of the sealed record, but does not exist"),
        (remove("release.json"), "release.json: is part of the sealed record, but does not exist"),
        (remove("pylock.demo.toml"), "pylock.demo.toml: is part of the sealed record, but does not exist"),
        (remove("SHA256SUMS"), "SHA256SUMS: cannot be read"),
        (edit("SHA256SUMS", "  files/", " files/"), "SHA256SUMS, line 2: is not a sha256 and a path"),
        (edit("SHA256SUMS", "  files/", "  ../files/"), f"../files/{NAME}: is part of"),
    ],
)
def test_each_change_is_named(record: Path, change: Callable[[Path], None], place: str) -> None:
    change(record)
    found = problems_of(record)
    assert any(problem.startswith(place) for problem in found), found
    with pytest.raises(InvalidRecordError):
        verify_record(record)


def test_sums_that_were_made_to_fit_contradict_the_manifest(record: Path) -> None:
    other = write_record(record.parent / "other", b"another wheel")
    for path in (f"files/{NAME}", "SHA256SUMS"):
        shutil.copy(other / path, record / path)
    line = next(line for line in (other / "SHA256SUMS").read_text().splitlines() if "release.json" in line)
    edit("SHA256SUMS", line.split()[0], manifest_sha256(record))(record)
    assert any(f"SHA256SUMS: lists files/{NAME} with the sha256" in problem for problem in problems_of(record))


def test_all_changes_are_reported_together(record: Path) -> None:
    flip_a_byte(record)
    write("a.txt")(record)
    remove("constraints.txt")(record)
    assert len(problems_of(record)) == 3


def test_a_manifest_that_lists_a_file_twice_is_refused(record: Path) -> None:
    document = json.loads((record / "release.json").read_text())
    (record / "release.json").write_text(json.dumps({**document, "files": document["files"] * 2}))
    with pytest.raises(InvalidRecordError, match="is listed twice"):
        read_record(record)


def test_journals_and_attestations_may_be_added(record: Path) -> None:
    write("state/pypi.jsonl")(record)
    write(f"attestations/{NAME}.publish.attestation")(record)
    assert problems_of(record) == []


def test_a_record_is_written_again_if_it_is_the_same(record: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in record.rglob("*")}
    write_record(record)
    assert {path: path.stat().st_mtime_ns for path in record.rglob("*")} == before
    assert sorted(path.name for path in record.parent.iterdir()) == ["1.0", "wheels"]


def test_a_record_is_never_replaced_by_another(record: Path) -> None:
    before = {path: path.read_bytes() for path in record.rglob("*") if path.is_file()}
    with pytest.raises(InvalidRecordError, match=rf"other content.*files/{NAME}"):
        write_record(record, b"other bytes")
    assert {path: path.read_bytes() for path in record.rglob("*") if path.is_file()} == before


def test_a_damaged_record_is_not_taken_for_the_same(record: Path) -> None:
    flip_a_byte(record)
    with pytest.raises(InvalidRecordError, match="was changed after it was sealed"):
        write_record(record)


def test_another_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(InvalidRecordError, match="is not empty, and is not a release record"):
        write_record(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.txt"]


def test_an_empty_folder_becomes_the_record(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert problems_of(write_record(tmp_path / "out")) == []


def test_nothing_is_left_of_a_record_that_was_not_finished(tmp_path: Path) -> None:
    def interrupt() -> None:
        with draft_record(tmp_path / "out" / "1.0") as draft:
            (draft.folder / "files" / "half").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_report_cannot_be_written_to_another_folder(tmp_path: Path) -> None:
    def write_outside() -> None:
        with draft_record(tmp_path / "out") as draft:
            draft.add_report(SmokeTestReport("../../escaped", "ab", ()))

    with pytest.raises(InvalidRecordError, match="does not name a wheel"):
        write_outside()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f'"name": "{NAME}"', '"name": "../../setup.whl"', "which is not a file name"),
        ('"project": "demo"', '"project": "other"', "which is not one of its projects"),
        ('"demo": {', '"../demo": {', "has the project '../demo', which is not the normalized name of one"),
        ('"demo": {', '"demo --pre": {', "has the project 'demo --pre', which is not the normalized name of one"),
        ('"format": 1', '"format": 2', "has the format 2"),
        ('"name": "demo"', '"name": "de.mo"', "is not the name of a release"),
    ],
)
def test_a_manifest_with_other_values_is_refused(record: Path, old: str, new: str, message: str) -> None:
    edit("release.json", old, new)(record)
    with pytest.raises(InvalidRecordError, match=message):
        read_record(record)
