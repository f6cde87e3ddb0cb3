from __future__ import annotations

import os
import platform as machine

import pytest

from spokeshave_core.platform import InvalidPlatformError, Platform
from spokeshave_pants.toolchain.platforms import host_platform
from spokeshave_pants.wheel.development.choice import choose_abi, choose_platform, variant_notes
from spokeshave_pants.wheel.plan.matrix import WheelMatrix, plan_matrix

WHERE = "the option"


def matrix(*pythons: str, limited_api: str | None = None, platforms: tuple[str, ...] = ("win_amd64",)) -> WheelMatrix:
    limited = tuple(limited_api.split()) if limited_api else None
    return plan_matrix(platforms, pythons, [limited], where="the target //:wheel")


def test_host_is_the_platform_of_a_wheel_that_runs_here() -> None:
    here = host_platform()
    oldest = f"manylinux_2_17_{here.architecture}"
    wheels = [matrix("3.12", platforms=("win_amd64", oldest))]
    assert choose_platform("host", wheels, where=WHERE) == Platform.parse(oldest)
    assert choose_platform("host", [matrix("3.12")], where=WHERE) == here
    assert choose_platform("macosx_11_0_universal2", [], where=WHERE) != Platform.parse("macosx_11_0_universal2")


def no_glibc(name: str) -> str:
    raise ValueError(name)


@pytest.mark.parametrize(
    ("system", "architecture", "expected"),
    [
        ("Darwin", "arm64", "macosx_11_0_arm64"),
        ("Darwin", "x86_64", "macosx_10_13_x86_64"),
        ("Linux", "aarch64", "musllinux_1_2_aarch64"),
        ("Linux", "unknown", "win_amd64"),
    ],
)
def test_another_machine_gets_the_platform_of_a_wheel(
    monkeypatch: pytest.MonkeyPatch, system: str, architecture: str, expected: str
) -> None:
    monkeypatch.setattr(os, "confstr", no_glibc)
    monkeypatch.setattr(machine, "system", lambda: system)
    monkeypatch.setattr(machine, "machine", lambda: architecture)
    wheel = matrix("3.12", platforms=("win_amd64", "musllinux_1_2_aarch64", "macosx_10_13_universal2"))
    assert str(choose_platform("host", [wheel], where=WHERE)) == expected
    assert str(choose_platform("win_arm64", [wheel], where=WHERE)) == "win_arm64"
    with pytest.raises(InvalidPlatformError, match=f"but {system} on {architecture} is not one"):
        choose_platform("host", [], where=WHERE)


@pytest.mark.parametrize(
    ("python", "pythons", "limited_api", "expected"),
    [
        (None, ["3.12", "3.13", "3.13t"], None, "cp313"),
        (None, ["3.13t"], None, "cp313t"),
        (None, ["3.10", "3.12", "3.13"], "3.12", "cp312-abi3"),
        ("3.10", ["3.10", "3.12"], "3.12", "cp310"),
        ("3.14", ["3.12"], "3.12", "cp312-abi3"),
        (None, ["3.11", "3.14", "3.15", "3.15t"], "3.11 3.15t", "cp315-abi3.abi3t"),
        ("3.14", ["3.11", "3.14", "3.15", "3.15t"], "3.11 3.15t", "cp311-abi3"),
        ("3.11", ["3.12"], None, "cp311"),
        (None, [], None, "cp39"),
    ],
)
def test_the_newest_python_of_the_wheels_is_chosen(
    python: str | None, pythons: list[str], limited_api: str | None, expected: str
) -> None:
    wheels = [matrix(*pythons, limited_api=limited_api)] if pythons else []
    assert choose_abi(python, wheels, "3.9", where=WHERE).name == expected


def test_a_wheel_that_lists_the_python_goes_first() -> None:
    stable = matrix("3.12", "3.13", limited_api="3.12")
    newest = matrix("3.11", "3.14")
    assert choose_abi(None, [stable, newest], "3.9", where=WHERE).name == "cp314"
    assert choose_abi("3.13", [newest, stable], "3.9", where=WHERE).name == "cp312-abi3"
    assert choose_abi("3.15", [newest, stable], "3.9", where=WHERE).name == "cp312-abi3"


def test_a_build_that_is_independent_of_python_is_not_chosen() -> None:
    independent = plan_matrix(["win_amd64"], ["3.12"], [], where="the target //:tool", independent=True)
    assert choose_abi(None, [independent], "3.9", where=WHERE).name == "cp312"


def test_a_note_says_which_of_several_variants_is_used() -> None:
    assert variant_notes([("a.cc", (None,)), ("b.cc", ("//:fast",)), ("c.cc", ())]) == ()
    assert variant_notes(
        [("a.cc", (None, "//:fast")), ("b.cc", ("//:fast", "//:small")), ("c.cc", (None, "//:fast"))]
    ) == (
        "a.cc and 1 more: this is the build without a variant. Other wheels contain the build of the variant //:fast.",
        "b.cc: this is the build of the variant //:fast. Other wheels contain the build of the variant //:small.",
    )
