"""An existing project, built from its sdist by its own build backend for this machine and another processor."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator

import pytest

from e2e.support.project import PantsRun, Project, names, read, running

TAGS = {
    "manylinux_2_17_x86_64": "x86_64-linux-gnu",
    "manylinux_2_17_aarch64": "aarch64-linux-gnu",
}
# ELF's numbers of the processors.
MACHINES = {"manylinux_2_17_x86_64": 62, "manylinux_2_17_aarch64": 183}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, PantsRun]]:
    """Package markupsafe, whose targets are two lines and its platforms, and a project that uses the stable ABI."""
    copy = Project.copy(tmp_path_factory.mktemp("backend") / "repo", "markupsafe", "own", "stable_backend")
    with running(copy) as project:
        yield project, project.package("markupsafe:wheel", "stable_backend:wheel")


@pytest.mark.parametrize("platform", TAGS)
def test_a_wheel_is_built_for_each_platform(run: tuple[Project, PantsRun], platform: str) -> None:
    (wheel,) = (path for path in run[0].wheels("markupsafe") if path.stem.endswith(platform))
    module = f"markupsafe/_speedups.cpython-312-{TAGS[platform]}.so"
    assert wheel.name.startswith("markupsafe-3.0.4-cp312-cp312-")
    assert module in names(wheel)
    assert int.from_bytes(read(wheel, module)[18:20], "little") == MACHINES[platform]
    assert b"Version: 3.0.4\n" in read(wheel, "markupsafe-3.0.4.dist-info/METADATA")


def test_excluded_files_are_not_in_the_wheels(run: tuple[Project, PantsRun]) -> None:
    for wheel in run[0].wheels("markupsafe"):
        files = [name for name in names(wheel) if name.startswith("markupsafe/") and not name.endswith(".so")]
        assert files == [f"markupsafe/{name}" for name in ("__init__.py", "_native.py", "_speedups.pyi", "py.typed")]


def test_the_projects_own_tests_pass_on_the_wheel(run: tuple[Project, PantsRun]) -> None:
    reports = {report["platform"]: report for report in run[0].report("markupsafe:wheel")}
    (smoke,) = reports["manylinux_2_17_x86_64"]["smoke"]
    assert smoke["outcome"] == "passed", smoke
    (tests,) = (check for check in smoke["checks"] if check["name"] == "tests")
    assert " passed" in tests["detail"], tests


def test_a_core_of_the_build_is_listed_with_its_license(run: tuple[Project, PantsRun]) -> None:
    for wheel in run[0].wheels("markupsafe"):
        license_file = "third-party/own.one/one/LICENSE"
        assert read(wheel, f"markupsafe-3.0.4.dist-info/licenses/{license_file}") == b"The license of the core.\n"
        assert f"License-File: {license_file}\n".encode() in read(wheel, "markupsafe-3.0.4.dist-info/METADATA")
        (listed,) = [name for name in names(wheel) if ".dist-info/sboms/" in name]
        components = [component["name"] for component in json.loads(read(wheel, listed))["components"]]
        # The sources are C.
        assert ("one" in components, "compiler-rt" in components, "libc++" in components) == (True, True, False)


def test_the_report_counts_the_compiles_of_the_project(run: tuple[Project, PantsRun]) -> None:
    for report in run[0].report("markupsafe:wheel"):
        (backend,) = report["backends"]
        assert (backend["report"]["backend"], backend["report"]["compiles"]) == ("setuptools.build_meta", 1)


def test_one_stable_build_serves_all_pythons_from_its_first_on(run: tuple[Project, PantsRun]) -> None:
    built = [path.name.split("-manylinux")[0] for path in run[0].wheels("stable-backend")]
    assert built == ["stable_backend-1.0-cp310-abi3", "stable_backend-1.0-cp39-cp39"]
    smoke = {report["abi"]: report["smoke"] for report in run[0].report("stable_backend:wheel")}
    assert {abi: [each["python"] for each in runs] for abi, runs in smoke.items()} == {
        "cp39": ["3.9"],
        "cp310-abi3": ["3.10", "3.13"],
    }
    assert {each["outcome"] for runs in smoke.values() for each in runs} == {"passed"}


def test_the_backends_own_sdist_builds_the_same_wheel(run: tuple[Project, PantsRun]) -> None:
    with tarfile.open(run[0].dist / "stable_backend-1.0.tar.gz") as archive:
        files = [name.partition("/")[2] for name in archive.getnames()]
    assert {"PKG-INFO", "setup.py", "native.c", "stable_backend/__init__.py", "stable_backend/notes.txt"} <= set(files)
    assert not [
        name
        for wheel in run[0].wheels("stable_backend")
        for name in names(wheel)
        if name.endswith(".txt") and ".dist-info/" not in name
    ]
    assert "as the wheel: 6 files, 1 export; passed on 3.9" in run[1].output


def test_limited_api_needs_a_project_that_uses_the_stable_abi(run: tuple[Project, PantsRun]) -> None:
    refused = run[0].pants("package", "stable_backend:without")
    assert refused.exit_code == 1
    assert "is tagged cp310-cp310, but was built as cp310-abi3" in refused.stderr
    assert "The project does not use the stable ABI. Remove `limited_api`, or switch it on" in refused.stderr
