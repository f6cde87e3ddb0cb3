"""Wheels for every platform from this machine: files, tags, equal bytes in another folder, and a project's choices."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.project import PantsRun, Project, assert_golden, install, names, read, running, sha256

STABLE = "--release-version-channel=stable"
PLATFORMS = (
    "manylinux_2_17_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_17_aarch64",
    "manylinux_2_17_ppc64le",
    "manylinux_2_17_s390x",
    "manylinux_2_31_riscv64",
    "manylinux_2_31_armv7l",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "macosx_11_0_x86_64",
    "macosx_11_0_arm64",
    "macosx_11_0_universal2",
    "win_amd64",
    "win_arm64",
)
# One of each format, built from scratch twice. ELF's is in hermetic_test.py.
MADE_TWICE = ("macosx_11_0_arm64", "win_amd64")
SOURCES = ("shared/engine/engine.cc", "shared/bindings/types.cc", "shared/bindings/exceptions.cc")
_HASH = re.compile(r"-[0-9a-f]{8,}(?=\.(?:so|dylib|dll))")


def choose(project: Project, platforms: tuple[str, ...]) -> None:
    project.replace("shared/BUILD", 'pythons=["3.12"],', f'pythons=["3.12"],\n    platforms={list(platforms)},')


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Package a shared library and two extensions that use it, for every platform."""
    root = tmp_path_factory.mktemp("platforms") / "repo"
    with running(Project.copy(root, "shared", "choices", "numpy_headers")) as project:
        choose(project, PLATFORMS)
        project.package("shared:wheel", options=(STABLE,))
        yield project


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, PantsRun]]:
    """The same for a platform of each format with an empty store: the project, and the run of a minute or more."""
    root = tmp_path_factory.mktemp("cold")
    copy = Project.copy(root / "repo", "shared")
    with running(Project(copy.root, {"PANTS_LOCAL_STORE_DIR": str(root / "store")})) as project:
        choose(project, MADE_TWICE)
        yield project, project.package("shared:wheel", options=(STABLE,))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_wheels_have_exact_files_and_tags_per_platform(everywhere: Project, platform: str) -> None:
    (wheel,) = (path for path in everywhere.wheels("engines") if path.stem.split("-")[-1].split(".")[-1] == platform)
    listed = [_HASH.sub("-HASH", name) for name in names(wheel)]
    tags = [
        line for line in read(wheel, "engines-2.0.dist-info/WHEEL").decode().splitlines() if line.startswith("Tag:")
    ]
    assert_golden(f"engines-{platform}.txt", [*listed, *tags])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_wheel_of_each_platform_was_repaired_and_verified(everywhere: Project, platform: str) -> None:
    (wheel,) = (wheel for wheel in everywhere.report("shared:wheel") if wheel["platform"] == platform)
    assert {"assemble", "repair", "verify", "stamp"} <= {row["kind"] for row in wheel["actions"]}


def test_metadata_is_equal_on_all_platforms(everywhere: Project) -> None:
    texts = {read(wheel, "engines-2.0.dist-info/METADATA") for wheel in everywhere.wheels("engines")}
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("musllinux_1_2_aarch64", {"libc++", "libc++abi", "libunwind"}),
        ("macosx_11_0_universal2", {"libc++", "libc++abi", "compiler-rt"}),
        ("win_amd64", {"libc++", "libc++abi", "libunwind", "compiler-rt", "mingw-w64", "zigc"}),
    ],
)
def test_bill_of_materials_has_the_platforms_runtime(everywhere: Project, platform: str, expected: set[str]) -> None:
    (wheel,) = (wheel for wheel in everywhere.wheels("engines") if platform in wheel.name)
    document = json.loads(read(wheel, "engines-2.0.dist-info/sboms/spokeshave.cdx.json"))
    found = {component["name"] for component in document["components"] if "#lib/" in component.get("purl", "")}
    assert found == expected


def test_runtime_packs_are_made_once_per_target(
    everywhere: Project,
) -> None:
    (report,) = (wheel for wheel in everywhere.report("shared:wheel") if "universal2" in wheel["wheel"])
    counts = {row["kind"]: row["ran"] + row["hit_locally"] + row["memoized"] for row in report["actions"]}
    assert counts["runtime pack"] == 2
    assert counts["compile"] == 2 * 3, "each source once for each processor"


def test_foreign_wheels_are_reported_as_not_run(everywhere: Project) -> None:
    (report,) = (wheel for wheel in everywhere.report("shared:wheel") if "win_arm64" in wheel["wheel"])
    (outcome,) = report["smoke"]
    assert outcome["outcome"] == "not run"
    assert "this machine does not run win_arm64" in outcome["reason"]


def test_another_folder_makes_equal_wheels_per_platform(everywhere: Project, tmp_path: Path) -> None:
    with running(Project.copy(tmp_path / "some where/else", "shared")) as project:
        choose(project, PLATFORMS)
        for source in SOURCES:
            project.write(source, f"{(project.root / source).read_text()}// {uuid.uuid4()}\n")
        project.package("shared:wheel", options=(STABLE,))
        assert len(project.ran("shared:wheel", "compile")) == len(SOURCES) * (len(PLATFORMS) - 1)
        assert hashes(project) == hashes(everywhere)


def test_a_cold_store_makes_the_same_bytes(everywhere: Project, cold: tuple[Project, PantsRun]) -> None:
    """Including runtime packs."""
    project, _ = cold
    assert len(project.ran("shared:wheel", "runtime pack")) == len(MADE_TWICE)
    expected = hashes(everywhere)
    assert {name: expected[name] for name in hashes(project)} == hashes(project)


