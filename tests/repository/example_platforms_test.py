"""The platforms of the example product: proven by a test, counted by the README, and run by the workflows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from e2e.building.platforms_test import PLATFORMS as PROVEN

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = REPOSITORY / ".github/workflows"
BUILD = ast.parse((REPOSITORY / "src/python/BUILD").read_text())


def listed() -> list[str]:
    """`PLATFORMS` of the BUILD file."""
    (value,) = (node.value for node in BUILD.body if isinstance(node, ast.Assign))
    platforms: list[str] = ast.literal_eval(value)
    return platforms


def builds_per_wheel_target() -> list[int]:
    """How many Python ABIs each wheel has: one for the limited API, and one for each Python that does not have it."""
    calls = [node.value for node in BUILD.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    fields = [{keyword.arg: keyword.value for keyword in call.keywords} for call in calls]
    (limited,) = {ast.literal_eval(given["limited_api"]) for given in fields if "limited_api" in given}
    wheels = [ast.literal_eval(given["pythons"]) for given in fields if "pythons" in given]
    own = [
        [python for python in pythons if python.endswith("t") or _minor(python) < _minor(limited)] for pythons in wheels
    ]
    return [len(pythons) + 1 for pythons in own]


def _minor(python: str) -> int:
    return int(python.removeprefix("3.").rstrip("t"))


def unknown(globs: Iterable[str], names: Iterable[str]) -> list[str]:
    """The globs that fit no name."""
    listed_names = list(names)
    return [glob for glob in globs if not any(fnmatchcase(name, glob) for name in listed_names)]


def test_each_platform_is_built_and_verified_by_a_test() -> None:
    assert set(listed()) <= set(PROVEN)


def test_the_readme_counts_the_wheels() -> None:
    wheels = len(listed()) * sum(builds_per_wheel_target())
    (said,) = re.findall(r"(\d+) wheels for (\d+) platforms", (REPOSITORY / "README.md").read_text())
    assert said == (str(wheels), str(len(listed())))


@pytest.mark.parametrize("abi", ["cp311-cp311", "cp312-abi3", "cp314-cp314t"])
def test_each_machine_of_the_workflow_has_wheels_to_run(abi: str) -> None:
    jobs = yaml.safe_load((WORKFLOWS / "wheels.yml").read_text())["jobs"]
    names = [f"abacus_runtime-1.0-{abi}-{platform}.whl" for platform in listed()]
    for row in jobs["test"]["strategy"]["matrix"]["include"]:
        assert unknown(row["wheels"].split(), names) == [], row["name"]


def released() -> list[str]:
    """The globs of `platforms` of the release."""
    (call,) = (node.value for node in ast.parse((REPOSITORY / "BUILD").read_text()).body if isinstance(node, ast.Expr))
    assert isinstance(call, ast.Call)
    (platforms,) = (keyword.value for keyword in call.keywords if keyword.arg == "platforms")
    globs: list[str] = ast.literal_eval(platforms)
    return globs


def test_each_glob_of_the_release_names_a_platform() -> None:
    assert unknown(released(), listed()) == []


def test_each_platform_of_the_release_is_tested_by_a_job() -> None:
    """`package` tests the wheels that the building machine runs."""
    jobs = yaml.safe_load((WORKFLOWS / "wheels.yml").read_text())["jobs"]
    tested = [glob for row in jobs["test"]["strategy"]["matrix"]["include"] for glob in row["wheels"].split()]
    names = [platform for platform in listed() if any(fnmatchcase(platform, glob) for glob in released())]
    assert "manylinux_2_17_x86_64" in names
    untested = [name for name in names if not any(fnmatchcase(f"a-1-cp311-cp311-{name}.whl", glob) for glob in tested)]
    assert untested == ["manylinux_2_17_x86_64"]
