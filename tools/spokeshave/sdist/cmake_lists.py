"""The CMakeLists.txt of an sdist: a readable text that gcc, clang and MSVC build, without Pants and Spokeshave.

Settings are the same for all compilers where CMake has a property or a command for them. Flags of the user are in the
words of gcc and clang, so that MSVC is not given them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spokeshave.sdist.conditions import platform_condition
from spokeshave.sdist.flags import joined, link_libraries, link_options, quoted, without_warnings
from spokeshave_core.reports.sdist import NativeFile, SdistDescription, SourceGroup

NATIVE_DIR = "native"
"""The folder of the repository's sources in an sdist."""
PYTHON_DIR = "python"
"""The folder of what a wheel has in its root."""
DATA_DIR = "data"
"""The folder of the files that are installed below the environment's prefix."""
INCLUDE_DIR = "include"
"""The folder of generated headers."""
EXPORTS_FILE = "cmake/python_module.map"
"""The linker's script that hides all names of an extension module but its init function."""
EXPORTS = "{ global: PyInit_*; PyModExport_*; local: *; };\n"

_HEAD = """\
# Generated from the build files of the project's repository. Requires CMake, and gcc, clang or MSVC.
cmake_minimum_required(VERSION 3.26...3.31)
project({project} LANGUAGES {languages})

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
# No source uses modules of C++20, for which CMake would ask some compilers for further programs.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

set(NATIVE "${{CMAKE_CURRENT_SOURCE_DIR}}/{native}")
"""
_PURE_HEAD = """\
# Generated from the build files of the project's repository. Requires CMake only.
cmake_minimum_required(VERSION 3.26...3.31)
project({project} LANGUAGES NONE)
"""
_PYTHON = """\
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})
"""
_INTERPRETER = """\
find_package(Python REQUIRED COMPONENTS Interpreter)
"""
_LIMITED_API = """\
if(SKBUILD_SABI_VERSION)
  # One module for this Python and all later ones (PEP 384).
  set(PYTHON_HEADERS Python::SABIModule)
  set(PYTHON_DEFINITIONS Py_LIMITED_API={value})
  set(PYTHON_ABI USE_SABI ${{SKBUILD_SABI_VERSION}})
else()
  set(PYTHON_HEADERS Python::Module)
endif()
"""
_NO_LIMITED_API = """\
set(PYTHON_HEADERS Python::Module)
"""
_FREE_THREADED = """\
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import sysconfig; print(int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))))"
  OUTPUT_VARIABLE IS_FREE_THREADED
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY
)
"""
_PACKAGES = """\
# Sets a variable to the folder in which the build environment has a Python package.
function(find_python_package VARIABLE DISTRIBUTION)
  set(CODE "import importlib.metadata, pathlib")
  string(APPEND CODE "\\nfound = importlib.metadata.distribution('${DISTRIBUTION}')")
  string(APPEND CODE "\\nprint(pathlib.Path(str(found.locate_file(''))).as_posix())")
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c "${CODE}"
    OUTPUT_VARIABLE FOUND
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY
  )
  set(${VARIABLE} "${FOUND}" PARENT_SCOPE)
endfunction()

"""
_PROCESSOR = """\
# The processor that is compiled for, with one name on all systems.
if(MSVC)
  set(PROCESSOR "${{CMAKE_{language}_COMPILER_ARCHITECTURE_ID}}")
elseif(APPLE AND CMAKE_OSX_ARCHITECTURES)
  set(PROCESSOR "${{CMAKE_OSX_ARCHITECTURES}}")
else()
  set(PROCESSOR "${{CMAKE_SYSTEM_PROCESSOR}}")
endif()
string(TOLOWER "${{PROCESSOR}}" PROCESSOR)
if(PROCESSOR MATCHES ";")
  message(FATAL_ERROR "Some flags differ between processors: build for one of ${{PROCESSOR}}, and join the results.")
elseif(PROCESSOR MATCHES "^(amd64|x64)$")
  set(PROCESSOR x86_64)
elseif(PROCESSOR STREQUAL "arm64")
  set(PROCESSOR aarch64)
elseif(PROCESSOR MATCHES "^(i[3-6]86|x86)$")
  set(PROCESSOR i686)
endif()
"""
_MUSL = """\
# musl defines no macro of its own.
include({module})
{command}(__GLIBC__ "features.h" IS_GLIBC)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT IS_GLIBC)
  set(IS_MUSL TRUE)
endif()
"""
_SYSTEM_LIBRARIES = """\
# What each native file may use of the system.
find_package(Threads REQUIRED)
set(SYSTEM_LIBRARIES Threads::Threads ${{CMAKE_DL_LIBS}})
if(WIN32)
  list(APPEND SYSTEM_LIBRARIES {windows})
elseif(NOT APPLE)
  list(APPEND SYSTEM_LIBRARIES m)
endif()

if(APPLE)
  set(ORIGIN "@loader_path")
else()
  set(ORIGIN "\\$ORIGIN")
endif()
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_NAME_DIR "@rpath")
"""
_ASSEMBLER = """\
if(MSVC)
  message(FATAL_ERROR "The assembler sources are for gcc and clang. Use clang (clang-cl does not suffice) or MinGW.")
endif()
enable_language(ASM)
"""


