from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.release.version_text import render_template, template_problems
from spokeshave_pants.wheel.downstream.generated import generated_files
from spokeshave_pants.wheel.downstream.package import DownstreamPackage, Named, OfferedLibrary

ELF = Platform.parse("manylinux_2_17_x86_64")
MACHO = Platform.parse("macosx_11_0_universal2")
PE = Platform.parse("win_amd64")
CONFIG = "abacus/lib/cmake/Abacus/AbacusConfig.cmake"
VERSION_FILE = "abacus/lib/cmake/Abacus/AbacusConfigVersion.cmake"
PC = "abacus/lib/pkgconfig/abacus.pc"
MODULE = "abacus/native_config.py"
CORE = OfferedLibrary("core", "abacus/lib", has_version=True)


def package(existing: tuple[str, ...] = (), description: str = "Adds") -> DownstreamPackage:
    return DownstreamPackage(
        package="abacus",
        description=description,
        include_folders=("abacus/include", "abacus/more"),
        cmake=Named("Abacus", "abacus"),
        pkg_config=Named("abacus", "abacus"),
        existing=frozenset(existing),
    )


def files(
    platform: Platform = ELF, *libraries: OfferedLibrary, offered: DownstreamPackage | None = None
) -> dict[str, str]:
    """Return the generated files of version 3.12.0rc1, by their paths."""
    found = generated_files(offered or package(), libraries, platform)
    assert not [problem for path, text in found.items() for problem in template_problems(text, path)]
    return {path: render_template(text, "3.12.0rc1", None).decode() for path, text in found.items()}


def test_these_files_are_generated() -> None:
    assert list(files(ELF, CORE)) == [CONFIG, VERSION_FILE, PC, MODULE, "abacus/__main__.py"]


def test_a_file_of_the_wheel_replaces_a_generated_one() -> None:
    assert list(files(offered=package((CONFIG, PC, "abacus/__main__.py")))) == [VERSION_FILE, MODULE]
    # The `__main__` would import a function that only the generated module has.
    assert list(files(offered=package((CONFIG, PC, MODULE)))) == [VERSION_FILE]


@pytest.mark.parametrize(
    ("platform", "properties"),
    [
        (ELF, {"LOCATION": "lib/libcore.so", "SONAME": "libcore.so"}),
        (MACHO, {"LOCATION": "lib/libcore.dylib", "SONAME": "@rpath/libcore.dylib"}),
        (PE, {"LOCATION": "lib/core.dll", "IMPLIB": "lib/core.lib"}),
    ],
)
def test_cmake_targets_have_the_files_of_the_platform(platform: Platform, properties: dict[str, str]) -> None:
    text = files(platform, CORE)[CONFIG]
    found = dict(re.findall(r'IMPORTED_([A-Z]+) "(?:\$\{_abacus_root\}/)?(.+?)"', text))
    assert found == properties
    checked = text[: text.index("A library states")]
    for key in ("LOCATION", "IMPLIB"):
        assert properties.get(key, "") in checked


def test_cmake_and_pkg_config_name_the_macro_of_the_version() -> None:
    found = files(ELF, CORE)
    for path in (CONFIG, PC):
        assert "ABACUS_EXPECTED_VERSION=ABACUS_VERSION_IS_3_12_0rc1" in found[path]


def test_only_libraries_that_state_a_version_are_read() -> None:
    text = files(ELF, CORE, OfferedLibrary("plain", "abacus/lib"))[CONFIG]
    read = text[text.index("A library states") : text.index("file(STRINGS")]
    assert "libcore.so" in read
    assert "libplain.so" not in read
    assert "file(STRINGS" not in files(ELF, OfferedLibrary("plain", "abacus/lib"))[CONFIG]


def test_needed_libraries_are_named_for_the_linker() -> None:
    text = files(ELF, CORE, OfferedLibrary("top", "abacus", needs=("core",)))[CONFIG]
    assert 'IMPORTED_LINK_DEPENDENT_LIBRARIES "Abacus::core"' in text
    assert '"${_abacus_root}/libtop.so"' in text


def test_a_package_without_libraries_has_its_headers() -> None:
    found = files()
    assert 'INTERFACE_INCLUDE_DIRECTORIES "${_abacus_root}/include;${_abacus_root}/more"' in found[CONFIG]
    assert "SHARED IMPORTED" not in found[CONFIG]
    assert "Libs:" not in found[PC]
    assert "--libdir" not in found[MODULE]


def test_the_pkg_config_file_has_relative_paths() -> None:
    lines = files(PE, CORE, OfferedLibrary("top", "abacus"))[PC].splitlines()
    assert lines[1:4] == ["prefix=${pcfiledir}/../..", "includedir=${prefix}/include", "libdir=${prefix}"]
    assert lines[-2].startswith("Cflags: -I${includedir} -I${prefix}/more -DABACUS_EXPECTED_VERSION=")
    assert lines[-1] == "Libs: -L${libdir} -L${prefix}/lib -lcore -ltop"
    assert "Version: 3.12.0rc1" in lines


def test_a_description_cannot_break_the_files() -> None:
    text = files(offered=package(description="Adds $5\nto #1 of @NAME@"))[PC]
    assert r"Description: Adds $$5 to \#1 of  at NAME at " in text


@pytest.mark.parametrize(("tag", "size"), [("manylinux_2_17_i686", 4), ("win_arm64", 8), ("manylinux_2_31_armv7l", 4)])
def test_a_cmake_package_is_for_one_size_of_pointers(tag: str, size: int) -> None:
    assert f"NOT CMAKE_SIZEOF_VOID_P EQUAL {size}" in files(Platform.parse(tag))[VERSION_FILE]


@pytest.mark.parametrize("version", ["1.2.3.4", "1.2.3.4rc1", "1.2"])
def test_the_version_file_compares_all_numbers(version: str) -> None:
    text = generated_files(package(), (), ELF)[VERSION_FILE]
    release = version.replace("rc1", "")
    assert f'set(_release "{release}")\n' in render_template(text, version, None).decode()


def test_each_component_has_a_variable() -> None:
    text = files(ELF, CORE)[CONFIG]
    for value in ("TRUE", "FALSE"):
        assert f"set(Abacus_${{_abacus_root_component}}_FOUND {value})" in text


def test_the_module_prints_folders(tmp_path: Path) -> None:
    for path, text in files(ELF, CORE).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "abacus/__init__.py").write_text("")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "abacus", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    options = ("--version", "--cmakedir", "--pkgconfigdir", "--libdir")
    root = tmp_path / "abacus/lib"
    printed = run(*options).stdout.splitlines()
    assert printed == ["3.12.0rc1", str(root / "cmake/Abacus"), str(root / "pkgconfig"), str(root)]
    assert "give at least one of --version" in run().stderr
