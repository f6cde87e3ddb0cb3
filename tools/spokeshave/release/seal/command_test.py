"""Sets of real wheels, sealed by the command: complete ones, and each fault."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.release.integrity import verify_record
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.broken_wheel_fixtures import WheelDraft, change, write_draft
from spokeshave.testing.release_fixtures import (
    COMMIT,
    COMPILER,
    RUNTIME,
    TAGS,
    VERSION,
    smoke_report,
    write_one,
    write_reports,
    write_wheels,
)
from spokeshave.testing.report_fixtures import read_report
from spokeshave.testing.sdist_fixtures import write_sdist
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.release.record import ReleaseRecord, SealReport
from spokeshave_core.reports.report import FailureReport

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COMPILER_WHEEL = f"abacus_compiler-{VERSION}-{TAGS[0]}.whl"
RUNTIME_WHEEL = f"abacus_runtime-{VERSION}-{TAGS[0]}.whl"
LABELS = ("cp311-manylinux_2_17_x86_64", "cp311-win_amd64", "cp312-manylinux_2_17_x86_64")
EXPECTED = {project: {"wheels": LABELS, "require_smoke_on": ["*"]} for project in (RUNTIME, COMPILER)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete set, which tests copy."""
    root = tmp_path_factory.mktemp("built")
    write_reports(root / "reports", write_wheels(root / "wheels"))
    write_expectation(root, EXPECTED)
    return root


def write_expectation(root: Path, projects: object) -> None:
    (root / "expect.json").write_text(json.dumps({"projects": projects}))


@dataclass(frozen=True)
class Inputs:
    """The inputs of a seal in a folder of their own."""

    root: Path

    @property
    def wheels(self) -> list[Path]:
        return sorted((self.root / "wheels").iterdir())

    @property
    def record(self) -> Path:
        return self.root / "releases" / "abacus" / VERSION

    def report_of(self, wheel: Path) -> Path:
        return self.root / "reports" / f"{wheel.name}.json"

    def write_report(self, wheel: Path, *reports: object, name: str | None = None) -> None:
        target = self.root / "reports" / (name or f"{wheel.name}.json")
        target.write_text(json.dumps(reports))

    def arguments(self, *more: str, expect: bool = True, version: str = VERSION) -> list[str]:
        expectation = ["--expect", str(self.root / "expect.json")] if expect else []
        inputs = ["--wheels", str(self.root / "wheels"), "--reports", str(self.root / "reports"), *expectation]
        facts = ["--name", "abacus", "--version", version, "--channel", "rc", "--commit", COMMIT]
        outputs = ["--output", str(self.record), "--report", str(self.root / "report.json")]
        return ["release", "seal", *inputs, *facts, *outputs, *more]

    def seal(self, *more: str, expect: bool = True) -> ReleaseRecord:
        """Seal a set that has no fault."""
        assert main(self.arguments(*more, expect=expect)) == 0
        return verify_record(self.record)

    def refused(self, *more: str, expect: bool = True, version: str = VERSION) -> list[str]:
        """Seal a set with faults. Return the problems; nothing is written."""
        assert main(self.arguments(*more, expect=expect, version=version)) == 1
        assert not self.record.exists()
        assert not self.record.parent.exists() or list(self.record.parent.iterdir()) == []
        problems = read_report(FailureReport, self.root / "report.json").problems
        assert all(problem.remedy or not problem.place for problem in problems)
        return [f"{Path(problem.place).name}: {problem.message}" for problem in problems]

    def notes(self) -> tuple[str, ...]:
        return read_report(SealReport, self.root / "report.json").notes


@pytest.fixture
def inputs(built: Path, tmp_path: Path) -> Inputs:
    return copy_of(built, tmp_path / "here")


def copy_of(built: Path, root: Path) -> Inputs:
    shutil.copytree(built, root)
    return Inputs(root)


