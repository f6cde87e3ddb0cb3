"""Tests of the goal `native-wheels`, with the Pythons of this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.target_types import PythonSourcesGeneratorTarget
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files, stripped_source_files
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import RuleRunner

from spokeshave_pants.cc import target_types as cc_target_types
from spokeshave_pants.pythons import rules as interpreters
from spokeshave_pants.release import rules as version
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.sandbox import tools
from spokeshave_pants.wheel.goals import native_wheels
from spokeshave_pants.wheel.plan import rules as payload
from spokeshave_pants.wheel.smoke import rules as smoke
from spokeshave_pants.wheel.subsystem import NativeWheels
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget

STATIC = '[project]\nname = "My-Dist"\nversion = "1.0"\n'
DYNAMIC = '[project]\nname = "other"\ndynamic = ["version"]\n'
WHEEL = (
    "python_extension(name='ext', module='one._native')\n"
    "python_native_wheel(name='wheel', dependencies=[':ext'], pythons=['3.9', '3.99'], "
    "platforms=['manylinux_2_17_x86_64', 'win_amd64'], require_smoke_on=['win_*'])\n"
)


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    return RuleRunner(
        rules=[
            *cc_target_types.rules(),
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *interpreters.rules(),
            *native_wheels.rules(),
            *payload.rules(),
            *python_target_types_rules(),
            *sandbox_rules(),
            *smoke.rules(),
            *source_files.rules(),
            *stripped_source_files.rules(),
            *tools.rules(),
            *version.rules(),
        ],
        target_types=[PythonExtensionTarget, PythonNativeWheelTarget, PythonSourcesGeneratorTarget],
    )


def listed(runner: RuleRunner, *arguments: str, options: tuple[str, ...] = ()) -> str:
    result = runner.run_goal_rule(
        NativeWheels, global_args=[*OPTIONS, *options], args=[*arguments, "::"], env_inherit=INHERITED
    )
    assert result.exit_code == 0
    return result.stdout


def as_json(runner: RuleRunner, *arguments: str, options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(listed(runner, "--format=json", *arguments, options=options))
    return found


def write(runner: RuleRunner, files: dict[str, str]) -> None:
    """Write the files of the repository, without those of the test before."""
    builds = {str(path.relative_to(runner.build_root)): "" for path in Path(runner.build_root).rglob("BUILD")}
    runner.write_files({**builds, **files})


def test_each_platform_and_python_is_a_wheel(rule_runner: RuleRunner) -> None:
    write(rule_runner, {"one/BUILD": f"{WHEEL}python_sources()", "one/pyproject.toml": STATIC, "one/a.py": ""})
    wheels = as_json(rule_runner)
    assert [wheel["wheel"] for wheel in wheels] == [
        "my_dist-1.0-cp39-cp39-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        "my_dist-1.0-cp399-cp399-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
        "my_dist-1.0-cp39-cp39-win_amd64.whl",
        "my_dist-1.0-cp399-cp399-win_amd64.whl",
    ]
    assert [(wheel["target"], wheel["version"]) for wheel in wheels] == [("one:wheel", "1.0")] * 4
    here, missing, windows, _ = (wheel["pythons"][0] for wheel in wheels)
    assert "python3.9" in here["interpreter"]
    assert missing["reason"] == "this machine has no Python 3.99"
    assert (windows["required"], missing["required"]) == (True, False)
    assert [wheel["smoke_tested_here"] for wheel in wheels[:2]] == [True, False]


def test_the_table_is_the_default(rule_runner: RuleRunner) -> None:
    write(rule_runner, {"one/BUILD": WHEEL, "one/pyproject.toml": STATIC})
    lines = listed(rule_runner).splitlines()
    assert lines[0] == "one:wheel"
    assert lines[3].split()[-1] == "3.9"
    assert "not here on Python 3.99: this machine has no Python 3.99" in lines


def test_platforms_can_be_selected(rule_runner: RuleRunner) -> None:
    write(rule_runner, {"one/BUILD": WHEEL, "one/pyproject.toml": STATIC})
    assert len(as_json(rule_runner, options=("--native-wheel-platforms=['win_*']",))) == 2
    assert as_json(rule_runner, options=("--native-wheel-platforms=['macosx_*']",)) == []


def test_without_wheels_the_list_is_empty(rule_runner: RuleRunner) -> None:
    write(rule_runner, {"one/BUILD": "python_sources()", "one/a.py": ""})
    assert as_json(rule_runner) == []
    assert listed(rule_runner) == ""


def test_a_dynamic_version_is_computed(rule_runner: RuleRunner) -> None:
    version_file = '{"package-version": "2.0.0.dev"}'
    write(rule_runner, {"one/BUILD": WHEEL, "one/pyproject.toml": DYNAMIC, "one/version.json": version_file})
    wheels = as_json(rule_runner, options=("--release-version-suffix=rc1", "--native-wheel-platforms=['win_*']"))
    assert [wheel["wheel"] for wheel in wheels] == [
        "other-2.0.0rc1-cp39-cp39-win_amd64.whl",
        "other-2.0.0rc1-cp399-cp399-win_amd64.whl",
    ]


def test_the_version_may_be_left_open(rule_runner: RuleRunner) -> None:
    """No version file exists, so that computing the version would be an error."""
    write(rule_runner, {"two/BUILD": WHEEL, "two/pyproject.toml": DYNAMIC})
    wheels = as_json(rule_runner, "--no-version", options=("--native-wheel-platforms=['win_*']",))
    assert [(wheel["wheel"], wheel["version"]) for wheel in wheels] == [
        ("other-*-cp39-cp39-win_amd64.whl", None),
        ("other-*-cp399-cp399-win_amd64.whl", None),
    ]
    write(rule_runner, {"two/BUILD": WHEEL, "two/pyproject.toml": STATIC})
    assert {wheel["version"] for wheel in as_json(rule_runner, "--no-version")} == {"1.0"}


def test_the_list_can_be_written_to_a_file(rule_runner: RuleRunner, tmp_path: Path) -> None:
    write(rule_runner, {"one/BUILD": WHEEL, "one/pyproject.toml": STATIC})
    path = tmp_path / "wheels.json"
    assert listed(rule_runner, "--format=json", f"--output-file={path}") == ""
    assert len(json.loads(path.read_text())) == 4


@pytest.mark.parametrize(
    ("build", "pyproject", "expected"),
    [
        (WHEEL.replace("win_amd64", "win_mips"), STATIC, "win_mips"),
        (WHEEL, "[project]\nversion = '1'\n", "has no `name`"),
        (WHEEL, '[project]\nname = "a"\nversion = "one"\n', "has the version 'one'"),
    ],
)
def test_problems_of_the_plan_are_reported(rule_runner: RuleRunner, build: str, pyproject: str, expected: str) -> None:
    write(rule_runner, {"one/BUILD": build, "one/pyproject.toml": pyproject})
    with pytest.raises(ExecutionError, match=expected):
        listed(rule_runner)
