"""The command against a server with PyPI's rules: the order, each fault, and what a rerun does."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.publish.progress import Progress
from spokeshave.release.record import FILES, read_record
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like_of_user
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind, Moment, Place
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave_core.outcomes import PublishEnd, PublishOutcome
from spokeshave_core.release.publish import PublishReport

FAST = ("--pause", "0.01", "--wait", "0.3", "--timeout", "5")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def record(tmp_path: Path, sealed: Path) -> Path:
    return copy_of(sealed, tmp_path / "record")


def copy_of(record: Path, target: Path) -> Path:
    """Copy a record as another machine gets it: without the journal."""
    shutil.copytree(record, target, ignore=shutil.ignore_patterns("state"))
    return target


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    with pypi_like_of_user(tmp_path, monkeypatch) as running:
        yield running


def publish(server: PypiLike, record: Path, *options: str) -> int:
    return main(["release", "publish", str(record), "--to", server.upload_url, *FAST, *options])


def report_of(server: PypiLike, record: Path, *options: str) -> tuple[int, PublishReport]:
    path = record.parent / "report.json"
    code = publish(server, record, "--report", str(path), *options)
    return code, PublishReport.from_json(path.read_text())


def manifest(record: Path) -> dict[str, str]:
    return {file.name: file.sha256 for file in read_record(record).files}


def posts(server: PypiLike) -> list[str]:
    return [request.file for request in server.uploads()]


def test_the_whole_set_is_sent_in_order(server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, report = report_of(server, record)
    captured = capfd.readouterr()
    assert code == 0, captured.out + captured.err
    assert server.sha256s() == manifest(record)
    # A line when a file begins and one when it is stored, and none of twine's.
    assert len(captured.out.splitlines()) == 2 * len(posts(server)) + 1
    kinds = ["runtime wheel", "runtime wheel", "runtime sdist", "compiler wheel", "compiler wheel"]
    assert [kind_of(name) for name in posts(server)] == kinds
    assert report.end is PublishEnd.DONE
    assert {file.outcome for file in report.files} == {PublishOutcome.PUBLISHED}
    assert [file.name for file in report.files] == posts(server)
    before = len(posts(server))
    assert publish(server, copy_of(record, record.parent / "again")) == 0
    assert len(posts(server)) == before
    assert "5 already there" in capfd.readouterr().out


def test_the_journal_has_each_event_of_a_file_once(server: PypiLike, record: Path) -> None:
    assert publish(server, record) == 0
    lines = map(json.loads, next((record / "state").iterdir()).read_text().splitlines())
    events = [(line.get("file"), line["event"]) for line in lines]
    assert events[0] == (None, "begins")
    assert sorted(events[1:]) == sorted(
        (name, event) for name in manifest(record) for event in ("sending", "stored", "listed")
    )


def kind_of(name: str) -> str:
    return f"{name.split('-')[0].split('_')[1]} {'sdist' if name.endswith('.tar.gz') else 'wheel'}"


def assert_whole_or_absent(server: PypiLike, record: Path) -> None:
    """Nothing but the record's bytes is stored, each once, and no compiler that a runtime is missing for."""
    wanted = manifest(record)
    stored = server.sha256s()
    assert stored.items() <= wanted.items()
    times = [request.file for request in server.uploads() if request.stored]
    assert sorted(times) == sorted(stored)
    runtime = {name for name in wanted if "runtime" in name}
    assert runtime <= stored.keys() or not [name for name in stored if "compiler" in name]


RUNTIME_WHEEL = "abacus_runtime*win_amd64.whl"
COMPILER_WHEEL = "abacus_compiler*win_amd64.whl"


@pytest.mark.parametrize("name", [RUNTIME_WHEEL, COMPILER_WHEEL], ids=["runtime", "compiler"])
@pytest.mark.parametrize(
    ("fault", "sends", "options"),
    [
        pytest.param(Fault(FaultKind.STATUS, times=2), 3, (), id="500 twice"),
        pytest.param(Fault(FaultKind.STATUS, status=503, moment=Moment.STORED), 1, (), id="503 after storing"),
        pytest.param(Fault(FaultKind.STATUS, status=429, retry_after="1"), 2, ("--wait", "2"), id="429"),
        pytest.param(Fault(FaultKind.RESET, times=2), 3, (), id="resets"),
        pytest.param(Fault(FaultKind.RESET, moment=Moment.MIDWAY), 2, (), id="a reset midway"),
        pytest.param(Fault(FaultKind.RESET, moment=Moment.STORED), 1, (), id="a reset after storing"),
        pytest.param(Fault(FaultKind.DROP, moment=Moment.STORED), 1, (), id="a lost answer"),
        pytest.param(Fault(FaultKind.NOT_STORED), 2, (), id="200 with nothing stored"),
        pytest.param(Fault(FaultKind.HANG, seconds=20), 2, ("--timeout", "0.3"), id="a hang"),
        pytest.param(Fault(FaultKind.HANG, Place.UPLOAD, Moment.STORED), 1, ("--timeout", "0.3"), id="a late answer"),
    ],
)
def test_a_passing_fault_ends_as_done(
    server: PypiLike, record: Path, fault: Fault, name: str, sends: int, options: Sequence[str]
) -> None:
    server.change(faults=[replace(fault, name=name)])
    code, report = report_of(server, record, *options)
    assert (code, report.end) == (0, PublishEnd.DONE)
    assert server.sha256s() == manifest(record)
    assert_whole_or_absent(server, record)
    assert [fnmatchcase(file, name) for file in posts(server)].count(True) == sends


