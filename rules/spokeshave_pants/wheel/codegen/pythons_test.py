"""Tests of the choice of Pythons for extensions."""

from __future__ import annotations

import pytest

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.wheel.codegen.pythons import LocalPython, describe, parse_inspection, possible_choices

# As pex prints it, with a Python that is too old, another implementation, and a line that is not JSON.
INSPECTION = """\
/some/python: a warning
{"path": "/a/python3.11", "version": "3.11.7", "requirement": "CPython==3.11.7", "platform": "l-cp-3.11.7-cp311"}
{"path": "/b/python3.11", "version": "3.11.7", "requirement": "CPython==3.11.7", "platform": "l-cp-3.11.7-cp311"}
{"path": "/a/python3.13", "version": "3.13.0", "requirement": "CPython==3.13.0", "platform": "l-cp-3.13.0-cp313t"}
{"path": "/a/python3.6", "version": "3.6.15", "requirement": "CPython==3.6.15", "platform": "l-cp-3.6.15-cp36m"}
{"path": "/a/pypy3.9", "version": "3.9.19", "requirement": "PyPy==3.9.19", "platform": "l-pp-3.9.19-pypy39_pp73"}
"""


def python(version: str, *, free_threaded: bool = False) -> LocalPython:
    return LocalPython(PythonVersion(int(version.split(".")[1]), free_threaded), version)


PYTHONS = tuple(python(version) for version in ("3.9.18", "3.10.13", "3.11.7", "3.12.1"))


def choices(extension: tuple[str, ...], *others: tuple[str, ...]) -> list[str]:
    return sorted(describe(choice.allowed) for choice in possible_choices(PYTHONS, extension, others))


def test_pythons_are_read_from_what_pex_prints() -> None:
    assert parse_inspection(INSPECTION) == (python("3.11.7"), python("3.13.0", free_threaded=True))


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        (["CPython==3.11.*"], True),
        (["CPython>=3.8,<3.11"], False),
        (["CPython==3.9.*", "CPython>=3.11"], True),
        (["PyPy==3.11.*"], False),
        (["CPython==3.11.7"], True),
        (["CPython!=3.11.7,>=3.11"], False),
        ([], False),
    ],
)
def test_constraints_are_alternatives(constraints: list[str], expected: bool) -> None:
    assert python("3.11.7").satisfies(constraints) is expected


def test_a_constraint_may_name_the_build() -> None:
    threaded = python("3.13.0", free_threaded=True)
    assert threaded.satisfies(["CPython[free-threaded]==3.13.*"])
    assert not threaded.satisfies(["CPython[gil]==3.13.*"])
    assert threaded.satisfies(["CPython==3.13.*"])


def test_targets_with_one_constraint_lead_to_one_choice() -> None:
    assert choices(("CPython>=3.9",), ("CPython>=3.9",), ("CPython>=3.9,<3.14",)) == ["3.9.18, 3.10.13, 3.11.7, 3.12.1"]


def test_constraints_of_the_extension_alone_make_nothing_run() -> None:
    assert choices(("CPython>=3.9",), ("CPython==3.11.*",)) == ["3.11.7"]


def test_targets_that_run_together_satisfy_all_constraints() -> None:
    found = choices(("CPython>=3.9",), ("CPython<3.12",), ("CPython>=3.10",), ("CPython==3.8.*",))
    assert found == ["3.10.13, 3.11.7", "3.10.13, 3.11.7, 3.12.1", "3.9.18, 3.10.13, 3.11.7"]


def test_without_fitting_pythons_nothing_is_chosen() -> None:
    assert choices(("CPython==3.14.*",), ("CPython>=3.9",)) == []
    assert describe(()) == "none"
