"""The command against a server with PyPI's rules, which no test sends anything to but the fixtures."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.check.check import check_release, record_problems
from spokeshave.release.check.release_files import read_paths
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.destination.limits import PYPI
from spokeshave.testing.broken_wheel_fixtures import WheelDraft, change, write_draft
from spokeshave.testing.index_fixtures import Answer, answering_server
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like_of_user
from spokeshave.testing.release_fixtures import COMMIT, VERSION, write_wheels
from spokeshave.testing.report_fixtures import read_report
from spokeshave.upload.attempt import AttemptStatus
from spokeshave_core.outcomes import CheckOutcome
from spokeshave_core.release.check import CheckReport

DAY = 24 * 60 * 60
LINUX = "cp312-cp312-manylinux_2_17_x86_64"
WINDOWS = "cp312-cp312-win_amd64"
COMPILER = WheelDraft(project="abacus_compiler", headers=["Requires-Dist: abacus-runtime==3.12.0"])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    """A server, whose credentials are in the environment."""
    with pypi_like_of_user(tmp_path, monkeypatch) as running:
        yield running


def write_all(folder: Path, *drafts: WheelDraft) -> Path:
    for draft in drafts:
        write_draft(folder, draft)
    return folder


def put(server: PypiLike, wheel: Path, *, days_ago: float = 0) -> None:
    """Store a file on the server."""
    server.change(clock=-days_ago * DAY)
    with open_destination(server.upload_url, DestinationOptions(), server.variables) as destination:
        assert destination.send(wheel).status is AttemptStatus.STORED
    server.change(clock=0)
    (server.folder / "requests.jsonl").unlink()


def check(server: PypiLike, *paths: Path, options: DestinationOptions | None = None) -> CheckReport:
    """Check files for the server as for PyPI; nothing is sent."""
    chosen = options or DestinationOptions()
    with open_destination(server.upload_url, chosen, server.variables) as destination:
        limits = destination.limits
        destination.limits = replace(
            PYPI, file=limits.file or PYPI.file, project=limits.project or PYPI.project, projects=limits.projects
        )
        report = check_release(read_paths(paths), [destination])
    assert {request.method for request in server.requests()} <= {"GET"}
    assert server.requests()
    return report


def messages(report: CheckReport) -> list[str]:
    return [f"{problem.place}: {problem.message}" for problem in report.problems]


def test_a_set_in_order_is_ready(tmp_path: Path, server: PypiLike, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_all(tmp_path / "dist", WheelDraft(tag=LINUX), WheelDraft(tag=WINDOWS), COMPILER)
    put(server, folder / WheelDraft(tag=LINUX).file_name)
    arguments = ["release", "check", str(folder), "--to", server.upload_url, "--project-limit", "1M"]
    assert main([*arguments, "--report", str(tmp_path / "report.json")]) == 0
    assert [request.method for request in server.requests() if request.method != "GET"] == []
    report = read_report(CheckReport, tmp_path / "report.json")
    (destination,) = report.destinations
    assert sorted(outcome.value for outcome in destination.files.values()) == ["already there", "ready", "ready"]
    compiler, runtime = destination.projects
    assert (compiler.used, runtime.used, runtime.limit) == (0, report.files[1].size, 1 << 20)
    assert (runtime.new, report.problems) == (report.files[2].size, ())
    output = capsys.readouterr().out
    assert len([line for line in output.splitlines() if line.startswith("abacus") and "ready" in line]) == 3


def test_one_byte_too_many_in_one_project_is_refused(tmp_path: Path, server: PypiLike) -> None:
    folder = write_all(tmp_path / "dist", WheelDraft(tag=LINUX), WheelDraft(tag=WINDOWS), COMPILER)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    total = sum(size for name, size in sizes.items() if name.startswith("abacus_runtime"))
    put(server, folder / WheelDraft(tag=LINUX).file_name)
    for limit, expected in ((total, 0), (total - 1, 1)):
        options = DestinationOptions(project_limits=(f"abacus-runtime={limit}",))
        found = messages(check(server, folder, options=options))
        assert len(found) == expected
    assert found[0].startswith("abacus-runtime: needs ")
    assert f"free of {total - 1} bytes" in found[0]
    assert found[0].endswith("1 bytes too many")


def test_a_wheel_above_the_file_limit_is_refused(tmp_path: Path, server: PypiLike) -> None:
    folder = write_all(tmp_path / "dist", COMPILER, WheelDraft())
    limit = min(path.stat().st_size for path in folder.iterdir())
    found = messages(check(server, folder, options=DestinationOptions(file_limit=str(limit))))
    assert len(found) == 1
    assert f"takes files of {limit} bytes" in found[0]


def test_a_set_whose_files_disagree_is_refused(tmp_path: Path, server: PypiLike) -> None:
    other = WheelDraft(tag=WINDOWS, headers=["Requires-Dist: colorama"])
    pin = WheelDraft(project="abacus_compiler", headers=["Requires-Dist: abacus-runtime==3.11.0"])
    folder = write_all(tmp_path / "dist", WheelDraft(tag=LINUX), other, pin)
    found = messages(check(server, folder))
    assert len(found) == 2
    assert "has another requires-dist in METADATA" in found[0]
    assert "requires abacus-runtime==3.11.0, but this set has abacus-runtime 3.12.0" in found[1]


def test_a_local_version_is_refused_by_pypi_only(tmp_path: Path, server: PypiLike) -> None:
    folder = write_all(tmp_path / "dist", WheelDraft(version="3.12.0+cu118"))
    assert len(messages(check(server, folder))) == 1
    assert main(["release", "check", str(folder), "--to", server.upload_url]) == 0
    assert main(["release", "check", str(folder)]) == 1


@pytest.mark.parametrize(
    "draft", [WheelDraft(tag="cp312-cp312-linux_x86_64"), WheelDraft(name="Abacus.Runtime-3.12.0-py3-none-any.whl")]
)
def test_a_name_that_only_pypi_refuses_is_accepted_elsewhere(
    tmp_path: Path, server: PypiLike, draft: WheelDraft
) -> None:
    folder = write_all(tmp_path / "dist", replace(draft, folder=f"{draft.file_name.rsplit('-', 3)[0]}.dist-info"))
    assert len(messages(check(server, folder))) == 1
    assert main(["release", "check", str(folder), "--to", server.upload_url]) == 0
    assert main(["release", "check", str(folder), "--to", f"folder:{tmp_path / 'index'}"]) == 0
    assert main(["release", "check", str(folder)]) == 1


@pytest.mark.parametrize(("days", "count"), [(13.9, 0), (15, 1)])
def test_an_incomplete_release_is_refused_after_14_days(
    tmp_path: Path, server: PypiLike, days: float, count: int
) -> None:
    folder = write_all(tmp_path / "dist", WheelDraft(tag=LINUX), WheelDraft(tag=WINDOWS))
    put(server, folder / WheelDraft(tag=LINUX).file_name, days_ago=days)
    report = check(server, folder)
    assert len(report.problems) == count
    if count:
        assert report.problems[0].place == "abacus-runtime"
        assert "Make a new version" in report.problems[0].remedy


def test_a_complete_release_may_be_old(tmp_path: Path, server: PypiLike) -> None:
    wheel = write_draft(tmp_path / "dist")
    put(server, wheel, days_ago=400)
    report = check(server, wheel)
    assert report.problems == ()
    assert set(report.destinations[0].files.values()) == {CheckOutcome.ALREADY_THERE}


def test_other_bytes_of_the_same_name_are_refused(tmp_path: Path, server: PypiLike) -> None:
    put(server, write_draft(tmp_path / "first"))
    wheel = write_draft(tmp_path / "second", WheelDraft(description="Changed."))
    for in_json in (True, False):
        server.change(pages_in_json=in_json)
        report = check(server, wheel)
        assert len(report.problems) == 1
        assert "has a file of this name with other bytes" in report.problems[0].message
        assert set(report.destinations[0].files.values()) == {CheckOutcome.REFUSED}


def test_the_same_bytes_under_another_name_are_refused(tmp_path: Path, server: PypiLike) -> None:
    wheel = write_draft(tmp_path / "dist", WheelDraft(tag="py3-none-any"))
    put(server, wheel)
    renamed = wheel.rename(wheel.with_name("abacus_runtime-3.12.0-py2.py3-none-any.whl"))
    found = messages(check(server, renamed))
    assert any(f"has the same bytes as {wheel.name}" in problem for problem in found)


@pytest.mark.parametrize("status", ["archived", "quarantined"])
def test_a_closed_project_is_refused(tmp_path: Path, server: PypiLike, status: str) -> None:
    put(server, write_draft(tmp_path / "old", WheelDraft(version="3.11.0")))
    server.change(statuses={"abacus-runtime": status})
    found = messages(check(server, write_draft(tmp_path / "dist")))
    assert len(found) == 1
    assert f"abacus-runtime: is {status}" in found[0]


@pytest.mark.parametrize(("version", "count"), [("3.12.0rc2", 1), ("3.12.0.dev20260821", 1), ("3.13.0rc1", 0)])
def test_a_version_below_the_final_is_refused(tmp_path: Path, server: PypiLike, version: str, count: int) -> None:
    put(server, write_draft(tmp_path / "old"))
    found = messages(check(server, write_draft(tmp_path / "dist", WheelDraft(version=version))))
    assert len(found) == count


def test_missing_credentials_are_reported(
    tmp_path: Path, server: PypiLike, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TWINE_PASSWORD")
    assert main(["release", "check", str(write_draft(tmp_path / "dist")), "--to", server.upload_url]) == 1
    assert "there is no password for" in capsys.readouterr().err


def test_ten_faults_are_ten_lines(
    tmp_path: Path, server: PypiLike, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(server, write_draft(tmp_path / "old", WheelDraft(project="abacus_tools")))
    put(server, write_draft(tmp_path / "newer", WheelDraft(project="abacus_final", version="3.12.1")))
    server.change(statuses={"abacus-tools": "archived"})
    monkeypatch.delenv("TWINE_PASSWORD")
    runtime = WheelDraft(tag=LINUX, headers=["Summary: one"], files={"a.py": bytes(4000)})
    folder = write_all(
        tmp_path / "dist",
        runtime,
        WheelDraft(tag=WINDOWS, headers=["Summary: two"], files={"a.py": bytes(4000)}),
        replace(runtime, tag="py3-none-any", tags=["py2-none-any"], files={"a.py": bytes(3000)}),
        WheelDraft(project="abacus_compiler", headers=["Requires-Dist: abacus-runtime==3.11.0"]),
        WheelDraft(project="abacus_tools", description="Changed."),
        WheelDraft(project="abacus_tools", description="Changed.", tag=WINDOWS),
        WheelDraft(project="abacus_final", record=lambda lines: lines[1:]),
        WheelDraft(project="abacus_extra", headers=["License-File: LICENSE"]),
    )
    change(write_draft(folder, WheelDraft(project="abacus_tail")), lambda data: data + b"tail")
    limits = ["--file-limit", "4K", "--project-limit", "abacus-extra=10"]
    assert main(["release", "check", str(folder), "--to", server.upload_url, *limits]) == 1
    assert {request.method for request in server.requests()} == {"GET"}
    first, *lines = capsys.readouterr().err.splitlines()
    expected = (
        "lists py2-none",
        "has another summary",
        "requires abacus-runtime==3.11.0",
        "is not listed in RECORD",
        "license file LICENSE",
        "trailing data",
        "takes files of 4096 bytes",
        "abacus-extra: needs",
        "abacus-tools: is archived",
        "other bytes",
        "3.12.0 sorts below 3.12.1",
        "there is no password",
    )
    assert [text for text in expected if not any(text in line for line in lines)] == []
    assert first == f"spokeshave release check: {len(lines)} problems"


def test_a_destination_without_an_answer_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWINE_USERNAME", "alice")
    monkeypatch.setenv("TWINE_PASSWORD", "secret-word")
    with answering_server(Answer(200, "OK", listing=(403, "text/plain", "secret-word"))) as url:
        assert main(["release", "check", str(write_draft(tmp_path / "dist")), "--to", url]) == 1
    output = capsys.readouterr()
    assert "does not list its files: 403" in output.err
    assert "secret-word" not in output.err + output.out


def test_options_of_a_destination_need_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", "check", str(write_draft(tmp_path)), "--file-limit", "1M"]) == 1
    assert "--to: is missing" in capsys.readouterr().err
    assert main(["release", "check", str(write_draft(tmp_path)), "--only", "any"]) == 1
    assert "--to: is missing" in capsys.readouterr().err


def test_a_file_whose_name_is_refused_is_not_ready(tmp_path: Path) -> None:
    wheel = write_draft(tmp_path, WheelDraft(name="abacus_runtime-3.12.0-py3-none-any (1).whl"))
    report = check_release(read_paths([wheel]), [])
    assert [file.outcome for file in report.files] == [CheckOutcome.REFUSED]


def test_an_empty_folder_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", "check", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "has no wheels or sdists" in printed.err


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A sealed record of two projects."""
    write_wheels(tmp_path / "wheels")
    output = tmp_path / "releases" / "abacus" / VERSION
    facts = ["--name", "abacus", "--version", VERSION, "--channel", "rc", "--commit", COMMIT]
    assert main(["release", "seal", "--wheels", str(tmp_path / "wheels"), *facts, "--output", str(output)]) == 0
    return output


