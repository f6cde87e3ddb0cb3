"""Tests of Python versions and the builds that serve them."""

from __future__ import annotations

import pytest

from spokeshave_core.python_abi import InvalidPythonError, PythonAbi, PythonVersion, parse_versions

WHERE = "the target src/python:wheel"
ABI3T = PythonAbi(PythonVersion(15, free_threaded=True), stable=True)
ABI3T_ONLY = PythonAbi(PythonVersion(15, free_threaded=True), stable=True, abi3t_only=True)


def version(text: str) -> PythonVersion:
    return PythonVersion.parse(text, where=WHERE)


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
def test_invalid_versions_are_refused_with_the_valid_form(text: str) -> None:
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


def test_invalid_versions_are_reported_together() -> None:
    with pytest.raises(InvalidPythonError) as caught:
        parse_versions(["2.7", "3.12", "3.9t", "x"], where=WHERE)
    assert all(f"{text!r}" in str(caught.value) for text in ("2.7", "3.9t", "x"))


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
        (PythonAbi(PythonVersion(15), stable=True), PythonVersion(15, True), False),
        (ABI3T, PythonVersion(14), False),
        (ABI3T, PythonVersion(14, True), False),
        (ABI3T, PythonVersion(15), True),
        (ABI3T, PythonVersion(15, True), True),
        (ABI3T, PythonVersion(16), True),
        (ABI3T, PythonVersion(16, True), True),
        (ABI3T_ONLY, PythonVersion(16), False),
        (ABI3T_ONLY, PythonVersion(16, True), True),
    ],
)
def test_interpreters_load_their_own_and_older_stable_builds(
    abi: PythonAbi, python: PythonVersion, serves: bool
) -> None:
    assert abi.serves(python) is serves


@pytest.mark.parametrize(
    ("abi", "tag"),
    [
        (PythonAbi(PythonVersion(10)), "cp310-cp310"),
        (PythonAbi(PythonVersion(13, True)), "cp313-cp313t"),
        (PythonAbi(PythonVersion(12), stable=True), "cp312-abi3"),
        (PythonAbi(PythonVersion(9), independent=True), "py3-none"),
        (ABI3T, "cp315-abi3.abi3t"),
        (ABI3T_ONLY, "cp315-abi3t"),
    ],
)
def test_a_build_has_the_tags_of_pep_425(abi: PythonAbi, tag: str) -> None:
    assert f"{abi.python_tag}-{abi.abi_tag}" == tag
    assert str(abi.wheel_tag("win_amd64")) == f"{tag}-win_amd64"
    assert str(PythonAbi.of_tags(abi.python_tag, abi.abi_tag)) == str(abi)


def test_the_tags_of_an_abi_may_be_in_any_order() -> None:
    assert PythonAbi.of_tags("cp315", "abi3t.abi3") == ABI3T


def test_the_limited_api_is_pythons_own_version_number() -> None:
    assert PythonAbi(PythonVersion(12), stable=True).limited_api == {"Py_LIMITED_API": "0x030C0000"}
    assert PythonAbi(PythonVersion(12)).limited_api == {}


def test_abi3t_is_requested_beside_abi3() -> None:
    assert ABI3T.limited_api == {"Py_LIMITED_API": "0x030F0000", "Py_TARGET_ABI3T": "0x030F0000"}
    assert PythonAbi(PythonVersion(15, free_threaded=True)).limited_api == {}


@pytest.mark.parametrize(
    ("text", "interpreter", "abi", "limited", "free_threaded", "version"),
    [
        ("cp310", "cp310", "cp310", False, False, (3, 10)),
        ("cp312-abi3", "cp312", "abi3", True, False, (3, 12)),
        ("cp313t", "cp313", "cp313t", False, True, (3, 13)),
        ("py3-none", "py3", "none", False, False, None),
        ("cp315t", "cp315", "cp315t", False, True, (3, 15)),
        ("cp315-abi3", "cp315", "abi3", True, False, (3, 15)),
        ("cp315-abi3.abi3t", "cp315", "abi3.abi3t", True, True, (3, 15)),
        ("cp316-abi3t", "cp316", "abi3t", True, True, (3, 16)),
    ],
)
def test_a_python_abi_is_parsed(
    text: str, interpreter: str, abi: str, limited: bool, free_threaded: bool, version: tuple[int, int] | None
) -> None:
    parsed = PythonAbi.parse(text)
    assert (parsed.python_tag, parsed.abi_tag) == (interpreter, abi)
    assert (parsed.stable, parsed.version.free_threaded, parsed.python_version) == (limited, free_threaded, version)
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text",
    ["", "3.12", "cp312-", "CP312", "cp", "cp312t-abi3", "pp310", "cp310-cp311", "py3", "cp3१२", "cp315-abi3t.abi4"],
)
def test_an_invalid_python_abi_is_refused(text: str) -> None:
    with pytest.raises(InvalidPythonError, match="is not a Python ABI"):
        PythonAbi.parse(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cp315t-abi3t", "cp315-abi3t"),
        ("cp315t-abi3t.abi3", "cp315-abi3.abi3t"),
        ("cp313t-cp313t", "cp313t"),
    ],
)
def test_a_python_tag_with_t_is_refused_with_the_right_one(text: str, meant: str) -> None:
    with pytest.raises(InvalidPythonError) as caught:
        PythonAbi.parse(text)
    assert f"The Python tag has no t: {meant}." in str(caught.value)


@pytest.mark.parametrize("text", ["cp314-abi3.abi3t", "cp314-abi3t", "cp314t-abi3t", "cp38-abi3t"])
def test_abi3t_before_there_was_one_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(InvalidPythonError, match=r"abi3t is that of CPython 3\.15 and later \(PEP 803\)"):
        PythonAbi.parse(text)
