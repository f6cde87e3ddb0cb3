from __future__ import annotations

import pytest

from spokeshave_pants.release.rules import StampedVersion
from spokeshave_pants.wheel.plan.matrix import WheelMatrix, plan_matrix
from spokeshave_pants.wheel.record.reasons import development_version, left_out, several_versions

LINUX = "manylinux_2_17_x86_64"


def matrix(*platforms: str) -> WheelMatrix:
    return plan_matrix(platforms, ["3.11", "3.12", "3.13", "3.14t"], [["3.12"]], where="the target src:wheel")


def test_wheels_of_several_versions_have_no_common_record() -> None:
    assert several_versions(["1.0", "1.0"]) == ""
    assert several_versions(["1.10", "1.9", "1.10"]) == "its wheels have several versions: 1.9, 1.10"


@pytest.mark.parametrize(
    ("version", "has_suffix", "refused"),
    [
        (StampedVersion("3.12.0", "stable"), False, False),
        (StampedVersion("3.12.0rc20260821", "rc"), False, False),
        (StampedVersion("3.12.0rc20260821.post1", "nightly"), False, False),
        (StampedVersion("1.4.5"), False, False),
        (StampedVersion("3.12.0.dev3"), True, False),
        (StampedVersion("3.12.0.dev0"), True, False),
        (StampedVersion("3.12.0.dev0"), False, True),
        (StampedVersion("3.12.0+mine"), True, True),
        (StampedVersion("3.12.0.dev0+0123456", "dev"), False, True),
        (StampedVersion("3.12.0.dev0+0123456.dirty", "local"), False, True),
    ],
)
def test_development_versions_are_not_released(version: StampedVersion, has_suffix: bool, refused: bool) -> None:
    reason = development_version(version, has_suffix=has_suffix)
    assert (f"{version.version} is a development version" in reason) is refused
    assert bool(reason) is refused


def test_a_run_for_some_platforms_leaves_wheels_out() -> None:
    declared = [matrix(LINUX, "win_amd64"), matrix(LINUX)]
    assert left_out(declared, []) == ""
    assert left_out(declared, ["*"]) == ""
    assert left_out(declared, ["win_*"]) == "this run builds 3 of its 9 wheels"
