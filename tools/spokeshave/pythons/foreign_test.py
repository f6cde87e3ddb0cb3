from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.pythons.foreign import (
    guest_path,
    host_path,
    missing_program,
    read_manifest,
    remedy_for,
    write_manifest,
)
from spokeshave_core.manifest import ForeignPython, InvalidManifestError
from spokeshave_core.platform import System

ARM = ForeignPython(
    name="glibc-aarch64-3.13",
    system=System.GLIBC,
    system_version="2.41",
    architecture="aarch64",
    version="3.13.5",
    emulator="qemu-aarch64 10.0.13",
    launcher=("/e/qemu-aarch64", "-L", "/e/root"),
    executable="/e/root/usr/bin/python3.13",
    argv0=("-0",),
)
WINDOWS = ForeignPython(
    name="windows-amd64-3.13",
    system=System.WINDOWS,
    system_version="",
    architecture="amd64",
    version="3.13.11",
    emulator="wine 8.0",
    launcher=("/e/wine64",),
    executable="/e/py/python.exe",
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


def test_paths_of_this_machine_have_other_names_under_wine() -> None:
    assert guest_path(WINDOWS, Path("/tmp/a b/c")) == "Z:\\tmp\\a b\\c"
    assert host_path(WINDOWS, "z:\\tmp\\a b\\c") == Path("/tmp/a b/c")
    assert (guest_path(ARM, Path("/tmp/a")), host_path(ARM, "/tmp/a")) == ("/tmp/a", Path("/tmp/a"))


def test_letter_case_is_nothing_to_windows(tmp_path: Path) -> None:
    (tmp_path / "Lib/Site-Packages").mkdir(parents=True)
    named = guest_path(WINDOWS, tmp_path / "lib/site-packages/new.py")
    assert host_path(WINDOWS, named) == tmp_path / "Lib/Site-Packages/new.py"


@pytest.mark.usefixtures("tmp_path")
def test_a_deleted_part_is_named() -> None:
    assert missing_program(ARM) == "/e/root/usr/bin/python3.13"


def test_the_remedy_is_an_emulator_or_a_machine_of_that_kind() -> None:
    assert "`spokeshave emulation --platform manylinux_2_17_aarch64`" in remedy_for(
        "manylinux_2_17_aarch64.linux_aarch64"
    )
    assert "on such a machine" in remedy_for("macosx_11_0_arm64")
