"""A core with a CMake build of its own: built once per platform, for all Pythons, and linked as it is."""

from __future__ import annotations

import json
import re
import uuid
import zipfile
from collections.abc import Iterator

import pytest

from e2e.support.project import Project, names, read, running

WHEEL = "probed:wheel"
NATIVE = "manylinux_2_17_x86_64"
# What CMake's checks find for each platform: real links decide, and not the building machine.
FACTS = {
    NATIVE: "fork rounds long=8",
    "manylinux_2_17_aarch64": "fork rounds long=8",
    "musllinux_1_2_x86_64": "getrandom fork rounds long=8",
    "macosx_11_0_arm64": "fork rounds long=8",
    "win_amd64": "rounds long=4",
}
_CONFIGURED = re.compile(rb"configured for: ([^\0]*)\0")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("probed") / "repo", "probed")) as project:
        # So that results in the local store are not used.
        project.edit("probed/core/include/measure/measure.h")
        project.package(WHEEL)
        yield project


def test_one_cmake_process_serves_all_pythons(project: Project) -> None:
    built = [text for text in project.ran(WHEEL) if text.startswith("Build ")]
    assert built == sorted(f"Build probed:core for {platform}" for platform in FACTS)


@pytest.mark.parametrize("platform", FACTS)
def test_checks_are_right_for_each_platform(project: Project, platform: str) -> None:
    (wheel,) = [path for path in project.wheels("measure") if "-cp312-" in path.name and platform in path.name]
    with zipfile.ZipFile(wheel) as archive:
        (extension,) = [name for name in archive.namelist() if re.match(r"measure/_measure\..*(so|pyd)", name)]
        assert _CONFIGURED.findall(archive.read(extension)) == [FACTS[platform].encode()]
        grafted = [name for name in archive.namelist() if "libmeasure" in name]
    assert len(grafted) == 1


def test_the_core_is_a_component_with_its_license(project: Project) -> None:
    (wheel,) = [path for path in project.wheels("measure") if "-cp312-" in path.name and NATIVE in path.name]
    (license,) = [name for name in names(wheel) if name.endswith("third-party/probed.core/core/LICENSE")]
    assert read(wheel, license) == b"The license of the core.\n"
    (listed,) = [name for name in names(wheel) if ".dist-info/sboms/" in name]
    components = json.loads(read(wheel, listed))["components"]
    assert [each["version"] for each in components if each["name"] == "measure"] == ["1.2.3"]


def test_an_edit_of_the_core_compiles_no_binding(project: Project) -> None:
    # Bytes that no earlier run on this machine can have linked.
    declaration = '__attribute__((visibility("default"))) extern const char mark[];'
    mark = f'{declaration} const char mark[] = "{uuid.uuid4()}";'
    project.replace("probed/core/measure.cc", "!= 0x80", "!= 0x80 && c != 1")
    source = project.root / "probed/core/measure.cc"
    source.write_text(f"{source.read_text()}\n{mark}\n")
    project.package(WHEEL, options=(f"--native-wheel-platforms={NATIVE}",))
    ran = project.ran(WHEEL)
    assert f"Build probed:core for {NATIVE}" in ran
    assert [text for text in ran if text.startswith("Compile ")] == []
    assert len([text for text in ran if text.startswith("Link ")]) == 2
