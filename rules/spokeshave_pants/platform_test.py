"""Tests of parsed platform tags."""

from __future__ import annotations

import pytest

from spokeshave_pants.errors import InvalidPlatformError
from spokeshave_pants.platform import ObjectFormat, Platform, System, check_platform_globs, host

WHERE = "the target src/python:wheel"


def test_a_tag_says_libc_floor_and_architecture() -> None:
    platform = Platform.parse("manylinux_2_28_x86_64", where=WHERE)
    assert platform == Platform(System.GLIBC, "x86_64", (2, 28))


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
    platform = Platform.parse(tag, where=WHERE)
    assert (platform.tag, str(platform)) == (tag, tag)


def test_a_legacy_tag_is_the_platform_that_pep_600_says() -> None:
    assert Platform.parse("manylinux2014_x86_64", where=WHERE) == Platform.parse("manylinux_2_17_x86_64", where=WHERE)


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
    assert Platform.parse(tag, where=WHERE).zig_target == target


def test_a_universal_platform_is_built_once_per_processor() -> None:
    platform = Platform.parse("macosx_11_0_universal2", where=WHERE)
    assert [part.tag for part in platform.slices] == ["macosx_11_0_x86_64", "macosx_11_0_arm64"]


def test_universal_floors_below_11_apply_to_x86_64_only() -> None:
    platform = Platform.parse("macosx_10_13_universal2", where=WHERE)
    assert [part.tag for part in platform.slices] == ["macosx_10_13_x86_64", "macosx_11_0_arm64"]


@pytest.mark.parametrize(
    ("tag", "form", "library"),
    [
        ("manylinux_2_17_s390x", ObjectFormat.ELF, "libcore.so"),
        ("macosx_11_0_universal2", ObjectFormat.MACHO, "libcore.dylib"),
        ("win_arm64", ObjectFormat.PE, "core.dll"),
    ],
)
def test_a_shared_library_is_named_as_its_system_looks_for_it(tag: str, form: ObjectFormat, library: str) -> None:
    platform = Platform.parse(tag, where=WHERE)
    assert (platform.object_format, platform.shared_library("core")) == (form, library)


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
        Platform.parse(tag, where=WHERE)
    message = str(caught.value)
    assert f"{WHERE} lists the platform {tag!r}" in message
    assert "`manylinux_2_17_x86_64`" in message and "`host`" in message


@pytest.mark.parametrize("tag", ["manylinux1_x86_64", "manylinux2010_x86_64", "manylinux_2_16_x86_64"])
def test_a_too_low_floor_is_refused_with_the_lowest_one(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match=r"oldest glibc for x86_64 is 2\.17. Use `manylinux_2_17_x86_64`"):
        Platform.parse(tag, where=WHERE)


@pytest.mark.parametrize("tag", ["musllinux_1_1_x86_64", "musllinux_1_3_x86_64", "macosx_10_9_arm64"])
def test_an_unsupported_floor_is_refused_with_the_right_one(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match=r"Use `(musllinux_1_2_x86_64|macosx_11_0_arm64)`"):
        Platform.parse(tag, where=WHERE)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("manylinux_2_40_x86_64", "Use `manylinux_2_39_x86_64` or an older one"),
        ("macosx_11_3_arm64", "no installer looks for.* Use `macosx_11_0_arm64`"),
        ("macosx_17_0_arm64", "never a macOS 17.0"),
        ("macosx_10_16_x86_64", "never a macOS 10.16"),
    ],
)
def test_a_floor_that_no_system_has_is_refused(tag: str, expected: str) -> None:
    with pytest.raises(InvalidPlatformError, match=expected):
        Platform.parse(tag, where=WHERE)


def test_host_is_a_platform_whose_tag_parses_to_itself() -> None:
    assert Platform.parse("host", where=WHERE) == host() == Platform.parse(host().tag, where=WHERE)


def test_a_machine_runs_wheels_up_to_its_own_version() -> None:
    machine = Platform.parse("manylinux_2_28_x86_64", where=WHERE)
    tags = ["manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64", "musllinux_1_2_x86_64"]
    runs = [machine.runs(Platform.parse(tag, where=WHERE)) for tag in [*tags, "manylinux_2_17_aarch64"]]
    assert runs == [True, True, False, False, False]


def test_a_glob_that_fits_no_tag_is_refused_with_how_tags_begin() -> None:
    check_platform_globs(["win_*", "*", "manylinux_2_28_*"], where=WHERE)
    with pytest.raises(InvalidPlatformError, match=r"names 'osx_\*', which fits no.*begin with manylinux"):
        check_platform_globs(["osx_*", "musllinux_*"], where=WHERE)
    with pytest.raises(InvalidPlatformError, match=r"names 'host', which fits no"):
        check_platform_globs(["host"], where=WHERE)
