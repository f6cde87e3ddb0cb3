"""Tests of the fields of a `python_native_wheel`, checked as a whole."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.plan.matrix import (
    WheelMatrix,
    check_extension_platforms,
    check_modules,
    extension_path,
    plan_matrix,
    wheel_tag,
)

WHERE = "the target src/python:wheel"
LINUX = "manylinux_2_17_x86_64"
PLATFORM = Platform.parse(LINUX)
ABI3 = PythonAbi(PythonVersion(12), stable=True)
ABI3T = PythonAbi(PythonVersion(15, True), stable=True)


def matrix(
    pythons: list[str], *limited_apis: tuple[str, ...] | None, platforms: tuple[str, ...] = (LINUX,)
) -> WheelMatrix:
    return plan_matrix(platforms, pythons, limited_apis, where=WHERE)


def served(plan: WheelMatrix) -> dict[str, list[str]]:
    return {abi.name: [str(version) for version in plan.served_by(abi)] for abi in plan.abis}


# Platforms times Pythons.


def test_without_a_stable_abi_there_is_a_build_per_python() -> None:
    assert served(matrix(["3.10", "3.11"], None)) == {"cp310": ["3.10"], "cp311": ["3.11"]}


def test_a_stable_build_is_tested_on_pythons_without_a_build() -> None:
    plan = matrix(["3.10", "3.11", "3.12", "3.13", "3.13t"], ("3.12",))
    assert served(plan) == {"cp310": ["3.10"], "cp311": ["3.11"], "cp312-abi3": ["3.12", "3.13"], "cp313t": ["3.13t"]}


def test_a_wheel_without_a_python_abi_has_one_build() -> None:
    plan = plan_matrix([LINUX], ["3.12", "3.10", "3.13t"], [], where=WHERE, independent=True)
    assert served(plan) == {"py3-none": ["3.10", "3.12", "3.13t"]}
    (abi,) = plan.abis
    assert wheel_tag(abi, PLATFORM) == "py3-none-linux_x86_64"
    assert plan.abi_for(PythonVersion(14), where="//:runtime", needed_by="//:compiler") == abi


def test_the_newest_limited_api_of_a_wheels_extensions_counts() -> None:
    assert served(matrix(["3.11", "3.12", "3.13"], ("3.11",), ("3.12",))) == {
        "cp311": ["3.11"],
        "cp312-abi3": ["3.12", "3.13"],
    }


def test_one_full_api_extension_makes_builds_version_specific() -> None:
    assert list(served(matrix(["3.12", "3.13"], ("3.12",), None))) == ["cp312", "cp313"]


def test_platforms_that_are_the_same_are_built_once() -> None:
    plan = matrix(["3.12"], None, platforms=("manylinux2014_x86_64", "manylinux_2_28_x86_64", LINUX))
    assert [platform.tag for platform in plan.platforms] == [LINUX, "manylinux_2_28_x86_64"]


def test_all_invalid_fields_are_reported_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        matrix(["2.7", "x"], ("3.13t",), ("y",), platforms=("win32", LINUX))
    lines = str(caught.value).splitlines()
    assert [line.count(WHERE) for line in lines] == [1] * 5
    for line, wrong in zip(lines, ("'win32'", "'2.7'", "'x'", "'3.13t'", "'y'")):
        assert wrong in line


def test_a_problem_of_two_extensions_is_reported_once() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        matrix(["3.12"], ("y",), ("y",))
    assert len(str(caught.value).splitlines()) == 1


def test_empty_and_invalid_fields_are_reported_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        matrix([], ("y",), platforms=())
    message = str(caught.value)
    assert "Set `platforms`" in message
    assert "Set `pythons`" in message
    assert "'y'" in message


ALL = ["3.11", "3.12", "3.13", "3.14", "3.14t", "3.15", "3.15t"]
OWN = {"cp311": ["3.11"], "cp312": ["3.12"], "cp313": ["3.13"], "cp314": ["3.14"], "cp314t": ["3.14t"]}


@pytest.mark.parametrize(
    ("limited_api", "builds"),
    [
        ((), {**OWN, "cp315": ["3.15"], "cp315t": ["3.15t"]}),
        (
            ("3.12",),
            {
                "cp311": ["3.11"],
                "cp312-abi3": ["3.12", "3.13", "3.14", "3.15"],
                "cp314t": ["3.14t"],
                "cp315t": ["3.15t"],
            },
        ),
        (("3.15t",), {**OWN, "cp315-abi3.abi3t": ["3.15", "3.15t"]}),
        (("3.15",), {**OWN, "cp315-abi3": ["3.15"], "cp315t": ["3.15t"]}),
        (
            ("3.12", "3.15t"),
            {
                "cp311": ["3.11"],
                "cp312-abi3": ["3.12", "3.13", "3.14"],
                "cp314t": ["3.14t"],
                "cp315-abi3.abi3t": ["3.15", "3.15t"],
            },
        ),
    ],
)
def test_each_python_tests_the_build_that_installers_prefer(
    limited_api: tuple[str, ...], builds: dict[str, list[str]]
) -> None:
    assert served(matrix(ALL, limited_api)) == builds


# The matching build of another wheel.


@pytest.mark.parametrize(("version", "build"), [("3.10", "cp310"), ("3.12", "cp312-abi3"), ("3.14", "cp312-abi3")])
def test_a_python_loads_its_own_build_or_else_the_stable_one(version: str, build: str) -> None:
    plan = matrix(["3.10", "3.12"], ("3.12",))
    abi = plan.abi_for(PythonVersion.parse(version, where=WHERE), where="//:runtime", needed_by="//:compiler")
    assert abi.name == build


def test_a_python_loads_the_newest_stable_build() -> None:
    plan = matrix(["3.12", "3.15"], ("3.12", "3.15t"))
    for text, build in (("3.14", "cp312-abi3"), ("3.16", "cp315-abi3.abi3t"), ("3.16t", "cp315-abi3.abi3t")):
        abi = plan.abi_for(PythonVersion.parse(text, where=WHERE), where="//:runtime", needed_by="//:compiler")
        assert abi.name == build


def test_a_python_without_the_required_wheel_is_refused() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        matrix(["3.12"], ("3.12",)).abi_for(PythonVersion(10), where="//:runtime", needed_by="//:compiler")
    assert "//:compiler is built for Python 3.10 and depends on //:runtime" in str(caught.value)
    assert "Add '3.10' to the `pythons` of //:runtime" in str(caught.value)


# Modules.


def test_modules_that_can_be_imported_are_fine() -> None:
    check_modules([("_native", "//:a"), ("pkg._native", "//:b"), ("pkg.sub.mod2", "//:c")])


@pytest.mark.parametrize(
    "module",
    ["", ".", "pkg.", ".native", "pkg..native", "pkg/native", "pkg-native", "2native", "pkg.class", "pkg.größe", "a b"],
)
def test_an_unimportable_module_name_is_refused(module: str) -> None:
    with pytest.raises(InvalidTargetError, match="`module` of //:ext is"):
        check_modules([(module, "//:ext")])


def test_all_module_name_problems_are_reported_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        check_modules([("a", "//:one"), ("b-", "//:two"), ("a", "//:three"), ("c-", "//:four")])
    message = str(caught.value)
    assert "//:one and //:three both build the module a." in message
    assert "of //:two is 'b-'" in message
    assert "of //:four is 'c-'" in message


# Names.


def test_an_extensions_path_matches_its_module() -> None:
    assert extension_path("pkg.sub._native", ABI3, PLATFORM) == "pkg/sub/_native.abi3.so"
    assert extension_path("pkg._native", ABI3T, PLATFORM) == "pkg/_native.abi3t.so"
    version_specific = PythonAbi(PythonVersion(10))
    assert extension_path("_native", version_specific, PLATFORM) == "_native.cpython-310-x86_64-linux-gnu.so"


def test_an_unrepaired_wheel_promises_no_libc() -> None:
    assert wheel_tag(ABI3, PLATFORM) == "cp312-abi3-linux_x86_64"
    assert wheel_tag(PythonAbi(PythonVersion(13, True)), PLATFORM) == "cp313-cp313t-linux_x86_64"
    assert wheel_tag(ABI3T, PLATFORM) == "cp315-abi3.abi3t-linux_x86_64"


def test_a_run_is_narrowed_to_the_platforms_that_globs_name() -> None:
    tags = ["manylinux_2_17_x86_64", "musllinux_1_2_aarch64", "win_amd64", "win_arm64"]
    whole = plan_matrix(tags, ["3.12"], [None], where=WHERE)
    assert [platform.tag for platform in whole.narrowed(["win_*", "*_aarch64"]).platforms] == tags[1:]
    assert whole.narrowed(["macosx_*"]).platforms == ()


def test_host_narrows_a_run_to_runnable_wheels() -> None:
    whole = plan_matrix(["manylinux_2_17_x86_64", "manylinux_2_17_s390x", "win_amd64"], ["3.12"], [None], where=WHERE)
    assert [platform.tag for platform in whole.narrowed(["host"]).platforms] == ["manylinux_2_17_x86_64"]


# The platforms of extensions.


def test_a_platform_without_any_extension_is_refused() -> None:
    platforms = tuple(map(Platform.parse, (LINUX, "win_amd64", "win_arm64")))
    check_extension_platforms(platforms, {"//:posix": ("*linux_*",), "//:windows": ("win_*",)}, where=WHERE)
    check_extension_platforms(platforms, {"//:posix": ("*linux_*",), "//:both": ()}, where=WHERE)
    check_extension_platforms(platforms, {}, where=WHERE)
    with pytest.raises(InvalidTargetError) as caught:
        check_extension_platforms(platforms, {"//:posix": ("*linux_*",)}, where=WHERE)
    assert f"{WHERE} would have no extension in its wheels for win_amd64, win_arm64." in str(caught.value)
    assert "//:posix: *linux_*" in str(caught.value)
    assert "Add a glob that matches, such as 'win_amd64'" in str(caught.value)
