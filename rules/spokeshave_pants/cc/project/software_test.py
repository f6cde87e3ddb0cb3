"""Tests of the name and version of a project."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.project.software import Software

PACKAGE = {"lib/pkgconfig/yaml-0.1.pc": "Name: LibYAML\nVersion: 0.2.5\n"}


def found(archive: str = "", cached: tuple[str, ...] = (), packages: dict[str, str] | None = None) -> Software:
    return Software.found(cached=cached, packages=packages or {}, archive=archive, target="core")


def test_cmake_says_what_a_project_is() -> None:
    cached = ("CMAKE_PROJECT_NAME:STATIC=Snappy", "CMAKE_PROJECT_VERSION:STATIC=1.1.9")
    assert found("x-2.tar.gz", cached, PACKAGE) == Software("Snappy", "1.1.9")
    assert found("", ("CMAKE_PROJECT_NAME:STATIC=yaml",), PACKAGE) == Software("yaml", "0.2.5")
    assert found("", ("CMAKE_PROJECT_NAME:STATIC=Project",)) == Software("core")


def test_a_package_file_has_the_version() -> None:
    assert found(packages=PACKAGE) == Software("yaml-0.1", "0.2.5")
    two = {**PACKAGE, "lib/pkgconfig/other.pc": "Version: 2\n"}
    assert found(packages=two) == Software("core")


@pytest.mark.parametrize(
    ("archive", "name", "version"),
    [
        ("zlib-1.3.1.tar.gz", "zlib", "1.3.1"),
        ("libyaml_0.2.5.orig.tar.gz", "libyaml", "0.2.5"),
        ("fmtlib_9.1.0+ds1.orig.tar.gz", "fmtlib", "9.1.0+ds1"),
        ("v1.1.9.zip", "core", "1.1.9"),
        ("yaml-cpp-0.8.0.tar.xz", "yaml-cpp", "0.8.0"),
        ("sources.tar.gz", "core", None),
    ],
)
def test_the_name_of_the_archive_is_read(archive: str, name: str, version: str | None) -> None:
    assert found(archive) == Software(name, version)