def test_a_complete_set_becomes_a_record(inputs: Inputs, capsys: pytest.CaptureFixture[str]) -> None:
    record = inputs.seal("--revision", "llvm=0a1b2c3", "--made-by", "toolchain=0.14.1")
    assert (record.name, record.version, record.channel, record.commit) == ("abacus", VERSION, "rc", COMMIT)
    assert record.revisions == {"llvm": "0a1b2c3"}
    assert record.made_by["toolchain"] == "0.14.1"
    assert record.projects[RUNTIME].expected == LABELS
    assert record.projects[COMPILER].requires == (f"{RUNTIME}=={VERSION}",)
    assert [file.name for file in record.files] == [wheel.name for wheel in inputs.wheels]
    for file, wheel in zip(record.files, inputs.wheels):
        assert (file.sha256, file.size) == sha256_of_file(wheel)
        assert file.requires_python == ">=3.10"
        assert [test.outcome.value for test in file.tested] == ["passed"]
    output = capsys.readouterr().out
    assert "6 files, 6 smoke tests, manifest sha256" in output


def test_the_metadata_is_hashed_as_an_index_does(inputs: Inputs) -> None:
    record = inputs.seal()
    with zipfile.ZipFile(inputs.wheels[0]) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        (inputs.root / "METADATA").write_bytes(archive.read(name))
    assert record.files[0].metadata_sha256 == sha256_of_file(inputs.root / "METADATA")[0]


def test_the_payload_does_not_depend_on_the_version(built: Path, tmp_path: Path) -> None:
    """The final of a release candidate has the payload of its wheels."""
    first = copy_of(built, tmp_path / "first").seal()
    second = copy_of(built, tmp_path / "second")
    for wheel in second.wheels:
        stamp(wheel, VersionFacts("3.12.0"), second.root / "final")
    shutil.rmtree(second.root / "reports")
    arguments = ["release", "seal", "--wheels", str(second.root / "final"), "--name", "abacus", "--version", "3.12.0"]
    assert main([*arguments, "--output", str(second.record)]) == 0
    final = verify_record(second.record)
    assert [file.payload_sha256 for file in final.files] == [file.payload_sha256 for file in first.files]
    assert {file.sha256 for file in final.files}.isdisjoint(file.sha256 for file in first.files)


def test_the_same_set_gives_the_same_record_anywhere(built: Path, tmp_path: Path) -> None:
    """Another folder, other patch versions and times, another order, and reports in one file."""
    first = copy_of(built, tmp_path / "first")
    wheel = first.wheels[0]
    emulated = smoke_report(wheel, "3.11.4", emulator="qemu-x86_64 10.0.2")
    first.write_report(wheel, smoke_report(wheel, "3.12.4"), emulated, smoke_report(wheel, "3.11.4"))
    second = copy_of(first.root, tmp_path / "elsewhere" / "second")
    files = sorted((second.root / "reports").iterdir(), reverse=True)
    texts = [json.loads(path.read_text()) for path in files]
    reports = [report for text in texts for report in (reversed(text) if isinstance(text, list) else [text])]
    for report in reports:
        (run,) = report["runs"]
        run["python"]["version"] = run["python"]["version"].replace(".4", ".11")
        run["python"]["path"] = "C:\\Python\\python.exe"
        run["python"]["platform"] = run["python"]["platform"].replace("2.36", "2.41").replace("10", "2022Server")
        run["checks"] = [dict(check, seconds=9.25, detail="other") for check in reversed(run["checks"])]
    shutil.rmtree(second.root / "reports")
    (second.root / "reports").mkdir()
    (second.root / "reports" / "all.json").write_text(json.dumps(reports * 2))
    first.seal()
    second.seal()
    assert content(first.record) == content(second.record)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_record_is_sealed_again_from_its_own_files(built: Path, tmp_path: Path) -> None:
    first = copy_of(built, tmp_path / "first")
    first.seal()
    second = copy_of(built, tmp_path / "second")
    for name in ("wheels", "reports"):
        shutil.rmtree(second.root / name)
    shutil.copytree(first.record / "files", second.root / "wheels")
    shutil.copytree(first.record / "reports", second.root / "reports")
    second.seal()
    assert content(first.record) == content(second.record)


