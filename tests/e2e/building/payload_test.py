"""The files in wheels: libraries for ctypes, default licenses, requirements; from sources that are not UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

import pytest

from e2e.support.project import Project, names, read, running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with running(Project.copy(tmp_path_factory.mktemp("payload") / "repo", "payload")) as project:
        project.package("::")
        yield project


def metadata(project: Project, distribution: str, version: str) -> Message:
    name = distribution.replace("-", "_")
    return message_from_bytes(read(project.wheel(distribution), f"{name}-{version}.dist-info/METADATA"))


def outcomes(project: Project, target: str) -> list[tuple[str, str, str]]:
    return [
        (wheel["abi"], python["python"], python["outcome"])
        for wheel in project.report(target)
        for python in wheel["smoke"]
    ]


def test_a_library_for_ctypes_makes_one_wheel_for_all_pythons(project: Project) -> None:
    wheel = project.wheel("acme-opened", "py3-none-")
    assert [name for name in names(wheel) if "dist-info" not in name] == ["opened/__init__.py", "opened/libcore.so"]
    assert outcomes(project, "payload/opened:wheel") == [("py3-none", "3.12", "passed")]


def test_a_library_that_the_wheel_lists_is_not_grafted_as_well(project: Project) -> None:
    wheel = project.wheel("acme-both", "cp312-cp312-")
    assert [name for name in names(wheel) if "dist-info" not in name] == [
        "both/__init__.py",
        "both/_native.cpython-312-x86_64-linux-gnu.so",
        "both/lib/libtally.so",
    ]
    assert outcomes(project, "payload/both:wheel") == [("cp312", "3.12", "passed")]


def test_the_usual_license_files_are_taken_by_default(project: Project) -> None:
    found = metadata(project, "acme-both", "1.0")
    own = [file for file in found.get_all("License-File", []) if not file.startswith("third-party/")]
    assert own == ["LICENSE", "NOTICE.txt"]
    assert read(project.wheel("acme-both"), "acme_both-1.0.dist-info/licenses/LICENSE") == b"MIT\n"
    licenses = [name for name in names(project.wheel("acme-opened")) if "/licenses/" in name]
    assert not [name for name in licenses if "/licenses/third-party/" not in name]


def test_what_sources_import_is_required(project: Project) -> None:
    found = metadata(project, "acme-both", "1.0")
    assert found.get_all("Requires-Dist") == ["acme-opened==2.1", "packaging>=20"]
    assert "requires-python" in str(found.get_payload())
    assert found["Requires-Python"] == "<3.13,>=3.12.0"
