"""Platform tags, parsed."""

from __future__ import annotations

import pytest

from spokeshave_pants.errors import InvalidPlatformError
from spokeshave_pants.platform import Libc, Platform, host

WHERE = "the target src/python:wheel"


def test_a_tag_says_libc_floor_and_architecture() -> None:
    platform = Platform.parse("manylinux_2_28_x86_64", where=WHERE)
    assert platform == Platform(libc=Libc.GLIBC, floor=(2, 28), architecture="x86_64")


@pytest.mark.parametrize("tag", ["manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "manylinux_2_35_x86_64"])
def test_a_platform_is_named_by_its_tag(tag: str) -> None:
    platform = Platform.parse(tag, where=WHERE)
    assert (platform.tag, str(platform)) == (tag, tag)


def test_a_legacy_tag_is_the_platform_that_pep_600_says() -> None:
    assert Platform.parse("manylinux2014_x86_64", where=WHERE) == Platform.parse("manylinux_2_17_x86_64", where=WHERE)


def test_the_compiler_is_told_the_lowest_glibc() -> None:
    platform = Platform.parse("manylinux_2_17_x86_64", where=WHERE)
    assert (platform.zig_target, platform.multiarch) == ("x86_64-linux-gnu.2.17", "x86_64-linux-gnu")


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
        "manylinux_2_17_riscv64",
        "manylinux_2_17_x86_64 ",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "MANYLINUX_2_17_X86_64",
        "manylinux_2_017_x86_64",
        "manylinux_2_१७_x86_64",
        "macosx_11_0_arm64",
        "win_amd64",
    ],
)
def test_what_is_no_platform_tag_is_refused_with_the_place_and_the_forms_that_are(tag: str) -> None:
    with pytest.raises(InvalidPlatformError) as caught:
        Platform.parse(tag, where=WHERE)
    message = str(caught.value)
    assert f"{WHERE} lists the platform {tag!r}" in message
    assert "`manylinux_2_17_x86_64`" in message and "`host`" in message


@pytest.mark.parametrize("tag", ["manylinux1_x86_64", "manylinux2010_x86_64", "manylinux_2_16_x86_64"])
def test_a_floor_below_what_the_toolchain_has_is_refused_with_the_lowest_one(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match=r"oldest glibc for x86_64 is 2\.17. Use `manylinux_2_17_x86_64`"):
        Platform.parse(tag, where=WHERE)


def test_host_is_a_platform_whose_tag_parses_to_itself() -> None:
    assert Platform.parse("host", where=WHERE) == host() == Platform.parse(host().tag, where=WHERE)
