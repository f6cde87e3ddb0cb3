"""The recipes of a release, rendered for each platform and built for this one by the library of rattler-build."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from e2e.support.rattler import Rattler, install_rattler
from spokeshave.cli import main
from spokeshave.release.record import read_record
from spokeshave.testing.conda_fixtures import (
    HOST,
    METADATA,
    PER_PYTHON,
    PURE,
    STABLE,
    conda_wheels,
    write_abacus,
    write_conda_record,
)
from spokeshave.testing.release_fixtures import COMPILER, RUNTIME

PLATFORMS = ("linux-64", "linux-aarch64", "osx-arm64", "win-64")
GIL = ("3.11.* *_cpython", "3.12.* *_cpython", "3.13.* *_cp313", "3.14.* *_cp314")
FREE_THREADED = "3.14.* *_cp314t"
TAGS = {
    "linux-64": "manylinux2014_x86_64.manylinux_2_17_x86_64",
    "linux-aarch64": "manylinux_2_28_aarch64",
    "osx-arm64": "macosx_11_0_universal2",
    "win-64": "win_amd64",
}
FLOORS = {"linux-64": ["__glibc >=2.17"], "linux-aarch64": ["__glibc >=2.28"], "osx-arm64": ["__osx >=11.0"]}


@pytest.fixture(scope="module")
def rattler(tmp_path_factory: pytest.TempPathFactory) -> Rattler:
    return install_rattler(tmp_path_factory.mktemp("rattler") / "environment")


def write_recipes(record: Path, output: Path, *options: str) -> Path:
    """Write the recipes of a record. Options may name other URLs."""
    urls = options or ("--url-base", f"{HOST}/{{sha256}}/{{name}}")
    assert main(["release", "conda", str(record), "--output", str(output), *urls]) == 0
    return output


def one_recipe(folder: Path, tags: Sequence[str], requires: Sequence[str] = (), metadata: str = METADATA) -> Path:
    """Write the recipe of a runtime with some wheels."""
    wheels = conda_wheels(folder / "wheels", RUNTIME, tags, requires=requires, metadata=metadata)
    return write_recipes(write_conda_record(folder, wheels), folder / "recipes") / RUNTIME / "recipe.yaml"


def wheel_of(rendered: dict[str, Any]) -> str:
    """Return the tag of the wheel that a rendered recipe takes. Empty for none."""
    sources = rendered["document"].get("source", [])
    assert len(sources) < 2, sources
    return sources[0]["url"].rpartition("3.12.0-")[2].replace(".whl", "") if sources else ""


def test_each_platform_and_python_gets_its_wheel(tmp_path: Path, rattler: Rattler) -> None:
    record = write_abacus(tmp_path)
    recipes = write_recipes(record, tmp_path / "recipes")
    hashes = {file.name: file.sha256 for file in read_record(record).files}
    for rendered in rattler.render(recipes / RUNTIME / "recipe.yaml", PLATFORMS, GIL[:2]):
        platform = rendered["platform"]
        minor = rendered["python"][2:4]
        name = f"abacus_runtime-3.12.0-cp3{minor}-cp3{minor}-{TAGS[platform]}.whl"
        document = rendered["document"]
        assert document["source"] == [{"url": f"{HOST}/{hashes[name]}/{name}", "sha256": hashes[name]}]
        assert not rendered["skipped"]
        assert document["requirements"]["host"] == ["python", "pip"]
        assert document["requirements"]["run"] == [
            "python",
            "numpy >=1.24,<3",
            *(["tomli >=2"] if minor == "11" else []),
            *(["pywin32"] if platform == "win-64" else []),
            "typing-extensions >=4.7,4.*",
            *FLOORS.get(platform, []),
        ]
        assert document["build"]["python"]["entry_points"] == [
            "abacus = abacus_runtime.cli:main",
            "beads = abacus_runtime.cli:main",
        ]


def test_one_package_of_the_stable_abi_serves_all_pythons(tmp_path: Path, rattler: Rattler) -> None:
    record = write_abacus(tmp_path)
    recipe = write_recipes(record, tmp_path / "recipes") / COMPILER / "recipe.yaml"
    hashes = {file.name: file.sha256 for file in read_record(record).files}
    for rendered, tag in zip(rattler.render(recipe, PLATFORMS, GIL[:1]), STABLE):
        document = rendered["document"]
        assert document["source"][0]["sha256"] == hashes[f"abacus_compiler-3.12.0-{tag}.whl"]
        assert not rendered["skipped"]
        assert document["build"]["python"]["version_independent"] is True
        assert document["requirements"]["host"] == ["python 3.12.*", "python-abi3 3.12.*", "pip"]
        assert document["requirements"]["run"][:3] == ["python >=3.12", f"{RUNTIME} ==3.12.0", "ml-dtypes"]
    assert rattler.render(recipe, ["osx-64"], GIL[:1])[0]["skipped"]


def test_pythons_and_platforms_without_a_wheel_are_skipped(tmp_path: Path, rattler: Rattler) -> None:
    recipe = one_recipe(tmp_path, [*PER_PYTHON[:2], "cp314-cp314t-manylinux_2_17_x86_64"])
    rendered = rattler.render(recipe, ["linux-64", "linux-aarch64", "win-64"], [*GIL, FREE_THREADED])
    found = {(each["platform"], each["python"]): wheel_of(each) for each in rendered if not each["skipped"]}
    assert found == {
        ("linux-64", GIL[0]): f"cp311-cp311-{TAGS['linux-64']}",
        ("linux-64", FREE_THREADED): "cp314-cp314t-manylinux_2_17_x86_64",
        ("linux-aarch64", GIL[0]): "cp311-cp311-manylinux_2_28_aarch64",
    }
    assert all(wheel_of(each) == "" for each in rendered if each["skipped"])


def test_a_stable_abi_follows_wheels_for_older_pythons(tmp_path: Path, rattler: Rattler) -> None:
    linux = "manylinux_2_17_x86_64"
    recipe = one_recipe(tmp_path, [f"cp311-cp311-{linux}", f"cp312-abi3-{linux}", f"cp314-cp314t-{linux}"])
    rendered = rattler.render(recipe, ["linux-64"], [*GIL, FREE_THREADED])
    wheels = [f"cp311-cp311-{linux}", *[f"cp312-abi3-{linux}"] * 3, f"cp314-cp314t-{linux}"]
    assert [wheel_of(each) for each in rendered] == wheels
    assert not any(each["skipped"] for each in rendered)


def test_a_pure_wheel_is_one_package(tmp_path: Path, rattler: Rattler) -> None:
    recipe = one_recipe(tmp_path, PURE, ["tomli ; python_version < '3.12'"])
    (rendered,) = rattler.render(recipe, ["linux-64"], GIL[:1])
    assert rendered["document"]["build"]["noarch"] == "python"
    assert rendered["document"]["requirements"] == {
        "host": ["python 3.11.*", "pip"],
        "run": ["python >=3.11", "tomli"],
    }
    assert wheel_of(rendered) == "py3-none-any"


def test_other_versions_for_another_python_split_a_pure_wheel(tmp_path: Path, rattler: Rattler) -> None:
    requires = ["numpy<2 ; python_version < '3.12'", "numpy>=2 ; python_version >= '3.12'"]
    # A text of the wheel is not a template, and a bound within the oldest Python stays.
    metadata = METADATA.replace("what beads", "${{ matrix.os }} {% {#").replace(">=3.11", "~=3.11,>3.11.4")
    rendered = rattler.render(one_recipe(tmp_path, PURE, requires, metadata), ["win-64"], GIL[:2])
    runs = [each["document"]["requirements"]["run"] for each in rendered]
    assert runs == [["python", "numpy <2"], ["python", "numpy >=2"]]
    assert not any(each["skipped"] for each in rendered)
    assert {each["document"]["about"]["summary"] for each in rendered} == {"Counts: ${{ matrix.os }} {% {# count"}
    pure = one_recipe(tmp_path / "pure", PURE, metadata=metadata)
    (document,) = (each["document"] for each in rattler.render(pure, ["linux-64"], GIL[:1]))
    assert document["requirements"]["run"] == ["python >3.11.4,3.*"]


def test_an_unknown_field_is_an_error(tmp_path: Path, rattler: Rattler) -> None:
    recipe = one_recipe(tmp_path, PURE)
    recipe.write_text(recipe.read_text().replace("about:\n", "about:\n  fame: great\n"))
    assert "unknown field 'fame'" in rattler.error(recipe)


def test_a_recipe_builds_a_package_that_passes_its_tests(tmp_path: Path, rattler: Rattler) -> None:
    record = write_conda_record(tmp_path, conda_wheels(tmp_path / "wheels", RUNTIME, PER_PYTHON))
    recipes = write_recipes(record, tmp_path / "recipes", "--url-base", (record / "files").as_uri())
    package = rattler.build(recipes / RUNTIME / "recipe.yaml", tmp_path / "build", {})
    assert package["depends"] == ["python", "__glibc >=2.17"]
    assert {"abacus_runtime/__init__.py", "bin/abacus"} <= {
        file.partition("site-packages/")[2] or file for file in package["files"]
    }
    assert (package["license"], package["tests"]) == ("Apache-2.0", 1)
