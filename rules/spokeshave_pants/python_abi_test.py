"""Tests of Python versions and the builds that serve them."""

from __future__ import annotations

import pytest

from spokeshave_pants.errors import InvalidPythonError
from spokeshave_pants.platform import Platform
from spokeshave_pants.python_abi import PythonAbi, PythonVersion, abis_for, parse_versions

WHERE = "the target src/python:wheel"
PLATFORM = Platform.parse("manylinux_2_17_x86_64", where="this test")


def version(text: str) -> PythonVersion:
    return PythonVersion.parse(text, where=WHERE)


def names(pythons: list[str], limited_api: str | None) -> list[str]:
    limited = None if limited_api is None else version(limited_api)
    return [abi.name for abi in abis_for([version(python) for python in pythons], limited)]


@pytest.mark.parametrize("text", ["3.8", "3.9", "3.12", "3.13t", "3.14", "3.100"])
def test_a_version_is_written_as_it_was_read(text: str) -> None:
    assert str(version(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "3.",
        "3.7",
        "2.7",
        "4.0",
        "3.12.1",
        "3.12 ",
        "312",
        "cp312",
        "3.012",
        "3.१२",
        "3.12T",
        "3.12tt",
        ">=3.9",
    ],
)
def test_an_invalid_version_is_refused_with_the_valid_form(text: str) -> None:
    with pytest.raises(InvalidPythonError) as caught:
        version(text)
    assert f"{WHERE} lists the Python {text!r}" in str(caught.value)
    assert "such as '3.12', or '3.13t'" in str(caught.value)


def test_a_free_threaded_build_before_there_was_one_is_refused() -> None:
    with pytest.raises(InvalidPythonError, match=r"free-threaded build only from 3\.13 on"):
        version("3.12t")


def test_versions_are_ordered_as_numbers_and_not_as_text() -> None:
    assert parse_versions(["3.13t", "3.9", "3.13", "3.10"], where=WHERE) == tuple(
        version(text) for text in ("3.9", "3.10", "3.13", "3.13t")
    )


def test_versions_are_listed_once() -> None:
    assert parse_versions(["3.12", "3.12"], where=WHERE) == (version("3.12"),)


def test_all_invalid_versions_are_reported_together() -> None:
    with pytest.raises(InvalidPythonError) as caught:
        parse_versions(["2.7", "3.12", "3.9t", "x"], where=WHERE)
    assert all(f"{text!r}" in str(caught.value) for text in ("2.7", "3.9t", "x"))


def test_without_a_limited_api_each_python_has_a_build() -> None:
    assert names(["3.12", "3.10", "3.13"], None) == ["cp310", "cp312", "cp313"]


def test_one_stable_build_serves_all_later_pythons() -> None:
    assert names(["3.10", "3.11", "3.12", "3.13"], "3.12") == ["cp310", "cp311", "cp312-abi3"]


def test_the_stable_build_is_named_by_the_limited_api() -> None:
    assert names(["3.13"], "3.12") == ["cp312-abi3"]


def test_a_too_new_limited_api_makes_no_stable_build() -> None:
    assert names(["3.10", "3.11"], "3.12") == ["cp310", "cp311"]


def test_a_free_threaded_python_has_no_stable_abi() -> None:
    assert names(["3.12", "3.13", "3.13t"], "3.12") == ["cp312-abi3", "cp313t"]


def test_each_listed_python_is_served_by_at_least_one_build() -> None:
    pythons = [version(text) for text in ("3.9", "3.10", "3.12", "3.13", "3.13t", "3.14", "3.14t")]
    for limited in (None, *pythons[:4]):
        abis = abis_for(pythons, limited)
        assert all(any(abi.serves(python) for abi in abis) for python in pythons)


@pytest.mark.parametrize(
    ("abi", "python", "serves"),
    [
        (PythonAbi(PythonVersion(10)), PythonVersion(10), True),
        (PythonAbi(PythonVersion(10)), PythonVersion(11), False),
        (PythonAbi(PythonVersion(13)), PythonVersion(13, True), False),
        (PythonAbi(PythonVersion(13, True)), PythonVersion(13), False),
        (PythonAbi(PythonVersion(12), stable=True), PythonVersion(11), False),
        (PythonAbi(PythonVersion(12), stable=True), PythonVersion(12), True),
        (PythonAbi(PythonVersion(12), stable=True), PythonVersion(14), True),
        (PythonAbi(PythonVersion(12), stable=True), PythonVersion(14, True), False),
    ],
)
def test_an_interpreter_loads_its_own_and_older_stable_builds(
    abi: PythonAbi, python: PythonVersion, serves: bool
) -> None:
    assert abi.serves(python) is serves


@pytest.mark.parametrize(
    ("abi", "tag", "suffix"),
    [
        (PythonAbi(PythonVersion(10)), "cp310-cp310", ".cpython-310-x86_64-linux-gnu.so"),
        (PythonAbi(PythonVersion(13, True)), "cp313-cp313t", ".cpython-313t-x86_64-linux-gnu.so"),
        (PythonAbi(PythonVersion(12), stable=True), "cp312-abi3", ".abi3.so"),
    ],
)
def test_builds_have_pep_425_tags_and_pep_3149_suffixes(abi: PythonAbi, tag: str, suffix: str) -> None:
    assert f"{abi.python_tag}-{abi.abi_tag}" == tag
    assert abi.extension_suffix(PLATFORM) == suffix


def test_the_limited_api_is_pythons_own_version_number() -> None:
    assert PythonAbi(PythonVersion(12), stable=True).limited_api == "0x030C0000"
    assert PythonAbi(PythonVersion(12)).limited_api is None


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
def test_extension_suffixes_match_the_systems_python(abi: str, tag: str, suffix: str) -> None:
    assert PythonAbi(version(abi)).extension_suffix(Platform.parse(tag, where=WHERE)) == suffix


@pytest.mark.parametrize(("tag", "suffix"), [("macosx_11_0_arm64", ".abi3.so"), ("win_amd64", ".pyd")])
def test_a_stable_extension_is_named_for_every_later_python(tag: str, suffix: str) -> None:
    assert PythonAbi(version("3.12"), stable=True).extension_suffix(Platform.parse(tag, where=WHERE)) == suffix