@dataclass(frozen=True)
class Project:
    """What a CMakeLists.txt is made of.

    Attributes:
        name: The name of the distribution.
        libraries_folder: The folder of shared libraries that only native files open, in the wheel.
        has_python_files: Whether the sdist has files for the wheel's root.
        has_data: Whether it has files for the environment's prefix.
    """

    name: str
    description: SdistDescription
    libraries_folder: str
    has_python_files: bool
    has_data: bool


def cmake_lists(project: Project) -> str:
    """Return the text of the CMakeLists.txt."""
    described = project.description
    if not described.groups:
        return "\n".join([_PURE_HEAD.format(project=quoted(project.name)), *_installs(project)])
    sections = (
        _head(project),
        *_pythons(described),
        *_platforms(described),
        _SYSTEM_LIBRARIES.format(windows=" ".join(described.windows_libraries)),
        *(_group(group, described) for group in described.groups),
        *(_library(library, project) for library in described.libraries),
        *(_extension(extension, project) for extension in described.extensions),
        *_installs(project),
    )
    return "\n".join(sections)


def _is_c(source: str) -> bool:
    return source.endswith(".c")


def _languages(groups: Iterable[SourceGroup]) -> tuple[str, ...]:
    sources = [source for group in groups if not group.is_assembler for source in group.sources]
    c = any(map(_is_c, sources))
    cxx = any(not _is_c(source) for source in sources)
    return (*(("C",) if c or not cxx else ()), *(("CXX",) if cxx else ()))


def _head(project: Project) -> str:
    languages = " ".join(_languages(project.description.groups))
    return _HEAD.format(project=quoted(project.name), languages=languages, native=NATIVE_DIR)


def _pythons(described: SdistDescription) -> Iterator[str]:
    packages = _packages(described)
    if described.extensions:
        yield _PYTHON + _python_abi(described)
    elif packages:
        yield _INTERPRETER
    if any(group.free_threaded_defines for group in described.groups):
        yield _FREE_THREADED
    if packages:
        yield _PACKAGES + "".join(f"find_python_package({_variable(name)} {name})\n" for name in packages)


def _python_abi(described: SdistDescription) -> str:
    if described.limited_api is None:
        return _NO_LIMITED_API
    minor = int(described.limited_api.partition(".")[2])
    return _LIMITED_API.format(value=f"0x03{minor:02X}0000")


def _packages(described: SdistDescription) -> tuple[str, ...]:
    used = {folder.distribution for group in described.groups for folder in group.package_folders}
    return tuple(sorted({*used, *(group.package for group in described.groups if group.package)}))


def _variable(distribution: str) -> str:
    return "SITE_" + "".join(letter if letter.isalnum() else "_" for letter in distribution).upper()


def _platforms(described: SdistDescription) -> Iterator[str]:
    """Yield the definitions of the variables that conditions use."""
    conditions = " ".join(_condition(globs, described) for globs in _all_globs(described))
    language = _languages(described.groups)[0]
    if "PROCESSOR" in conditions:
        yield _PROCESSOR.format(language=language)
    if "IS_MUSL" in conditions:
        names = {"C": ("CheckSymbolExists", "check_symbol_exists")}
        module, command = names.get(language, ("CheckCXXSymbolExists", "check_cxx_symbol_exists"))
        yield _MUSL.format(module=module, command=command)


def _all_globs(described: SdistDescription) -> Iterator[tuple[str, ...]]:
    for group in described.groups:
        yield group.platforms
        yield group.users_platforms
        yield from ((values.glob,) for values in (*group.platform_defines, *group.platform_flags))
    for native in (*described.libraries, *described.extensions):
        yield native.platforms
        yield from ((values.glob,) for values in native.platform_link_flags)


def _condition(globs: tuple[str, ...], described: SdistDescription) -> str:
    return platform_condition(globs, described.platforms) if globs else "TRUE"


def _call(command: str, head: str, arguments: Sequence[str]) -> list[str]:
    """Return the lines of a call of a command, with one argument to a line if there are several."""
    if not arguments:
        return []
    if len(arguments) == 1:
        return [f"{command}({head} {arguments[0]})"]
    return [f"{command}({head}", *(f"  {argument}" for argument in arguments), ")"]


