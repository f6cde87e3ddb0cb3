from __future__ import annotations

from dataclasses import replace

from spokeshave.sdist.cmake_lists import Project, cmake_lists
from spokeshave_core.reports.sdist import NativeFile, PackageFolder, PlatformValues, SdistDescription, SourceGroup

CORE = SourceGroup(
    name="core_objects",
    sources=("core/a.cc", "core/b.c"),
    package=None,
    uses_python=False,
    is_assembler=False,
    c_standard="gnu17",
    cxx_standard="c++20",
    include_roots=("", "core/include"),
)
BINDING = SourceGroup(
    name="binding_objects",
    sources=("binding/native.cc",),
    package=None,
    uses_python=True,
    is_assembler=False,
    c_standard="gnu17",
    cxx_standard="gnu++20",
)
MODULE = NativeFile(name="pack.sub._native", groups=("core_objects", "binding_objects"), libraries=("engine",))
ENGINE = NativeFile(name="engine", groups=("core_objects",))


def text_of(
    *groups: SourceGroup,
    libraries: tuple[NativeFile, ...] = (),
    extensions: tuple[NativeFile, ...] = (),
    limited_api: str | None = None,
) -> str:
    described = SdistDescription(
        platforms=("manylinux_2_17_x86_64", "win_amd64"),
        limited_api=limited_api,
        is_independent=False,
        windows_libraries=("ws2_32",),
        groups=groups,
        libraries=libraries,
        extensions=extensions,
    )
    project = Project(
        name="Pack", description=described, libraries_folder="pack.libs", has_python_files=True, has_data=False
    )
    return cmake_lists(project)


def test_a_core_is_a_group_that_knows_no_python() -> None:
    text = text_of(CORE, BINDING, extensions=(replace(MODULE, libraries=()),))
    core = text.partition("add_library(core_objects OBJECT")[2].partition("\n\n")[0]
    assert '"${NATIVE}/core/a.cc"\n  "${NATIVE}/core/b.c"' in core
    assert '"${NATIVE}"\n  "${NATIVE}/core/include"' in core
    assert "C_STANDARD 17 C_EXTENSIONS ON CXX_STANDARD 20 CXX_EXTENSIONS OFF" in core
    assert "PYTHON" not in core
    binding = text.partition("add_library(binding_objects OBJECT")[2].partition("\n\n")[0]
    assert "target_link_libraries(binding_objects PRIVATE ${PYTHON_HEADERS})" in binding
    assert "project(Pack LANGUAGES C CXX)" in text
    # clang-scan-deps is missing on many machines.
    assert "set(CMAKE_CXX_SCAN_FOR_MODULES OFF)" in text


def test_a_module_is_linked_to_libraries_that_it_finds() -> None:
    text = text_of(CORE, BINDING, libraries=(ENGINE,), extensions=(MODULE,))
    assert "python_add_library(pack.sub._native MODULE WITH_SOABI)" in text
    assert "target_link_libraries(pack.sub._native PRIVATE engine_library ${SYSTEM_LIBRARIES})" in text
    assert 'INSTALL_RPATH "${ORIGIN}/../../pack.libs"' in text
    assert "install(TARGETS pack.sub._native LIBRARY DESTINATION pack/sub)" in text
    # Windows searches next to the module.
    assert "install(TARGETS engine_library RUNTIME DESTINATION pack/sub)" in text


def test_a_stable_abi_is_used_where_the_build_asks_for_it() -> None:
    text = text_of(CORE, BINDING, extensions=(replace(MODULE, libraries=()),), limited_api="3.9")
    assert "set(PYTHON_DEFINITIONS Py_LIMITED_API=0x03090000)" in text
    assert "python_add_library(pack.sub._native MODULE ${PYTHON_ABI} WITH_SOABI)" in text
    assert "target_compile_definitions(binding_objects PRIVATE ${PYTHON_DEFINITIONS})" in text
    assert "target_compile_definitions(core_objects" not in text