def test_the_log_counts_the_actions_that_are_done(cold: tuple[Project, PantsRun]) -> None:
    project, run = cold
    (done, actions, wheels), *_ = re.findall(r"(\d+) of (\d+) actions done \(.+\): \d+ of (\d+) wheels", run.output)
    processes = project.processes("shared:wheel")
    assert int(actions) == len({row["description"] for row in processes if row["kind"] != "metadata"})
    assert int(done) <= int(actions)
    assert int(wheels) == len(MADE_TWICE)


def hashes(project: Project) -> dict[str, str]:
    return {wheel.name: sha256(wheel) for wheel in project.wheels("engines")}


@pytest.fixture(scope="module")
def chosen(everywhere: Project) -> Project:
    """Package a project that differs by platform, has a variant, and lists no Pythons."""
    everywhere.package("choices::", options=(STABLE,))
    return everywhere


def test_platform_sources_and_macros_are_in_its_wheel_only(chosen: Project) -> None:
    (linux,) = (path for path in chosen.wheels("choices") if "cp312-manylinux" in path.name)
    (windows,) = (path for path in chosen.wheels("choices") if "cp312-win" in path.name)
    (extension,) = (name for name in names(linux) if name.endswith(".so"))
    (dll,) = (name for name in names(windows) if name.endswith(".pyd"))
    assert b"POSIX" in read(linux, extension)
    assert b"Windows" not in read(linux, extension)
    assert b"Windows" in read(windows, dll)
    assert b"POSIX" not in read(windows, dll)
    assert b"x86_64" in read(linux, extension)
    assert b"amd64" in read(windows, dll)


def test_default_pythons_are_those_the_metadata_allows(chosen: Project) -> None:
    assert {path.name.split("-")[2] for path in chosen.wheels("choices")} == {"cp311", "cp312"}
    report = chosen.report("choices:wheel")
    assert sorted({outcome["python"] for wheel in report for outcome in wheel["smoke"]}) == ["3.11", "3.12"]


def test_free_threaded_builds_have_their_own_tag(chosen: Project) -> None:
    wheels = [path.stem.split("-", 2)[2] for path in chosen.wheels("choices-free-threaded")]
    for abi in ("cp313-cp313t", "cp314-cp314t", "cp314-cp314"):
        for platform in ("manylinux2014_x86_64.manylinux_2_17_x86_64", "macosx_11_0_universal2", "win_amd64"):
            assert f"{abi}-{platform}" in wheels


@pytest.mark.parametrize(
    ("platform", "files"),
    [
        ("manylinux_2_17_x86_64", ["liblevel.so"]),
        ("macosx_11_0_universal2", ["liblevel.dylib"]),
        ("win_amd64", ["level.dll", "level.lib"]),
    ],
)
def test_a_cmake_package_names_the_files_of_its_platform(chosen: Project, platform: str, files: list[str]) -> None:
    (wheel,) = (path for path in chosen.wheels("choices-free-threaded") if f"cp314t-{platform}" in _plain_tag(path))
    present = names(wheel)
    assert [name for name in present if name.startswith("choices/lib/") and "cmake" not in name] == [
        f"choices/lib/{file}" for file in files
    ]
    assert "choices/include/system.h" in present
    config = read(wheel, "choices/lib/cmake/Choices/ChoicesConfig.cmake").decode()
    for property_name, file in zip(("IMPORTED_LOCATION", "IMPORTED_IMPLIB"), files):
        assert f'{property_name} "${{_choices_root}}/lib/{file}"' in config


def _plain_tag(wheel: Path) -> str:
    """Return the name of a wheel's file with one tag for its platform."""
    return wheel.name.replace("manylinux2014_x86_64.", "")


def test_a_variant_has_its_macro_and_library(chosen: Project, tmp_path: Path) -> None:
    environment = install(tmp_path / "traced", "3.12", "choices-traced", find_links=chosen.dist)
    assert environment.run("import choices; print(choices.describe())") == "('POSIX', 'x86_64', 2)"
    plain = install(tmp_path / "plain", "3.12", "choices", find_links=chosen.dist)
    assert plain.run("import choices; print(choices.describe())") == "('POSIX', 'x86_64', 0)"


def test_a_run_for_some_platforms_lists_the_others(everywhere: Project) -> None:
    run = everywhere.package("choices:wheel", "choices:traced_wheel", options=("--native-wheel-platforms=['win_*']",))
    assert {path.stem.rsplit("-", 1)[1] for path in everywhere.wheels()} == {"win_amd64"}
    assert "choices:traced_wheel lists none of the platforms" in run.output


def test_a_glob_without_a_platform_is_reported(everywhere: Project) -> None:
    run = everywhere.pants("--native-wheel-platforms=osx_*", "package", "choices:wheel")
    assert run.exit_code == 1
    assert "the option `[native-wheel].platforms` names 'osx_*', which matches no wheel platform tag" in run.output


def test_platform_headers_come_from_the_platforms_wheel(everywhere: Project) -> None:
    """Its sizes are compiled into it. It would not compile if they were not the compiler's."""
    everywhere.package("numpy_headers:windows")
    dll = read(everywhere.wheel("sums"), "sums/_native.cp312-win_amd64.pyd")
    assert b"numpy's long has 4 bytes, its long double 8\0" in dll
