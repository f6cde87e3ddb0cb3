from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.pythons.foreign import (
    ForeignPython,
    InvalidManifestError,
    Origin,
    read_manifest,
    remedy_for,
    write_manifest,
)

ARM = ForeignPython(
    "glibc-aarch64-3.13",
    "glibc",
    "2.41",
    "aarch64",
    "3.13.5",
    "qemu-aarch64 10.0.13",
    ("/e/qemu-aarch64", "-L", "/e/root"),
    "/e/root/usr/bin/python3.13",
    ("-0",),
    origins=(Origin("libc6:arm64", "2.41-12", "ab" * 32),),
)
WINDOWS = ForeignPython(
    "windows-amd64-3.13",
    "Windows",
    "",
    "amd64",
    "3.13.11",
    "wine 8.0",
    ("/e/wine64",),
    "/e/py/python.exe",
    variables={"WINEDEBUG": "-all"},
)


def test_what_was_written_is_read_again_by_name(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == []
    write_manifest(tmp_path, [WINDOWS, ARM])
    assert read_manifest(tmp_path) == [ARM, WINDOWS]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "pythons": []}', '{"format": 1, "pythons": [{}]}'])
def test_an_invalid_manifest_is_reported_with_its_path(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InvalidManifestError, match=r"manifest\.json"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("python", "platform", "runs"),
    [
        (ARM, "manylinux_2_17_aarch64.manylinux2014_aarch64", True),
        (ARM, "linux_aarch64", True),
        (ARM, "musllinux_1_2_aarch64", False),
        (ARM, "manylinux_2_17_x86_64", False),
        (ARM, "macosx_11_0_arm64", False),
        (WINDOWS, "win_amd64", True),
        (WINDOWS, "win_arm64", False),
    ],
)
def test_a_python_is_for_its_system_and_architecture(python: ForeignPython, platform: str, runs: bool) -> None:
    assert python.runs(platform) is runs


def test_paths_of_this_machine_have_other_names_under_wine() -> None:
    assert WINDOWS.guest_path(Path("/tmp/a b/c")) == "Z:\\tmp\\a b\\c"
    assert WINDOWS.host_path("z:\\tmp\\a b\\c") == Path("/tmp/a b/c")
    assert (ARM.guest_path(Path("/tmp/a")), ARM.host_path("/tmp/a")) == ("/tmp/a", Path("/tmp/a"))


def test_letter_case_is_nothing_to_windows(tmp_path: Path) -> None:
    (tmp_path / "Lib/Site-Packages").mkdir(parents=True)
    named = WINDOWS.guest_path(tmp_path / "lib/site-packages/new.py")
    assert WINDOWS.host_path(named) == tmp_path / "Lib/Site-Packages/new.py"


def test_a_deleted_part_is_named(tmp_path: Path) -> None:
    assert ARM.missing() == "/e/root/usr/bin/python3.13"


def test_the_remedy_is_an_emulator_or_a_machine_of_that_kind() -> None:
    assert "`spokeshave emulation --platform manylinux_2_17_aarch64`" in remedy_for(
        "manylinux_2_17_aarch64.linux_aarch64"
    )
    assert "on such a machine" in remedy_for("macosx_11_0_arm64")
