"""Tests of the Pythons that a `requires-python` allows."""

from __future__ import annotations

import re

import pytest
from packaging.specifiers import InvalidSpecifier

from spokeshave_core.cpython_releases import MAINTAINED, RELEASES
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.plan.requires_python import RequiresPython, check_pythons, pythons_of

WHERE = "the target src/python:wheel"


def since(first: str) -> str:
    """Return a Python and all later ones of the table."""
    texts = [str(release.version) for release in RELEASES]
    return " ".join(texts[texts.index(first) :])


def listed(*texts: str) -> list[PythonVersion]:
    return [PythonVersion.parse(text, where=WHERE) for text in texts]


@pytest.mark.parametrize(
    ("requires", "pythons"),
    [
        (None, since("3.11")),
        ("", since("3.11")),
        (">=3.12", since("3.12")),
        (">=3.11.2,<3.14,!=3.12.*", "3.11 3.13"),
        ("~=3.12.3", "3.12"),
        ("~=3.11.2", "3.11"),
        ("~=3.12", since("3.12")),
        ("==3.12.1", "3.12"),
        ("==3.12.0", "3.12"),
        ("===3.12.1", "3.12"),
        ("==3.12.*", "3.12"),
        (">=3.12,!=3.12.0", since("3.12")),
        (">=3.12,!=3.12", since("3.12")),
        (">=3.11,!=3.12.*", f"3.11 {since('3.13')}"),
        (">=3.11.5,<3.13", "3.11 3.12"),
        (">3.12", since("3.12")),
        (">3.12.99", since("3.13")),
        ("<=3.12.4", "3.11 3.12"),
        ("<3.12.1", "3.11 3.12"),
        ("<3.12", "3.11"),
        ("<=3.10", ""),
        (">=3.14.0rc1", since("3.14")),
        (">=3.14.0a1,<3.14", ""),
        ("===3.12", ""),
        (">=3.12.100,<3.13", ""),
        (">=4", ""),
    ],
)
def test_a_python_counts_if_one_of_its_releases_is_allowed(requires: str | None, pythons: str) -> None:
    allowed = [python for python in pythons.split() if python in MAINTAINED]
    assert [python for python in MAINTAINED if RequiresPython.parse(requires).allows(python)] == allowed
    if allowed:
        assert list(pythons_of(requires, where=WHERE)) == allowed
        check_pythons(listed(*allowed), requires, where=WHERE)
    else:
        with pytest.raises(InvalidTargetError, match=rf"allows none of {re.escape(MAINTAINED[0])}"):
            pythons_of(requires, where=WHERE)


@pytest.mark.parametrize(
    ("requires", "remedy"),
    [
        ("<=3.12", "'<=3.12' excludes 3.12.1 and later. Write '<3.13'."),
        (">=3.10, <= 3.12", "'<=3.12' excludes 3.12.1 and later. Write '<3.13'."),
        ("==3.12", "'==3.12' excludes 3.12.1 and later. Write '==3.12.*'."),
        ("==3.12,!=3.12.5", "Write '==3.12.*'."),
    ],
)
def test_a_bound_that_leaves_the_first_release_alone_is_refused(requires: str, remedy: str) -> None:
    with pytest.raises(InvalidTargetError) as caught:
        pythons_of(requires, where=WHERE)
    assert remedy in str(caught.value)
    assert repr(requires) in str(caught.value)
    with pytest.raises(InvalidTargetError) as caught:
        check_pythons(listed("3.12"), requires, where=WHERE)
    assert remedy in str(caught.value)


def test_a_bound_on_a_python_that_is_not_listed_is_fine() -> None:
    check_pythons(listed("3.10", "3.11"), ">=3.10,<=3.12", where=WHERE)


@pytest.mark.parametrize("requires", ["3.x", ">=3.x", ">=3.10.*", "python>=3.10", ">=3.10;"])
def test_what_is_not_a_specifier_is_refused_with_an_example(requires: str) -> None:
    with pytest.raises(InvalidSpecifier):
        RequiresPython.parse(requires)
    with pytest.raises(InvalidTargetError, match="is not a valid version specifier"):
        pythons_of(requires, where=WHERE)
    # Reported by the tools, with all other problems of the file.
    check_pythons(listed("3.12"), requires, where=WHERE)


def test_pythons_that_could_not_install_the_wheel_are_refused() -> None:
    versions = listed("3.10", "3.12", "3.13t")
    check_pythons(versions, None, where=WHERE)
    check_pythons(versions, ">=3.10.4", where=WHERE)
    with pytest.raises(
        InvalidTargetError, match=r"lists the Pythons 3\.10, 3\.13t, which the `requires-python` '>=3\.11"
    ):
        check_pythons(versions, ">=3.11,<3.13", where=WHERE)
