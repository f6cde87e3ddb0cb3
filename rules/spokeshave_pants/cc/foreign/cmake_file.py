"""CMake's toolchain file for the driver of a platform. It finds its tools beside itself, and so is a constant."""

from __future__ import annotations

from spokeshave_core.platform import Platform, System
from spokeshave_pants.cc.foreign.tools import BIN_DIR

TOOLCHAIN_FILE = "toolchain.cmake"

_SYSTEMS = {System.WINDOWS: "Windows", System.MACOS: "Darwin"}
# What the oldest supported system of each says of itself. macOS 11 has the kernel 20.
_VERSIONS = {System.WINDOWS: "10.0", System.MACOS: "20.0.0"}
_WINDOWS_PROCESSORS = {"amd64": "AMD64", "arm64": "ARM64"}
_COMMON = """\
# Always a cross build, even for the machine's own platform: nothing of the machine is found or run by accident.
set(CMAKE_SYSTEM_NAME {system})
set(CMAKE_SYSTEM_VERSION {version})
set(CMAKE_SYSTEM_PROCESSOR {processor})

set(_bin "${{CMAKE_CURRENT_LIST_DIR}}/{bin}")
set(CMAKE_C_COMPILER "${{_bin}}/cc")
set(CMAKE_CXX_COMPILER "${{_bin}}/c++")
set(CMAKE_ASM_COMPILER "${{_bin}}/cc")
set(CMAKE_LINKER "${{_bin}}/ld.lld" CACHE FILEPATH "")
set(CMAKE_STRIP "${{_bin}}/strip" CACHE FILEPATH "")
foreach(_tool AR RANLIB)
  string(TOLOWER "${{_tool}}" _name)
  # The others are for builds with link-time optimization.
  foreach(_prefix CMAKE CMAKE_C_COMPILER CMAKE_CXX_COMPILER)
    set("${{_prefix}}_${{_tool}}" "${{_bin}}/${{_name}}" CACHE FILEPATH "")
  endforeach()
endforeach()

# A Python that answers for the target's runs here. Other programs of the target are refused, and listed.
set(CMAKE_CROSSCOMPILING_EMULATOR "${{_bin}}/emulate" CACHE FILEPATH "")

# Programs are found on PATH; headers, libraries and packages where the build names them.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH FALSE)
set(CMAKE_FIND_USE_PACKAGE_REGISTRY FALSE)
set(CMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY FALSE)
set(CMAKE_SYSTEM_PREFIX_PATH "")
set(CMAKE_SYSTEM_INCLUDE_PATH "")
set(CMAKE_SYSTEM_LIBRARY_PATH "")
# What a project would download is taken from its dependencies.
set(FETCHCONTENT_FULLY_DISCONNECTED ON CACHE BOOL "")
set(FETCHCONTENT_TRY_FIND_PACKAGE_MODE ALWAYS CACHE STRING "")

# From CMake 3.28 on, C++20 sources are scanned for modules by a program that the toolchain lacks.
set(CMAKE_CXX_SCAN_FOR_MODULES OFF CACHE BOOL "")

# No path of the build's folders in what is built, and no edit of a library when it is installed.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON CACHE BOOL "")
set(CMAKE_INSTALL_SO_NO_EXE 1 CACHE BOOL "")
set(CMAKE_LINK_DEPENDS_USE_LINKER FALSE)

set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
set(CMAKE_POSITION_INDEPENDENT_CODE ON CACHE BOOL "")
"""
_MACOS = """
# zig's target says it.
set(CMAKE_OSX_SYSROOT "" CACHE STRING "")
set(CMAKE_OSX_ARCHITECTURES "" CACHE STRING "")
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "")
set(CMAKE_INSTALL_NAME_TOOL "${_bin}/install_name_tool" CACHE FILEPATH "")
set(CMAKE_MACOSX_RPATH ON CACHE BOOL "")
set(CMAKE_INSTALL_NAME_DIR "@rpath" CACHE STRING "")
set(CMAKE_BUILD_WITH_INSTALL_NAME_DIR ON CACHE BOOL "")
"""
_WINDOWS = """
set(CMAKE_RC_COMPILER "${_bin}/windres" CACHE FILEPATH "")
set(CMAKE_DLLTOOL "${_bin}/dlltool" CACHE FILEPATH "")
"""
_MORE = {System.MACOS: _MACOS, System.WINDOWS: _WINDOWS}


def toolchain_file(platform: Platform) -> str:
    """Return the text of the toolchain file."""
    common = _COMMON.format(
        system=_SYSTEMS.get(platform.system, "Linux"),
        version=_VERSIONS.get(platform.system, "1"),
        processor=_processor(platform),
        bin=BIN_DIR,
    )
    return common + _MORE.get(platform.system, "")


def _processor(platform: Platform) -> str:
    """Return what the system itself calls its processor, as in `uname -m`."""
    if platform.system is System.WINDOWS:
        return _WINDOWS_PROCESSORS[platform.architecture]
    return platform.architecture