def test_an_emulated_run_is_another_fact_than_a_native_one(inputs: Inputs) -> None:
    wheel = inputs.wheels[0]
    native = smoke_report(wheel, "3.11.4")
    emulated = smoke_report(wheel, "3.11.4", emulator="qemu-x86_64 10.0.2")
    inputs.write_report(wheel, native, emulated)
    record = inputs.seal()
    assert [test.where for test in record.files[0].tested] == [
        "Linux x86_64, glibc",
        "Linux x86_64, glibc (qemu-x86_64)",
    ]


@pytest.mark.parametrize(
    ("machine", "where"),
    [
        ("Linux x86_64, glibc 2.36", "Linux x86_64, glibc"),
        ("Linux aarch64", "Linux aarch64"),
        ("macOS 14.5 arm64", "macOS arm64"),
        ("Windows 10 AMD64", "Windows AMD64"),
        ("Windows 2022Server AMD64", "Windows AMD64"),
        ("", "another machine"),
    ],
)
def test_machines_are_named_by_their_kind(inputs: Inputs, machine: str, where: str) -> None:
    wheel = inputs.wheels[0]
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4", platform=machine))
    assert [test.where for test in inputs.seal().files[0].tested] == [where]


def test_sealing_again_changes_nothing(inputs: Inputs) -> None:
    inputs.seal()
    before = {path: path.stat().st_mtime_ns for path in inputs.record.rglob("*")}
    inputs.seal()
    assert {path: path.stat().st_mtime_ns for path in inputs.record.rglob("*")} == before


def test_another_set_is_not_sealed_over_a_record(inputs: Inputs, capsys: pytest.CaptureFixture[str]) -> None:
    inputs.seal()
    before = content(inputs.record)
    assert main(inputs.arguments("--revision", "llvm=0a1b2c3")) == 1
    assert content(inputs.record) == before
    assert "is a record with other content" in capsys.readouterr().err


def test_the_lock_file_is_valid_and_names_each_file(inputs: Inputs) -> None:
    record = inputs.seal()
    lock = Pylock.from_dict(tomllib.loads((inputs.record / "pylock.abacus.toml").read_text()))
    lock.validate()
    assert [(package.name, str(package.version)) for package in lock.packages] == [
        (COMPILER, VERSION),
        (RUNTIME, VERSION),
    ]
    wheels = [wheel for package in lock.packages for wheel in package.wheels or ()]
    assert {wheel.name: wheel.hashes["sha256"] for wheel in wheels} == {file.name: file.sha256 for file in record.files}
    assert all((inputs.record / str(wheel.path)).is_file() for wheel in wheels)


def test_the_constraints_name_each_project(inputs: Inputs) -> None:
    inputs.seal()
    assert (inputs.record / "constraints.txt").read_text() == f"{COMPILER}=={VERSION}\n{RUNTIME}=={VERSION}\n"


def change_after_the_report(inputs: Inputs) -> None:
    other = write_one(inputs.root / "other", COMPILER, TAGS[0], extra="# later\n")
    shutil.copy(other, inputs.wheels[0])


def add_another_version(inputs: Inputs) -> None:
    write_one(inputs.root / "wheels", RUNTIME, TAGS[0], version="3.12.0rc20260820")


def rename_a_wheel(inputs: Inputs) -> None:
    wheel = inputs.wheels[0]
    other = write_one(inputs.root / "other", COMPILER, TAGS[0], version="3.11.0")
    shutil.copy(other, wheel)
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4"))


def fail_a_test(inputs: Inputs) -> None:
    wheel = inputs.wheels[0]
    passed = smoke_report(wheel, "3.11.4")
    failed = smoke_report(wheel, "3.11.4", outcome="failed", platform="macOS 14.5 arm64")
    inputs.write_report(wheel, passed, failed)


def state_facts(wheel: Path, facts: VersionFacts) -> None:
    """Stamp a wheel again, with other facts."""
    stamp(wheel, facts, wheel.parent)


