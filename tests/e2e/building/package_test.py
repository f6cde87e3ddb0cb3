"""Wheels of tiny projects: packaged by ./pants, listed, installed by pip into a fresh environment, and imported."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Callable
from urllib.parse import quote

import pytest

from e2e.support.project import Environment, PantsRun, Project, assert_golden, install, names, read, running

PROJECTS = ("plain_c", "core", "pybind", "numpy_headers", "shared", "generated", "tally")
FOR_SEVERAL_PYTHONS = ("plain-c", "shapes")
FOR_ONE_PYTHON = ("counter", "engines", "limits", "tally")

Fresh = Callable[[str], Environment]
_GRAFT_HASH = re.compile(r"-[0-9a-f]{8,}(?=\.so)")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("package") / "repo", *PROJECTS)) as project:
        yield project


@pytest.fixture(scope="module")
def packaged(project: Project) -> PantsRun:
    targets = [f"{name}:wheel" for name in PROJECTS]
    return project.package(*targets, options=("--release-version-channel=stable",))


@pytest.fixture(scope="module")
def fresh(project: Project, packaged: PantsRun, tmp_path_factory: pytest.TempPathFactory) -> Fresh:  # noqa: ARG001 (has to be first)
    """Create a virtual environment per Python, with the wheels that pip selects for it from `dist/`."""
    place = tmp_path_factory.mktemp("environments")

    @cache
    def make(version: str) -> Environment:
        distributions = FOR_SEVERAL_PYTHONS + (FOR_ONE_PYTHON if version == "3.12" else ())
        return install(place / version, version, *distributions, find_links=project.dist)

    return make


@pytest.mark.parametrize(
    ("distribution", "tag"),
    [
        ("plain-c", "cp310-abi3"),
        ("shapes", "cp310-cp310"),
        ("shapes", "cp311-cp311"),
        ("shapes", "cp312-abi3"),
        ("counter", "cp312-cp312"),
        ("sums", "cp312-cp312"),
        ("engines", "cp312-abi3"),
        ("limits", "cp312-abi3"),
        ("tally", "cp315-abi3.abi3t-manylinux"),
        ("tally", "cp315-abi3.abi3t-win"),
    ],
)
@pytest.mark.usefixtures("packaged")
def test_a_wheel_holds_exactly_these_files(project: Project, distribution: str, tag: str) -> None:
    listed = [_GRAFT_HASH.sub("-HASH", name) for name in names(project.wheel(distribution, tag))]
    assert_golden(f"{distribution}-{tag}.txt", listed)


@pytest.mark.usefixtures("packaged")
def test_nothing_but_the_wheels_and_their_reports_is_in_dist(project: Project) -> None:
    found = sorted(path.relative_to(project.dist).as_posix() for path in project.dist.rglob("*") if path.is_file())
    assert_golden("dist.txt", found)


@pytest.mark.usefixtures("packaged")
def test_one_wheel_has_the_tags_of_both_stable_abis(project: Project) -> None:
    wheel = project.wheel("tally", "cp315-abi3.abi3t-win")
    lines = read(wheel, "tally-1.0.dist-info/WHEEL").decode().splitlines()
    tags = [line for line in lines if line.startswith("Tag: ")]
    assert tags == ["Tag: cp315-abi3-win_amd64", "Tag: cp315-abi3t-win_amd64"]


def test_a_python_without_abi3t_gets_the_abi3_build(fresh: Fresh) -> None:
    code = "import tally; print(tally.Tally().increment(), tally._native.__file__.split('.')[-2])"
    assert fresh("3.12").run(code) == "1 abi3"


def test_a_limited_api_module_works_on_later_pythons(fresh: Fresh) -> None:
    for version in ("3.10", "3.13"):
        environment = fresh(version)
        assert environment.run("import plain_c; print(plain_c.area(3, 4))") == "12"


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_each_python_has_its_build_of_a_core_with_a_binding(fresh: Fresh, version: str) -> None:
    environment = fresh(version)
    code = "import shapes; print(shapes.square(1.5), shapes.__version__, shapes.UNITS)"
    assert environment.run(code) == "6 m 3.12.0 {'length': 'm'}"


@pytest.mark.usefixtures("packaged")
def test_metadata_and_entry_points_are_pyprojects(project: Project) -> None:
    wheel = project.wheel("shapes", "cp312-abi3")
    metadata = read(wheel, "shapes-3.12.0.dist-info/METADATA").decode()
    assert_golden("shapes-METADATA.txt", metadata.splitlines())
    assert read(wheel, "shapes-3.12.0.dist-info/entry_points.txt").decode().split("\n") == [
        "[console_scripts]",
        "shapes = shapes.cli:main",
        "shapes-outline = shapes.cli:outline",
        "shapes-watch = shapes.cli:watch",
        "",
        "[shapes.plugins]",
        "square = shapes:square",
        "",
    ]
    carried = read(wheel, "shapes-3.12.0.dist-info/licenses/licenses/carried.txt")
    assert carried == b"The license of something that shapes carries.\n"


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        ("plain-c", []),
        ("sums", ["numpy"]),
        ("counter", ["libc++", "libc++abi", "libunwind", "pybind11"]),
        ("engines", ["libc++", "libc++abi", "libengine.so", "libunwind"]),
    ],
)
@pytest.mark.usefixtures("packaged")
def test_bill_of_materials_lists_what_is_linked_in(project: Project, distribution: str, expected: list[str]) -> None:
    wheel = project.wheel(distribution)
    (path,) = (name for name in names(wheel) if name.endswith(".dist-info/sboms/spokeshave.cdx.json"))
    document = json.loads(read(wheel, path))
    assert sorted(component["name"] for component in document["components"]) == expected
    subject = document["metadata"]["component"]
    assert (subject["name"], quote(wheel.name)) == (distribution, subject["purl"].rpartition("?file_name=")[2])


def test_scripts_are_tried_as_the_target_says(packaged: PantsRun) -> None:
    assert ": script shapes-watch (excluded by smoke_scripts (--skip-script))" in packaged.stderr
    assert "script shapes-outline" not in packaged.stderr


def test_scripts_entry_points_and_data_files_are_there_after_pip(fresh: Fresh) -> None:
    environment = fresh("3.12")
    shown = subprocess.run([str(environment.prefix / "bin/shapes"), "2.5"], capture_output=True, text=True, check=True)
    assert shown.stdout == "10 m\n"
    assert (environment.prefix / "share/shapes/example.txt").read_text() == "square 2\n"
    plugin = "from importlib.metadata import entry_points as e; print([*e(group='shapes.plugins')][0].load()(1))"
    assert environment.run(plugin) == "4 m"


def test_pybind11_classes_and_exceptions_work(fresh: Fresh) -> None:
    environment = fresh("3.12")
    code = """
