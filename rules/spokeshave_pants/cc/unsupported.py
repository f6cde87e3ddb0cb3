"""Languages and compiler flags that the toolchain does not support, with an alternative for each."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from spokeshave_core.problems import bullet_list
from spokeshave_pants.errors import InvalidTargetError

_MODULES = (
    "C++20 modules are not supported, because each source is compiled separately: declare shared names in headers, "
    "and name them by #include"
)
_FORTRAN = (
    "the toolchain has no Fortran compiler: translate it to C (f2c, LFortran), or use a package that contains the "
    "compiled code"
)
_OBJECTIVE_C = (
    "Objective-C needs the frameworks of Apple's SDK, which the toolchain does not have: call the Objective-C runtime "
    "from C, by dlopen"
)
_CUDA = (
    "the toolchain has no CUDA compiler: compile the kernels at run time by NVRTC, or use a package that contains "
    "the compiled kernels"
)
_ASSEMBLERS = (
    "the toolchain has no NASM and no MASM: use the project's assembler sources in GNU syntax (`.S`, `.s`) if it has "
    "any, or its C sources, which most projects choose by a macro"
)
_OPENMP = (
    "the toolchain has no OpenMP runtime. Without the flag the pragmas are ignored and the code runs on one thread; "
    "std::thread and pthreads work"
)
_LANGUAGES = {
    (".cppm", ".ixx", ".mpp", ".ccm", ".cxxm", ".c++m"): _MODULES,
    (".f", ".for", ".ftn", ".f77", ".f90", ".f95", ".f03", ".f08", ".fpp"): _FORTRAN,
    (".m", ".mm"): _OBJECTIVE_C,
    (".cu", ".cuh"): _CUDA,
    (".asm", ".nasm"): _ASSEMBLERS,
}
_BY_EXTENSION = {extension: reason for extensions, reason in _LANGUAGES.items() for extension in extensions}
# Fortran with a preprocessor has upper-case suffixes.
UNSUPPORTED_EXTENSIONS = (
    *_BY_EXTENSION,
    *(extension.upper() for extension in _BY_EXTENSION if extension.startswith(".f")),
)
_OPENMP_FLAG = re.compile(r"-fopenmp(?!-simd)\S*|-fiopenmp|[-/]q?openmp(?::\S+)?|-fopenacc")


def check_languages(sources: Iterable[str], *, where: str, remedy: str = "`sources`") -> None:
    """Check that all sources are in supported languages.

    Args:
        remedy: What lists the sources.

    Raises:
        InvalidTargetError: For all sources in other languages.
    """
    text = unsupported_languages(sources, where=where, remedy=remedy)
    if text is not None:
        raise InvalidTargetError(text)


def unsupported_languages(sources: Iterable[str], *, where: str, remedy: str = "`sources`") -> str | None:
    """Return why sources cannot be compiled and what to do instead, as `check_languages`. None if all can be."""
    reasons = [(source, _BY_EXTENSION.get(posixpath.splitext(source)[1].lower())) for source in sources]
    problems = [f"{source}: {reason}." for source, reason in reasons if reason]
    if not problems:
        return None
    return (
        f"{where} has sources that cannot be compiled:\n{bullet_list(problems)}\n"
        f"Remove the sources that are not needed from {remedy}."
    )


def unsupported_flag(flag: str) -> str | None:
    """Return why a compiler flag is not supported and what to do instead. None for all other flags."""
    if _OPENMP_FLAG.fullmatch(flag):
        return f"{_OPENMP}. Remove the flag."
    if flag == "-fmodules-ts" or flag.startswith(("-fmodule-file", "-fmodule-output", "-fprebuilt-module")):
        return f"{_MODULES}. Remove the flag."
    return None