def _block(condition: str, lines: Sequence[str]) -> list[str]:
    """Return lines below a condition. None if there is nothing to do, or if it is never true."""
    if not lines or condition == "FALSE":
        return []
    if condition == "TRUE":
        return list(lines)
    return [f"if({condition})", *(f"  {line}" for line in lines), "endif()"]


def _group(group: SourceGroup, described: SdistDescription) -> str:
    name = group.name
    where = f"${{{_variable(group.package)}}}" if group.package else "${NATIVE}"
    lines = [
        *(_ASSEMBLER.splitlines() if group.is_assembler else ()),
        *_call("add_library", f"{name} OBJECT", [f'"{where}/{source}"' for source in group.sources]),
        *(() if group.is_assembler else _standards(group)),
        *_call("target_include_directories", f"{name} PRIVATE", [_native(root) for root in group.include_roots]),
        *_call("target_include_directories", f"{name} SYSTEM PRIVATE", list(_system_folders(group))),
        *_definitions(group, described),
        *_compile_flags(group, described),
    ]
    if group.uses_python:
        lines.append(f"target_link_libraries({name} PRIVATE ${{PYTHON_HEADERS}})")
        if described.limited_api is not None:
            lines.append(f"target_compile_definitions({name} PRIVATE ${{PYTHON_DEFINITIONS}})")
    compiled = _block(_condition(group.platforms, described), lines)
    return "\n".join(_block(_condition(group.users_platforms, described), compiled)) + "\n"


def _native(path: str) -> str:
    return f'"${{NATIVE}}/{path}"' if path not in ("", ".") else '"${NATIVE}"'


def _system_folders(group: SourceGroup) -> Iterator[str]:
    for folder in group.package_folders:
        yield f'"${{{_variable(folder.distribution)}}}/{folder.path}"'
    if group.needs_version:
        yield f'"${{CMAKE_CURRENT_SOURCE_DIR}}/{INCLUDE_DIR}"'


def _standards(group: SourceGroup) -> list[str]:
    """Return the properties for the languages that a group has."""
    properties = []
    for language, standard in (("C", group.c_standard), ("CXX", group.cxx_standard)):
        if any((language == "C") == _is_c(source) for source in group.sources):
            number = "".join(letter for letter in standard if letter.isdigit())
            gnu = "ON" if standard.startswith("gnu") else "OFF"
            properties.append(f"{language}_STANDARD {number} {language}_EXTENSIONS {gnu}")
    return [f"set_target_properties({group.name} PROPERTIES {' '.join(properties)})"]


def _definitions(group: SourceGroup, described: SdistDescription) -> Iterator[str]:
    command = "target_compile_definitions"
    head = f"{group.name} PRIVATE"
    yield from _call(command, head, [quoted(define) for define in group.defines])
    free_threaded = _call(command, head, [quoted(define) for define in group.free_threaded_defines])
    yield from _block("IS_FREE_THREADED", free_threaded)
    for values in group.platform_defines:
        lines = _call(command, head, [quoted(define) for define in values.values])
        yield from _block(_condition((values.glob,), described), lines)


def _compile_flags(group: SourceGroup, described: SdistDescription) -> Iterator[str]:
    command = "target_compile_options"
    head = f"{group.name} PRIVATE"

    def options(flags: Iterable[str]) -> list[str]:
        return _call(command, head, [quoted(flag) for flag in joined(without_warnings(flags))])

    forced = [_native(path) for path in group.forced_headers]
    if forced:
        microsoft = _call(command, head, [f'"/FI{path[1:]}' for path in forced])
        others = _call(command, head, [f'"SHELL:-include \\"{path[1:-1]}\\""' for path in forced])
        yield from ("if(MSVC)", *_indented(microsoft), "else()", *_indented(others), "endif()")
    yield from _block("NOT MSVC", options(group.flags))
    for values in group.platform_flags:
        condition = _condition((values.glob,), described)
        both = "NOT MSVC" if condition == "TRUE" else f"NOT MSVC AND ({condition})"
        yield from _block("FALSE" if condition == "FALSE" else both, options(values.values))


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _contents(native: NativeFile, target: str, described: SdistDescription) -> Iterator[str]:
    """Yield the commands that link a native file."""
    limited = {group.name for group in described.groups if group.platforms}
    always = [f"$<TARGET_OBJECTS:{name}>" for name in native.groups if name not in limited]
    yield from _call("target_sources", f"{target} PRIVATE", always)
    for name in native.groups:
        if name in limited:
            yield from _block(f"TARGET {name}", [f"target_sources({target} PRIVATE $<TARGET_OBJECTS:{name}>)"])
    libraries = (*map(_library_target, native.libraries), "${SYSTEM_LIBRARIES}")
    yield f"target_link_libraries({target} PRIVATE {' '.join(libraries)})"
    for condition, flags in _link_flags(native, described):
        lines = [
            *_call("target_link_options", f"{target} PRIVATE", [quoted(flag) for flag in link_options(flags)]),
            *_call("target_link_libraries", f"{target} PRIVATE", [quoted(name) for name in link_libraries(flags)]),
        ]
        yield from _block(condition, lines)


