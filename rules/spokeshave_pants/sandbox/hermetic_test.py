"""Tests of the machine that compilers run on."""

from __future__ import annotations

import pytest
from pants.engine.platform import Platform
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.pants_api import LocalEnvironmentTarget, RemoteEnvironmentTarget
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.sandbox.complete_platform import of_machine
from spokeshave_pants.sandbox.hermetic import CompilerEnvironment

BUILD = """
remote_environment(name="arm", platform="linux_arm64", fallback_environment="__local__")
remote_environment(name="fallback", platform="linux_arm64", fallback_environment="own")
local_environment(name="own")
"""
NAMES = "--environments-preview-names={'arm': '//:arm', 'fallback': '//:fallback', 'own': '//:own'}"
REMOTE = (
    "--remote-execution",
    "--remote-execution-address=grpc://127.0.0.1:1",
    "--remote-store-address=grpc://127.0.0.1:1",
)
HERE = of_machine(Platform.create_for_localhost().value)


def compilers(*options: str) -> CompilerEnvironment:
    runner = RuleRunner(
        rules=[*sandbox_rules(), QueryRule(CompilerEnvironment, [])],
        target_types=[LocalEnvironmentTarget, RemoteEnvironmentTarget],
    )
    runner.write_files({"BUILD": BUILD})
    runner.set_options([*OPTIONS, NAMES, *options], env_inherit=INHERITED)
    return runner.request(CompilerEnvironment, [])


def test_without_an_environment_compilers_run_locally() -> None:
    assert compilers() == CompilerEnvironment(None, HERE)


def test_workers_run_compilers_of_their_own_kind() -> None:
    found = compilers("--cc-execution-environment=arm", *REMOTE)
    assert found.name is not None
    assert found.name.val == "arm"
    assert found.machine == of_machine("linux_arm64")


@pytest.mark.parametrize("name", ["arm", "fallback", "own"])
def test_an_environment_on_this_machine_is_not_remote(name: str) -> None:
    assert compilers(f"--cc-execution-environment={name}") == CompilerEnvironment(None, HERE)
