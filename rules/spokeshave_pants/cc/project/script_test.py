"""Tests of the settings and messages of the script that builds a project."""

from __future__ import annotations

from spokeshave_core.platform import Platform, System
from spokeshave_pants.action import ForeignCalls
from spokeshave_pants.cc.project.script import (
    SCRIPTS,
    MakeSettings,
    ProjectSettings,
    compiles_cxx,
    host_platform_of,
    probes_message,
    project_calls,
    refused_programs,
    tail,
    variables_for,
)
from spokeshave_pants.resources.files import carried_source

LINUX = Platform.parse("manylinux_2_17_x86_64")
WINDOWS = Platform.parse("win_amd64")


def settings(**fields: object) -> str:
    return ProjectSettings(subdirectory="", ninja="n", path=("a", "b"), **fields).text()  # type: ignore[arg-type]


def test_values_are_quoted_for_cmake() -> None:
    text = settings(defines={"LIST": "a;b", "TEXT": 'say "$HOME" \\', "TOOLS": "{host_tools}/x"})
    assert '"-DLIST:STRING=a;b"' in text
    assert r'"-DTEXT:STRING=say \"\$HOME\" \\"' in text
    assert '"-DTOOLS:STRING=$ENV{SPOKESHAVE_HOST_TOOLS}/x"' in text


def test_the_kind_of_build_is_a_setting() -> None:
    assert 'set(PROJECT_KIND "cmake")' in settings()
    text = settings(make=MakeSettings("./configure", ("--static",)))
    assert 'set(PROJECT_KIND "make")' in text
    assert 'set(PROJECT_CONFIGURE_ARGS "--static")' in text
    assert 'set(PROJECT_PATH "a" "b")' in text


def test_the_last_matching_platform_wins() -> None:
    by_platform = {"win_*": {"MMAP": "OFF"}, "*_amd64": {"MMAP": "NO"}}
    assert variables_for({"MMAP": "ON"}, by_platform, LINUX) == {"MMAP": "ON"}
    assert variables_for({"MMAP": "ON"}, by_platform, WINDOWS) == {"MMAP": "NO"}


def test_the_message_about_probes_has_the_line_to_add() -> None:
    message = probes_message("//:p", LINUX, ("A_EXITCODE", "B"))
    assert 'probes={"A_EXITCODE": "1", "B": "1"}' in message


def test_the_end_of_an_output_begins_with_its_first_error() -> None:
    lines = [f"line {number}" for number in range(200)]
    assert tail("\n".join(lines), 10) == "\n".join(lines[-10:])
    lines[50] = "a.c:1:1: error: no"
    assert tail("\n".join(lines), 3).splitlines() == ["line 48", "line 49", lines[50]]


def test_refused_programs_are_read_from_the_output() -> None:
    output = "x\nspokeshave: refused emulate /sandbox/__build/gen --out x.h\nspokeshave: refused emulate a/gen\n"
    assert refused_programs(output) == ("gen",)


def test_tools_run_on_the_machine_of_the_compilers() -> None:
    assert host_platform_of("linux_arm64") == Platform(System.GLIBC, "aarch64", (2, 17))
    assert host_platform_of("macos_arm64") == Platform(System.MACOS, "arm64", (11, 0))


def test_calls_are_counted() -> None:
    counted = ["compiles 3", "links 1", "probes 0", "cxx 2"]
    assert project_calls(counted) == ForeignCalls(compiles=3, links=1, probes=0)
    assert [compiles_cxx(counted), compiles_cxx(["cxx 0"])] == [True, False]


def test_every_script_is_carried() -> None:
    assert all(carried_source(name) for name in SCRIPTS)
