"""Tests of the descriptions of machines for a resolver: those of compilers and of targets."""

from __future__ import annotations

import json

import pytest

from spokeshave_core.cpython_releases import NEWEST, RELEASES
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.sandbox.complete_platform import (
    CompletePlatform,
    for_any_machine,
    of_machine,
    of_python_here,
    of_target,
    of_target_without_python,
)


@pytest.mark.parametrize(
    ("name", "wheel", "machine", "system"),
    [
        ("linux_x86_64", "py3-none-manylinux_2_12_x86_64", "x86_64", "linux"),
        ("linux_arm64", "py3-none-manylinux_2_17_aarch64", "aarch64", "linux"),
        ("macos_x86_64", "py3-none-macosx_12_0_x86_64", "x86_64", "darwin"),
        ("macos_arm64", "py3-none-macosx_12_0_arm64", "arm64", "darwin"),
    ],
)
def test_a_machine_accepts_wheels_of_runnable_compilers(name: str, wheel: str, machine: str, system: str) -> None:
    facts = json.loads(of_machine(name).text)
    assert wheel in facts["compatible_tags"]
    assert "py3-none-any" in facts["compatible_tags"]
    assert facts["marker_environment"]["platform_machine"] == machine
    assert facts["marker_environment"]["sys_platform"] == system


@pytest.mark.parametrize("name", ["linux_arm64", "macos_x86_64", "macos_arm64"])
def test_no_machine_takes_another_ones_wheels(name: str) -> None:
    own = set(json.loads(of_machine(name).text)["compatible_tags"])
    assert not any(tag.endswith("linux_2_17_x86_64") for tag in own)


def target(tag: str) -> Platform:
    return Platform.parse(tag)


def tags(platform: CompletePlatform) -> list[str]:
    found: list[str] = json.loads(platform.text)["compatible_tags"]
    return found


@pytest.mark.parametrize(
    ("tag", "wheels"),
    [
        ("manylinux_2_17_x86_64", ("manylinux_2_28_x86_64", "manylinux2014_x86_64", "manylinux_2_5_x86_64")),
        ("musllinux_1_2_aarch64", ("musllinux_1_2_aarch64", "musllinux_1_1_aarch64")),
        ("macosx_11_0_arm64", ("macosx_14_0_arm64", "macosx_11_0_universal2", "macosx_10_9_universal2")),
        ("macosx_10_13_x86_64", ("macosx_14_0_x86_64", "macosx_10_9_x86_64", "macosx_10_9_universal2")),
        ("win_amd64", ("win_amd64",)),
        ("win_arm64", ("win_arm64",)),
    ],
)
def test_headers_come_from_a_wheel_with_any_floor(tag: str, wheels: tuple[str, ...]) -> None:
    taken = tags(of_target(target(tag), PythonVersion(12)))
    assert {f"cp312-cp312-{wheel}" for wheel in wheels} < set(taken)
    assert {f"cp310-abi3-{wheels[0]}", f"py3-none-{wheels[0]}", "py3-none-any"} < set(taken)
    assert not any("cp311-cp311" in other or "cp313" in other for other in taken)


@pytest.mark.parametrize("tag", ["manylinux_2_17_aarch64", "musllinux_1_2_x86_64", "macosx_11_0_arm64", "win_arm64"])
def test_no_target_takes_wheels_of_another_one(tag: str) -> None:
    for platform in (of_target(target(tag), PythonVersion(12)), next(of_target_without_python(target(tag)))):
        assert not any(
            taken.endswith(("manylinux_2_17_x86_64", "win_amd64", "macosx_11_0_x86_64")) for taken in tags(platform)
        )


def test_targets_that_differ_in_their_floor_take_the_same() -> None:
    python = PythonVersion(12)
    assert of_target(target("manylinux_2_17_x86_64"), python) == of_target(target("manylinux_2_28_x86_64"), python)


