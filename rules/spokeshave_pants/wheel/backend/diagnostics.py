"""Hints for errors of a project's own build backend."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spokeshave_pants.cc.system_specific_headers import ANY, FRAMEWORKS
from spokeshave_pants.wheel.backend.traces import readable

_KEPT_LINES = 60
# Of the lines before these, those that name an error are shown too: a traceback of a backend hides what the program
# said that it started, and some projects go on without an extension.
_KEPT_ERRORS = 12
_ERROR_LINE = re.compile(
    r"(?i)(?<![-\w./])(?:fatal )?error\b(?![-.\w(])|\b(?:not found|no such file|cannot|could not|failed|skipping)\b"
)
_NOT_AN_ERROR = re.compile(
    r"(?i)byte-compiling is disabled|^\s*(?:--|checking |Checking )|no previously-included|^\s*File \""
)
_LEFT_OUT = re.compile(r"building extension \"([\w.]+)\" failed: ")
_COMPILER_ERROR = re.compile(r"\berror: ")
_NAMES = "{names}"
# What packages of build requirements contain, and what is a program of the machine only.
_PACKAGED = "cmake|ninja|meson|pkg-config|pkgconf|swig"
_SYSTEM_PROGRAMS = (
    "aclocal|autoconf|autoheader|autom4te|automake|autoreconf|bison|bzip2|flex|gawk|git|glibtoolize|gperf|gzip|hg|"
    "libtoolize|llvm-config|m4|mysql_config|nasm|pcre-config|perl|pg_config|tclsh|unzip|wget|xml2-config|xslt-config|"
    "yasm"
)


def _missing(programs: str) -> str:
    """Return a pattern of what Python, make, shells and `setup.py` files say of a program that does not exist."""
    return (
        rf"(?i)No such file or directory: b?'(?:\S*/)?({programs})'"
        rf"|(?:^|[\s:'\"`/])({programs})['\"`]?: (?:(?:command )?not found|No such file or directory)"
        rf"|(?:could not|cannot|unable to) (?:find|run|locate|execute)[^\n]{{0,30}}[ \t'\"`]({programs})\b"
        rf"|(?:^|[\s'\"`])({programs})['\"`]? (?:program |executable )?(?:is )?"
        r"(?:not found(?!, cannot download)|required|missing)"
    )


_HINTS = (
    (
        re.compile(rf"{_missing(_PACKAGED)}|(cmake) (?!\d\S* or higher)[^\n]{{0,20}}is required"),
        f"The build starts {_NAMES}. It sees no program of this machine: add the package of that name (`pkgconf` for "
        "pkg-config; for cmake also `ninja`) to what the file of `build_requirements` is made from, and lock it with "
        "hashes again.",
    ),
    (
        re.compile(_missing(_SYSTEM_PROGRAMS)),
        f"The build starts {_NAMES}, and it sees no program of this machine. If the program makes files of the "
        "project, use a source distribution, which contains them. If it describes a C library, as xml2-config does, "
        "make the library one of the `dependencies` (a `cc_cmake_project` or a `cc_make_project`): a script that it "
        "installs is then on PATH. A compiled program, such as pg_config, is for the target and cannot run: switch to "
        "what `env` or `config_settings` offers instead, as the build finds the library as one of the system.",
    ),
    (
        re.compile(r"error: use of undeclared identifier '(stderr|stdout|stdin|EOF|FILE)'"),
        f"A header of C++ uses {_NAMES} and does not include <cstdio>, which the toolchain's C++ library (libc++) does "
        'not do for it. Set `env={"CXXFLAGS": "-include cstdio"}`. nanobind 3.1 with its stable ABI needs it.',
    ),
    (
        re.compile(r"CLANG_SCAN_DEPS-NOTFOUND|does not provide a way to discover the\s+import graph"),
        "The project uses C++20 modules, for which the toolchain has no clang-scan-deps. Switch them off by "
        '`env={"CMAKE_ARGS": "-D..."}` or `config_settings`, if the project can: most have headers too.',
    ),
    (
        re.compile(r"CMake \d\S* or higher is required"),
        "The project needs a newer cmake. Add that to what the file of `build_requirements` is made from, and lock it "
        "with hashes again.",
    ),
    (
        re.compile(r"No module named 'pkg_resources'"),
        "The build imports pkg_resources, which setuptools no longer has. Pin an older setuptools: write "
        "`setuptools<81` into what the file of `build_requirements` is made from, and lock it with hashes again.",
    ),
    (
        re.compile(r"^ModuleNotFoundError: No module named '(?!pkg_resources|_)(\w+)", re.M),
        f"The build imports {_NAMES}, which neither its source tree nor its build requirements have. Add the package "
        "to what the file of `build_requirements` is made from, and lock it with hashes again. A module of the project "
        "itself has to be in `sources`.",
    ),
    (
        re.compile(r"unknown file type '(\.\w+)'"),
        f"setuptools compiles C, C++ and Objective-C. The toolchain has no compiler for CUDA (.cu), Fortran (.f90) and "
        f"assembler of NASM and MASM (.asm). Leave sources of {_NAMES} out by `env` or `config_settings`, or build the "
        "part as a `cc_cmake_project` in `dependencies`: CMake compiles GNU's assembler (.S).",
    ),
    (
        # Only if a library of the build has it.
        re.compile(r"a relevant symbol '(\S+)' is available in \S+ but cannot be used because it is not an import"),
        f"A static library is used as if it were a DLL ({_NAMES}). Define the macro of its headers for static use, "
        'such as OPJ_STATIC: `platform_env={"win_*": {"CFLAGS": "-DOPJ_STATIC", "CXXFLAGS": "-DOPJ_STATIC"}}`.',
    ),
    (
        re.compile(rf"fatal error: '({FRAMEWORKS})' file not found|unable to find framework '(\w+)'"),
        f"The project uses frameworks of macOS ({_NAMES}), which only Apple's SDK has. Switch the part off by `env` or "
        "`config_settings`, or build the wheels for macOS there.",
    ),
    (
        re.compile(rf"fatal error: '({ANY})' file not found"),
        f"The platform has no header {_NAMES}; other systems have it. Leave the part that includes it out for this "
        "platform, by a condition in the code or by `platform_env`, or remove the platform from `platforms`. If it is "
        "a `setup.py` that asks `sys.platform`, see `target_platform_in_python`.",
    ),
    (
        re.compile(rf"fatal error: '((?!omp\.h'|(?:{ANY}|{FRAMEWORKS})')[^'\n]+)' file not found"),
        f"No header {_NAMES} is found. If it belongs to a C or C++ library, build that as a `cc_cmake_project` or a "
        "`cc_make_project` and list it in `dependencies`; if a Python package has it, add the package to what the file "
        "of `build_requirements` is made from. If a setup.py found it below /usr, where the compiler does not look, "
        "switch that part of the project off by `config_settings` or `env`.",
    ),
    (
        re.compile(r"unable to find (?:library -l|dynamic system library ')([\w.+:-]+)|library not found for -l(\S+)"),
        f"No library {_NAMES} is found. Build it as a `cc_cmake_project` or a `cc_make_project` and list it in "
        "`dependencies`.",
    ),
    (
        re.compile(
            r"Could NOT find (?!Python|Threads|OpenMP)(\w+)|configuration file provided by \"(\w+)\""
            r"|[Dd]ependency ['\"]?([\w.+-]+)['\"]? (?:is required but )?not found|No package '([^'\n]+)' found"
        ),
        f"The build did not find {_NAMES}. It finds C and C++ libraries only in `dependencies` (a `cc_cmake_project` "
        "or a `cc_make_project`) and in the packages of `build_requirements`. meson, and CMake's checks by pkg-config, "
        "need `pkgconf` among these.",
    ),
    (
        re.compile(r"requires target feature '([\w.]+)'|needs target feature ([\w.]+)"),
        f"The toolchain's clang compiles for the platform's oldest processor, and a function uses {_NAMES}, as by a "
        "pragma of GCC's. If the code asks the processor before it comes there, set the flag for the platform: "
        '`platform_env={"*linux_*_aarch64": {"CFLAGS": "-march=armv8-a+crc"}}`, or `-msse4.2` and the like for x86-64.',
    ),
    (
        re.compile(r"(?i)\bgfortran\b|CMAKE_Fortran_COMPILER|no fortran compiler|compiler for language fortran"),
        "The project compiles Fortran, for which the toolchain has no compiler. Switch the part off by "
        "`config_settings` or `env`, or use the project's own wheels as a `python_requirement`.",
    ),
    (
        re.compile(
            r"(?i)temporary failure in name resolution|could not resolve host|network is unreachable|"
            r"nodename nor servname|name or service not known|urlopen error|failed to establish a new connection|"
            r"connection refused|cannot download \S+"
        ),
        "The build tried to download something. Builds have no network, so that they give the same result everywhere: "
        "give it the file in the source tree, as one of the `dependencies` (a `cc_cmake_project`), or as one of the "
        "`build_requirements`.",
    ),
    (
        re.compile(r"FETCHCONTENT_FULLY_DISCONNECTED is set to true"),
        "The build tried to download a CMake project (FetchContent). Builds have no network: add the project to "
        "`dependencies` as a `cc_cmake_project`, or a package that contains it to `build_requirements`. FetchContent "
        "takes what `find_package` finds. If only tests or the like need it, switch them off by an option of CMake: "
        '`env={"CMAKE_ARGS": "-DBUILD_TESTING=OFF"}`.',
    ),
    (
        re.compile(r"(?i)\b(cargo|rustc)\b.{0,40}(not found|no such file|can't find|could not find)|can't find rust"),
        "The project compiles Rust, for which the toolchain has no compiler. Switch the part off by "
        "`config_settings` or `env`, or use the project's own wheels as a `python_requirement`.",
    ),
    (
        re.compile(r"(?i)setuptools[-_]scm was unable to detect version"),
        'The build asked git for the version, but its source tree is not a checkout. Set version="stamped" or '
        'version="baked", or give the version by `env`.',
    ),
    (
        re.compile(r"native_compiler=True|bin/build-c|not specified for build machine|Exec format error"),
        "The build compiles programs that run during the build, such as code generators. Set `native_compiler=True` on "
        "the target: the build then has a compiler for the machine that builds.",
    ),
    (
        re.compile(r"\[[^]\n]*check-TESTS\] Error|'make', 'check'"),
        "The build runs the tests of a library that it contains (`make check`), whose programs are for the target and "
        "cannot run here. Leave them out by arguments of make, if the project takes some from a variable: "
        '`env={"LIBSODIUM_MAKE_ARGS": "TESTS= check_PROGRAMS="}` for PyNaCl. Or build the library as one of the '
        "`dependencies`.",
    ),
    (
        re.compile(r"omp\.h' file not found|__kmpc_"),
        "The project uses OpenMP, which the toolchain does not have. Switch it off by `config_settings` or `env`.",
    ),
)


def hints(output: str) -> Iterator[str]:
    """Yield what the user can do about the errors that a build printed."""
    for pattern, hint in _HINTS:
        names = dict.fromkeys(name for match in pattern.finditer(output) for name in match.groups() if name)
        if names or pattern.search(output):
            yield hint.replace(_NAMES, ", ".join(names))


def left_out_text(output: str) -> str:
    """Return what a build that succeeded left out, with the reasons and hints. Empty if it left nothing out.

    setuptools goes on without an `Extension(optional=True)` that it cannot build, and prints one line about it.
    """
    names = list(dict.fromkeys(_LEFT_OUT.findall(output)))
    if not names:
        return ""
    errors = list(dict.fromkeys(line for line in readable(output).splitlines() if _COMPILER_ERROR.search(line)))
    return "\n".join(
        [
            f"the project went on without {', '.join(names)}, which it calls optional and which could not be built. The"
            " wheel does not contain it.",
            *errors[-_KEPT_ERRORS:],
            *hints(output),
        ]
    )


def failure_text(where: str, build: str, output: str) -> str:
    """Return the message of a failed build: the end of its output, and the hints.

    Args:
        build: What it was for, such as `for win_amd64 and cp312`.
    """
    return "\n".join([f"{where}: the project's build {build} failed:", closing_lines(output), *hints(output)])


def closing_lines(output: str) -> str:
    """Return the end of an output, after the lines before it that name an error."""
    lines = readable(output).strip().splitlines()
    left_out = lines[:-_KEPT_LINES]
    if not left_out:
        return "\n".join(lines)
    errors = [line for line in left_out if _ERROR_LINE.search(line) and not _NOT_AN_ERROR.search(line)]
    shown = list(dict.fromkeys(errors))[-_KEPT_ERRORS:]
    if shown:
        shown.append("...")
    first = f"({len(left_out)} lines before the last {_KEPT_LINES}{'. Of these:' if shown else ''})"
    return "\n".join([first, *shown, *lines[-_KEPT_LINES:]])
