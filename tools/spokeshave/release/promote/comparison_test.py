"""Comparisons of releases: what may differ, and what may not."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.promote.comparison import compare
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.release.promote.source import PromotionError
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.promotion_fixtures import FINAL, seal_wheels
from spokeshave.testing.release_fixtures import COMPILER, RUNTIME, TAGS, VERSION, write_one, write_wheels


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return seal_wheels(tmp_path, write_wheels(tmp_path / "wheels", tags=TAGS[:2]), tested=())


@pytest.fixture
def final(record: Path, tmp_path: Path) -> Path:
    promote(PromotionRequest(record, FINAL, tmp_path / "final", untested=True))
    return tmp_path / "final"


def differences(old: Path, new: Path) -> list[str]:
    with pytest.raises(PromotionError) as error:
        compare(old, new)
    return [f"{problem.place}: {problem.message}" for problem in error.value.problems]


def test_a_promoted_record_differs_in_places_of_the_version(record: Path, final: Path) -> None:
    report = compare(record, final)
    assert (report.old_version, report.new_version, len(report.wheels)) == (VERSION, FINAL, 4)
    (wheel,) = [wheel for wheel in report.wheels if wheel.new.startswith("abacus_compiler") and "win" in wheel.new]
    assert wheel.old == wheel.new.replace(FINAL, VERSION)
    assert {member.place: member.name for member in wheel.changed} == {
        "metadata": "abacus_compiler-3.12.0.dist-info/METADATA",
        "RECORD": "abacus_compiler-3.12.0.dist-info/RECORD",
        "recipe": "abacus_compiler-3.12.0.dist-info/spokeshave.json",
        "version module": "abacus_compiler/_version.py",
    }
    assert wheel.equal == 2


def test_folders_of_wheels_are_compared_too(record: Path, final: Path) -> None:
    assert len(compare(record / "files", final / "files").wheels) == 4


def test_a_release_is_equal_to_itself(record: Path) -> None:
    assert [wheel.changed for wheel in compare(record, record).wheels] == [()] * 4


def test_another_byte_is_reported_with_its_file(tmp_path: Path) -> None:
    write_one(tmp_path / "rc", RUNTIME, TAGS[0])
    write_one(tmp_path / "final", RUNTIME, TAGS[0], version=FINAL, extra="# later\n")
    (problem,) = differences(tmp_path / "rc", tmp_path / "final")
    assert problem.startswith(f"abacus_runtime-{FINAL}-{TAGS[0]}.whl: abacus_runtime/__init__.py: has other bytes than")


def test_other_metadata_is_reported(tmp_path: Path) -> None:
    write_one(tmp_path / "rc", COMPILER, TAGS[0])
    write_one(tmp_path / "final", COMPILER, TAGS[0], version=FINAL, requires_python=">=3.11")
    (problem,) = differences(tmp_path / "rc", tmp_path / "final")
    assert ".dist-info/METADATA: has other bytes than" in problem


def test_files_of_one_side_are_reported(tmp_path: Path) -> None:
    build_wheel(tmp_path / "rc", {"demo/a.py": "", "demo/b.py": ""}, version=VERSION)
    build_wheel(tmp_path / "final", {"demo/a.py": "", "demo/c.py": ""}, version=FINAL)
    found = differences(tmp_path / "rc", tmp_path / "final")
    assert [f"demo/b.py: exists in demo-{VERSION}-" in found[0], f"demo/c.py: exists in demo-{FINAL}-" in found[1]] == [
        True,
        True,
    ]


def test_wheels_of_one_side_are_reported(record: Path, final: Path) -> None:
    folder = final.parent / "part"
    shutil.copytree(final / "files", folder)
    lost = next(folder.iterdir())
    lost.unlink()
    (problem,) = differences(record / "files", folder)
    assert problem.endswith(f"has no counterpart in {folder}")
    (problem,) = differences(folder, record / "files")
    assert problem.endswith(f"has no counterpart in {folder}")


def test_a_second_wheel_of_one_tag_is_reported(tmp_path: Path) -> None:
    for name in ("demo", "Demo"):
        build_wheel(tmp_path / "rc", {"demo/a.py": ""}, version=VERSION, name=name)
    build_wheel(tmp_path / "final", {"demo/a.py": ""}, version=FINAL)
    (problem,) = differences(tmp_path / "rc", tmp_path / "final")
    assert f"has the project, build and tag of Demo-{VERSION}-" in problem


def test_a_member_with_another_mode_is_reported(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "rc", {"demo/run.sh": "#!/bin/sh\n"}, version=FINAL)
    other = tmp_path / "final" / wheel.name
    other.parent.mkdir()
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(other, "w") as after:
        for info in before.infolist():
            info.external_attr = (0o100755 if info.filename == "demo/run.sh" else 0o100644) << 16
            after.writestr(info, before.read(info.filename))
    (problem, *_) = differences(wheel.parent, other.parent)
    assert problem.endswith(f"demo/run.sh: is executable, unlike in {wheel.name}")


def test_rewritten_texts_are_equal_to_what_the_rewriting_makes(tmp_path: Path) -> None:
    build_wheel(tmp_path / "rc", {"demo/v.py": f"V = '{VERSION}'\n"}, version=VERSION)
    request = PromotionRequest(tmp_path / "rc", FINAL, tmp_path / "final", untested=True, rewrite=("demo/*.py",))
    promote(request)
    (wheel,) = compare(tmp_path / "rc", tmp_path / "final").wheels
    assert {member.place for member in wheel.changed} == {"metadata", "RECORD", "rewritten text"}
    assert len(differences(tmp_path / "rc", tmp_path / "final" / "files")) == 1
    assert compare(tmp_path / "rc", tmp_path / "final" / "files", ("demo/*.py",)).wheels == (wheel,)
    build_wheel(tmp_path / "other", {"demo/v.py": "V = '3.12.1'\n"}, version=FINAL)
    with pytest.raises(PromotionError, match=r"demo/v\.py: has other bytes than"):
        compare(tmp_path / "rc", tmp_path / "other", ("demo/*.py",))


def test_the_command_prints_a_table_and_exits_with_one(
    record: Path, final: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    assert main(["release", "compare", str(record), str(final), "--report", str(report)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{VERSION} -> {FINAL}: 4 wheels with no other difference than the version\n")
    assert "  version module  abacus_runtime/_version.py\n" in printed
    assert len(json.loads(report.read_text())["wheels"]) == 4
    write_one(tmp_path / "other", RUNTIME, TAGS[0], version=FINAL, extra="# later\n")
    assert main(["release", "compare", str(record), str(tmp_path / "other"), "--report", str(report)]) == 1
    assert len(json.loads(report.read_text())["problems"]) == 4
