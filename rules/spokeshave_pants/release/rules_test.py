"""Tests of the wheels that share a version, and of their stamped version, computed by the real tool."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pants.backend.python.target_types_rules import rules as python_target_types_rules
from pants.core.util_rules import stripped_source_files
from pants.engine.addresses import Address
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import InvalidFieldException
from pants.testutil.rule_runner import QueryRule, RuleRunner, engine_error

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.release import rules as version
from spokeshave_pants.release.rules import (
    ReleaseMembers,
    ReleaseOfRequest,
    SourceVersion,
    SourceVersionRequest,
    StampedVersion,
    WheelVersionRequest,
)
from spokeshave_pants.release.target_types import ReleaseTarget, RevisionsField
from spokeshave_pants.release.version_arguments import UnknownCommitError
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, sandbox_rules
from spokeshave_pants.sandbox import tools
from spokeshave_pants.wheel.target_types import PythonNativeWheelTarget

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ONE = Address("", target_name="one")


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    """Return one runner for all tests, because each creates the tools' environment. Tests rewrite the BUILD file."""
    return RuleRunner(
        rules=[
            *python_target_types_rules(),
            *stripped_source_files.rules(),
            *tools.rules(),
            *version.rules(),
            *sandbox_rules(),
            QueryRule(ReleaseMembers, [ReleaseOfRequest]),
            QueryRule(SourceVersion, [SourceVersionRequest]),
            QueryRule(StampedVersion, [WheelVersionRequest]),
        ],
        target_types=[PythonNativeWheelTarget, ReleaseTarget],
    )


def write_wheels(runner: RuleRunner, *releases: str, **versions: str) -> None:
    """Write a wheel and its version file for each name, and the releases."""
    runner.set_options(OPTIONS, env_inherit=INHERITED)
    wheels = [
        f"python_native_wheel(name='{name}', pyproject='{name}/pyproject.toml', pythons=['3.12'])" for name in versions
    ]
    files = {f"{name}/version.json": json.dumps({"package-version": text}) for name, text in versions.items()}
    runner.write_files({"BUILD": "\n".join([*wheels, *releases]) + "\n", **files})


def stamped(runner: RuleRunner, *arguments: str, static: str | None = None) -> str:
    runner.set_options([*OPTIONS, *arguments], env_inherit=INHERITED)
    return runner.request(StampedVersion, [WheelVersionRequest(ONE, static)]).version


def test_the_wheels_of_a_release_share_its_version(rule_runner: RuleRunner) -> None:
    write_wheels(
        rule_runner, "release(name='r', wheels=[':two', ':one'])", one="1.2.0.dev", two="1.2.3.dev", three="9.9.9"
    )
    two = Address("", target_name="two")
    for wheel in (ONE, two):
        members = rule_runner.request(ReleaseMembers, [ReleaseOfRequest(wheel)])
        assert members == ReleaseMembers("//:r", (ONE, two), Address("", target_name="r"))


def test_a_wheel_that_no_release_lists_is_a_release_of_its_own(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, "release(name='r', wheels=[':two'])", one="1.2.0.dev", two="1.2.3.dev")
    assert rule_runner.request(ReleaseMembers, [ReleaseOfRequest(ONE)]) == ReleaseMembers("//:one", (ONE,))


def test_a_wheel_of_two_releases_is_refused_with_both(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, *(f"release(name='{name}', wheels=[':one'])" for name in ("r", "s")), one="1.2.0.dev")
    with engine_error(InvalidTargetError, contains="//:one is in //:r and //:s: a wheel has one version"):
        rule_runner.request(ReleaseMembers, [ReleaseOfRequest(ONE)])


def test_a_static_version_is_kept_and_needs_no_file(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, one="1.2.0.dev")
    assert stamped(rule_runner, static="1.4.5") == "1.4.5"


