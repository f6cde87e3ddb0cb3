"""How the file names of extensions end."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.headers.extension_suffix import extension_suffix

PLATFORM = Platform.parse("manylinux_2_17_x86_64")


def version(text: str) -> PythonVersion:
    return PythonVersion.parse(text, where="this test")


@pytest.mark.parametrize(
    ("abi", "suffix"),
    [
        (PythonAbi(PythonVersion(10)), ".cpython-310-x86_64-linux-gnu.so"),
        (PythonAbi(PythonVersion(13, True)), ".cpython-313t-x86_64-linux-gnu.so"),
        (PythonAbi(PythonVersion(12), stable=True), ".abi3.so"),
        (PythonAbi(PythonVersion(15, True), stable=True), ".abi3t.so"),
    ],
)
def test_a_build_has_the_suffix_of_pep_3149(abi: PythonAbi, suffix: str) -> None:
    assert extension_suffix(abi, PLATFORM) == suffix


@pytest.mark.parametrize(
    ("abi", "tag", "suffix"),
    [
        ("3.12", "manylinux_2_17_aarch64", ".cpython-312-aarch64-linux-gnu.so"),
        ("3.13t", "manylinux_2_31_armv7l", ".cpython-313t-arm-linux-gnueabihf.so"),
        ("3.12", "manylinux_2_17_ppc64le", ".cpython-312-powerpc64le-linux-gnu.so"),
        ("3.10", "musllinux_1_2_x86_64", ".cpython-310-x86_64-linux-gnu.so"),
        ("3.11", "musllinux_1_2_x86_64", ".cpython-311-x86_64-linux-musl.so"),
        ("3.12", "macosx_11_0_universal2", ".cpython-312-darwin.so"),
        ("3.12", "win_amd64", ".cp312-win_amd64.pyd"),
        ("3.13t", "win_arm64", ".cp313t-win_arm64.pyd"),
    ],
)
def test_extension_names_are_those_that_python_searches_for(abi: str, tag: str, suffix: str) -> None:
    assert extension_suffix(PythonAbi(version(abi)), Platform.parse(tag)) == suffix


@pytest.mark.parametrize(("tag", "suffix"), [("macosx_11_0_arm64", ".abi3.so"), ("win_amd64", ".pyd")])
def test_a_stable_extension_is_named_for_every_later_python(tag: str, suffix: str) -> None:
    assert extension_suffix(PythonAbi(version("3.12"), stable=True), Platform.parse(tag)) == suffix
