from __future__ import annotations

import pytest

from spokeshave.policies.linux import LinuxPolicy, parse_platform
from spokeshave_core.platform import InvalidPlatformError, Platform


def policy_of(tag: str) -> LinuxPolicy:
    return LinuxPolicy.of(Platform.parse(tag))


def test_the_oldest_fitting_tag_is_found() -> None:
    policy = policy_of("manylinux_2_17_x86_64")
    assert policy.fitting_tag({"GLIBC_2.14"}) == "manylinux_2_17_x86_64"
    assert policy.fitting_tag({"GLIBC_2.14", "GLIBC_2.28"}) == "manylinux_2_28_x86_64"
    assert policy.fitting_tag({"GLIBC_9.9"}) is None


def test_a_floor_between_policies_allows_its_glibcs_symbols() -> None:
    policy = policy_of("manylinux_2_30_x86_64")
    assert policy.platform.tags == ("manylinux_2_30_x86_64",)
    allowed = policy.allowed_versions["GLIBC"]
    assert {"2.17", "2.28", "2.30"} <= allowed
    assert not {"2.31", "2.32"} & allowed
    assert policy.fitting_tag({"GLIBC_2.29"}) == "manylinux_2_30_x86_64"
    assert policy.fitting_tag({"GLIBC_2.28"}) == "manylinux_2_28_x86_64"


@pytest.mark.parametrize("tag", ["manylinux_2_4_x86_64", "manylinux_2_99_x86_64"])
def test_a_floor_outside_of_all_policies_is_refused(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match="auditwheel's policies for x86_64 are"):
        policy_of(tag)


@pytest.mark.parametrize("tag", ["manylinux_2_17_vax", "musllinux_1_9_x86_64", "manylinux_2_99_x86_64"])
def test_what_no_policy_covers_is_refused(tag: str) -> None:
    with pytest.raises(InvalidPlatformError, match="is not a platform that wheels can be repaired to"):
        parse_platform(tag)


@pytest.mark.parametrize("tag", ["manylinux_2_5_i686", "musllinux_1_1_x86_64", "macosx_10_9_x86_64", "win_arm64"])
def test_platforms_without_a_toolchain_are_verified(tag: str) -> None:
    assert parse_platform(tag).tag == tag


@pytest.mark.parametrize(
    "tag", ["manylinux1_x86_64", "manylinux2010_i686", "manylinux2014_s390x", "musllinux_1_2_armv7l"]
)
def test_a_platform_has_the_aliases_that_auditwheel_has(tag: str) -> None:
    policy = policy_of(tag).policy
    assert Platform.parse(tag).tags == tuple(sorted((policy.name, *policy.aliases)))
