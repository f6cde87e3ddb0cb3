"""Tests of version slots in wheels, from the assembly over the repair to two stamps, for all formats."""

from __future__ import annotations

import base64
import ctypes
import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from spokeshave.assemble.command import Assembly, assemble
from spokeshave.errors import InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.native.macho.file import read_macho
from spokeshave.native.macho.fuse import fuse
from spokeshave.native.macho.signature import signature_fault
from spokeshave.native.version_slot import find_version_slots
from spokeshave.policies.linux import parse_platform
from spokeshave.repair.command import repair
from spokeshave.repair.graft import UnrepairableWheelError
from spokeshave.stamp.payload import payload_sha256
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import build_wheel, link_bare, slot_source
from spokeshave.testing.wheel_fixtures import write_tree
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.recipe import Recipe
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS, VersionFacts
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.wheel_name import UNSTAMPED

RC = VersionFacts("3.12.0rc20260821", channel="rc", commit="a" * 40)
FINAL = VersionFacts("3.12.0", channel="stable", commit="a" * 40)
LINUX = "manylinux_2_17_x86_64"
UNIVERSAL = "macosx_11_0_universal2"
ARM_MAC = "macosx_11_0_arm64"
SLICES = ("macosx_11_0_x86_64", ARM_MAC)
WINDOWS = "win_amd64"
PYPROJECT = '[project]\nname = "demo"\ndynamic = ["version"]\n'
LIBRARIES = {
    LINUX: "demo/libcore.so",
    UNIVERSAL: "demo/libcore.dylib",
    ARM_MAC: "demo/libcore.dylib",
    WINDOWS: "demo/core.dll",
}


def link(path: Path, platform: str, source: str) -> Path:
    if platform != UNIVERSAL:
        return link_bare(path, source, platform)
    parts = [link_bare(path.parents[2] / one / path.name, source, one) for one in SLICES]
    fuse(parts, path)
    return path


def repaired(folder: Path, platform: str, source: str) -> Path:
    """Return a wheel of a Python file, a library with the source, and one without a slot."""
    write_tree(folder, {"pyproject.toml": PYPROJECT})
    payload = write_tree(folder / "payload", {"demo/__init__.py": ""})
    library = payload / LIBRARIES[platform]
    link(library, platform, source)
    link(library.with_name(f"plain-{library.name}"), platform, slot_source(slots=0))
    tag = f"py3-none-{parse_platform(platform).unrepaired_tag}"
    assembly = Assembly(pyproject=folder / "pyproject.toml", payload=payload, tag=tag)
    wheel = assemble(assembly, folder / "assembled")[1].path
    return repair(wheel, parse_platform(platform), [], folder / "repaired").written.path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        platform: repaired(tmp_path_factory.mktemp(platform), platform, slot_source(slots=2)) for platform in LIBRARIES
    }


every_platform = pytest.mark.parametrize("platform", LIBRARIES)


