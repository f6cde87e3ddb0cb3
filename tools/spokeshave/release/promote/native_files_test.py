"""Promotions of wheels with native files of all formats, and with every place that a version can be in."""

from __future__ import annotations

import ctypes
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from spokeshave.native.macho.file import read_macho
from spokeshave.native.macho.signature import signature_fault
from spokeshave.native.version_slot import find_version_slots
from spokeshave.release.integrity import verify_record
from spokeshave.release.promote.comparison import compare
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.native_fixtures import build_wheel, link_bare, slot_source
from spokeshave.testing.promotion_fixtures import FINAL, seal_wheels
from spokeshave.testing.release_fixtures import COMMIT, VERSION
from spokeshave.wheel.recipe import Recipe
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS, VersionFacts
from spokeshave.wheel.version_module import render_version_module
from spokeshave_core.problems import SpokeshaveError

LINUX = "manylinux_2_17_x86_64"
ARM_MAC = "macosx_11_0_arm64"
WINDOWS = "win_amd64"
PLATFORMS = (LINUX, ARM_MAC, WINDOWS)
TEMPLATES = (
    ("demo/DemoConfigVersion.cmake", 'set(PACKAGE_VERSION "@VERSION@")\n'),
    ("demo/demo.h", '#define DEMO_VERSION_MINOR @VERSION_MINOR@\n#define DEMO_VERSION "@VERSION@"\n'),
    ("demo/demo.pc", "Version: @VERSION@\n"),
)
RECIPE = Recipe(version_module="demo/version.py", version_files=TEMPLATES, version_slots=("demo/core.bin",))
SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"name": "demo", "version": "0+unstamped", "purl": "pkg:pypi/demo@0%2Bunstamped"}},
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Return a stamped candidate for each platform."""
    folder = tmp_path_factory.mktemp("wheels")
    return {platform: candidate(folder, platform, slot_source(slots=2)) for platform in PLATFORMS}


def candidate(folder: Path, platform: str, source: str) -> Path:
    """Return a stamped wheel with a library made of a C source."""
    library = link_bare(folder / platform / "core.bin", source, platform)
    files: dict[str, bytes | str | Path] = {
        "demo/core.bin": library,
        "demo/version.py": render_version_module(UNSTAMPED_FACTS),
        "dist-info/spokeshave.json": RECIPE.render(),
        "dist-info/sboms/demo.json": json.dumps(SBOM),
        **RECIPE.rendered_files(UNSTAMPED_FACTS),
    }
    built = build_wheel(folder / platform, files, tag=f"cp310-abi3-{platform}")
    return stamp(built, VersionFacts(version=VERSION, channel="rc", commit=COMMIT), folder / "stamped").wheel.path


@pytest.fixture
def promoted(wheels: Mapping[str, Path], tmp_path: Path) -> Path:
    promote(PromotionRequest(seal_wheels(tmp_path, wheels.values(), name="demo"), FINAL, tmp_path / "final"))
    return tmp_path / "final"


def unpacked(record: Path) -> Iterator[tuple[str, Path]]:
    """Yield the platform of each wheel of a record, and the folder that it was unpacked to."""
    for wheel in sorted((record / "files").iterdir()):
        folder = record.parent / "unpacked" / wheel.stem
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        yield wheel.stem.split("-")[-1], folder


def test_nothing_in_any_file_names_the_candidate(promoted: Path) -> None:
    found = list(unpacked(promoted))
    assert [platform for platform, _ in found] == sorted(PLATFORMS)
    for _, folder in found:
        for path in folder.rglob("*"):
            assert "rc20260821" not in path.name
            assert path.is_dir() or b"rc20260821" not in path.read_bytes()


def test_every_place_says_the_new_version(promoted: Path) -> None:
    for _, folder in unpacked(promoted):
        assert (folder / "demo/demo.pc").read_text() == "Version: 3.12.0\n"
        assert '"3.12.0"' in (folder / "demo/DemoConfigVersion.cmake").read_text()
        assert (folder / "demo/demo.h").read_text().endswith('DEMO_VERSION_MINOR 12\n#define DEMO_VERSION "3.12.0"\n')
        facts: dict[str, object] = {}
        exec((folder / "demo/version.py").read_text(), facts)
        assert (facts["__version__"], facts["channel"], facts["commit"]) == (FINAL, "stable", COMMIT)
        sbom = json.loads((folder / "demo-3.12.0.dist-info/sboms/demo.json").read_text())
        assert sbom["metadata"]["component"]["version"] == FINAL
        assert sbom["metadata"]["component"]["purl"] == "pkg:pypi/demo@3.12.0"
        slots = find_version_slots(folder / "demo/core.bin", "core")
        assert [slot.version for slot in slots] == [FINAL] * 2


def test_a_signed_library_has_a_valid_signature(promoted: Path) -> None:
    (folder,) = [folder for platform, folder in unpacked(promoted) if platform == ARM_MAC]
    (part,) = read_macho(folder / "demo/core.bin", "core").slices
    assert part.signature
    assert signature_fault(folder / "demo/core.bin", part) is None


@pytest.mark.skipif(sys.platform != "linux", reason="loads a library of Linux")
def test_a_program_reads_the_new_version(promoted: Path) -> None:
    (folder,) = [folder for platform, folder in unpacked(promoted) if platform == LINUX]
    version = ctypes.CDLL(str(folder / "demo/core.bin")).version_1
    version.restype = ctypes.c_char_p
    assert version() == FINAL.encode()


def test_the_comparison_names_the_kind_of_each_place(promoted: Path) -> None:
    for wheel in compare(promoted.parent / "rc", promoted).wheels:
        assert {member.name: member.place for member in wheel.changed} == {
            "demo-3.12.0.dist-info/METADATA": "metadata",
            "demo-3.12.0.dist-info/RECORD": "RECORD",
            "demo-3.12.0.dist-info/sboms/demo.json": "SBOM",
            "demo-3.12.0.dist-info/spokeshave.json": "recipe",
            "demo/DemoConfigVersion.cmake": "version file",
            "demo/core.bin": "version slot",
            "demo/demo.h": "version file",
            "demo/demo.pc": "version file",
            "demo/version.py": "version module",
        }


def test_all_payloads_stay(promoted: Path) -> None:
    before = verify_record(promoted.parent / "rc")
    after = verify_record(promoted)
    assert [file.payload_sha256 for file in after.files] == [file.payload_sha256 for file in before.files]
    assert all(file.payload_sha256 for file in after.files)


def test_another_byte_in_a_library_with_a_slot_is_reported(wheels: Mapping[str, Path], tmp_path: Path) -> None:
    for platform in PLATFORMS:
        other = candidate(tmp_path / "other", platform, slot_source(slots=2).replace("return 42", "return 43"))
        (tmp_path / platform / "rc").mkdir(parents=True)
        wheel = wheels[platform]
        (tmp_path / platform / "rc" / wheel.name).write_bytes(wheel.read_bytes())
        stamp(other, VersionFacts(FINAL), tmp_path / platform / "final")
        with pytest.raises(SpokeshaveError, match=r"demo/core\.bin: has other bytes than"):
            compare(tmp_path / platform / "rc", tmp_path / platform / "final")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_version_beside_the_slot_is_refused(tmp_path: Path, platform: str) -> None:
    """The library has a slot, and a second copy of the version that was compiled in."""
    source = f'{slot_source()}\nEXPORT const char *other(void) {{ return "abacus {VERSION}"; }}\n'
    wheel = candidate(tmp_path, platform, source)
    offset = (tmp_path / platform / "core.bin").read_bytes().index(VERSION.encode())
    request = PromotionRequest(seal_wheels(tmp_path, [wheel], name="demo"), FINAL, tmp_path / "final")
    with pytest.raises(SpokeshaveError) as error:
        promote(request)
    assert f"{wheel.name}: demo/core.bin: holds {VERSION} at offset {offset}" in str(error.value)
    assert "SPOKESHAVE_VERSION()" in str(error.value)
    assert not request.output.exists()
