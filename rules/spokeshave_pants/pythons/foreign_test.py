"""Tests of the manifest of `spokeshave emulation`, and of its path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spokeshave_pants.platform import Platform
from spokeshave_pants.python_abi import PythonVersion
from spokeshave_pants.pythons.foreign import InvalidManifestError, manifest_path, parse_manifest

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
WINDOWS = {**ENTRY, "name": "w", "system": "Windows", "system_version": "", "architecture": "amd64"}


def manifest(*entries: dict[str, Any]) -> str:
    return json.dumps({"format": 1, "pythons": entries})


def platform(tag: str) -> Platform:
    return Platform.parse(tag, where="this test")


def test_a_python_runs_its_platforms_wheels_up_to_its_library() -> None:
    (python,) = parse_manifest(manifest(ENTRY), "m")
    assert (python.feature, python.newest) == (PythonVersion(13), (2, 36))
    runs = ("manylinux_2_17_aarch64", "manylinux_2_36_aarch64")
    others = ("manylinux_2_39_aarch64", "manylinux_2_17_x86_64", "musllinux_1_2_aarch64", "macosx_11_0_arm64")
    assert [python.runs(platform(tag)) for tag in (*runs, *others)] == [True, True, False, False, False, False]
    assert python.is_of(platform("manylinux_2_39_aarch64"))


def test_a_windows_python_runs_wheels_of_its_architecture() -> None:
    (python,) = parse_manifest(manifest(WINDOWS), "m")
    assert python.runs(platform("win_amd64")) and not python.runs(platform("win_arm64"))


def test_smoke_test_keys_contain_the_pythons_packages() -> None:
    (python,) = parse_manifest(manifest(ENTRY), "m")
    (other,) = parse_manifest(manifest({**ENTRY, "origins": [["libc6:arm64", "2.36", "cd"]]}), "m")
    assert python != other and python.facts != other.facts
    assert json.loads(python.facts) == ENTRY


@pytest.mark.parametrize(
    "text",
    ["x", "[]", '{"format": 2, "pythons": []}', manifest({**ENTRY, "version": "2.7"}), manifest({"name": "a"})],
)
def test_an_invalid_manifest_is_reported_with_its_path(text: str) -> None:
    with pytest.raises(InvalidManifestError, match=r"/e/manifest.json does not list emulated Pythons"):
        parse_manifest(text, "/e/manifest.json")


def test_without_a_manifest_there_are_no_pythons() -> None:
    assert parse_manifest("", "m") == ()


@pytest.mark.parametrize(
    ("folder", "environment", "path"),
    [
        ("<SPOKESHAVE>/emulation", {"SPOKESHAVE_HOME": "/s", "HOME": "/h"}, "/s/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {"SPOKESHAVE_HOME": "s", "HOME": "/h"}, "/build/s/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {"XDG_CACHE_HOME": "/x"}, "/x/spokeshave/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {"HOME": "/h"}, "/h/.cache/spokeshave/emulation/manifest.json"),
        ("<SPOKESHAVE>/emulation", {}, None),
        ("emulators", {}, "/build/emulators/manifest.json"),
        ("", {"HOME": "/h"}, None),
    ],
)
def test_the_manifest_is_found_in_the_set_ups_folder(
    folder: str, environment: dict[str, str], path: str | None
) -> None:
    assert manifest_path(folder, environment, "/build") == path
