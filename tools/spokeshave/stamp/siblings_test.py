"""Tests of the stamp of wheels that are pinned to others of a release, and of several wheels at the same time."""

from __future__ import annotations

import zipfile
from concurrent.futures import ThreadPoolExecutor
from email import message_from_string
from pathlib import Path

import pytest

from spokeshave.errors import InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.wheel_fixtures import make_wheel, read_wheel
from spokeshave.wheel.version_facts import VersionFacts

FINAL = VersionFacts("3.12.0", channel="stable")
RC = VersionFacts("3.12.0rc1", channel="rc")
SIBLINGS = frozenset({"compiler", "base-runtime"})


def foreign(folder: Path, name: str, lines: str = "", version: str = "3.12.0rc1", tag: str = "py3-none-any") -> Path:
    return build_wheel(folder, {f"{name}.py": ""}, tag=tag, name=name, version=version, metadata_lines=lines)


def requirements(wheel: Path) -> list[str]:
    metadata = next(text for name, text in read_wheel(wheel).items() if name.endswith("/METADATA"))
    return message_from_string(metadata).get_all("Requires-Dist") or []


def test_stamps_at_the_same_time_give_the_same_wheels(tmp_path: Path) -> None:
    wheels = [make_wheel(tmp_path / str(n), tag=f"cp31{n}-abi3-linux_x86_64").path for n in (9, 2, 4, 0)]
    with ThreadPoolExecutor(3) as pool:
        stamped = list(pool.map(lambda wheel: stamp(wheel, FINAL, tmp_path / "together").wheel, wheels))
    single = [stamp(wheel, FINAL, tmp_path / "single").wheel for wheel in wheels]
    assert [one.path.name for one in stamped] == [one.path.name for one in single]
    assert [one.sha256 for one in stamped] == [one.sha256 for one in single]
    for one in stamped:
        assert (one.sha256, one.size) == sha256_of_file(one.path)


def test_pins_of_wheels_without_a_recipe_follow_siblings(tmp_path: Path) -> None:
    lines = (
        "Requires-Dist: base-runtime==3.12.0rc1\n"
        "Requires-Dist: Base_Runtime[cli] (==3.12.0rc1) ; extra == 'all'\n"
        "Requires-Dist: base-runtime>=3.12.0rc1\n"
        "Requires-Dist: base-runtime==3.11\n"
        "Requires-Dist: stranger==3.12.0rc1\n"
    )
    wheel = foreign(tmp_path, "compiler", lines)
    compiler = stamp(wheel, FINAL, tmp_path / "final", SIBLINGS).wheel.path
    assert requirements(compiler) == [
        "base-runtime==3.12.0",
        'Base_Runtime[cli]==3.12.0; extra == "all"',
        "base-runtime>=3.12.0rc1",
        "base-runtime==3.11",
        "stranger==3.12.0rc1",
    ]
    assert requirements(stamp(wheel, FINAL, tmp_path / "alone").wheel.path)[0] == "base-runtime==3.12.0rc1"


def test_requirements_of_strangers_stay_as_they_are_written(tmp_path: Path) -> None:
    """Wheels of other backends have requirements that no parser of today reads."""
    lines = "Requires-Dist: foo (>=1.0.*)\nRequires-Dist: b\xe4r @ ???\nRequires-Dist:\nRequires-Dist: a  (== 1 )\n"
    wheel = foreign(tmp_path, "compiler", lines)
    compiler = stamp(wheel, FINAL, tmp_path / "final", SIBLINGS).wheel.path
    metadata = next(text for name, text in read_wheel(compiler).items() if name.endswith("/METADATA"))
    assert metadata.endswith(lines)


def test_a_sibling_requirement_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    wheel = foreign(tmp_path, "compiler", "Requires-Dist: base.runtime (>=1.0.*)\n")
    with pytest.raises(InvalidWheelError, match="has a requirement that cannot be read"):
        stamp(wheel, FINAL, tmp_path / "final", SIBLINGS)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_folded_pins_follow_siblings(tmp_path: Path, end: str) -> None:
    folded = f"Requires-Dist: base_runtime==3.12.0rc1;{end} python_version{end}\t> '3'{end}"
    other = f"Requires-Dist: other>=1;{end}   python_version > '3'{end}"
    wheel = foreign(tmp_path, "compiler", folded + other)
    compiler = stamp(wheel, FINAL, tmp_path / "final", SIBLINGS).wheel.path
    with zipfile.ZipFile(compiler) as archive:
        metadata = archive.read("compiler-3.12.0.dist-info/METADATA").decode()
    assert metadata.endswith(f'Requires-Dist: base_runtime==3.12.0; python_version > "3"{end}{other}')


def test_pins_of_recipes_follow_without_siblings(tmp_path: Path) -> None:
    wheel = stamp(make_wheel(tmp_path).path, RC, tmp_path / "rc").wheel.path
    assert "abacus-compiler==3.12.0" in requirements(stamp(wheel, FINAL, tmp_path / "final").wheel.path)