import counter
words = counter.Counter()
words.add(["a", "b", "a"])
print(words.counts)
try:
    counter.checked(-1)
except IndexError as error:
    print("IndexError:", error)
"""
    assert environment.run(code) == "{'a': 2, 'b': 1}\nIndexError: below zero"


@pytest.mark.usefixtures("packaged")
def test_an_extension_of_numpy_arrays_was_tried_with_numpy(project: Project) -> None:
    (report,) = project.report("numpy_headers:wheel")
    assert [(run["python"], run["outcome"]) for run in report["smoke"]] == [("3.12", "passed")]
    extension = read(project.wheel("sums"), "sums/_native.cpython-312-x86_64-linux-gnu.so")
    assert b"numpy's long has 8 bytes, its long double 16\0" in extension


def test_generated_and_plain_headers_are_used(fresh: Fresh) -> None:
    environment = fresh("3.12")
    code = "import limits; print(limits.LOWEST, limits.HIGHEST, limits.STEP)"
    assert environment.run(code) == "-5 1200 25"


def test_two_extensions_share_one_grafted_library(project: Project, fresh: Fresh) -> None:
    (report,) = project.report("shared:wheel")
    assert report["grafted"] == ["libengine.so"]
    environment = fresh("3.12")
    code = "from engines import _exceptions as e, _types as t; print(e.count(), t.count(), e.count())"
    assert environment.run(code) == "1 2 3"


def test_exceptions_cross_between_extension_and_library(fresh: Fresh) -> None:
    environment = fresh("3.12")
    code = """
from engines import _exceptions
for kind in ("runtime", "custom", "int"):
    print(_exceptions.from_library(kind), "|", _exceptions.to_library(kind))
"""
    assert environment.run(code).splitlines() == [
        "runtime_error: thrown by the library | runtime_error: thrown by the extension",
        "EngineError 7: thrown by the library | EngineError 8: thrown by the extension",
        "int: 42 | int: 43",
    ]


def test_types_are_known_across_extension_and_library_both_ways(fresh: Fresh) -> None:
    environment = fresh("3.12")
    code = "from engines import _types; print(_types.from_library(), '|', _types.to_library())"
    assert environment.run(code) == "same 1, cast 1, other 0 | named door, part, wheel"
