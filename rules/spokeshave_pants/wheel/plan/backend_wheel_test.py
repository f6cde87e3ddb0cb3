"""Tests of the plan of a wheel that the project's own backend builds."""

from __future__ import annotations

import io
import tarfile

import pytest
from pants.backend.python.dependency_inference import rules as dependency_inference
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.target_types import FileTarget
from pants.core.target_types import rules as core_target_rules
from pants.core.util_rules import source_files, stripped_source_files
from pants.engine.addresses import Address
from pants.engine.internals.scheduler import ExecutionError
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.wheel.backend_target_types import (
    BackendPlatformEnvField,
    ConfigSettingsField,
    PythonBackendWheelTarget,
    VersionMode,
)
from spokeshave_pants.wheel.plan import rules as plan_rules
from spokeshave_pants.wheel.plan.backend_wheel import BackendWheel, BackendWheelRequest
from spokeshave_pants.wheel.plan.rules import WheelPlan, WheelPlanRequest


def sdist(**files: str) -> bytes:
    """Return an archive of files by their names, with an underscore for the dot."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as written:
        for name, text in files.items():
            info = tarfile.TarInfo(f"demo-1.2/{name.replace('_', '.', 1).replace('PKG.INFO', 'PKG-INFO')}")
            info.size = len(text)
            written.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


SDIST = sdist(setup_py="", PKG_INFO="Name: Demo\nVersion: 1.2\nRequires-Python: >=3.11\n")


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *core_target_rules(),
            *dependency_inference.rules(),
            *python_target_types_rules(),
            *sandbox_rules(),
            *plan_rules.rules(),
            *source_files.rules(),
            *stripped_source_files.rules(),
            QueryRule(BackendWheel, [BackendWheelRequest]),
            QueryRule(WheelPlan, [WheelPlanRequest]),
        ],
        target_types=[FileTarget, PythonBackendWheelTarget],
    )
    runner.set_options(OPTIONS, env_inherit=INHERITED)
    runner.write_files({"x/demo-1.2.tar.gz": SDIST, "x/setup.py": ""})
    return runner


def write(runner: RuleRunner, fields: str) -> Address:
    text = f'file(name="sdist", source="demo-1.2.tar.gz")\npython_backend_wheel(name="wheel", {fields})\n'
    runner.write_files({"x/BUILD": text})
    return Address("x", target_name="wheel")


def planned(runner: RuleRunner, fields: str) -> BackendWheel:
    return runner.request(BackendWheel, [BackendWheelRequest(write(runner, fields))])


def refusal(runner: RuleRunner, fields: str) -> str:
    with pytest.raises(ExecutionError) as caught:
        planned(runner, fields)
    (error,) = list(caught.value.wrapped_exceptions)
    assert isinstance(error, SpokeshaveError)
    return str(error)


def test_an_sdist_keeps_its_version_without_any_field(runner: RuleRunner) -> None:
    wheel = planned(runner, 'source=":sdist"')
    assert wheel.version_mode is VersionMode.OWN
    assert (wheel.project.name, wheel.project.version) == ("Demo", "1.2")
    assert str(min(wheel.matrix.versions)) == "3.11"


def test_a_project_without_a_static_version_is_stamped(runner: RuleRunner) -> None:
    assert planned(runner, 'sources=["setup.py"]').version_mode is VersionMode.STAMPED


def test_the_target_decides_about_the_version(runner: RuleRunner) -> None:
    assert planned(runner, 'source=":sdist", version="baked"').version_mode is VersionMode.BAKED


def test_both_kinds_of_wheels_have_the_same_plan(runner: RuleRunner) -> None:
    address = write(runner, 'source=":sdist", limited_api="3.12", pythons=["3.11", "3.12", "3.13"]')
    plan = runner.request(WheelPlan, [WheelPlanRequest(address)])
    assert [str(abi) for abi in plan.matrix.abis] == ["cp311", "cp312-abi3"]
    assert (plan.requires_python, plan.has_backend, plan.native_targets) == (">=3.11", True, ())


def test_a_wheel_for_any_python_is_built_once(runner: RuleRunner) -> None:
    wheel = planned(runner, 'source=":sdist", any_python=True, pythons=["3.11", "3.13"]')
    assert [str(abi) for abi in wheel.matrix.abis] == ["py3-none"]
    assert [str(version) for version in wheel.matrix.served_by(wheel.matrix.abis[0])] == ["3.11", "3.13"]


def test_a_version_in_a_file_of_the_project_is_kept(runner: RuleRunner) -> None:
    runner.write_files({"x/setup.cfg": "[metadata]\nversion = attr: demo.__version__\n"})
    assert planned(runner, 'sources=["setup.py", "setup.cfg"]').version_mode is VersionMode.OWN
    assert "(in its files), which is kept" in refusal(
        runner, 'sources=["setup.py", "setup.cfg"], version_files={"demo/v.py": "plain"}'
    )


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ('source=":sdist", pythons=["3.10"]', ("`requires-python` '>=3.11'",)),
        ('source=":sdist", platforms=["linux"]', ("linux",)),
        (
            'source=":sdist", version_files={"demo/v.py": "plain"}',
            ("the project has a version of its own (1.2), which is kept", 'set version="stamped"'),
        ),
        ('source=":sdist", any_python=True, limited_api="3.12"', ("has both `any_python` and `limited_api`",)),
        ('sources=["BUILD"]', ("its source tree has neither `pyproject.toml` nor `setup.py`",)),
    ],
)
def test_wrong_fields_are_refused(runner: RuleRunner, fields: str, messages: tuple[str, ...]) -> None:
    text = refusal(runner, fields)
    assert all(message in text for message in messages), text


def test_settings_are_texts_or_lists_of_texts() -> None:
    value = ConfigSettingsField({"a": "1", "b": ["2", "3"]}, Address("x")).value
    assert dict(value or {}) == {"a": ("1",), "b": ("2", "3")}


@pytest.mark.parametrize("value", [{"beos_*": {"A": "1"}}, {"win_*": "1"}, ["win_*"]])
def test_wrong_variables_of_platforms_are_refused(value: object) -> None:
    with pytest.raises(Exception, match=r"platform_env|'env'"):
        BackendPlatformEnvField(value, Address("x"))