@pytest.mark.parametrize("name", [RUNTIME_WHEEL, COMPILER_WHEEL], ids=["runtime", "compiler"])
@pytest.mark.parametrize(
    ("fault", "outcome", "words"),
    [
        pytest.param(Fault(FaultKind.STATUS, times=None), PublishOutcome.FAILED, "after 5 attempts", id="500"),
        pytest.param(
            Fault(FaultKind.STATUS, status=429, retry_after="3600", times=None),
            PublishOutcome.UNCONFIRMED,
            "asks to wait for 3600 s",
            id="429",
        ),
        pytest.param(Fault(FaultKind.RESET, times=None), PublishOutcome.FAILED, "after 5 attempts", id="resets"),
        pytest.param(
            Fault(FaultKind.NOT_STORED, times=None), PublishOutcome.UNCONFIRMED, "does not list it", id="not stored"
        ),
        pytest.param(Fault(FaultKind.FULL, times=None), PublishOutcome.REFUSED, "has no room for it", id="full"),
        pytest.param(
            Fault(FaultKind.STATUS, status=403, times=None), PublishOutcome.REFUSED, "403", id="no permission"
        ),
    ],
)
def test_a_lasting_fault_is_partial_until_it_ends(
    server: PypiLike,
    record: Path,
    fault: Fault,
    name: str,
    outcome: PublishOutcome,
    words: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    server.change(faults=[replace(fault, name=name)])
    code, report = report_of(server, record)
    is_nothing_there = name == RUNTIME_WHEEL and outcome is PublishOutcome.REFUSED
    assert (code, report.end) == ((1, PublishEnd.REFUSED) if is_nothing_there else (3, PublishEnd.PARTIAL))
    assert_whole_or_absent(server, record)
    (failed,) = [file for file in report.files if fnmatchcase(file.name, name)]
    assert failed.outcome is outcome
    text = capfd.readouterr().err
    assert words in text
    assert failed.name in text
    server.change(faults=[])
    if report.continue_with is None:
        assert is_nothing_there
        assert publish(server, record) == 0
    else:
        assert f"{outcome.value}  " in text
        assert report.continue_with in text
        assert main(shlex.split(report.continue_with)[1:]) == 0
    assert server.sha256s() == manifest(record)
    assert_whole_or_absent(server, record)


def test_a_stale_page_is_not_visible_and_then_done(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.change(faults=[Fault(FaultKind.STALE, Place.HTML, name="abacus-compiler", times=None)])
    code, report = report_of(server, record)
    assert (code, report.end) == (4, PublishEnd.NOT_VISIBLE)
    assert server.sha256s() == manifest(record)
    assert "stored, but not visible to installers" in capfd.readouterr().err
    before = posts(server)
    assert publish(server, copy_of(record, record.parent / "stale")) == 4
    server.change(faults=[])
    assert publish(server, copy_of(record, record.parent / "fresh")) == 0
    assert posts(server) == before


def test_a_project_that_is_never_listed_is_sent_once(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = [Fault(FaultKind.STATUS, place, status=404, times=None) for place in (Place.HTML, Place.JSON, Place.API)]
    server.change(faults=missing)
    assert publish(server, record, "--wait", "1") == 3
    assert len(posts(server)) == 2
    text = capfd.readouterr().err
    assert "nor any other file of abacus-runtime" in text
    assert "--check-url" in text
    server.change(faults=[])
    assert publish(server, record) == 0


@pytest.mark.parametrize(
    "places", [[Place.HTML], [Place.JSON], [Place.JSON, Place.API], [Place.HTML, Place.JSON, Place.API]], ids=str
)
def test_a_stale_page_of_the_runtime_holds_the_compiler_back(
    server: PypiLike, record: Path, places: list[Place]
) -> None:
    server.change(faults=[Fault(FaultKind.STALE, place, name="abacus-runtime", times=None) for place in places])
    code, report = report_of(server, record)
    assert (code, report.end) == (3, PublishEnd.PARTIAL)
    assert not [name for name in posts(server) if "compiler" in name]
    server.change(faults=[])
    assert publish(server, record) == 0
    assert_whole_or_absent(server, record)


def test_an_index_that_cannot_be_listed_gets_nothing(server: PypiLike, record: Path) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, Place.JSON, times=None)])
    code, report = report_of(server, record)
    assert (code, report.end) == (1, PublishEnd.REFUSED)
    assert posts(server) == []