def unzipped(wheel: Path, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@every_platform
def test_repair_lists_the_files_with_a_slot(wheels: dict[str, Path], platform: str) -> None:
    with zipfile.ZipFile(wheels[platform]) as archive:
        recipe = Recipe.parse(archive.read(f"demo-{UNSTAMPED}.dist-info/spokeshave.json"), "recipe")
    assert recipe.version_slots == (LIBRARIES[platform],)


@every_platform
def test_a_promoted_wheel_has_the_final_version_in_its_code(
    tmp_path: Path, wheels: dict[str, Path], platform: str
) -> None:
    candidate = stamp(wheels[platform], RC, tmp_path / "rc").wheel.path
    final = stamp(candidate, FINAL, tmp_path / "final")
    library = LIBRARIES[platform]
    assert library in final.changed
    for wheel, version in ((candidate, RC.version), (final.wheel.path, FINAL.version)):
        root = unzipped(wheel, tmp_path / version)
        slots = find_version_slots(root / library, library)
        assert [slot.version for slot in slots] == [version] * (4 if platform == UNIVERSAL else 2)
        digest = base64.urlsafe_b64encode(hashlib.sha256((root / library).read_bytes()).digest()).decode().rstrip("=")
        record = (root / f"demo-{version}.dist-info" / "RECORD").read_text()
        assert f"{library},sha256={digest},{(root / library).stat().st_size}\n" in record
        if "macosx" in platform:
            signed = [part for part in read_macho(root / library, library).slices if part.signature]
            assert [signature_fault(root / library, part) for part in signed] == [None]
    assert RC.version.encode() not in b"".join(
        path.read_bytes() for path in (tmp_path / FINAL.version).rglob("*") if path.is_file()
    )


@every_platform
def test_slots_do_not_change_the_payload(tmp_path: Path, wheels: dict[str, Path], platform: str) -> None:
    candidate = stamp(wheels[platform], RC, tmp_path / "rc").wheel.path
    final = stamp(candidate, FINAL, tmp_path / "final").wheel
    expected = sha256_of_file(wheels[platform])[0]
    assert {payload_sha256(wheel) for wheel in (wheels[platform], candidate, final.path)} == {expected}
    assert final.sha256 == stamp(wheels[platform], FINAL, tmp_path / "direct").wheel.sha256
    assert stamp(final.path, UNSTAMPED_FACTS, tmp_path / "back").wheel.sha256 == expected


def test_code_of_a_promoted_wheel_reports_the_final_version(tmp_path: Path, wheels: dict[str, Path]) -> None:
    candidate = stamp(wheels[LINUX], RC, tmp_path / "rc").wheel.path
    root = unzipped(stamp(candidate, FINAL, tmp_path / "final").wheel.path, tmp_path / "root")
    function = ctypes.CDLL(str(root / LIBRARIES[LINUX])).version_0
    function.restype = ctypes.c_char_p
    assert function() == FINAL.version.encode()


def test_a_slot_of_another_version_is_refused(tmp_path: Path) -> None:
    library = link_bare(tmp_path / "libcore.so", slot_source(version="2.0"), LINUX)
    recipe = Recipe(version_slots=("demo/libcore.so", "demo/text.py")).render()
    files: dict[str, bytes | str | Path] = {
        "demo/libcore.so": library,
        "demo/text.py": "",
        "dist-info/spokeshave.json": recipe,
    }
    wheel = build_wheel(tmp_path, files, tag=f"py3-none-{LINUX}", version="1.0")
    with pytest.raises(InvalidWheelError) as caught:
        stamp(wheel, FINAL, tmp_path / "out")
    first, second = map(str, caught.value.problems)
    offset = find_version_slots(library, "libcore.so")[0].offset
    assert f"{wheel.name}: demo/libcore.so: has a version slot at offset {offset:#x} that is 2.0, not 1.0" in first
    assert f"{wheel.name}: demo/text.py: is listed with a version slot, but has none" in second
    assert not (tmp_path / "out").exists()


def test_a_version_that_does_not_fit_is_refused(tmp_path: Path, wheels: dict[str, Path]) -> None:
    with pytest.raises(InvalidWheelError, match="longer than 127 bytes"):
        stamp(wheels[LINUX], VersionFacts("1.0+" + "a" * 124), tmp_path / "out")


def test_a_section_that_is_not_made_of_slots_is_not_repaired(tmp_path: Path) -> None:
    with pytest.raises(UnrepairableWheelError, match=r"demo/libcore.so: has 100 bytes for version slots"):
        repaired(tmp_path, LINUX, slot_source(size=100))


def wheel_with(folder: Path, library: Path, version: str = UNSTAMPED) -> Path:
    files: dict[str, bytes | str | Path] = {
        "demo/libcore.so": library,
        "dist-info/spokeshave.json": Recipe().render(),
    }
    return build_wheel(folder, files, tag="py3-none-linux_x86_64", version=version)


@pytest.mark.parametrize("version", [UNSTAMPED, "3.11.0"])
def test_a_library_that_others_stamped_keeps_its_version(tmp_path: Path, version: str) -> None:
    library = link_bare(tmp_path / "libcore.so", slot_source(version="3.11.0"), LINUX)
    wheel = wheel_with(tmp_path, library, version)
    platform = parse_platform(LINUX)
    done = repair(wheel, platform, [], tmp_path / "repaired").written.path
    final = stamp(done, FINAL, tmp_path / "final").wheel.path
    assert (unzipped(final, tmp_path / "root") / "demo/libcore.so").read_bytes() == library.read_bytes()
    for one in (done, final):
        assert verify(Expectation(one, platform, PythonAbi.parse("py3-none"))) == []


@pytest.mark.parametrize(
    ("text", "version", "found"),
    [("2.0", UNSTAMPED, "that is 2.0, not 0+unstamped"), (UNSTAMPED, "1.0", "that is 0+unstamped, not 1.0")],
)
def test_a_slot_that_no_stamp_could_change_is_not_repaired(tmp_path: Path, text: str, version: str, found: str) -> None:
    source = slot_source(slots=2).replace(f'"{UNSTAMPED}"', f'"{text}"', 1)
    library = link_bare(tmp_path / "libcore.so", source, LINUX)
    with pytest.raises(UnrepairableWheelError, match=re.escape(found)):
        repair(wheel_with(tmp_path, library, version), parse_platform(LINUX), [], tmp_path / "out")