def of_another_commit(inputs: Inputs) -> None:
    wheel = inputs.wheels[0]
    state_facts(wheel, VersionFacts(VERSION, "nightly", "1" * 40))
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4"))


@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (lambda inputs: inputs.wheels[1].unlink(), f"{COMPILER}: its wheel for cp311-win_amd64 is missing"),
        (
            lambda inputs: inputs.report_of(inputs.wheels[0]).unlink(),
            f"{COMPILER_WHEEL}: has no smoke test on Python 3.11, which is required",
        ),
        (
            change_after_the_report,
            f"{COMPILER_WHEEL}: changed after its smoke test on Python 3.11",
        ),
        (
            fail_a_test,
            f"{COMPILER_WHEEL}: failed its smoke test on Python 3.11 (macOS 14.5 arm64): import",
        ),
        (
            add_another_version,
            f"abacus_runtime-3.12.0rc20260820-{TAGS[0]}.whl: is of the version 3.12.0rc20260820 and not {VERSION}",
        ),
        (rename_a_wheel, f"{COMPILER_WHEEL}: has abacus_compiler-3.11.0.dist-info in place of"),
        (of_another_commit, f"{COMPILER_WHEEL}: states the commit {'1' * 40}, and"),
        (
            of_another_commit,
            f"{COMPILER_WHEEL}: states the channel nightly, and the release has rc",
        ),
        (
            lambda inputs: write_one(inputs.root / "wheels", RUNTIME, "cp313-cp313-win_amd64"),
            f"abacus_runtime-{VERSION}-cp313-cp313-win_amd64.whl: is not expected",
        ),
        (
            lambda inputs: write_one(inputs.root / "wheels", "abacus-extras", TAGS[0]),
            f"abacus_extras-{VERSION}-{TAGS[0]}.whl: is of the project abacus-extras, which the release does not have",
        ),
        (
            lambda inputs: inputs.wheels[0].write_bytes(b"not a zip"),
            f"{COMPILER_WHEEL}: cannot be read as a zip archive",
        ),
        (
            lambda inputs: (inputs.root / "wheels" / "abacus.whl").write_bytes(inputs.wheels[0].read_bytes()),
            "abacus.whl: is not the file name of a wheel",
        ),
        (
            lambda inputs: (inputs.root / "wheels" / f"abacus-runtime-{VERSION}.zip").touch(),
            f"abacus-runtime-{VERSION}.zip: is a distribution in a format that indexes do not take",
        ),
        (
            lambda inputs: (inputs.root / "wheels" / "gone.whl.publish.attestation").touch(),
            "gone.whl.publish.attestation: is the attestation of a file that is not in the set",
        ),
        (
            lambda inputs: (inputs.root / "reports" / "notes.json").write_text("{}"),
            "notes.json is not a report of smoke tests",
        ),
        (
            lambda inputs: (inputs.root / "expect.json").write_text('{"projects": {"a": {"wheels": 1}}}'),
            "expect.json: is not a declared matrix: projects.a.wheels is 1 and not a list",
        ),
        (lambda inputs: (inputs.root / "expect.json").unlink(), "expect.json: cannot be read"),
        (
            lambda inputs: write_expectation(inputs.root, {RUNTIME: {"wheels": LABELS, "require_smoke": ["*"]}}),
            f"expect.json: has the unknown key 'require_smoke' for {RUNTIME}",
        ),
        (
            lambda inputs: write_expectation(inputs.root, {RUNTIME: {"wheels": LABELS, "pythons": ["12"]}}),
            f"the expectation of {RUNTIME} lists the Python '12'",
        ),
    ],
)
def test_each_fault_of_a_set_is_refused(inputs: Inputs, break_it: Callable[[Inputs], object], problem: str) -> None:
    break_it(inputs)
    found = inputs.refused()
    assert any(problem in each for each in found), found


