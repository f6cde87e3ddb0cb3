"""What to do about a project's build that fails. Works without the engine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from spokeshave_core.c_library import macos
from spokeshave_pants.cc.system_specific_headers import FRAMEWORKS

_DOWNLOADS = (
    "The build downloads files, and no build has a network. Build what it downloads as a project of its own and list "
    "it in `dependencies`; or put the files into the source tree and set the variable by which the project takes them, "
    "such as FETCHCONTENT_SOURCE_DIR_NAME."
)
_PACKAGES = (
    "Packages are found in the `dependencies` of the target only. Add the project there, or switch off what needs it "
    "by a variable in `defines`."
)
_PROGRAMS = (
    "Programs of this machine are found only if `system_tools` lists them. A program that is built from sources is a "
    "project in `host_tools`."
)
_PKGCONF = (
    "The build has pkg-config only if the file of `requirements` pins `pkgconf`, as the default does. Add it, and lock "
    "the file with hashes again."
)
_LANGUAGES = "The toolchain compiles C, C++ and assembler. Switch off the part in another language, if the project can."
_MACHINES = (
    "The result would depend on the machine that builds it. Switch the option off by a variable in `defines` or an "
    "argument of the build."
)
_WORKERS = (
    "CMake does not run on this worker, which has no glibc. Set `[cc-execution].projects` to false, so that builds of "
    "projects run on your machine."
)
_NATIVE = (
    "The build compiles programs that run during the build. Set `native_compiler=True` on a `cc_make_project`: the "
    "build then has a compiler for the machine that builds (`build-cc`, by the variables CC_FOR_BUILD, BUILD_CC and "
    "HOSTCC). If the project takes its compiler from another variable, set that by `make_args` or `configure_args`. "
    "For a `cc_cmake_project`, build the programs by a project of their own in `host_tools`."
)
_MODULES = (
    "C++20 modules are not supported, as the toolchain has no clang-scan-deps. Switch them off by a variable in "
    "`defines`, if the project can: most have headers too."
)
_NEWER_CMAKE = (
    "Pin a newer cmake by the field `requirements`: a file with `cmake` and `ninja` that is locked with hashes "
    "(`uv pip compile --generate-hashes`)."
)
_NO_FRAMEWORKS = (
    "The project uses frameworks of macOS, which only Apple's SDK has. Switch the part off for macOS, by a variable in "
    "`platform_defines` or an argument in `platform_configure_args`, or build the wheels for macOS there."
)
# The first that fits is the cause; others may follow from it.
_HINTS = (
    (re.compile(r"confine: cannot run \S*/cmake"), _WORKERS),
    (
        # A program that needs the loader of another system is "not found" though it exists.
        re.compile(
            r"native_compiler=True|CC_FOR_BUILD|BUILD_CC|(?i:exec format error|cannot execute binary)"
            r"|(\d+|^make\S*): (?!/(usr|bin|opt)/)\S*/\S+: (not found|No such file or directory)$",
            re.M,
        ),
        _NATIVE,
    ),
    (re.compile(r"-m(arch|cpu|tune)=native"), _MACHINES),
    (re.compile(rf"fatal error: '({FRAMEWORKS})' file not found|unable to find framework '"), _NO_FRAMEWORKS),
    (re.compile(r"CLANG_SCAN_DEPS-NOTFOUND|does not provide a way to discover the\s+import graph"), _MODULES),
    (re.compile(r"CMake \d\S* or higher is required"), _NEWER_CMAKE),
    (
        re.compile(
            r"would be downloaded from|FETCHCONTENT_FULLY_DISCONNECTED|resolve host|failure in name resolution"
            r"|could not find (git|hg|svn) for"
        ),
        _DOWNLOADS,
    ),
    (re.compile(r"Could NOT find (OpenMP|MPI|CUDA)|No CMAKE_\w+_COMPILER could be found|nvcc"), _LANGUAGES),
    (re.compile(r"Could NOT find PkgConfig|pkg-config script could not be found|pkg-config: not found"), _PKGCONF),
    (re.compile(r"Could NOT find (Python|Perl|Git|BISON|FLEX|Doxygen|SWIG|Java|Ruby)"), _PROGRAMS),
    (re.compile(r"Could NOT find \w|Could not find a package configuration file"), _PACKAGES),
    (
        re.compile(
            r": not found$|command not found|using the following names|no such file or directory"
            r"|^make\S*: \S+: No such file or directory$",
            re.M,
        ),
        _PROGRAMS,
    ),
)


# Only in files for macOS do names in C begin with an underscore.
_UNDEFINED_ON_MACOS = re.compile(r"undefined symbol: _(\w+)")


def failure_hint(output: str) -> str:
    """Return what the user can do about a failed build, by its output. Empty if it is not known."""
    newer = sorted({name for name in _UNDEFINED_ON_MACOS.findall(output) if macos.added_in(name)})
    if newer:
        return _newer_macos(newer)
    return next((hint for pattern, hint in _HINTS if pattern.search(output)), "")


def _newer_macos(names: Sequence[str]) -> str:
    since = ", ".join(f"{name} came with macOS {macos.release_text(macos.ADDED[name])}" for name in names)
    return (
        f"{since}. Programs are linked with the functions of the platform's oldest macOS only, so that configure "
        "checks do not find others. Switch the use off there, or give the program that asks by `__builtin_available` "
        "the linker's flag `-Wl,-undefined,dynamic_lookup`."
    )
