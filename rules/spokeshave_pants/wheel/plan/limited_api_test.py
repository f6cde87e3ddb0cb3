"""Tests of the builds that follow from the `limited_api` of extensions."""

from __future__ import annotations

import pytest

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.plan.limited_api import LimitedApi

WHERE = "the target src/python:wheel"


def version(text: str) -> PythonVersion:
    return PythonVersion.parse(text, where=WHERE)


def names(pythons: list[str], *limited_api: str) -> list[str]:
    limited = LimitedApi.parse(limited_api, where=WHERE)
    return [abi.name for abi in limited.abis_for(version(python) for python in pythons)]


def test_without_a_limited_api_each_python_has_a_build() -> None:
    assert names(["3.12", "3.10", "3.13"]) == ["cp310", "cp312", "cp313"]


def test_one_stable_build_serves_pythons_from_the_limited_api() -> None:
    assert names(["3.10", "3.11", "3.12", "3.13"], "3.12") == ["cp310", "cp311", "cp312-abi3"]


def test_the_limited_api_names_the_stable_build() -> None:
    assert names(["3.13"], "3.12") == ["cp312-abi3"]


def test_a_limited_api_above_all_pythons_has_no_stable_build() -> None:
    assert names(["3.10", "3.11"], "3.12") == ["cp310", "cp311"]


def test_a_free_threaded_python_has_no_abi3() -> None:
    assert names(["3.12", "3.13", "3.13t"], "3.12") == ["cp312-abi3", "cp313t"]


def test_an_abi3t_build_serves_all_later_pythons() -> None:
    assert names(["3.15", "3.15t", "3.16", "3.16t"], "3.15t") == ["cp315-abi3.abi3t"]


def test_earlier_pythons_get_abi3_or_a_build_of_their_own() -> None:
    assert names(["3.14", "3.14t", "3.15t"], "3.12", "3.15t") == ["cp312-abi3", "cp314t", "cp315-abi3.abi3t"]


def test_without_a_python_3_15_there_is_no_abi3t_build() -> None:
    assert names(["3.13", "3.14", "3.14t"], "3.12", "3.15t") == ["cp312-abi3", "cp314t"]
    assert names(["3.14", "3.14t"], "3.15t") == ["cp314", "cp314t"]


def test_a_later_abi3t_leaves_builds_between() -> None:
    assert names(["3.15", "3.15t", "3.16t"], "3.12", "3.16t") == ["cp312-abi3", "cp315t", "cp316-abi3.abi3t"]


@pytest.mark.parametrize(
    ("fields", "abis"),
    [
        ([("3.12",), ("3.14",)], ["cp313", "cp314-abi3", "cp314t", "cp315t"]),
        ([("3.12", "3.15t"), ("3.12",)], ["cp312-abi3", "cp314t", "cp315t"]),
        ([("3.12", "3.15t"), ("3.15t",)], ["cp313", "cp314", "cp314t", "cp315-abi3.abi3t"]),
        ([("3.12",), ("3.15t",)], ["cp313", "cp314", "cp314t", "cp315-abi3", "cp315t"]),
        ([("3.12", "3.15t"), ()], ["cp313", "cp314", "cp314t", "cp315", "cp315t"]),
        ([], ["cp313", "cp314", "cp314t", "cp315", "cp315t"]),
    ],
)
def test_all_extensions_of_a_wheel_have_to_use_a_stable_abi(fields: list[tuple[str, ...]], abis: list[str]) -> None:
    common = LimitedApi.common([LimitedApi.parse(texts, where=WHERE) for texts in fields])
    pythons = [version(text) for text in ("3.13", "3.14", "3.14t", "3.15", "3.15t")]
    assert [abi.name for abi in common.abis_for(pythons)] == abis


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("3.14t",), r"is '3\.14t', but free-threaded builds have a stable ABI only from 3\.15 on"),
        (("3.13t",), r"Write '3\.15t'\. Earlier free-threaded Pythons get a build of their own"),
        (("3.12", "3.13"), r"lists '3\.12' and '3\.13'\. List at most one version without a 't'"),
        (("3.15t", "3.16t"), r"lists '3\.15t' and '3\.16t'\. List at most one version with a 't'"),
        (("3.15", "3.15t"), r"the build for '3\.15t' also serves 3\.15 and later with a GIL\. Remove '3\.15'"),
        (("3.16", "3.15t"), r"Remove '3\.16'"),
        (("abi3t",), "lists the Python 'abi3t'"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidTargetError, match=message) as caught:
        LimitedApi.parse(texts, where=WHERE)
    assert f"`limited_api` of {WHERE}" in str(caught.value)


def test_all_problems_of_a_field_are_reported_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        LimitedApi.parse(("3.12", "3.13", "3.13t", "3.14t"), where=WHERE)
    assert len(str(caught.value).splitlines()) == 4


def test_a_version_that_is_listed_twice_counts_once() -> None:
    assert LimitedApi.parse(("3.12", "3.12"), where=WHERE) == LimitedApi.parse(("3.12",), where=WHERE)


def test_each_listed_python_is_served_by_at_least_one_build() -> None:
    texts = ("3.9", "3.10", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t", "3.16", "3.16t")
    pythons = [version(text) for text in texts]
    for limited in ((), ("3.9",), ("3.13",), ("3.15t",), ("3.10", "3.15t"), ("3.16t",)):
        abis = LimitedApi.parse(limited, where=WHERE).abis_for(pythons)
        assert all(any(abi.serves(python) for abi in abis) for python in pythons)
