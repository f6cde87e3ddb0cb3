from __future__ import annotations

import pytest

from spokeshave.platforms import Platform, PythonAbi, UnknownPlatformError


@pytest.mark.parametrize(
    ("tag", "tags", "linux_tag"),
    [
        ("manylinux_2_17_x86_64", ("manylinux2014_x86_64", "manylinux_2_17_x86_64"), "linux_x86_64"),
        ("manylinux2014_x86_64", ("manylinux2014_x86_64", "manylinux_2_17_x86_64"), "linux_x86_64"),
        ("manylinux_2_28_aarch64", ("manylinux_2_28_aarch64",), "linux_aarch64"),
        ("musllinux_1_2_x86_64", ("musllinux_1_2_x86_64",), "linux_x86_64"),
    ],
)
def test_a_platform_knows_its_tags(tag: str, tags: tuple[str, ...], linux_tag: str) -> None:
    platform = Platform.parse(tag)
    assert platform.tags == tags
    assert platform.linux_tag == linux_tag


@pytest.mark.parametrize(
    "tag", ["win_amd64", "manylinux_2_17", "manylinux_2_17_vax", "musllinux_1_9_x86_64", "", "any"]
)
def test_what_no_policy_covers_is_refused(tag: str) -> None:
    with pytest.raises(UnknownPlatformError, match="is no platform that wheels can be repaired to"):
        Platform.parse(tag)


def test_the_oldest_fitting_tag_is_found() -> None:
    platform = Platform.parse("manylinux_2_17_x86_64")
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
def test_what_is_no_python_abi_is_refused(text: str) -> None:
    with pytest.raises(UnknownPlatformError, match="is no Python ABI"):
        PythonAbi.parse(text)
