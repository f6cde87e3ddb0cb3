from __future__ import annotations

from dataclasses import replace

import pytest
from pants.backend.cc.target_types import CCSourceField, CCSourceTarget
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST
from pants.engine.target import Target

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.compile.rules import CompilePlan
from spokeshave_pants.cc.settings import CompileSettings
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.development.subsystem import Step
from spokeshave_pants.wheel.goals.cc_shell import (
    ShellTargetRequest,
    check_extension,
    check_machine,
    check_platform,
    chosen_plan,
    chosen_target,
    step_of,
)
from spokeshave_pants.wheel.target_types import ExtensionModuleField, PythonExtensionTarget

EXTENSION = PythonExtensionTarget({ExtensionModuleField.alias: "p._native"}, Address("src", target_name="ext"))


def source(name: str) -> Target:
    address = Address("src", target_name="native", relative_file_path=name)
    return CCSourceTarget({CCSourceField.alias: name}, address)


def plans(*sources: str) -> list[CompilePlan]:
    settings = CompileSettings(cxx_standard="c++20", c_standard="c17")
    return [
        CompilePlan(source=path, target="//:t", digest=EMPTY_DIGEST, settings=settings, packages=(), needs_python=False)
        for path in sources
    ]


@pytest.mark.parametrize(
    ("step", "path", "is_linked", "expected"),
    [
        (None, None, True, Step.LINK),
        (None, None, False, Step.COMPILE),
        (None, "a.cc", True, Step.COMPILE),
        (Step.COMPILE, None, True, Step.COMPILE),
        (Step.LINK, None, True, Step.LINK),
    ],
)
def test_the_step_follows_from_target_and_source(
    step: Step | None, path: str | None, is_linked: bool, expected: Step
) -> None:
    assert step_of(step, path, is_linked=is_linked, where="//:t") is expected


@pytest.mark.parametrize(
    ("path", "is_linked", "message"), [("a.cc", True, "A link has no source"), (None, False, "//:t is not linked")]
)
def test_a_link_needs_a_linked_target_and_no_source(path: str | None, is_linked: bool, message: str) -> None:
    with pytest.raises(InvalidTargetError, match=message):
        step_of(Step.LINK, path, is_linked=is_linked, where="//:t")


def test_a_source_is_named_as_in_messages() -> None:
    several = plans("src/a.cc", "__packages/nanobind/src/nb.cpp")
    assert chosen_plan(several, "nanobind/src/nb.cpp", where="//:t") == several[1]
    assert chosen_plan(several, "./src/a.cc", where="//:t") == several[0]
    assert chosen_plan(several[:1], None, where="//:t") == several[0]


@pytest.mark.parametrize(("path", "reason"), [(None, "has several sources"), ("b.cc", "has no source 'b.cc'")])
def test_an_ambiguous_or_unknown_source_lists_all(path: str | None, reason: str) -> None:
    with pytest.raises(InvalidTargetError) as raised:
        chosen_plan(plans("c.cc", "a.cc"), path, where="//:t")
    assert str(raised.value).splitlines() == [
        f"//:t {reason}. Choose one with `--cc-shell-source`:",
        "  * a.cc",
        "  * c.cc",
    ]


@pytest.mark.parametrize("path", [None, "src/a.h"])
def test_a_target_of_headers_is_not_compiled(path: str | None) -> None:
    with pytest.raises(InvalidTargetError, match=r"^//:t has only headers, which are not compiled by themselves"):
        chosen_plan([], path, where="//:t")


def test_a_source_that_is_not_for_the_platform_is_an_error() -> None:
    plan = replace(plans("src/a.cc")[0], platforms=("win_*", "macosx_*"))
    check_platform(plan, Platform.parse("win_amd64"))
    with pytest.raises(InvalidTargetError) as raised:
        check_platform(plan, Platform.parse("manylinux_2_17_x86_64"))
    assert str(raised.value) == (
        "src/a.cc is not compiled for manylinux_2_17_x86_64, because the `platforms` of //:t are 'win_*', 'macosx_*'. "
        "With `--cc-shell-platform`, choose one that they match."
    )


def test_the_files_of_a_target_are_one_target() -> None:
    assert chosen_target([EXTENSION]) == ShellTargetRequest(EXTENSION.address, is_extension=True, paths=None)
    assert chosen_target([source("b.cc"), source("a.cc")]) == ShellTargetRequest(
        Address("src", target_name="native"), is_extension=False, paths=("src/a.cc", "src/b.cc")
    )


def test_no_target_and_several_targets_are_errors() -> None:
    with pytest.raises(InvalidTargetError, match="There is none"):
        chosen_target([])
    with pytest.raises(InvalidTargetError, match=r"These are 2:\n  \* src:ext\n  \* src:native"):
        chosen_target([EXTENSION, source("a.cc")])


def test_compilers_of_another_machine_are_an_error() -> None:
    check_machine("linux_x86_64", "linux_x86_64")
    with pytest.raises(InvalidTargetError, match="compilers run on linux_arm64"):
        check_machine("linux_arm64", "linux_x86_64")


def test_an_extension_for_other_platforms_is_an_error() -> None:
    request = ShellTargetRequest(Address("src", target_name="ext"), is_extension=True, paths=None, platforms=("win_*",))
    check_extension(request, Platform.parse("win_amd64"))
    with pytest.raises(InvalidTargetError, match=r"its `platforms` are 'win_\*'\. With `--cc-shell-platform`"):
        check_extension(request, Platform.parse("manylinux_2_17_x86_64"))