def test_flags_of_gcc_are_not_given_to_msvc() -> None:
    group = replace(
        CORE,
        flags=("-Wall", "-mcrc32"),
        platform_flags=(PlatformValues("win_*", ("-mavx",)),),
        platform_defines=(PlatformValues("win_*", ("NOMINMAX",)),),
        forced_headers=("core/config.h",),
    )
    text = text_of(group, libraries=(ENGINE,))
    assert "-Wall" not in text
    assert "if(NOT MSVC)\n  target_compile_options(core_objects PRIVATE -mcrc32)\nendif()" in text
    assert 'if(NOT MSVC AND (CMAKE_SYSTEM_NAME STREQUAL "Windows"))\n  target_compile_options(' in text
    windows = 'if(CMAKE_SYSTEM_NAME STREQUAL "Windows")\n  target_compile_definitions(core_objects PRIVATE NOMINMAX)'
    assert windows in text
    assert 'if(MSVC)\n  target_compile_options(core_objects PRIVATE "/FI${NATIVE}/core/config.h")\nelse()' in text


def test_sources_of_some_platforms_are_a_group_of_their_own() -> None:
    windows = replace(CORE, name="windows_objects", sources=("win.c",), platforms=("win_*",))
    text = text_of(CORE, windows, libraries=(replace(ENGINE, groups=("core_objects", "windows_objects")),))
    assert 'if(CMAKE_SYSTEM_NAME STREQUAL "Windows")\n  add_library(windows_objects OBJECT' in text
    assert "if(TARGET windows_objects)\n  target_sources(engine_library PRIVATE" in text


def test_variables_are_defined_only_where_conditions_need_them() -> None:
    plain = text_of(CORE, libraries=(ENGINE,))
    assert not {"PROCESSOR", "IS_MUSL", "find_python_package", "IS_FREE_THREADED"} & set(
        plain.replace("(", " ").split()
    )
    group = replace(
        CORE,
        platform_flags=(PlatformValues("*_aarch64", ("-O3",)), PlatformValues("musllinux_*", ("-DA",))),
        free_threaded_defines=("NB_FREE_THREADED",),
        package_folders=(PackageFolder("pybind11", "pybind11/include"),),
    )
    text = text_of(group, libraries=(ENGINE,))
    assert "set(PROCESSOR aarch64)" in text
    assert "set(IS_MUSL TRUE)" in text
    assert "find_python_package(SITE_PYBIND11 pybind11)" in text
    assert 'SYSTEM PRIVATE "${SITE_PYBIND11}/pybind11/include")' in text
    assert "OUTPUT_VARIABLE IS_FREE_THREADED" in text


def test_sources_of_a_package_are_in_the_build_environment() -> None:
    package = replace(CORE, name="nanobind_objects", sources=("nanobind/src/nb_combined.cpp",), package="nanobind")
    text = text_of(package, libraries=(replace(ENGINE, groups=("nanobind_objects",)),))
    assert 'add_library(nanobind_objects OBJECT "${SITE_NANOBIND}/nanobind/src/nb_combined.cpp")' in text
    assert "find_package(Python REQUIRED COMPONENTS Interpreter)" in text


def test_assembler_is_refused_for_msvc() -> None:
    assembler = replace(CORE, name="asm_objects", sources=("a.S",), is_assembler=True)
    text = text_of(CORE, assembler, libraries=(replace(ENGINE, groups=("core_objects", "asm_objects")),))
    assert "enable_language(ASM)" in text
    assert "if(MSVC)\n  message(FATAL_ERROR" in text


def test_a_project_without_native_code_needs_no_compiler() -> None:
    text = text_of()
    assert "project(Pack LANGUAGES NONE)" in text
    assert "install(DIRECTORY python/ DESTINATION ." in text


def test_groups_of_limited_files_are_compiled_for_these_only() -> None:
    group = replace(BINDING, platforms=("*_x86_64",), users_platforms=("*linux_*",))
    extension = replace(MODULE, groups=("binding_objects",), libraries=(), platforms=("*linux_*",))
    text = text_of(group, extensions=(extension,))
    outer = text.index('if(CMAKE_SYSTEM_NAME STREQUAL "Linux")')
    inner = text.index("  if(", outer)
    compiled = text.index("add_library(binding_objects OBJECT", inner)
    assert outer < inner < compiled
    limited = text.index('if(CMAKE_SYSTEM_NAME STREQUAL "Linux")', compiled)
    assert limited < text.index("python_add_library(pack.sub._native") < text.index("endif()", limited)


def test_a_dll_is_next_to_the_modules_that_need_it() -> None:
    other = replace(MODULE, name="pack.other._native", libraries=())
    text = text_of(CORE, BINDING, libraries=(ENGINE,), extensions=(MODULE, other))
    assert "install(TARGETS engine_library RUNTIME DESTINATION pack/sub)" in text
    assert "install(TARGETS engine_library RUNTIME DESTINATION pack/other)" not in text
