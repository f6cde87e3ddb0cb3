"""Tests of the facts that the stamp writes besides the version, and of the files that it renders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.errors import InvalidVersionError, InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.stamp.source import read_version_facts
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.wheel_fixtures import make_wheel, read_wheel
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.name import parse_wheel_name
from spokeshave.wheel.recipe import Recipe
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS, VersionFacts
from spokeshave.wheel.writer import WheelEntry, write_wheel
from spokeshave_core.wheel_name import UNSTAMPED

COMMIT = "0123456789abcdef" * 2 + "01234567"
RC = VersionFacts(
    version="3.12.0rc20260821", channel="rc", commit=COMMIT, revisions=(("llvm", "abc"), ("stablehlo", "v1.2"))
)
FINAL = replace(RC, version="3.12.0", channel="stable")
PC = "abacus_runtime/lib/pkgconfig/abacus.pc"
HEADER = "abacus_runtime/include/abacus/version.h"
TEMPLATES = {
    PC: "Name: abacus\nVersion: @VERSION@\n",
    HEADER: '#define ABACUS_VERSION_MAJOR @VERSION_MAJOR@\n#define ABACUS_MINOR @VERSION_MINOR@\n"@COMMIT@"\n',
}


def names_of(source: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(source, names)
    return names


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path, version_files=TEMPLATES).path


def test_version_module_has_all_facts(tmp_path: Path, wheel: Path) -> None:
    stamped = read_wheel(stamp(wheel, RC, tmp_path / "rc").wheel.path)
    names = names_of(stamped["abacus_runtime/_version.py"])
    assert (names["version"], names["channel"], names["commit"]) == (RC.version, "rc", COMMIT)
    assert names["revisions"] == {"llvm": "abc", "stablehlo": "v1.2"}


def test_facts_are_read_back(tmp_path: Path, wheel: Path) -> None:
    assert read_version_facts(wheel) == UNSTAMPED_FACTS
    assert read_version_facts(stamp(wheel, RC, tmp_path / "rc").wheel.path) == RC


def test_facts_of_a_wheel_without_a_version_module_are_read_back(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, version_module=None).path
    assert read_version_facts(stamp(wheel, RC, tmp_path / "rc").wheel.path) == RC


def test_a_foreign_wheel_states_its_version_alone(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo.py": ""}, tag="py3-none-any", version="1.0rc1")
    assert read_version_facts(stamp(wheel, RC, tmp_path / "rc").wheel.path) == VersionFacts(RC.version)


def test_version_files_are_rendered_again(tmp_path: Path, wheel: Path) -> None:
    assert read_wheel(wheel)[PC] == f"Name: abacus\nVersion: {UNSTAMPED}\n"
    assert read_wheel(wheel)[HEADER].endswith('\n""\n')
    stamped = stamp(wheel, RC, tmp_path / "rc")
    assert {PC, HEADER} < set(stamped.changed)
    final = read_wheel(stamp(stamped.wheel.path, FINAL, tmp_path / "final").wheel.path)
    assert final[PC] == "Name: abacus\nVersion: 3.12.0\n"
    assert final[HEADER] == f'#define ABACUS_VERSION_MAJOR 3\n#define ABACUS_MINOR 12\n"{COMMIT}"\n'
    assert RC.version not in "".join(final.values())


def test_a_promoted_wheel_equals_one_that_is_stamped_once(tmp_path: Path, wheel: Path) -> None:
    candidate = stamp(wheel, RC, tmp_path / "rc").wheel.path
    promoted = stamp(candidate, FINAL, tmp_path / "promoted").wheel
    assert promoted.sha256 == stamp(wheel, FINAL, tmp_path / "direct").wheel.sha256
    back = stamp(promoted.path, UNSTAMPED_FACTS, tmp_path / "back").wheel
    direct = stamp(wheel, UNSTAMPED_FACTS, tmp_path / "none").wheel
    assert back.sha256 == direct.sha256 == sha256_of_file(wheel)[0]


@pytest.mark.parametrize("path", [PC, "abacus_runtime/_version.py"])
def test_a_rendered_file_that_someone_changed_is_refused(tmp_path: Path, wheel: Path, path: str) -> None:
    name = parse_wheel_name(wheel.name)
    files = {**read_wheel(wheel), path: "mine\n"}
    entries = [
        WheelEntry(file, text.encode(), Compression.STORED)
        for file, text in files.items()
        if not file.endswith("/RECORD")
    ]
    changed = write_wheel(tmp_path / "changed" / wheel.name, name.dist_info, entries, Compression.STORED).path
    with pytest.raises(InvalidWheelError) as caught:
        stamp(changed, RC, tmp_path / "out")
    kind = "file" if path == PC else "module"
    assert f"{path}: is not the version {kind} of {UNSTAMPED}" in str(caught.value)


def test_a_missing_version_file_is_refused(tmp_path: Path) -> None:
    recipe = Recipe(version_files=((PC, "@VERSION@"),), version_slots=("demo.so",))
    wheel = build_wheel(tmp_path, {"demo.py": "", "dist-info/spokeshave.json": recipe.render()}, tag="py3-none-any")
    with pytest.raises(InvalidWheelError) as caught:
        stamp(wheel, RC, tmp_path / "out")
    assert "is the version file, but does not exist" in str(caught.value)
    assert "demo.so: is listed with a version slot, but does not exist" in str(caught.value)


def test_all_invalid_facts_are_reported(tmp_path: Path, wheel: Path) -> None:
    bad = VersionFacts("one", channel="beta", commit="abc", revisions=(("a b", "1"), ("x", "1"), ("x", "2")))
    with pytest.raises(InvalidVersionError) as caught:
        stamp(wheel, bad, tmp_path / "out")
    assert [problem.place for problem in caught.value.problems] == [
        "version one",
        "channel beta",
        "commit abc",
        "revision a b=1",
        "revision x",
    ]
    assert not (tmp_path / "out").exists()


def test_command_takes_all_facts(tmp_path: Path, wheel: Path) -> None:
    arguments = ["stamp", "--wheel", str(wheel), "--output", str(tmp_path / "rc"), "--report", str(tmp_path / "r.json")]
    facts = ["--version", RC.version, "--channel", "rc", "--commit", COMMIT]
    assert main([*arguments, *facts, "--revision", "stablehlo=v1.2", "--revision", "llvm=abc"]) == 0
    assert read_version_facts(next((tmp_path / "rc").iterdir())) == RC


@pytest.mark.parametrize("revision", ["llvm", "=1", "llvm="])
def test_command_refuses_a_revision_without_a_name(capsys: pytest.CaptureFixture[str], revision: str) -> None:
    arguments = ["stamp", "--wheel", "w", "--output", "o", "--report", "r", "--version", "1", "--revision", revision]
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "NAME=SHA" in capsys.readouterr().err