@pytest.mark.parametrize("place", [Place.JSON, Place.HTML])
@pytest.mark.parametrize("skip", [0, 2, 4])
def test_pages_that_fail_are_read_again(server: PypiLike, record: Path, place: Place, skip: int) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, place, skip=skip, times=2)])
    assert publish(server, record) == 0
    assert_whole_or_absent(server, record)


@pytest.mark.parametrize(
    ("seconds", "skip", "times", "code"),
    [
        pytest.param("1", 0, 5, 0, id="check, honored"),
        pytest.param("1", 2, 5, 0, id="look-up, honored"),
        pytest.param("3600", 0, None, 1, id="check, too long"),
        pytest.param("3600", 4, None, 3, id="look-up, too long"),
    ],
)
def test_retry_after_of_pages_is_honored(
    server: PypiLike,
    record: Path,
    seconds: str,
    skip: int,
    times: int | None,
    code: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fault = Fault(FaultKind.STATUS, Place.JSON, status=429, retry_after=seconds, skip=skip, times=times)
    server.change(faults=[fault])
    began = time.monotonic()
    assert publish(server, record, "--wait", "2") == code
    assert (time.monotonic() - began > 1) is (code == 0)
    assert ("to wait for 3600 s" in capfd.readouterr().err) is (code != 0)
    assert_whole_or_absent(server, record)


@pytest.mark.parametrize(
    ("place", "skip", "code"),
    [
        pytest.param(Place.JSON, 4, 3, id="look-up of the runtime"),
        pytest.param(Place.HTML, 0, 3, id="visibility of the runtime"),
        pytest.param(Place.HTML, 3, 4, id="visibility of all"),
    ],
)
def test_pages_that_stay_broken_are_never_done(
    server: PypiLike, record: Path, place: Place, skip: int, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, place, skip=skip, times=None)])
    assert publish(server, record) == code
    assert "500" in capfd.readouterr().err
    assert_whole_or_absent(server, record)
    server.change(faults=[])
    assert publish(server, record) == 0


@pytest.mark.parametrize("option", ["--wait=soon", "--wait=-1", "--wait=inf", "--attempts=0", "--attempts=1.5"])
def test_numbers_of_options_are_checked(record: Path, option: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["release", "publish", str(record), "--to", "@pypi", option])
    assert raised.value.code == 2
    assert f"{option.partition('=')[2]!r} is not a" in capfd.readouterr().err


