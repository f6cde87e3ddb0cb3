"""The manifest of `spokeshave emulation`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spokeshave_core.manifest import (
    ForeignPython,
    InvalidManifestError,
    Origin,
    manifest_json,
    parse_foreign_python,
    parse_manifest,
)
from spokeshave_core.platform import Platform, System
from spokeshave_core.python_abi import PythonVersion

ENTRY = {
    "name": "glibc-aarch64-3.13",
    "system": "glibc",
    "system_version": "2.36",
    "architecture": "aarch64",
    "version": "3.13.5",
    "emulator": "qemu-aarch64 10.0.13",
    "launcher": ["/e/qemu-aarch64"],
    "argv0": ["-0"],
    "executable": "/e/python3.13",
    "variables": {},
    "origins": [["libc6:arm64", "2.36", "ab"]],
}
WINDOWS_ENTRY = {**ENTRY, "name": "w", "system": "Windows", "system_version": "", "architecture": "amd64"}
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
    origins=(Origin("libc6:arm64", "2.41-12", "ab" * 32),),
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


def manifest(*entries: dict[str, Any]) -> str:
    return json.dumps({"format": 1, "pythons": entries})


def platform(tag: str) -> Platform:
    return Platform.parse(tag)


def test_a_python_runs_its_platforms_wheels_up_to_its_library() -> None:
    (python,) = parse_manifest(manifest(ENTRY), "m")
    assert (python.feature, python.newest) == (PythonVersion(13), (2, 36))
    runs = ("manylinux_2_17_aarch64", "manylinux_2_36_aarch64")
    others = ("manylinux_2_39_aarch64", "manylinux_2_17_x86_64", "musllinux_1_2_aarch64", "macosx_11_0_arm64")
    assert [python.runs(platform(tag)) for tag in (*runs, *others)] == [True, True, False, False, False, False]
    assert python.is_of(platform("manylinux_2_39_aarch64"))


def test_a_windows_python_runs_wheels_of_its_architecture() -> None:
    (python,) = parse_manifest(manifest(WINDOWS_ENTRY), "m")
    assert python.runs(platform("win_amd64"))
    assert not python.runs(platform("win_arm64"))


def test_smoke_test_keys_contain_the_pythons_packages() -> None:
    (python,) = parse_manifest(manifest(ENTRY), "m")
    (other,) = parse_manifest(manifest({**ENTRY, "origins": [["libc6:arm64", "2.36", "cd"]]}), "m")
    assert python != other
    assert python.facts != other.facts
    assert json.loads(python.facts) == {**ENTRY, "free_threaded": False}


def test_a_free_threaded_python_is_another_feature_release() -> None:
    (python,) = parse_manifest(manifest({**ENTRY, "free_threaded": True}), "m")
    assert python.feature == PythonVersion(13, free_threaded=True)
    assert python.complete_version == f"{ENTRY['version']}t"
    assert parse_manifest(manifest(python.as_json()), "m") == (python,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        '{"format": 2, "pythons": []}',
        manifest({**ENTRY, "version": "2.7.18"}),
        manifest({**ENTRY, "version": "3.9"}),
        manifest({**ENTRY, "system": "plan9"}),
        manifest({**ENTRY, "variables": []}),
        "{}",
        '{"format": 1, "pythons": [{}]}',
        manifest({"name": "a"}),
    ],
)
def test_an_invalid_manifest_is_reported_with_its_path(text: str) -> None:
    with pytest.raises(InvalidManifestError, match=r"/e/manifest.json: does not list emulated Pythons"):
        parse_manifest(text, "/e/manifest.json")


def test_a_manifest_may_list_no_python() -> None:
    assert parse_manifest(manifest(), "m") == ()


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
    assert python.is_of_tags(platform) is runs


def test_what_was_written_is_read_again() -> None:
    text = json.dumps(manifest_json([WINDOWS, ARM]))
    assert parse_manifest(text, "m") == (ARM, WINDOWS)
    assert [python["name"] for python in json.loads(text)["pythons"]] == [ARM.name, WINDOWS.name]
    assert parse_foreign_python(ARM.facts, "p") == ARM


def test_pythons_are_listed_by_version() -> None:
    versions = ("3.13.11", "3.9.2", "3.13.5")
    found = parse_manifest(manifest(*({**ENTRY, "version": version} for version in versions)), "m")
    assert [python.version for python in found] == ["3.9.2", "3.13.5", "3.13.11"]


def test_a_python_is_hashable_as_rules_need_it() -> None:
    assert len({ARM, WINDOWS, parse_foreign_python(WINDOWS.facts, "p")}) == 2
