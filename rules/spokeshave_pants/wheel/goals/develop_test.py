"""Tests of the errors of the goal `develop`, with an environment of the Python that runs the tests."""

from __future__ import annotations

import json
import sys
import venv
from pathlib import Path

import pytest
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.target_types import PythonSourcesGeneratorTarget
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import archive, source_files, stripped_source_files
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import RuleRunner

from spokeshave_pants.cc import register as cc_backend
from spokeshave_pants.release import rules as version
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS
from spokeshave_pants.sandbox import tools
from spokeshave_pants.wheel.backend import rules as backend
from spokeshave_pants.wheel.backend_target_types import PythonBackendWheelTarget
from spokeshave_pants.wheel.build import downstream_files, extension, linked_software, package_headers, placed_library
from spokeshave_pants.wheel.build import rules as build
from spokeshave_pants.wheel.codegen import settings
from spokeshave_pants.wheel.development.subsystem import Develop
from spokeshave_pants.wheel.goals import develop
from spokeshave_pants.wheel.plan import rules as payload
from spokeshave_pants.wheel.target_types import PythonExtensionTarget, PythonNativeWheelTarget

HERE = f"3.{sys.version_info[1]}"
STATIC = '[project]\nname = "one"\nversion = "1.0"\n'
WHEEL = "python_native_wheel(name='{name}', dependencies=[':ext'], pythons=['{python}'], platforms=['host'])\n"
EXTENSION = "python_extension(name='ext', module='one._native')\n"


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    # Not those of all backends: to plan their rules takes a minute.
    return RuleRunner(
        rules=[
            *archive.rules(),
            *backend.rules(),
            *build.rules(),
            *cc_backend.rules(),
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *develop.rules(),
            *downstream_files.rules(),
            *extension.rules(),
            *linked_software.rules(),
            *package_headers.rules(),
            *payload.rules(),
            *placed_library.rules(),
            *python_target_types_rules(),
            *settings.rules(),
            *source_files.rules(),
            *stripped_source_files.rules(),
            *tools.rules(),
            *version.rules(),
        ],
        target_types=[
            *cc_backend.target_types(),
            PythonBackendWheelTarget,
            PythonExtensionTarget,
            PythonNativeWheelTarget,
            PythonSourcesGeneratorTarget,
        ],
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder)
    return str(folder)


def write(runner: RuleRunner, files: dict[str, str]) -> None:
    """Write the files of the repository, without those of the test before."""
    builds = {str(path.relative_to(runner.build_root)): "" for path in Path(runner.build_root).rglob("BUILD")}
    runner.write_files({**builds, "one/pyproject.toml": STATIC, **files})


def error(runner: RuleRunner, *arguments: str, active: str = "") -> str:
    """Return the error of a run for all targets.

    Args:
        active: The environment that a shell would have activated.
    """
    with pytest.raises(ExecutionError) as raised:
        runner.run_goal_rule(
            Develop,
            global_args=OPTIONS,
            args=[*arguments, "::"],
            env={"VIRTUAL_ENV": active},
            env_inherit=INHERITED - {"VIRTUAL_ENV", "CONDA_PREFIX"},
        )
    return str(raised.value)


def test_an_environment_is_needed(rule_runner: RuleRunner) -> None:
    write(rule_runner, {"one/BUILD": EXTENSION + WHEEL.format(name="wheel", python=HERE)})
    message = error(rule_runner)
    assert "none is active. Activate one, or name it:" in message
    assert "develop --venv=.venv ::" in message


def test_a_folder_is_not_an_environment(rule_runner: RuleRunner) -> None:
    write(rule_runner, {"one/BUILD": EXTENSION + WHEEL.format(name="wheel", python=HERE)})
    message = error(rule_runner, "--venv=one")
    assert f"{rule_runner.build_root}/one is not a virtual environment" in message


def test_a_wheel_for_other_pythons_is_an_error(rule_runner: RuleRunner, environment: str) -> None:
    write(rule_runner, {"one/BUILD": EXTENSION + WHEEL.format(name="wheel", python="3.99")})
    message = error(rule_runner, active=environment)
    assert f"one:wheel is not built for Python {HERE} of the environment, but for 3.99" in message
    assert f"add '{HERE}' to its `pythons`" in message


def test_targets_without_a_wheel_are_an_error(rule_runner: RuleRunner, environment: str) -> None:
    write(rule_runner, {"one/BUILD": EXTENSION})
    assert "The specified targets contain no wheel of native code" in error(rule_runner, active=environment)


def test_a_wheel_from_an_archive_is_an_error(rule_runner: RuleRunner, environment: str) -> None:
    target = f"python_backend_wheel(name='wheel', source=':archive', pythons=['{HERE}'])"
    write(rule_runner, {"two/BUILD": target})
    message = error(rule_runner, active=environment)
    assert "two:wheel is built from an archive, so that there is nothing to edit." in message
    assert "Install the wheel that `package` builds." in message


def test_what_an_earlier_run_wrote_is_not_a_source(rule_runner: RuleRunner, environment: str) -> None:
    state = Path(rule_runner.build_root, ".pants.d/spokeshave")
    state.mkdir(parents=True, exist_ok=True)
    record = state / "develop.json"
    record.write_text(json.dumps({"one:wheel": ["one/_native.py"]}))
    files = {"one/BUILD": EXTENSION + WHEEL.format(name="wheel", python=HERE), "one/_native.py": ""}
    write(rule_runner, files)
    try:
        message = error(rule_runner, active=environment)
    finally:
        record.unlink()
    assert "Pants takes files that `develop` generated for sources" in message
    assert "one/_native.py" in message
