from __future__ import annotations

import pytest
from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST

from spokeshave_core.outcomes import Outcome
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.wheel.goals.package import WheelArtifact
from spokeshave_pants.wheel.goals.publish import (
    DebugBuildError,
    NativeWheelPublishFieldSet,
    UntestedWheelError,
    check_publishable,
    refused_alone,
    wheels_of,
)
from spokeshave_pants.wheel.report.wheels import PythonOutcome
from spokeshave_pants.wheel.target_types import PythonNativeWheelTarget, RepositoriesField

PASSED = PythonOutcome("3.12", Outcome.PASSED)
NOT_RUN = PythonOutcome("3.13", Outcome.NOT_RUN, "this machine has no Python 3.13")


def wheel(name: str, *smoke: PythonOutcome) -> WheelArtifact:
    return WheelArtifact(relpath=name, smoke=smoke)


@pytest.mark.parametrize(("repositories", "skipped"), [(None, True), ([], True), (["@pypi"], False)])
def test_a_target_without_repositories_is_skipped(
    caplog: pytest.LogCaptureFixture, repositories: list[str] | None, skipped: bool
) -> None:
    fields = {} if repositories is None else {RepositoriesField.alias: repositories}
    target = PythonNativeWheelTarget(fields, Address("src", target_name="wheel"))
    assert NativeWheelPublishFieldSet.is_applicable(target) is not skipped
    said = "src:wheel skipped (no `repositories` specified for src:wheel): `publish` neither builds nor uploads"
    assert (said in caplog.text) is skipped


def test_only_wheels_are_published() -> None:
    package = BuiltPackage(EMPTY_DIGEST, (wheel("a.whl", PASSED), BuiltPackageArtifact("report.json")))
    assert wheels_of([package]) == (wheel("a.whl", PASSED),)


def test_a_wheel_that_passed_on_one_python_is_published() -> None:
    check_publishable([wheel("a.whl", PASSED, NOT_RUN)], where="the target src:wheel")


def test_all_wheels_without_a_passed_test_are_reported() -> None:
    wheels = [wheel("a.whl", PASSED), wheel("b.whl", NOT_RUN), wheel("c.whl")]
    with pytest.raises(UntestedWheelError) as raised:
        check_publishable(wheels, where="the target src:wheel")
    assert str(raised.value).splitlines()[:-1] == [
        "the target src:wheel has wheels without a passed smoke test, so none of its wheels is published:",
        "  * b.whl",
        "    not run on Python 3.13: this machine has no Python 3.13",
        "  * c.whl",
    ]


def test_a_debug_build_is_not_published() -> None:
    debug = WheelArtifact(relpath="b.whl", smoke=(PASSED,), build_type=BuildType.DEBUG)
    check_publishable([wheel("a.whl", PASSED)], where="the target src:wheel")
    with pytest.raises(DebugBuildError) as raised:
        check_publishable([wheel("a.whl", PASSED), debug], where="the target src:wheel")
    assert str(raised.value).splitlines() == [
        "the target src:wheel has wheels that are debug builds, so none of its wheels is published:",
        "  * b.whl",
        "Publish without `--cc-build-type=debug` (`[cc-build].type`).",
    ]


def test_a_lone_wheel_of_a_release_is_refused() -> None:
    message = refused_alone("src:wheel", "//:release")
    assert "src:wheel is a part of the release //:release" in message
    assert " publish //:release\n" in message
    assert "--wheel-publish-alone" in message