def test_all_faults_are_reported_together(inputs: Inputs) -> None:
    fail_a_test(inputs)
    add_another_version(inputs)
    for wheel in inputs.wheels[3:5]:
        inputs.report_of(wheel).unlink(missing_ok=True)
    inputs.wheels[1].unlink()
    inputs.wheels[-1].write_bytes(b"")
    found = "\n".join(inputs.refused())
    for part in (
        "failed its",
        "is of the version",
        "has no smoke test",
        "is missing",
        "cannot be read",
        "same project",
    ):
        assert part in found


def test_a_wheel_that_cannot_be_read_is_not_missing(inputs: Inputs) -> None:
    inputs.wheels[0].write_bytes(b"not a zip")
    (problem,) = inputs.refused()
    assert problem.startswith(f"{COMPILER_WHEEL}: cannot be read")


METADATA = b"Metadata-Version: 2.4\nName: abacus-runtime\nVersion: 3.12.0\n"


@pytest.mark.parametrize(
    ("draft", "problem"),
    [
        (WheelDraft(files={"other-1.0.dist-info/METADATA": METADATA}), "has 2 dist-info folders"),
        (WheelDraft(files={"a.py": b"x" * 99}, compression={"a.py": zipfile.ZIP_BZIP2}), "is compressed by method 12"),
        (
            WheelDraft(files={"a.bin": bytes(65 << 20)}, compression={"a.bin": zipfile.ZIP_DEFLATED}),
            "unpacks to 65 MiB, which is more than 50 times its size",
        ),
        (WheelDraft(omit=["METADATA"]), "is missing"),
        (WheelDraft(stated_version="3.12.0rc1"), "has the version 3.12.0rc1 in its metadata and 3.12.0 in its name"),
        (WheelDraft(stated_version="latest"), "has metadata without a name or a valid version"),
    ],
)
def test_a_malformed_wheel_is_refused(inputs: Inputs, draft: WheelDraft, problem: str) -> None:
    write_draft(inputs.root / "wheels", draft)
    assert any(problem in each for each in inputs.refused(expect=False))


def test_a_wheel_with_a_member_twice_is_refused(inputs: Inputs) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(inputs.wheels[0], "a") as archive:
        archive.writestr("abacus_compiler/__init__.py", "other")
    found = inputs.refused()
    assert any("is in the archive twice" in problem for problem in found)


def test_a_version_module_that_was_edited_is_refused(inputs: Inputs) -> None:
    """Only the stamp may write it, so the wheel has no payload that a promotion could keep."""
    wheel = inputs.wheels[0]
    with zipfile.ZipFile(wheel) as archive:
        members = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for info, data in members.items():
            archive.writestr(info, data.replace(b"rc20260821", b"rc20260820") if "_version" in info.filename else data)
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4"))
    (problem,) = inputs.refused()
    assert "_version.py: is not the version module of" in problem


def test_a_wheel_with_trailing_bytes_is_refused(inputs: Inputs) -> None:
    change(inputs.wheels[0], lambda data: data + b"trailing")
    assert any("is a ZIP archive that PyPI refuses" in problem for problem in inputs.refused())


def test_every_missing_wheel_is_listed(inputs: Inputs) -> None:
    for wheel in inputs.wheels:
        if wheel.name.endswith("win_amd64.whl") or wheel.name.startswith("abacus_runtime"):
            wheel.unlink()
    missing = [problem for problem in inputs.refused() if "is missing" in problem]
    assert missing == [
        f"{COMPILER}: its wheel for cp311-win_amd64 is missing from the set",
        *(f"{RUNTIME}: its wheel for {label} is missing from the set" for label in LABELS),
    ]


def test_arguments_are_checked_together(inputs: Inputs) -> None:
    more = ("--name", "aba.cus", "--commit", "1234abc")
    found = inputs.refused(*more, version="latest")
    assert [problem.partition(":")[0] for problem in found] == [
        "--name aba.cus",
        "version latest",
        "commit 1234abc",
    ]
    remedies = [problem.remedy for problem in read_report(FailureReport, inputs.root / "report.json").problems]
    assert "such as --name aba-cus:" in remedies[0]


