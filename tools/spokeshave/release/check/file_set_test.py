from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from packaging.version import Version

from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.reader import read_files
from spokeshave.release.check.file_set import check_set
from spokeshave.testing.broken_wheel_fixtures import WheelDraft, write_draft

LINUX = "cp312-cp312-manylinux_2_17_x86_64"
MACOS = "cp312-cp312-macosx_11_0_arm64"
WINDOWS = "cp312-cp312-win_amd64"
COMPILER = "abacus_compiler"


def problems(tmp_path: Path, *drafts: WheelDraft, version: str | None = None) -> list[str]:
    paths = [write_draft(tmp_path / str(number), draft) for number, draft in enumerate(drafts)]
    files = read_files(paths)
    assert [problem for file in files for problem in file.problems] == []
    return [str(problem) for problem in check_set(files, version)]


def platforms(headers: Sequence[Sequence[str]]) -> list[WheelDraft]:
    return [WheelDraft(tag=tag, headers=lines) for tag, lines in zip((LINUX, MACOS, WINDOWS), headers)]


def test_a_set_in_order_has_no_problems(tmp_path: Path) -> None:
    runtime = WheelDraft(headers=["Requires-Dist: numpy>=2"])
    compiler = WheelDraft(project=COMPILER, headers=["Requires-Dist: abacus-runtime==3.12.0"])
    assert problems(tmp_path, runtime, compiler, version="3.12.0") == []


def test_requirements_of_one_platform_only_are_reported(tmp_path: Path) -> None:
    found = problems(tmp_path, *platforms([["Requires-Dist: numpy"], ["Requires-Dist: numpy"], []]))
    assert len(found) == 1
    assert found[0].startswith(f"abacus_runtime-3.12.0-{WINDOWS}.whl: has another requires-dist in METADATA")
    assert "lacks 'numpy'" in found[0]


def test_each_field_that_differs_is_reported(tmp_path: Path) -> None:
    lines = ["Requires-Python: >=3.10", "Summary: one", "Classifier: Topic :: Software Development"]
    found = problems(tmp_path, *platforms([lines, lines, ["Requires-Python: >=3.9", "Summary: two"]]))
    assert [problem.split(" in METADATA")[0].split("another ")[1] for problem in found] == [
        "classifier",
        "requires-python",
        "summary",
    ]


def test_order_line_ends_and_licenses_may_differ(tmp_path: Path) -> None:
    first = ["License: MIT", "Requires-Dist: a", "Requires-Dist: b", "Summary: one"]
    second = ["License: MIT and Zlib", "Requires-Dist: b", "Requires-Dist: a", "Summary: one\r"]
    assert problems(tmp_path, *platforms([first, second])) == []


def test_the_names_of_modules_may_differ(tmp_path: Path) -> None:
    """The compiled wheels of tomli have a module that its pure wheel lacks."""
    modules = ["Import-Name: tomli", "Import-Namespace: tools"]
    pure, compiled, _ = platforms([modules, [*modules, "Import-Name: tomli__mypyc; private"], []])
    drafts = [replace(draft, metadata_version="2.5") for draft in (pure, compiled)]
    assert problems(tmp_path, *drafts) == []


def test_spellings_of_the_same_values_are_equal(tmp_path: Path) -> None:
    first = [
        "Requires-Python: >=3.9,<4",
        "Requires-Dist: Foo_Bar >= 1, < 2 ; python_version>'3'",
        "Provides-Extra: a_b",
    ]
    second = ["Requires-Python: <4, >=3.9", 'Requires-Dist: foo-bar<2,>=1; python_version > "3"', "Provides-Extra: a-b"]
    assert problems(tmp_path, *platforms([first, second])) == []


def test_a_description_that_differs_is_reported(tmp_path: Path) -> None:
    found = problems(tmp_path, WheelDraft(tag=LINUX, description="A"), WheelDraft(tag=MACOS, description="B"))
    assert len(found) == 1
    assert "another description" in found[0]


def test_a_pin_to_another_version_of_a_sibling_is_reported(tmp_path: Path) -> None:
    compiler = WheelDraft(project=COMPILER, headers=["Requires-Dist: Abacus.Runtime==3.11.0"])
    found = problems(tmp_path, WheelDraft(), compiler)
    assert len(found) == 1
    assert "requires Abacus.Runtime==3.11.0, but this set has Abacus.Runtime 3.12.0" in found[0]


def test_a_pin_in_an_extra_counts(tmp_path: Path) -> None:
    lines = ["Provides-Extra: all", 'Requires-Dist: abacus-runtime==3.12.0rc1; extra == "all"']
    found = problems(tmp_path, WheelDraft(), WheelDraft(project=COMPILER, headers=lines))
    assert len(found) == 1


def test_a_release_candidate_satisfies_a_range(tmp_path: Path) -> None:
    compiler = WheelDraft(project=COMPILER, version="3.12.0rc1", headers=["Requires-Dist: abacus-runtime>=3.12.0rc1"])
    assert problems(tmp_path, WheelDraft(version="3.12.0rc1"), compiler) == []


def test_two_versions_of_a_project_are_reported(tmp_path: Path) -> None:
    drafts = [WheelDraft(tag=LINUX), WheelDraft(tag=MACOS), WheelDraft(tag=WINDOWS, version="3.11.0")]
    found = problems(tmp_path, *drafts)
    assert len(found) == 1
    assert "has version 3.11.0, but that of abacus-runtime is 3.12.0" in found[0]


def test_another_version_than_that_of_the_release_is_reported(tmp_path: Path) -> None:
    drafts = [WheelDraft(), WheelDraft(project=COMPILER, version="3.11.0")]
    assert problems(tmp_path, *drafts) == []
    found = problems(tmp_path, *drafts, version="3.12.0")
    assert len(found) == 1
    assert "abacus_compiler-3.11.0-py3-none-any.whl: has version 3.11.0, but that of the release is 3.12.0" in found[0]


def test_a_file_that_is_given_twice_is_reported(tmp_path: Path) -> None:
    found = problems(tmp_path, WheelDraft(), WheelDraft())
    assert len(found) == 1
    assert "is given 2 times" in found[0]


def test_two_sdists_of_a_project_are_reported() -> None:
    files = [
        CheckedFile(path=Path(name), name=name, size=1, sha256=name, project="abacus", version=Version(name[7:-7]))
        for name in ("abacus-3.12.0.tar.gz", "abacus-3.12.tar.gz")
    ]
    found = [str(problem) for problem in check_set(files)]
    assert len(found) == 1
    assert "abacus: has 2 sdists (abacus-3.12.0.tar.gz, abacus-3.12.tar.gz)" in found[0]


def test_the_same_bytes_under_two_names_are_reported(tmp_path: Path) -> None:
    draft = WheelDraft(tag=LINUX)
    first = write_draft(tmp_path, draft)
    second = first.with_name(draft.file_name.replace("manylinux_2_17", "manylinux_2_28"))
    second.write_bytes(first.read_bytes())
    found = [str(problem) for problem in check_set(read_files([first, second]))]
    assert any("has the same bytes as" in problem for problem in found)
