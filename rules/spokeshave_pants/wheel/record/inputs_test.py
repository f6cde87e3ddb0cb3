from __future__ import annotations

from spokeshave_core.release.record import ExpectedProject
from spokeshave_pants.wheel.plan.matrix import WheelMatrix, plan_matrix
from spokeshave_pants.wheel.record.inputs import expected_project

LINUX = "manylinux_2_17_x86_64"


def matrix(*platforms: str) -> WheelMatrix:
    return plan_matrix(platforms, ["3.11", "3.12", "3.13", "3.14t"], [["3.12"]], where="the target src:wheel")


def test_every_build_of_the_declared_matrix_is_expected() -> None:
    wheels = [f"{abi}-{platform}" for abi in ("cp311", "cp312-abi3", "cp314t") for platform in (LINUX, "win_amd64")]
    assert expected_project(matrix("win_amd64", LINUX), ["win_*", "3.12"]) == ExpectedProject(
        wheels=tuple(sorted(wheels)), require_smoke_on=("3.12", "win_*"), pythons=("3.11", "3.12", "3.13", "3.14t")
    )
