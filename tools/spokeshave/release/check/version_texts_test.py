from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.release.check.file.reader import read_file
from spokeshave.release.check.version_texts import VersionTexts, check_version_texts
from spokeshave.testing.broken_wheel_fixtures import WheelDraft, write_draft

STATED = b'__version__ = "3.12.0rc1"\n'


def judge(folder: Path, member: str, data: bytes, *, is_record: bool, kept: tuple[str, ...] = ()) -> VersionTexts:
    file = read_file(write_draft(folder, WheelDraft(files={member: data})))
    return check_version_texts([file], {problem.place for problem in file.problems}, kept, is_record=is_record)


@pytest.mark.parametrize("is_record", [True, False])
@pytest.mark.parametrize(
    ("member", "data"),
    [
        ("abacus/__init__.py", STATED),
        ("abacus/facts.py", b'# 3.12\n__version__: str = "3.12.0.rc1"\n'),
        ("abacus/info.py", b'VERSION = (3, 12, 0, "rc", 1)\n'),
        ("abacus/sums.py", b"# Since 3.12.0rc1.\n" + STATED),
        ("abacus/lib/pkgconfig/abacus.pc", b"Name: abacus\nVersion: 3.12.0rc1\n"),
        ("abacus/package.json", b'{\n  "name": "abacus",\n  "version": "3.12.0-rc.1"\n}\n'),
        ("abacus/cmake/AbacusConfigVersion.cmake", b'set(PACKAGE_VERSION "3.12.0rc1")\n'),
        ("abacus/include/abacus.h", b'#define ABACUS_VERSION "3.12.0rc1"\n'),
    ],
)
def test_a_file_that_states_a_candidate_is_a_problem(tmp_path: Path, member: str, data: bytes, is_record: bool) -> None:
    found = judge(tmp_path, member, data, is_record=is_record)
    assert [problem.place for problem in found.problems] == [f"abacus_runtime-3.12.0-py3-none-any.whl: {member}"]
    assert "a pre-release of this wheel's version" in found.problems[0].message
    assert found.notes == ()


@pytest.mark.parametrize(
    ("member", "data"),
    [
        ("abacus/engine.so", b"\x7fELF\0\0abacus 3.12.0rc1\0\0\xff"),
        ("abacus/3.12.0rc1/data.bin", b"\0"),
    ],
)
def test_a_binary_with_a_candidate_is_a_problem_of_a_record(tmp_path: Path, member: str, data: bytes) -> None:
    ours = judge(tmp_path / "ours", member, data, is_record=True)
    assert (len(ours.problems), ours.notes) == (1, ())
    theirs = judge(tmp_path / "theirs", member, data, is_record=False)
    assert (theirs.problems, len(theirs.notes)) == ((), 1)


@pytest.mark.parametrize(
    ("member", "data"),
    [
        ("abacus/CHANGES.md", b'## 3.12.0rc1\nversion = "3.12.0rc1"\n'),
        ("abacus/Changelog", b"Version: 3.12.0rc1\n"),
        ("abacus_runtime-3.12.0.dist-info/sboms/parts.json", b'{"name": "other", "version": "3.12.0-rc.1"}'),
        ("abacus/sums.py", b"# Since version 3.12.0rc1 it is faster.\n"),
        ("abacus/sums.py", b'"""\n.. versionadded:: 3.12.0rc1\n"""\n'),
        ("abacus/engine.so", b"\x7fELF\0\0/crates/sums-3.12.0-rc.1/src/lib.rs\0\xff"),
    ],
)
def test_a_text_about_a_candidate_is_a_note(tmp_path: Path, member: str, data: bytes) -> None:
    found = judge(tmp_path, member, data, is_record=True)
    assert found.problems == ()
    assert len(found.notes) == 1
    assert member in found.notes[0]


def test_what_a_promotion_kept_is_not_mentioned(tmp_path: Path) -> None:
    found = judge(tmp_path, "abacus/old.py", STATED, is_record=True, kept=("abacus/*.py",))
    assert (found.problems, found.notes) == ((), ())
    # A promotion keeps text files only.
    binary = judge(tmp_path / "binary", "abacus/old.py", b"\0 3.12.0rc1 \xff", is_record=True, kept=("*",))
    assert len(binary.problems) == 1


def test_what_another_check_reports_is_reported_once(tmp_path: Path) -> None:
    found = judge(tmp_path, "abacus/_version.py", STATED, is_record=True)
    assert (found.problems, found.notes) == ((), ())


def test_a_text_in_all_wheels_is_one_note(tmp_path: Path) -> None:
    tags = ("py3-none-any", "cp312-cp312-win_amd64")
    texts = {"abacus/NEWS": b"3.12.0rc1"}
    files = [read_file(write_draft(tmp_path, WheelDraft(tag=tag, files=texts))) for tag in tags]
    (note,) = check_version_texts(files, (), (), is_record=True).notes
    assert "py3-none-any.whl and 1 more: abacus/NEWS" in note


def test_a_candidate_is_not_searched(tmp_path: Path) -> None:
    draft = WheelDraft(version="3.12.0rc2", files={"abacus/sums.py": STATED})
    assert read_file(write_draft(tmp_path, draft)).texts == ()
