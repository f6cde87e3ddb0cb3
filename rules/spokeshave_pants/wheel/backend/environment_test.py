"""Tests of the environment of a project's build."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pants.engine.addresses import Address
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pythons import rules as pythons
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.wheel.backend.environment import (
    BuildPins,
    BuildPinsRequest,
    BuildPython,
    BuildPythonRequest,
    BuildPythons,
    BuildPythonsRequest,
    build_pins,
    build_python,
    find_build_pythons,
)

ADDRESS = Address("x", target_name="wheel")
HERE = PythonVersion(9)


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *sandbox_rules(),
            *pythons.rules(),
            *(cast("Any", call).rule for call in (build_pins, build_python, find_build_pythons)),
            QueryRule(BuildPins, [BuildPinsRequest]),
            QueryRule(BuildPython, [BuildPythonRequest]),
            QueryRule(BuildPythons, [BuildPythonsRequest]),
        ]
    )
    runner.set_options(OPTIONS, env_inherit=INHERITED)
    return runner


def refusal(runner: RuleRunner, product: type, request: object) -> str:
    with pytest.raises(ExecutionError) as caught:
        runner.request(product, [request])
    (error,) = list(caught.value.wrapped_exceptions)
    assert isinstance(error, SpokeshaveError)
    return str(error)


def test_a_build_runs_on_a_python_by_its_feature_version(runner: RuleRunner) -> None:
    found = runner.request(BuildPython, [BuildPythonRequest(HERE, "the target //x:wheel")])
    assert found.path == ".cache/spokeshave_python/python3.9"


def test_all_missing_pythons_are_reported_together(runner: RuleRunner) -> None:
    versions = (PythonVersion(98), HERE, PythonVersion(99), PythonVersion(98))
    text = refusal(runner, BuildPythons, BuildPythonsRequest(versions, "the target //x:wheel"))
    assert text.startswith("the target //x:wheel is built by the project's own build")
    assert "does not have Python 3.98 and 3.99: the Pythons found" in text
    assert "`pyenv install 3.98`" in text


def test_without_a_field_setuptools_is_pinned(runner: RuleRunner) -> None:
    found = runner.request(BuildPins, [BuildPinsRequest(ADDRESS, None)])
    assert (found.path, found.pins.names) == ("backend.txt", ("packaging", "setuptools", "wheel"))


def test_build_requirements_are_pinned_by_hash(runner: RuleRunner) -> None:
    runner.write_files({"x/build.txt": "cython>=3\nmeson==1.12.1\n"})
    text = refusal(runner, BuildPins, BuildPinsRequest(ADDRESS, "build.txt"))
    assert text.startswith("x/build.txt, the `build_requirements` field of x:wheel:\n")
    assert "cython>=3" in text
    assert "meson==1.12.1" in text