def test_a_full_project_goes_on_after_its_limit_is_raised(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    compilers = [file.size for file in read_record(record).files if "compiler" in file.name]
    server.change(project_limits={"abacus-compiler": sum(compilers) - 1})
    # A refused file is looked up twice, which takes longer than --wait on a busy machine.
    code, report = report_of(server, record, "--wait", "30")
    assert code == 3
    assert [file.outcome.value for file in report.files] == [*["published"] * 4, "refused"]
    assert f"another publisher may be sending {report.files[-1].name}\n" in capfd.readouterr().out
    server.change(project_limits={})
    assert report.continue_with is not None
    assert main(shlex.split(report.continue_with)[1:]) == 0
    assert server.sha256s() == manifest(record)


def test_a_changed_file_ends_it_before_anything_is_sent(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changed = next((record / FILES).glob(RUNTIME_WHEEL))
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    code, report = report_of(server, record)
    assert (code, report.end) == (1, PublishEnd.REFUSED)
    assert [file.name for file in report.files if file.outcome is PublishOutcome.REFUSED] == [changed.name]
    assert changed.name in capfd.readouterr().err
    assert posts(server) == []


def test_other_bytes_on_the_index_end_it(server: PypiLike, record: Path, tmp_path: Path) -> None:
    other = write_release(tmp_path / "other", texts={"abacus-compiler": "OTHER = 1\n"})
    assert publish(server, other) == 0
    before = len(posts(server))
    code, report = report_of(server, record)
    # The other release has the same bytes for the runtime, so that a part of this one is there.
    assert (code, len(posts(server))) == (3, before)
    assert len([problem for problem in report.problems if "with other bytes" in problem.message]) == 2


def test_an_unexpected_error_is_partial_with_its_stack(
    server: PypiLike, record: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the unexpected")

    monkeypatch.setenv("SPOKESHAVE_DEBUG", "1")
    monkeypatch.setattr(Progress, "sent", fail)
    code, report = report_of(server, record)
    assert (code, report.end, len(posts(server))) == (3, PublishEnd.PARTIAL, 1)
    (problem,) = report.problems
    assert problem.message.startswith("failed unexpectedly at spokeshave/")
    assert problem.message.endswith(": RuntimeError: the unexpected")
    assert "Traceback" in capfd.readouterr().err


def test_without_credentials_nothing_is_sent(server: PypiLike, record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWINE_PASSWORD")
    assert publish(server, record) == 1
    assert posts(server) == []


@pytest.mark.parametrize("is_here", [True, False], ids=["with the journal", "on another machine"])
@pytest.mark.parametrize("cause", ["no password", "a full project", "a changed file"])
def test_a_refusal_after_a_part_was_sent_is_partial(
    server: PypiLike,
    record: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    cause: str,
    is_here: bool,
) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, skip=2, times=None, status=403)])
    assert publish(server, record) == 3
    server.change(faults=[])
    again = record if is_here else copy_of(record, record.parent / "again")
    options: list[str] = []
    if cause == "no password":
        monkeypatch.delenv("TWINE_PASSWORD")
    elif cause == "a full project":
        options = ["--project-limit", "abacus-compiler=1"]
    else:
        changed = next((again / FILES).glob(RUNTIME_WHEEL))
        changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    before = posts(server)
    capfd.readouterr()
    code, report = report_of(server, again, *options)
    text = capfd.readouterr().err
    assert (code, report.end) == (3, PublishEnd.PARTIAL), text
    outcomes = [file.outcome for file in report.files]
    assert outcomes.count(PublishOutcome.ALREADY_THERE) == 2
    assert "2 already there" in text
    assert report.problems
    assert report.continue_with is not None
    assert report.continue_with in text
    assert posts(server) == before


def test_a_part_that_cannot_be_listed_is_partial_by_the_journal(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, skip=2, times=None, status=403)])
    assert publish(server, record) == 3
    server.change(faults=[Fault(FaultKind.STATUS, place, times=None) for place in (Place.JSON, Place.HTML)])
    capfd.readouterr()
    code, report = report_of(server, record)
    assert (code, report.end) == (3, PublishEnd.PARTIAL)
    outcomes = [file.outcome for file in report.files]
    assert outcomes == [PublishOutcome.UNCONFIRMED] * 2 + [PublishOutcome.NOT_SENT] * 3
    assert "2 unconfirmed, 3 not sent" in capfd.readouterr().err
    # Nothing is known on another machine, where no run has begun an upload.
    assert publish(server, copy_of(record, record.parent / "again")) == 1


def test_a_refusal_after_all_was_sent_is_not_a_refusal(
    server: PypiLike, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish(server, record) == 0
    monkeypatch.delenv("TWINE_PASSWORD")
    code, report = report_of(server, record)
    assert (code, report.end) == (4, PublishEnd.NOT_VISIBLE)
    assert {file.outcome for file in report.files} == {PublishOutcome.ALREADY_THERE}


def test_a_file_that_nothing_has_taken_was_not_sent(
    server: PypiLike, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINE_PASSWORD", "not the token")
    code, report = report_of(server, record)
    assert (code, report.end, len(posts(server))) == (1, PublishEnd.REFUSED, 1)
    assert [file.outcome.value for file in report.files] == ["refused", *["not sent"] * 4]
    monkeypatch.delenv("TWINE_PASSWORD")
    assert publish(server, record) == 1


def test_a_dry_run_prints_the_plan(server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server.change(faults=[Fault(FaultKind.FULL, name=COMPILER_WHEEL)])
    assert publish(server, record) == 3
    capfd.readouterr()
    before = posts(server)
    code, report = report_of(server, record, "--dry-run")
    assert (code, report.end) == (0, PublishEnd.PLANNED)
    lines = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert lines[0] == ["order", "project", "file", "size", "state"]
    assert [(line[0], line[1], line[-1]) for line in lines[1:]] == [
        ("1", "abacus-runtime", "there"),
        ("2", "abacus-runtime", "there"),
        ("3", "abacus-runtime", "there"),
        ("4", "abacus-compiler", "send"),
        ("5", "abacus-compiler", "send"),
    ]
    assert posts(server) == before


def test_a_dry_run_marks_what_is_refused(
    server: PypiLike, record: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = write_release(tmp_path / "other", texts={"abacus-compiler": "OTHER = 1\n"})
    assert publish(server, other) == 0
    before = posts(server)
    capfd.readouterr()
    assert publish(server, record, "--dry-run") == 1
    captured = capfd.readouterr()
    assert [line.split()[-1] for line in captured.out.splitlines()[1:]] == [*["there"] * 3, *["refused"] * 2]
    assert captured.err.count("with other bytes") == 2
    assert posts(server) == before
    assert not (record / "state").exists()