def test_a_record_is_checked_as_it_was_sealed(
    tmp_path: Path, record: Path, server: PypiLike, capsys: pytest.CaptureFixture[str]
) -> None:
    assert messages(check(server, record)) == []
    wheel = sorted((record / "files").iterdir())[0]
    change(wheel, lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:])
    assert main(["release", "check", str(record), "--report", str(tmp_path / "report.json")]) == 1
    assert f"{wheel}: was changed after it was sealed" in capsys.readouterr().err
    report = read_report(CheckReport, tmp_path / "report.json")
    assert (report.version, len(report.files)) == (VERSION, 6)


def test_a_final_record_that_still_says_its_candidate_is_refused(
    tmp_path: Path, server: PypiLike, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"abacus/__init__.py": b'__version__ = "3.12.0rc1"\n', "abacus/CHANGES.md": b"3.12.0rc1: the first\n"}
    wheels = write_draft(tmp_path / "wheels", WheelDraft(files=texts)).parent
    output = tmp_path / "record"
    facts = ["--name", "abacus", "--version", "3.12.0", "--output", str(output)]
    assert main(["release", "seal", "--wheels", str(wheels), *facts]) == 0
    capsys.readouterr()
    assert main(["release", "check", str(output), "--report", str(tmp_path / "report.json")]) == 1
    note, count, problem = capsys.readouterr().err.splitlines()
    assert "CHANGES.md names the pre-release 3.12.0rc1" in note
    assert "1 problem" in count
    assert "abacus/__init__.py: holds 3.12.0rc1" in problem
    report = read_report(CheckReport, tmp_path / "report.json")
    assert ([file.outcome for file in report.files], len(report.notes)) == ([CheckOutcome.REFUSED], 1)
    assert main(["release", "publish", str(output), "--to", server.upload_url]) == 1
    assert {request.method for request in server.requests()} <= {"GET"}