def test_two_wheels_of_one_name_are_refused(inputs: Inputs) -> None:
    shutil.copytree(inputs.root / "wheels", inputs.root / "more")
    found = inputs.refused("--wheels", str(inputs.root / "wheels"), str(inputs.root / "more"))
    assert len([problem for problem in found if "has the same name as" in problem]) == 6


def test_links_into_a_store_are_sealed_by_their_own_names(built: Path, inputs: Inputs) -> None:
    """A store of files by their hash, as remote execution and some build tools have one."""
    store = inputs.root / "store"
    store.mkdir()
    for number, wheel in enumerate(inputs.wheels):
        wheel.rename(store / f"{number:064x}")
        wheel.symlink_to(store / f"{number:064x}")
    inputs.seal()
    assert content(inputs.record / "files") == content(built / "wheels")


def test_two_wheels_for_the_same_tag_are_refused(inputs: Inputs) -> None:
    tag = "cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64"
    write_one(inputs.root / "wheels", RUNTIME, tag)
    found = inputs.refused(expect=False)
    assert any(problem.startswith(f"{RUNTIME_WHEEL}: is for the same project") for problem in found)


def test_without_a_declared_matrix_the_given_files_are_the_set(inputs: Inputs) -> None:
    inputs.wheels[1].unlink()
    inputs.report_of(inputs.wheels[0]).unlink()
    record = inputs.seal(expect=False)
    assert [file.name for file in record.files] == [wheel.name for wheel in inputs.wheels]
    assert record.files[0].tested == ()
    assert record.projects[RUNTIME].expected == ()


@pytest.mark.parametrize(
    ("globs", "refused"),
    [
        (["win_*"], ["cp311-cp311-win_amd64"]),
        (["3.12"], ["cp312-cp312-manylinux_2_17_x86_64"]),
        (["macosx_*", "3.13"], []),
        (["3.11", "manylinux_*"], list(TAGS)),
    ],
)
def test_globs_require_tests_of_platforms_and_pythons(inputs: Inputs, globs: list[str], refused: list[str]) -> None:
    shutil.rmtree(inputs.root / "reports")
    (inputs.root / "reports").mkdir()
    if not refused:
        inputs.seal("--require-smoke-on", *globs, expect=False)
        return
    found = inputs.refused("--require-smoke-on", *globs, expect=False)
    names = [problem.partition(":")[0] for problem in found]
    assert names == [
        f"{project}-{VERSION}-{tag}.whl" for project in ("abacus_compiler", "abacus_runtime") for tag in refused
    ]


def test_each_python_that_an_abi3_wheel_serves_needs_a_test(inputs: Inputs) -> None:
    for wheel in inputs.wheels:
        wheel.unlink()
    wheel = write_one(inputs.root / "wheels", RUNTIME, "cp311-abi3-win_amd64")
    expected = {"wheels": ["cp311-abi3-win_amd64"], "require_smoke_on": ["win_*"], "pythons": ["3.10", "3.11", "3.13"]}
    write_expectation(inputs.root, {RUNTIME: expected})
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4"))
    (problem,) = inputs.refused()
    assert "has no smoke test on Python 3.13" in problem
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4"), smoke_report(wheel, "3.13.1"))
    assert [test.python for test in inputs.seal().files[0].tested] == ["3.11", "3.13"]


def test_a_wheel_for_another_python_needs_a_test_too(inputs: Inputs) -> None:
    """One that none of the declared Pythons loads, which would otherwise need no test at all."""
    inputs.report_of(inputs.wheels[0]).unlink()
    write_expectation(inputs.root, {name: {**EXPECTED[name], "pythons": ["3.12"]} for name in EXPECTED})
    (problem,) = inputs.refused()
    assert problem == f"{COMPILER_WHEEL}: has no smoke test on Python 3.11, which is required"


