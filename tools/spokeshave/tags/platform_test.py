from __future__ import annotations

import pytest

from spokeshave.tags.platform import LinuxPlatform, MacPlatform, Platform, PythonAbi, System, UnknownPlatformError


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
        "manylinux_2_17_vax",
        "musllinux_1_9_x86_64",
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
def test_what_no_policy_covers_is_refused(tag: str) -> None:
    with pytest.raises(UnknownPlatformError, match="is no platform that wheels can be repaired to"):
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
    assert MacPlatform.of(tag).minimum_version == version


def test_the_oldest_fitting_tag_is_found() -> None:
    platform = LinuxPlatform.of("manylinux_2_17_x86_64")
    assert platform.fitting_tag({"GLIBC_2.14"}) == "manylinux_2_17_x86_64"
    assert platform.fitting_tag({"GLIBC_2.14", "GLIBC_2.28"}) == "manylinux_2_28_x86_64"
    assert platform.fitting_tag({"GLIBC_9.9"}) is None


@pytest.mark.parametrize(
    ("text", "interpreter", "abi", "limited", "free_threaded", "version"),
    [
        ("cp310", "cp310", "cp310", False, False, (3, 10)),
        ("cp312-abi3", "cp312", "abi3", True, False, (3, 12)),
        ("cp313t", "cp313", "cp313t", False, True, (3, 13)),
        ("py3-none", "py3", "none", False, False, None),
    ],
)
def test_a_python_abi_is_parsed(
    text: str, interpreter: str, abi: str, limited: bool, free_threaded: bool, version: tuple[int, int] | None
) -> None:
    parsed = PythonAbi.parse(text)
    assert (parsed.interpreter, parsed.abi) == (interpreter, abi)
    assert (parsed.is_limited, parsed.is_free_threaded, parsed.python_version) == (limited, free_threaded, version)
    assert str(parsed) == text


@pytest.mark.parametrize("text", ["", "3.12", "cp312-", "CP312", "cp"])
def test_an_invalid_python_abi_is_refused(text: str) -> None:
    with pytest.raises(UnknownPlatformError, match="is no Python ABI"):
        PythonAbi.parse(text)


def test_a_floor_between_policies_allows_its_glibcs_symbols() -> None:
    platform = LinuxPlatform.of("manylinux_2_30_x86_64")
    assert platform.tags == ("manylinux_2_30_x86_64",)
    allowed = platform.policy.symbol_versions["GLIBC"]
    assert {"2.17", "2.28", "2.30"} <= allowed and not {"2.31", "2.32"} & allowed
    assert platform.fitting_tag({"GLIBC_2.29"}) == "manylinux_2_30_x86_64"
    assert platform.fitting_tag({"GLIBC_2.28"}) == "manylinux_2_28_x86_64"


@pytest.mark.parametrize("tag", ["manylinux_2_4_x86_64", "manylinux_2_99_x86_64"])
def test_a_floor_outside_of_all_policies_is_refused(tag: str) -> None:
    with pytest.raises(UnknownPlatformError, match="auditwheel's policies for x86_64 are"):
        LinuxPlatform.of(tag)
