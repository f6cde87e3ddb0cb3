"""Tests of parsed platform tags."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import InvalidPlatformError, ObjectFormat, Platform, System, UnknownTagError


def test_a_tag_says_libc_floor_and_architecture() -> None:
    platform = Platform.parse("manylinux_2_28_x86_64")
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
    platform = Platform.parse(tag)
    assert (platform.tag, str(platform)) == (tag, tag)


def test_a_legacy_tag_is_the_platform_that_pep_600_says() -> None:
    assert Platform.parse("manylinux2014_x86_64") == Platform.parse("manylinux_2_17_x86_64")


def test_a_universal_platform_is_built_once_per_processor() -> None:
    platform = Platform.parse("macosx_11_0_universal2")
    assert [part.tag for part in platform.slices] == ["macosx_11_0_x86_64", "macosx_11_0_arm64"]


def test_universal_floors_below_11_apply_to_x86_64_only() -> None:
    platform = Platform.parse("macosx_10_13_universal2")
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
    platform = Platform.parse(tag)
    assert (platform.object_format, platform.shared_library("core")) == (form, library)


def test_a_machine_runs_wheels_up_to_its_own_version() -> None:
    machine = Platform.parse("manylinux_2_28_x86_64")
    tags = ["manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64", "musllinux_1_2_x86_64"]
    runs = [machine.runs(Platform.parse(tag)) for tag in [*tags, "manylinux_2_17_aarch64"]]
    assert runs == [True, True, False, False, False]


def test_a_mac_runs_wheels_that_have_its_processor_too() -> None:
    machine = Platform.parse("macosx_14_0_arm64")
    tags = ["macosx_11_0_arm64", "macosx_10_13_universal2", "macosx_15_0_universal2", "macosx_11_0_x86_64"]
    assert [machine.runs(Platform.parse(tag)) for tag in tags] == [True, True, False, False]
    assert not Platform.parse("macosx_14_0_universal2").runs(machine)


@pytest.mark.parametrize(
    ("tag", "tags", "unrepaired_tag"),
    [
        ("manylinux_2_17_x86_64", ("manylinux2014_x86_64", "manylinux_2_17_x86_64"), "linux_x86_64"),
        ("manylinux2014_x86_64", ("manylinux2014_x86_64", "manylinux_2_17_x86_64"), "linux_x86_64"),
        ("manylinux_2_28_aarch64", ("manylinux_2_28_aarch64",), "linux_aarch64"),
        ("manylinux_2_31_armv7l", ("manylinux_2_31_armv7l",), "linux_armv7l"),
        ("manylinux_2_31_riscv64", ("manylinux_2_31_riscv64",), "linux_riscv64"),
        ("manylinux_2_17_s390x", ("manylinux2014_s390x", "manylinux_2_17_s390x"), "linux_s390x"),
        ("manylinux_2_17_ppc64le", ("manylinux2014_ppc64le", "manylinux_2_17_ppc64le"), "linux_ppc64le"),
        ("musllinux_1_2_x86_64", ("musllinux_1_2_x86_64",), "linux_x86_64"),
        ("macosx_11_0_arm64", ("macosx_11_0_arm64",), "macosx_11_0_arm64"),
        ("win_amd64", ("win_amd64",), "win_amd64"),
    ],
)
def test_a_platform_knows_its_tags(tag: str, tags: tuple[str, ...], unrepaired_tag: str) -> None:
    platform = Platform.parse(tag)
    assert platform.tags == tags
    assert platform.unrepaired_tag == unrepaired_tag


@pytest.mark.parametrize(
    "tag",
    [
        "manylinux_2_17",
        "win_ia64",
        "win32",
        "macosx_11_0",
        "macosx_11_0_ppc",
        "macosx_11_2_arm64",
        "macosx_10_9_arm64",
        "macosx_10_16_x86_64",
        "macosx_20_0_x86_64",
        "macosx_9_0_x86_64",
        "",
        "any",
    ],
)
def test_what_is_not_a_platform_is_refused_with_a_remedy(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match=r"Use (a tag such as )?`\w+`"):
        Platform.parse(tag)


@pytest.mark.parametrize(
    ("tag", "system", "architectures"),
    [
        ("manylinux_2_17_x86_64", System.GLIBC, ("x86_64",)),
        ("musllinux_1_2_aarch64", System.MUSL, ("aarch64",)),
        ("macosx_11_0_arm64", System.MACOS, ("arm64",)),
        ("macosx_11_0_universal2", System.MACOS, ("x86_64", "arm64")),
        ("win_arm64", System.WINDOWS, ("arm64",)),
    ],
)
def test_a_platform_knows_its_system_and_architectures(
    tag: str, system: System, architectures: tuple[str, ...]
) -> None:
    platform = Platform.parse(tag)
    assert (platform.system, platform.architectures) == (system, architectures)


@pytest.mark.parametrize(
    ("tag", "version"),
    [("macosx_10_9_x86_64", (10, 9)), ("macosx_11_0_arm64", (11, 0)), ("macosx_26_0_universal2", (26, 0))],
)
def test_a_macos_platform_knows_its_oldest_macos(tag: str, version: tuple[int, int]) -> None:
    assert Platform.parse(tag).floor == version


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("win32", "32-bit Windows"),
        ("any", "without native code"),
        ("win_ia64", r"`win_ARCH` with amd64, arm64"),
        ("macosx_11_0_ppc", "with arm64, universal2, x86_64"),
        ("linux_x86_64", "is not a manylinux, musllinux, macosx or win tag"),
    ],
)
def test_a_tag_of_another_form_is_refused_with_its_form(tag: str, reason: str) -> None:
    with pytest.raises(UnknownTagError, match=reason):
        Platform.parse(tag)