def test_problems_of_a_record_are_those_of_its_check(record: Path, server: PypiLike) -> None:
    options = DestinationOptions(file_limit="10")
    with open_destination(server.upload_url, options, server.variables) as destination:
        assert len(record_problems(record, destination)) == 6


def test_a_record_is_checked_alone(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", "check", str(record), str(tmp_path / "wheels")]) == 1
    assert "is a record, which is checked alone" in capsys.readouterr().err


def attest(record: Path, wheel: Path, *, sha256: str | None = None) -> None:
    """Write an attestation without a signature."""
    known = {file["name"]: file["sha256"] for file in json.loads((record / "release.json").read_text())["files"]}
    subject = {"name": wheel.name, "digest": {"sha256": sha256 or known[wheel.name]}}
    statement = {"subject": [subject], "predicateType": "https://docs.example.org/attestations/publish/v1"}
    envelope = {"statement": base64.b64encode(json.dumps(statement).encode()).decode(), "signature": ""}
    folder = record / "attestations"
    folder.mkdir(exist_ok=True)
    text = json.dumps({"version": 1, "envelope": envelope})
    (folder / f"{wheel.name}.publish.attestation").write_text(text)


def test_attestations_are_for_all_files_and_their_bytes(record: Path, server: PypiLike) -> None:
    first, second, *wheels = sorted((record / "files").iterdir())
    for wheel in wheels:
        attest(record, wheel)
    attest(record, second, sha256="0" * 64)
    found = messages(check(server, record))
    assert found[0].startswith(f"{first.name}: has no attestation, but other files of the release have")
    assert found[1].startswith(f"{second.name}.publish.attestation: is for other bytes of {second.name}")
    # No signature is valid here, or the library that would say so is not installed.
    assert all("attestation" in problem.partition(": ")[0] for problem in found[2:])
    assert len(found) > 2


def test_attestations_next_to_wheels_are_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = write_draft(tmp_path)
    wheel.with_name(f"{wheel.name}.publish.attestation").write_text("{}")
    assert main(["release", "check", str(tmp_path)]) == 1
    assert "is not an attestation of PEP 740" in capsys.readouterr().err


def test_the_age_of_a_release_is_that_of_its_first_file(tmp_path: Path, server: PypiLike) -> None:
    folder = write_all(tmp_path / "dist", *(WheelDraft(tag=tag) for tag in (LINUX, WINDOWS, "py3-none-any")))
    put(server, folder / WheelDraft(tag=LINUX).file_name, days_ago=14.5)
    later = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    with open_destination(server.upload_url, DestinationOptions(), server.variables) as destination:
        destination.limits = PYPI
        assert check_release(read_paths([folder]), [destination], later).problems == ()
        assert len(check_release(read_paths([folder]), [destination]).problems) == 1