def test_one_test_is_enough_if_the_pythons_are_not_known(inputs: Inputs) -> None:
    for wheel in inputs.wheels:
        wheel.unlink()
    wheel = write_one(inputs.root / "wheels", RUNTIME, "cp311-abi3-win_amd64")
    found = inputs.refused("--require-smoke-on", "win_*", expect=False)
    assert "has no smoke test on any Python" in found[0]
    inputs.write_report(wheel, smoke_report(wheel, "3.13.1"))
    inputs.seal("--require-smoke-on", "win_*", expect=False)


def test_reports_of_other_bytes_are_a_note(inputs: Inputs) -> None:
    """An older report of a wheel that was tested again, and one of a wheel that is not in the set."""
    wheel = inputs.wheels[0]
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4", sha256="ab" * 32), name="old.json")
    inputs.seal()
    assert any("old.json describes bytes that are not in the set" in note for note in inputs.notes())


def test_wheels_that_state_no_commit_are_a_note(inputs: Inputs) -> None:
    inputs.seal()
    assert any("is not stated by 6 files" in note for note in inputs.notes())


def test_facts_that_are_not_given_are_those_of_the_wheels(inputs: Inputs) -> None:
    for wheel in inputs.wheels:
        state_facts(wheel, VersionFacts(version=VERSION, channel="rc", commit=COMMIT, revisions=(("llvm", "0a1b2c3"),)))
    arguments = ["release", "seal", "--wheels", str(inputs.root / "wheels"), "--name", "abacus", "--version", VERSION]
    assert main([*arguments, "--output", str(inputs.record)]) == 0
    record = verify_record(inputs.record)
    assert (record.commit, record.channel, record.revisions) == (COMMIT, "rc", {"llvm": "0a1b2c3"})


def test_wheels_of_two_commits_are_refused_without_a_given_one(inputs: Inputs) -> None:
    for number, wheel in enumerate(inputs.wheels):
        state_facts(wheel, VersionFacts(VERSION, commit="1" * 40 if number == 4 else COMMIT))
    arguments = ["release", "seal", "--wheels", str(inputs.root / "wheels"), "--name", "abacus", "--version", VERSION]
    report = inputs.root / "report.json"
    assert main([*arguments, "--output", str(inputs.record), "--report", str(report)]) == 1
    (problem,) = read_report(FailureReport, report).problems
    assert (problem.place, "1" * 40 in problem.message) == (inputs.wheels[4].name, True)


def sdist_of(folder: Path, metadata: str, name: str = f"abacus_runtime-{VERSION}", *, other: str = "setup.py") -> Path:
    return write_sdist(folder / f"{name}.tar.gz", {f"{name}/PKG-INFO": metadata, f"{name}/{other}": ""})


def test_an_sdist_is_part_of_the_set(inputs: Inputs) -> None:
    metadata = f"Metadata-Version: 2.1\nName: abacus-runtime\nVersion: {VERSION}\nRequires-Python: >=3.10\n"
    sdist = sdist_of(inputs.root / "wheels", metadata)
    write_expectation(inputs.root, {**EXPECTED, RUNTIME: {"wheels": [*LABELS, "sdist"]}})
    record = inputs.seal()
    (file,) = (file for file in record.files if file.name == sdist.name)
    assert (file.project, file.payload_sha256, file.requires_python) == (RUNTIME, None, ">=3.10")
    lock = Pylock.from_dict(tomllib.loads((inputs.record / "pylock.abacus.toml").read_text()))
    assert lock.packages[1].sdist is not None
    assert lock.packages[1].sdist.name == sdist.name


@pytest.mark.parametrize(
    ("metadata", "name", "problem"),
    [
        ("Metadata-Version: 2.1\nName: abacus-runtime\nVersion: 1.0\n", None, "has the version 1.0 in its metadata"),
        ("Metadata-Version: 2.1\nName: other\nVersion: 3.12.0rc20260821\n", None, "has the name other in its metadata"),
        ("Name: abacus-runtime\n", None, "has metadata without a name or a valid version"),
        ("", "abacus", "is not the file name of an sdist"),
    ],
)
def test_an_sdist_with_a_fault_is_refused(inputs: Inputs, metadata: str, name: str | None, problem: str) -> None:
    sdist_of(inputs.root / "wheels", metadata, name or f"abacus_runtime-{VERSION}")
    assert any(problem in each for each in inputs.refused())


