"""The platforms that the toolchain builds for."""

from __future__ import annotations

import re

import pytest

from spokeshave_core.platform import InvalidPlatformError, Platform
from spokeshave_pants.toolchain.platforms import (
    check_platform_globs,
    host_platform,
    oldest_platform,
    parse_platform,
    zig_target,
)

WHERE = "the target src/python:wheel"


@pytest.mark.parametrize(
    "tag",
    [
        "manylinux_2_17_x86_64",
        "manylinux_2_28_x86_64",
        "manylinux_2_17_aarch64",
        "manylinux_2_17_ppc64le",
        "manylinux_2_17_s390x",
        "manylinux_2_31_riscv64",
        "manylinux_2_31_armv7l",
        "musllinux_1_2_x86_64",
        "musllinux_1_2_aarch64",
        "macosx_11_0_x86_64",
        "macosx_11_0_arm64",
        "macosx_11_0_universal2",
        "win_amd64",
        "win_arm64",
    ],
)
def test_a_platform_is_named_by_its_tag(tag: str) -> None:
    platform = parse_platform(tag, where=WHERE)
    assert (platform.tag, str(platform)) == (tag, tag)


@pytest.mark.parametrize(
    ("tag", "target"),
    [
        ("manylinux_2_17_x86_64", "x86_64-linux-gnu.2.17"),
        ("manylinux_2_17_ppc64le", "powerpc64le-linux-gnu.2.19"),
        ("manylinux_2_31_armv7l", "arm-linux-gnueabihf.2.31"),
        ("musllinux_1_2_aarch64", "aarch64-linux-musl"),
        ("macosx_11_0_arm64", "aarch64-macos.11.0"),
        ("win_amd64", "x86_64-windows-gnu"),
        ("win_arm64", "aarch64-windows-gnu"),
    ],
)
def test_the_compiler_target_has_the_lowest_version(tag: str, target: str) -> None:
    assert zig_target(Platform.parse(tag)) == target


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "linux_x86_64",
        "any",
        "manylinux",
        "manylinux2014",
        "manylinux_2_x86_64",
        "manylinux_2_17_",
        "manylinux_2_17_mips64",
        "manylinux_2_17_x86_64 ",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "MANYLINUX_2_17_X86_64",
        "manylinux_2_017_x86_64",
        "manylinux_2_१७_x86_64",
        "macosx_11_arm64",
        "macosx_11_0_aarch64",
        "musllinux_2_17",
        "win32",
        "win_x86_64",
        "win_10_0_amd64",
    ],
)
def test_an_invalid_tag_is_refused_with_valid_forms(tag: str) -> None:
    with pytest.raises(InvalidPlatformError) as caught:
        parse_platform(tag, where=WHERE)
    message = str(caught.value)
    assert f"{WHERE} lists the platform {tag!r}" in message
    assert "`manylinux_2_17_x86_64`" in message
    assert "`host`" in message


@pytest.mark.parametrize("tag", ["manylinux1_x86_64", "manylinux2010_x86_64", "manylinux_2_16_x86_64"])
def test_a_too_low_floor_is_refused_with_the_lowest_one(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match=r"oldest glibc for x86_64 is 2\.17. Use `manylinux_2_17_x86_64`"):
        parse_platform(tag, where=WHERE)


@pytest.mark.parametrize("tag", ["musllinux_1_1_x86_64", "musllinux_1_3_x86_64", "macosx_10_9_arm64"])
def test_an_unsupported_floor_is_refused_with_the_right_one(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match=r"Use `(musllinux_1_2_x86_64|macosx_11_0_arm64)`"):
        parse_platform(tag, where=WHERE)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("manylinux_2_40_x86_64", "Use `manylinux_2_39_x86_64` or an older one"),
        ("macosx_11_3_arm64", "not used by any installer.* Use `macosx_11_0_arm64`"),
        ("macosx_17_0_arm64", "macOS 17.0 does not exist"),
        ("macosx_10_16_x86_64", "macOS 10.16 does not exist"),
    ],
)
def test_a_floor_that_no_system_has_is_refused(tag: str, expected: str) -> None:
    with pytest.raises(InvalidPlatformError, match=expected):
        parse_platform(tag, where=WHERE)


def test_host_is_a_platform_whose_tag_parses_to_itself() -> None:
    assert parse_platform("host", where=WHERE) == host_platform() == parse_platform(host_platform().tag, where=WHERE)


def test_a_glob_that_fits_no_tag_is_refused_with_how_tags_begin() -> None:
    check_platform_globs(["win_*", "*", "manylinux_2_28_*"], where=WHERE)
    with pytest.raises(InvalidPlatformError, match=r"names 'osx_\*', which matches no.*begin with manylinux"):
        check_platform_globs(["osx_*", "musllinux_*"], where=WHERE)
    for glob in ("host", "windows", "manylinux2014_*", "win_amd46", "macosx_*_aarch64", "*-linux"):
        with pytest.raises(InvalidPlatformError, match=f"names {re.escape(repr(glob))}, which matches no"):
            check_platform_globs(["*", glob], where=WHERE)


def test_a_legacy_tag_is_the_platform_that_pep_600_says() -> None:
    assert parse_platform("manylinux2014_x86_64", where=WHERE) == parse_platform("manylinux_2_17_x86_64", where=WHERE)


@pytest.mark.parametrize(
    ("machine", "oldest"),
    [
        ("manylinux_2_36_x86_64", "manylinux_2_17_x86_64"),
        ("manylinux_2_36_riscv64", "manylinux_2_31_riscv64"),
        ("win_amd64", "win_amd64"),
    ],
)
def test_the_oldest_platform_of_a_machine(machine: str, oldest: str) -> None:
    assert oldest_platform(Platform.parse(machine)) == Platform.parse(oldest)
