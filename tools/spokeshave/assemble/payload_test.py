from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from spokeshave.assemble.payload import check_root, check_schemes, read_payload
from spokeshave.errors import InvalidPayloadError
from spokeshave.testing.wheel_fixtures import write_tree


def problems_of(root: Path) -> dict[str, str]:
    with pytest.raises(InvalidPayloadError) as caught:
        read_payload(root)
    return {problem.place.replace(f"{root}/", ""): problem.message for problem in caught.value.problems}


def test_files_are_sorted_without_bytecode(tmp_path: Path) -> None:
    files = ["b/x.py", "a.py", "b/__pycache__/x.cpython-39.pyc", "b/y.pyc", "b/data/.hidden", "__pycache__/z"]
    root = write_tree(tmp_path / "p", dict.fromkeys(files, ""))
    assert [file.name for file in read_payload(root)] == ["a.py", "b/data/.hidden", "b/x.py"]


def test_mode_is_the_owners_execute_bit(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"a": "", "b": "", "c": ""})
    for name, mode in (("a", 0o700), ("b", 0o677), ("c", 0o555)):
        (root / name).chmod(mode)
    assert {file.name: file.executable for file in read_payload(root)} == {"a": True, "b": False, "c": True}


def test_links_inside_are_followed_even_if_the_root_is_one(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "real", {"lib/libx.so.1": "lib"})
    (root / "lib" / "libx.so").symlink_to("libx.so.1")
    (tmp_path / "root").symlink_to(root)
    files = read_payload(tmp_path / "root")
    assert [(file.name, file.source.read_text()) for file in files] == [
        ("lib/libx.so", "lib"),
        ("lib/libx.so.1", "lib"),
    ]


def test_all_bad_links_are_reported_together(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"d/a": ""})
    outside = write_tree(tmp_path / "p-outside", {"secret": ""})
    for name, target in {"dangling": "none", "loop": "loop", "out": str(outside / "secret"), "dir": "d"}.items():
        (root / name).symlink_to(target)
    assert problems_of(root) == {
        "dangling": "is a link to none, which does not exist",
        "loop": "is a link to loop, which does not exist",
        "out": "is a link that leaves p",
        "dir": "is a link to a folder, which a wheel cannot contain",
    }


def test_names_equal_but_for_case_or_form_are_refused(tmp_path: Path) -> None:
    composed = unicodedata.normalize("NFC", "ü.py")
    decomposed = unicodedata.normalize("NFD", "ü.py")
    files = ["Readme", "README", "Pkg/a.py", "pkg/b.py", composed, decomposed]
    places = problems_of(write_tree(tmp_path / "p", dict.fromkeys(files, "")))
    assert list(places) == ["Readme", "pkg", composed] or list(places) == ["Readme", "pkg", decomposed]


def test_names_that_no_wheel_can_carry_are_refused(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"a\\b": "", "c\nd": ""})
    (root / os.fsdecode(b"\xff.py")).write_text("")
    messages = problems_of(root).values()
    assert sorted(set(messages)) == [
        "has a backslash or a control character in its name",
        "has a name that is not UTF-8",
    ]
    assert len(messages) == 3


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(write_tree(tmp_path / "p", {}) / "pipe")
    assert problems_of(tmp_path / "p") == {"pipe": "is neither a file nor a folder"}


def test_missing_payload_is_refused(tmp_path: Path) -> None:
    assert list(problems_of(tmp_path / "none").values()) == ["is not a folder"]


def test_metadata_and_data_folders_in_the_payload_are_refused(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"a-1.dist-info/METADATA": "", "a-1.data/scripts/x": "", "a.data": ""})
    with pytest.raises(InvalidPayloadError) as caught:
        check_root(read_payload(root))
    assert [problem.place for problem in caught.value.problems] == ["a-1.data", "a-1.dist-info"]


def test_data_outside_a_scheme_is_refused(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"scripts/ok": "", "bin/tool": "", "data": ""})
    with pytest.raises(InvalidPayloadError) as caught:
        check_schemes(read_payload(root), root)
    assert [Path(problem.place).name for problem in caught.value.problems] == ["tool", "data"]
