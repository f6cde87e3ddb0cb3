"""Tests of the stamp of a set of wheels."""

from __future__ import annotations

import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from spokeshave.errors import InvalidVersionError, InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.stamp.stamping import stamp, stamp_set
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.wheel_fixtures import make_wheel, read_wheel
from spokeshave.wheel.version_facts import VersionFacts

FINAL = VersionFacts("3.12.0", channel="stable")
RC = VersionFacts("3.12.0rc1", channel="rc")


def foreign(folder: Path, name: str, lines: str = "", version: str = "3.12.0rc1", tag: str = "py3-none-any") -> Path:
    return build_wheel(folder, {f"{name}.py": ""}, tag=tag, name=name, version=version, metadata_lines=lines)


def requirements(wheel: Path) -> list[str]:
    metadata = next(text for name, text in read_wheel(wheel).items() if name.endswith("/METADATA"))
    return message_from_string(metadata).get_all("Requires-Dist") or []


@pytest.mark.parametrize("jobs", [1, 3, None])
def test_a_set_is_stamped_like_single_wheels_in_its_order(tmp_path: Path, jobs: int | None) -> None:
    wheels = [make_wheel(tmp_path / str(n), tag=f"cp31{n}-abi3-linux_x86_64").path for n in (9, 2, 4, 0)]
    stamped = stamp_set(wheels, FINAL, tmp_path / "set", jobs=jobs)
    single = [stamp(wheel, FINAL, tmp_path / "single").wheel for wheel in wheels]
    assert [one.wheel.path.name for one in stamped] == [one.path.name for one in single]
    assert [one.wheel.sha256 for one in stamped] == [one.sha256 for one in single]
    for one in stamped:
        assert (one.wheel.sha256, one.wheel.size) == sha256_of_file(one.wheel.path)


def test_pins_of_wheels_without_a_recipe_follow_the_set(tmp_path: Path) -> None:
    lines = (
        "Requires-Dist: base-runtime==3.12.0rc1\n"
        "Requires-Dist: Base_Runtime[cli] (==3.12.0rc1) ; extra == 'all'\n"
        "Requires-Dist: base-runtime>=3.12.0rc1\n"
        "Requires-Dist: base-runtime==3.11\n"
        "Requires-Dist: stranger==3.12.0rc1\n"
    )
    wheels = [foreign(tmp_path, "compiler", lines), foreign(tmp_path, "base_runtime")]
    compiler = stamp_set(wheels, FINAL, tmp_path / "final")[0].wheel.path
    assert requirements(compiler) == [
        "base-runtime==3.12.0",
        'Base_Runtime[cli]==3.12.0; extra == "all"',
        "base-runtime>=3.12.0rc1",
        "base-runtime==3.11",
        "stranger==3.12.0rc1",
    ]
    assert requirements(stamp(wheels[0], FINAL, tmp_path / "alone").wheel.path)[0] == "base-runtime==3.12.0rc1"


def test_requirements_of_strangers_stay_as_they_are_written(tmp_path: Path) -> None:
    """Wheels of other backends have requirements that no parser of today reads."""
    lines = "Requires-Dist: foo (>=1.0.*)\nRequires-Dist: b\xe4r @ ???\nRequires-Dist:\nRequires-Dist: a  (== 1 )\n"
    wheels = [foreign(tmp_path, "compiler", lines), foreign(tmp_path, "base_runtime")]
    compiler = stamp_set(wheels, FINAL, tmp_path / "final")[0].wheel.path
    metadata = next(text for name, text in read_wheel(compiler).items() if name.endswith("/METADATA"))
    assert metadata.endswith(lines)


def test_a_requirement_of_the_set_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    wheels = [
        foreign(tmp_path, "compiler", "Requires-Dist: base.runtime (>=1.0.*)\n"),
        foreign(tmp_path, "base_runtime"),
    ]
    with pytest.raises(InvalidWheelError, match="has a requirement that cannot be read"):
        stamp_set(wheels, FINAL, tmp_path / "final")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_folded_pins_follow_the_set(tmp_path: Path, end: str) -> None:
    folded = f"Requires-Dist: base_runtime==3.12.0rc1;{end} python_version{end}\t> '3'{end}"
    other = f"Requires-Dist: other>=1;{end}   python_version > '3'{end}"
    wheels = [foreign(tmp_path, "compiler", folded + other), foreign(tmp_path, "base_runtime")]
    compiler = stamp_set(wheels, FINAL, tmp_path / "final")[0].wheel.path
    with zipfile.ZipFile(compiler) as archive:
        metadata = archive.read("compiler-3.12.0.dist-info/METADATA").decode()
    assert metadata.endswith(f'Requires-Dist: base_runtime==3.12.0; python_version > "3"{end}{other}')


def test_pins_of_recipes_follow_in_any_set(tmp_path: Path) -> None:
    wheel = stamp(make_wheel(tmp_path).path, RC, tmp_path / "rc").wheel.path
    assert "abacus-compiler==3.12.0" in requirements(stamp_set([wheel], FINAL, tmp_path / "final")[0].wheel.path)


def test_nothing_is_written_if_any_wheel_has_a_problem(tmp_path: Path) -> None:
    signed = {"demo.py": "", "dist-info/RECORD.jws": "{}"}
    wheels = [
        foreign(tmp_path, "good"),
        build_wheel(tmp_path, signed, tag="py3-none-any", name="signed"),
        build_wheel(tmp_path, signed, tag="py3-none-any", name="sealed"),
    ]
    with pytest.raises(InvalidWheelError) as caught:
        stamp_set(wheels, FINAL, tmp_path / "out", jobs=2)
    assert [problem.place.split("-")[0] for problem in caught.value.problems] == ["signed", "sealed"]
    assert list((tmp_path / "out").iterdir()) == []


def test_two_wheels_of_one_new_name_are_refused(tmp_path: Path) -> None:
    wheels = [foreign(tmp_path, "demo"), foreign(tmp_path, "demo", version="3.12.0rc2")]
    with pytest.raises(InvalidWheelError, match=r"demo-3.12.0rc2-py3-none-any.whl: would have the same name as demo"):
        stamp_set(wheels, FINAL, tmp_path / "out")


def test_invalid_facts_of_a_set_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidVersionError, match="version one"):
        stamp_set([foreign(tmp_path, "demo")], VersionFacts("one"), tmp_path / "out")