def test_an_sdist_that_leads_outside_is_refused(inputs: Inputs) -> None:
    metadata = f"Metadata-Version: 2.1\nName: abacus-runtime\nVersion: {VERSION}\n"
    sdist_of(inputs.root / "wheels", metadata, other="../evil")
    assert any("evil: is a path that leads outside the sdist" in problem for problem in inputs.refused())


def test_a_damaged_sdist_is_refused(inputs: Inputs) -> None:
    path = sdist_of(inputs.root / "wheels", "Name: abacus-runtime\n")
    path.write_bytes(path.read_bytes()[:40])
    assert any("cannot be read as an archive" in each for each in inputs.refused())


def test_a_wheel_of_another_tool_can_be_sealed(tmp_path: Path) -> None:
    """A wheel with a signature cannot be stamped, and so has no payload to compare."""
    dist_info = "other-1.0.dist-info"
    members = {
        "other.py": "x = 1\n",
        f"{dist_info}/METADATA": "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n",
        f"{dist_info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{dist_info}/RECORD": "",
        f"{dist_info}/RECORD.jws": "{}",
    }
    wheel = tmp_path / "wheels" / "other-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    arguments = ["--name", "other", "--version", "1.0", "--output", str(tmp_path / "record")]
    report = tmp_path / "report.json"
    assert main(["release", "seal", "--wheels", str(wheel), *arguments, "--report", str(report)]) == 0
    (file,) = verify_record(tmp_path / "record").files
    assert file.payload_sha256 is None
    assert any(
        "other-1.0-py3-none-any.whl cannot be promoted" in note for note in read_report(SealReport, report).notes
    )


def test_text_of_a_report_that_is_not_unicode_is_kept(inputs: Inputs) -> None:
    wheel = inputs.wheels[0]
    inputs.write_report(wheel, smoke_report(wheel, "3.11.4", platform="Linux \ud800"))
    inputs.seal()
    text = inputs.record.joinpath("reports", f"{wheel.name}.json").read_text("utf-8")
    assert json.loads(text)["runs"][0]["python"]["platform"] == "Linux \ud800"


def test_a_record_that_could_not_be_read_is_not_written(inputs: Inputs, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = inputs.root / "wheels" / ".abacus-3.12.0-py3-none-any.whl"
    write_draft(inputs.root / "wheels", WheelDraft(project=".abacus", version="3.12.0"))
    arguments = ["release", "seal", "--wheels", str(hidden), "--name", "abacus", "--version", "3.12.0"]
    assert main([*arguments, "--output", str(inputs.record)]) == 1
    assert "lists '.abacus-3.12.0-py3-none-any.whl', which is not a file name" in capsys.readouterr().err
    assert not inputs.record.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_terminated_seal_leaves_nothing(inputs: Inputs) -> None:
    """A pipe without a writer in place of a wheel holds it in the middle of its work."""
    inputs.wheels[-1].unlink()
    pipe = inputs.root / RUNTIME_WHEEL
    os.mkfifo(pipe)
    command = [
        sys.executable,
        "-m",
        "spokeshave",
        *inputs.arguments("--wheels", str(inputs.root / "wheels"), str(pipe)),
    ]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    copied = f".*/files/{COMPILER_WHEEL}"
    deadline = time.monotonic() + 60
    while not list(inputs.record.parent.glob(copied)) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.terminate()
    assert process.wait(60) == 130
    assert list(inputs.record.parent.iterdir()) == []


def test_attestations_next_to_their_wheels_are_taken(inputs: Inputs) -> None:
    wheel = inputs.wheels[0]
    inputs.seal()
    (inputs.root / "wheels" / f"{wheel.name}.publish.attestation").write_text("{}")
    inputs.seal()
    assert (inputs.record / "attestations" / f"{wheel.name}.publish.attestation").read_text() == "{}"