def test_the_free_threaded_build_takes_wheels_of_its_own() -> None:
    taken = tags(of_target(target("win_amd64"), PythonVersion(13, free_threaded=True)))
    assert taken[0] == "cp313-cp313t-win_amd64"
    assert not any("-abi3-" in tag or "cp313-cp313-" in tag for tag in taken)


def test_a_free_threaded_build_takes_wheels_for_its_stable_abi() -> None:
    taken = tags(of_target(target("win_amd64"), PythonVersion(15, free_threaded=True)))
    assert taken[:2] == ["cp315-cp315t-win_amd64", "cp315-abi3t-win_amd64"]
    assert not any("-abi3-" in tag for tag in taken)
    assert "cp315-abi3-win_amd64" in tags(of_target(target("win_amd64"), PythonVersion(15)))


def test_sources_without_python_prefer_the_newest_wheel() -> None:
    newest, *others = of_target_without_python(target("win_amd64"))
    minors = [release.minor for release in reversed(RELEASES)]
    assert tags(newest)[:3] == [f"cp3{minor}-cp3{minor}-win_amd64" for minor in minors[:3]]
    environments = [platform.environment["python_version"] for platform in (newest, *others)]
    assert environments[:2] == [f"3.{minor}" for minor in minors[:2]]
    assert all(tags(platform) == tags(newest) for platform in others)


def test_a_wheel_for_any_machine_is_found_wherever_it_is_for() -> None:
    first = next(for_any_machine())
    found = tags(first)
    assert (first.environment["sys_platform"], first.environment["python_version"]) == ("linux", str(NEWEST))
    assert {"cp39-cp39-win_amd64", "cp312-abi3-macosx_11_0_arm64", "py3-none-any"} < set(found)
    assert "cp315-abi3t-macosx_11_0_arm64" in found
    assert "cp314-abi3t-macosx_11_0_arm64" not in found
    assert found.index("cp314-cp314-manylinux_2_28_x86_64") < found.index("cp314-cp314-win_amd64")
    assert len(found) < 6000, "pex takes its time for each"


def test_markers_have_each_systems_values() -> None:
    python = PythonVersion(12)
    windows, macos = (of_target(target(tag), python).environment for tag in ("win_arm64", "macosx_11_0_arm64"))
    assert (windows["os_name"], windows["platform_machine"], windows["sys_platform"]) == ("nt", "ARM64", "win32")
    assert (macos["os_name"], macos["platform_machine"], macos["platform_system"]) == ("posix", "arm64", "Darwin")
    assert windows["python_full_version"] == "3.12.0"


def test_a_python_here_takes_its_own_wheels_oldest_floor_first() -> None:
    found = of_python_here("linux_x86_64", PythonVersion(13))
    positions = [tags(found).index(f"cp313-cp313-manylinux_2_{minor}_x86_64") for minor in (17, 28)]
    assert positions == sorted(positions)
    assert found.environment["python_full_version"] == "3.13.0"
    assert "cp39-cp39-manylinux_2_17_x86_64" not in tags(found)
    assert "cp313-cp313-macosx_11_0_arm64" in tags(of_python_here("macos_arm64", PythonVersion(13)))


def test_floors_are_those_that_installers_know_in_their_order() -> None:
    platforms = [tag.rpartition("-")[2] for tag in tags(of_target(target("musllinux_1_2_x86_64"), PythonVersion(12)))]
    assert list(dict.fromkeys(platforms))[:3] == [f"musllinux_1_{minor}_x86_64" for minor in (2, 1, 0)]
    oldest = {
        "x86_64": ["manylinux_2_6_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64", "any"],
        "aarch64": [
            "manylinux_2_18_aarch64",
            "manylinux_2_17_aarch64",
            "manylinux2014_aarch64",
            "linux_aarch64",
            "any",
        ],
    }
    for architecture, expected in oldest.items():
        found = tags(of_target(target(f"manylinux_2_28_{architecture}"), PythonVersion(12)))
        assert list(dict.fromkeys(tag.rpartition("-")[2] for tag in found))[-5:] == expected
