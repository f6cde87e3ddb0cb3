"""Hints for errors of a project's own build backend."""

from __future__ import annotations

import re
from collections.abc import Iterator

_KEPT_LINES = 60
_HINTS = (
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
        "takes what `find_package` finds.",
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
        re.compile(r"omp\.h' file not found|__kmpc_"),
        "The project uses OpenMP, which the toolchain does not have. Switch it off by `config_settings` or `env`.",
    ),
)


def hints(output: str) -> Iterator[str]:
    """Yield what the user can do about the errors that a build printed."""
    return (hint for pattern, hint in _HINTS if pattern.search(output))


def failure_text(where: str, output: str) -> str:
    """Return the message of a failed build: the end of its output, and the hints."""
    return "\n".join([f"{where}: the project's build failed:", closing_lines(output), *hints(output)])


def closing_lines(output: str) -> str:
    """Return the end of an output."""
    lines = output.strip().splitlines()
    left_out = len(lines) - _KEPT_LINES
    first = [f"({left_out} lines before these)"] if left_out > 0 else []
    return "\n".join([*first, *lines[-_KEPT_LINES:]])
