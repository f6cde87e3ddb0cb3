"""Tests of required smoke tests, and of their inputs."""

from __future__ import annotations

import pytest
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files, stripped_source_files
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents, Snapshot
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_core.outcomes import Outcome
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.rule_fixtures import sandbox_rules
from spokeshave_pants.sandbox import requirements_file
from spokeshave_pants.sandbox.subsystem import SpokeshaveToolsSubsystem
from spokeshave_pants.wheel.backend_target_types import PythonBackendWheelTarget
from spokeshave_pants.wheel.plan import rules as payload
from spokeshave_pants.wheel.smoke import rules as smoke
from spokeshave_pants.wheel.smoke.rules import (
    SmokeInputs,
    SmokeInputsRequest,
    SmokeReport,
    is_required,
    script_arguments,
)
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget

PLATFORM = Platform.parse("manylinux_2_17_x86_64")


@pytest.mark.parametrize(
    ("patterns", "required"),
    [
        ((), False),
        (("3.12",), True),
        (("3.1",), False),
        (("3.13t",), False),
        (("manylinux_2_17_x86_64",), True),
        (("manylinux_*",), True),
        (("macosx_*", "3.12"), True),
        (("macosx_*", "3.13"), False),
        (("*",), True),
    ],
)
def test_a_platform_or_a_python_makes_a_smoke_test_required(patterns: tuple[str, ...], required: bool) -> None:
    assert is_required(patterns, PLATFORM, PythonVersion(12)) is required


@pytest.mark.parametrize(
    ("outcome", "required", "is_error"),
    [
        (Outcome.PASSED, False, False),
        (Outcome.PASSED, True, False),
        (Outcome.NOT_RUN, False, False),
        (Outcome.NOT_RUN, True, True),
        (Outcome.FAILED, False, True),
        (Outcome.FAILED, True, True),
    ],
)
def test_failures_and_missing_required_runs_are_errors(outcome: Outcome, required: bool, is_error: bool) -> None:
    assert SmokeReport(python="3.12", outcome=outcome, reason="why", required=required).is_error is is_error


def test_scripts_are_run_with_their_arguments_or_not_at_all() -> None:
    scripts = {"tool": ("--version", "a b"), "daemon": (), "a b": ("-V",)}
    assert script_arguments(scripts) == (
        *("--script", "'a b' -V"),
        *("--skip-script", "daemon"),
        *("--script", "tool --version 'a b'"),
    )


@pytest.fixture
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *core_target_types_rules(),
            *payload.rules(),
            *python_target_types_rules(),
            smoke.smoke_inputs,
            *requirements_file.rules(),
            *source_files.rules(),
            *sandbox_rules(),
            *stripped_source_files.rules(),
            *SpokeshaveToolsSubsystem.rules(),
            QueryRule(SmokeInputs, [SmokeInputsRequest]),
        ],
        target_types=[PythonBackendWheelTarget, PythonExtensionTarget, PythonNativeWheelTarget],
    )
    paths = ("test_a.py", "test_b.py", "more/test_c.py", "more/data/c.json", "most/test_d.py")
    runner.write_files({"src/pyproject.toml": "[project]\nname = 'one'\n", **{f"src/t/{path}": "" for path in paths}})
    return runner


def given(runner: RuleRunner, *tests: str) -> tuple[list[str], list[str]]:
    """Return the arguments of pytest and all test files for a wheel with these `smoke_tests`."""
    extension = "python_extension(name='ext', module='one._native')\n"
    wheel = f"python_native_wheel(name='one', pythons=['3.12'], dependencies=[':ext'], smoke_tests={list(tests)})"
    runner.write_files({"src/BUILD": extension + wheel})
    inputs = runner.request(SmokeInputs, [SmokeInputsRequest(Address("src", target_name="one"))])
    test_files = runner.request(Snapshot, [inputs.tests]).files
    return [path.replace("__tests/src/", "") for path in inputs.test_paths], [
        path.replace("__tests/src/", "") for path in test_files
    ]


def test_tests_are_given_as_files_and_globs_name_them(rule_runner: RuleRunner) -> None:
    assert given(rule_runner, "t/test_*.py") == (["t/test_a.py", "t/test_b.py"],) * 2
    assert given(rule_runner) == ([], [])


def test_the_default_requirements_are_an_option(rule_runner: RuleRunner) -> None:
    def requirements(*options: str) -> bytes:
        rule_runner.set_options(options)
        given(rule_runner)
        inputs = rule_runner.request(SmokeInputs, [SmokeInputsRequest(Address("src", target_name="one"))])
        (file,) = rule_runner.request(DigestContents, [inputs.requirements])
        return file.content

    assert b"pytest==" in requirements()
    rule_runner.write_files({"pins.txt": "demo==1.0 --hash=sha256:aa\n"})
    assert requirements("--spokeshave-tools-smoke-requirements=pins.txt") == b"demo==1.0 --hash=sha256:aa\n"


def test_tests_of_a_project_are_in_its_subdirectory(rule_runner: RuleRunner) -> None:
    fields = "sources=['python/**', 'cpp/**'], subdirectory='python', smoke_tests=['tests', 'own_test.py']"
    files = ("python/setup.py", "python/tests/test_a.py", "cpp/tests/test_b.py", "own_test.py")
    rule_runner.write_files({"p/BUILD": f"python_backend_wheel(name='w', {fields})", **{f"p/{f}": "" for f in files}})
    inputs = rule_runner.request(SmokeInputs, [SmokeInputsRequest(Address("p", target_name="w"))])
    assert inputs.test_paths == ("__tests/tests", "__tests/p/own_test.py")
    found = rule_runner.request(Snapshot, [inputs.tests]).files
    assert found == ("__tests/p/own_test.py", "__tests/tests/test_a.py")


@pytest.mark.parametrize("folder", ["t/more", "t/more/", "./t/more"])
def test_a_folder_of_tests_is_given_whole(rule_runner: RuleRunner, folder: str) -> None:
    everything = ["t/more/data/c.json", "t/more/test_c.py", "t/test_a.py"]
    assert given(rule_runner, folder, "t/test_a.py", "t/more/*.py") == (["t/more", "t/test_a.py"], everything)


def test_each_test_that_is_listed_has_to_be_there(rule_runner: RuleRunner) -> None:
    with engine_error(contains='Unmatched glob from the `smoke_tests` field of src:one: "src/t/test_z.py"'):
        given(rule_runner, "t/test_a.py", "t/test_z.py")