def test_static_version_and_version_file_conflict(rule_runner: RuleRunner) -> None:
    wheel = "python_native_wheel(name='one', pythons=['3.12'], version_file='version.json')"
    rule_runner.write_files({"BUILD": wheel, "version.json": "{}"})
    with engine_error(InvalidTargetError, contains="has the static version 1.4.5. Remove the field"):
        stamped(rule_runner, static="1.4.5")


# These run the tool: about 10 s for its environment with a cold store, then less than a second for each call.


def test_the_common_version_is_the_newest_of_a_releases_files(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, "release(name='r', wheels=[':two', ':one'])", one="1.2.0.dev", two="1.2.3.dev")
    assert stamped(rule_runner, "--release-version-channel=stable") == "1.2.3"
    assert stamped(rule_runner, "--release-version-suffix=rc1") == "1.2.3rc1"


def test_channels_use_the_given_date_and_commit(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, one="1.2.0.dev")
    assert stamped(rule_runner, "--release-version-channel=rc", "--release-version-date=20260821") == "1.2.0rc20260821"
    dev = stamped(rule_runner, "--release-version-channel=dev", f"--release-version-commit={COMMIT}")
    assert dev == f"1.2.0.dev0+{COMMIT}"


def test_the_stamp_gets_channel_commit_and_revisions(rule_runner: RuleRunner) -> None:
    revisions = {"llvm": "89ece87b", "a": "1"}
    write_wheels(rule_runner, f"release(name='r', wheels=[':one'], revisions={revisions})", one="1.2.0.dev")
    options = ("--release-version-channel=rc", "--release-version-date=20260821", "--release-version-post=1")
    runner = rule_runner
    runner.set_options([*OPTIONS, *options, f"--release-version-commit={COMMIT}"], env_inherit=INHERITED)
    facts = ("--channel", "rc", "--commit", COMMIT, "--revision", "a=1", "--revision", "llvm=89ece87b")
    found = runner.request(StampedVersion, [WheelVersionRequest(ONE, None)])
    assert found.arguments == ("--version", "1.2.0rc20260821.post1", *facts)
    static = runner.request(StampedVersion, [WheelVersionRequest(ONE, "1.4.5")])
    assert static.arguments == ("--version", "1.4.5", *facts[2:])


@pytest.mark.parametrize("revisions", [{"": "1"}, {"llvm=": "1"}, {"-x": "1"}, {"llvm": ""}, {"llvm": "a b"}])
def test_revisions_that_a_command_could_misread_are_refused(revisions: dict[str, str]) -> None:
    with pytest.raises(InvalidFieldException, match="The field `revisions` of //:r has "):
        RevisionsField(revisions, Address("", target_name="r"))


def test_a_version_needs_a_checkout_that_git_reads(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, one="1.2.0.dev")
    assert stamped(rule_runner) == "1.2.0.dev0"
    git = Path(rule_runner.build_root, ".git")
    git.write_text("gitdir: /nowhere\n")
    try:
        with engine_error(UnknownCommitError, contains="git reports: fatal: not a git repository: /nowhere"):
            stamped(rule_runner)
        assert stamped(rule_runner, "--release-version-channel=stable") == "1.2.0"
    finally:
        git.unlink()


def test_all_version_file_problems_are_reported_together(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, "release(name='r', wheels=[':one', ':two', ':three'])", one="1.2.0", two="no", three="")
    rule_runner.write_files({"three/version.json": "{"})
    Path(rule_runner.build_root, "one/version.json").unlink()
    with pytest.raises(ExecutionError) as caught:
        stamped(rule_runner)
    assert all(f"{name}/version.json" in str(caught.value) for name in ("one", "two", "three"))


def test_the_version_in_the_source_tree_has_no_commit(rule_runner: RuleRunner) -> None:
    write_wheels(rule_runner, one="1.2.3.dev")
    assert rule_runner.request(SourceVersion, [SourceVersionRequest(ONE, None)]).version == "1.2.3.dev0+unstamped"
    assert rule_runner.request(SourceVersion, [SourceVersionRequest(ONE, "7.0")]).version == "7.0"
