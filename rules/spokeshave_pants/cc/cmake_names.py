"""Names of CMake variables that a target may set."""

from __future__ import annotations

from collections.abc import Iterable

# Variables by which a build would leave the toolchain or the folders of its sandbox.
_OF_THE_BUILD = frozenset(
    """
    CMAKE_AR CMAKE_ASM_COMPILER CMAKE_CROSSCOMPILING_EMULATOR CMAKE_CXX_COMPILER CMAKE_C_COMPILER CMAKE_GENERATOR
    CMAKE_INSTALL_PREFIX CMAKE_LINKER CMAKE_MAKE_PROGRAM CMAKE_OSX_ARCHITECTURES CMAKE_OSX_DEPLOYMENT_TARGET
    CMAKE_OSX_SYSROOT CMAKE_PREFIX_PATH CMAKE_PROJECT_TOP_LEVEL_INCLUDES CMAKE_RANLIB CMAKE_STAGING_PREFIX
    CMAKE_SYSROOT CMAKE_TOOLCHAIN_FILE
    """.split()
)
_SPECIAL = frozenset('=" ;()$\\\n')


def cmake_names_problem(names: Iterable[str]) -> str:
    """Return what is wrong with names of variables, to follow the name of the field. Empty if nothing is."""
    listed = tuple(names)
    wrong = [name for name in listed if not name or name.startswith("-") or not _SPECIAL.isdisjoint(name)]
    if wrong:
        return f"has the name {wrong[0]!r}: write the name of a variable, without `-D`."
    of_the_build = [name for name in listed if name in _OF_THE_BUILD or name.startswith("CMAKE_SYSTEM_")]
    if of_the_build:
        return (
            f"has {', '.join(of_the_build)}, which each build sets itself: the platform determines the compiler, and "
            "the sandbox the folders. Remove it."
        )
    return ""
