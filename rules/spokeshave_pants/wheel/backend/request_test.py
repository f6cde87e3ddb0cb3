"""Tests of the request of the program that runs a build backend."""

from __future__ import annotations

import json

from spokeshave_core.platform import Platform
from spokeshave_pants.wheel.backend.request import BuildSettings, BuildVersion, request_text

LINUX = Platform.parse("manylinux_2_17_aarch64")
SETTINGS = BuildSettings(
    where="the target //a:wheel",
    requirements="a/build.txt",
    config_settings={"setup-args": ("-Da=1", "-Db=2"), "build-dir": ("build",)},
    env={"A": "1", "B": "1"},
    platform_env={"win_*": {"A": "2"}, "*linux_*": {"B": "2"}, "manylinux_*_aarch64": {"B": "3"}},
    target_platform_in_python=None,
)


def text(subdirectory: str = "", *, has_libraries: bool = False) -> str:
    return request_text(
        SETTINGS,
        LINUX,
        BuildVersion("stamped", "0+unstamped"),
        subdirectory=subdirectory,
        foreign="__foreign",
        prefixes=["__prefix/a", "__prefix/b"],
        has_overlay=False,
        has_libraries=has_libraries,
    )


def test_the_last_glob_that_matches_a_platform_wins() -> None:
    assert SETTINGS.env_for(LINUX) == {"A": "1", "B": "3"}
    assert SETTINGS.env_for(Platform.parse("win_amd64")) == {"A": "2", "B": "1"}
    assert SETTINGS.env_for(Platform.parse("macosx_11_0_arm64")) == {"A": "1", "B": "1"}


def test_a_wheel_is_asked_for_unless_it_is_an_sdist() -> None:
    assert json.loads(text())["artifact"] == "wheel"


def test_a_setting_with_one_value_is_a_text() -> None:
    assert json.loads(text())["config_settings"] == {"setup-args": ["-Da=1", "-Db=2"], "build-dir": "build"}


def test_the_project_may_be_in_a_folder_of_the_tree() -> None:
    assert json.loads(text())["source"] == "__project"
    assert json.loads(text("python/core"))["source"] == "__project/python/core"


def test_only_folders_that_exist_are_named() -> None:
    request = json.loads(text())
    assert (request["libraries"], request["overlays"]) == (None, [])
    assert request["prefixes"] == ["__prefix/a", "__prefix/b"]
    assert json.loads(text(has_libraries=True))["libraries"] == "__libraries"


def test_equal_requests_are_equal_texts() -> None:
    assert text() == text()
    assert json.loads(text())["version"] == {"mode": "stamped", "text": "0+unstamped"}