def _link_flags(native: NativeFile, described: SdistDescription) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "NOT MSVC", native.link_flags
    for values in native.platform_link_flags:
        yield _condition((values.glob,), described), values.values


def _language(native: NativeFile, described: SdistDescription) -> str:
    return _languages(group for group in described.groups if group.name in native.groups)[-1]


def _library_target(name: str) -> str:
    return f"{name}_library"


def _library(library: NativeFile, project: Project) -> str:
    described = project.description
    target = _library_target(library.name)
    folder = library.folder or project.libraries_folder
    properties = [
        f"OUTPUT_NAME {quoted(library.name)}",
        f"LINKER_LANGUAGE {_language(library, described)}",
        "WINDOWS_EXPORT_ALL_SYMBOLS ON",
        *_search_path(library, folder, project),
    ]
    lines = [
        f"add_library({target} SHARED)",
        *_contents(library, target, described),
        *_call("set_target_properties", f"{target} PROPERTIES", properties),
        f'if(WIN32)\n  set_target_properties({target} PROPERTIES PREFIX "")\nendif()',
        *_library_installs(library, target, folder, project),
    ]
    return "\n".join(_block(_condition(library.platforms, described), lines)) + "\n"


def _library_installs(library: NativeFile, target: str, folder: str, project: Project) -> Iterator[str]:
    plain = f"install(TARGETS {target} LIBRARY DESTINATION {quoted(folder)} RUNTIME DESTINATION {quoted(folder)})"
    if library.folder:
        yield plain
        return
    # Windows searches for a DLL in the folder of the module that needs it.
    extensions = project.description.extensions
    users = [_module_folder(extension) for extension in extensions if library.name in extension.libraries]
    yield "if(WIN32)"
    for user in sorted(dict.fromkeys(users)) or [folder]:
        yield f"  install(TARGETS {target} RUNTIME DESTINATION {quoted(user)})"
    yield f"else()\n  {plain}\nendif()"


def _search_path(native: NativeFile, folder: str, project: Project) -> list[str]:
    """Return the property by which a native file finds the libraries that it is linked to."""
    folders = {library.name: library.folder or project.libraries_folder for library in project.description.libraries}
    relative = {posixpath.relpath(folders[name], folder or ".") for name in native.libraries}
    found = ["${ORIGIN}" if path == "." else f"${{ORIGIN}}/{path}" for path in sorted(relative)]
    return [f'INSTALL_RPATH "{";".join(found)}"'] if found else []


def _module_folder(extension: NativeFile) -> str:
    return posixpath.dirname(extension.name.replace(".", "/")) or "."


def _extension(extension: NativeFile, project: Project) -> str:
    described = project.description
    target = extension.name
    folder = _module_folder(extension)
    abi = " ${PYTHON_ABI}" if described.limited_api is not None else ""
    exports = f'"LINKER:--version-script=${{CMAKE_CURRENT_SOURCE_DIR}}/{EXPORTS_FILE}"'
    properties = [
        f"OUTPUT_NAME {quoted(extension.name.rpartition('.')[2])}",
        f"LINKER_LANGUAGE {_language(extension, described)}",
        *_search_path(extension, folder, project),
    ]
    lines = [
        f"python_add_library({target} MODULE{abi} WITH_SOABI)",
        *_contents(extension, target, described),
        *_block("UNIX AND NOT APPLE", [f"target_link_options({target} PRIVATE {exports})"]),
        *_call("set_target_properties", f"{target} PROPERTIES", properties),
        f"install(TARGETS {target} LIBRARY DESTINATION {quoted(folder)})",
    ]
    return "\n".join(_block(_condition(extension.platforms, described), lines)) + "\n"


def _installs(project: Project) -> Iterator[str]:
    lines = []
    if project.has_python_files:
        lines.append(f"install(DIRECTORY {PYTHON_DIR}/ DESTINATION . USE_SOURCE_PERMISSIONS)\n")
    if project.has_data:
        lines.append(f'install(DIRECTORY {DATA_DIR}/ DESTINATION "${{SKBUILD_DATA_DIR}}" USE_SOURCE_PERMISSIONS)\n')
    if lines:
        yield "".join(lines)
