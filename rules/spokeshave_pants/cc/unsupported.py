"""What the toolchain does not compile: languages by their files' endings, and flags. Each with the way out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from spokeshave_core.problems import bullet_list
from spokeshave_pants.errors import InvalidTargetError

_MODULES = (
    "C++20 modules are not supported, as each source is compiled on its own: declare in headers what others use, and "
    "name them by #include"
)
_FORTRAN = (
    "the toolchain has no Fortran compiler: translate it to C (f2c, LFortran), or take a package that has it built"
)
_OBJECTIVE_C = (
    "Objective-C needs the frameworks of Apple's SDK, which the toolchain does not have: call the Objective-C runtime "
    "from C, by dlopen"
)
_CUDA = (
    "the toolchain has no CUDA compiler: compile the kernels at run time by NVRTC, or take a package that has "
    "them built"
)
_ASSEMBLERS = (
    "the toolchain has no NASM and no MASM: take the project's assembler in GNU syntax (`.S`, `.s`) where it has some, "
    "or its C sources instead, which most projects choose by a macro"
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
# Fortran's with a preprocessor are written in capitals.
UNSUPPORTED_EXTENSIONS = (
    *_BY_EXTENSION,
    *(extension.upper() for extension in _BY_EXTENSION if extension.startswith(".f")),
)
_OPENMP_FLAG = re.compile(r"-fopenmp(?!-simd)\S*|-fiopenmp|[-/]q?openmp(?::\S+)?|-fopenacc")


def check_languages(sources: Iterable[str], *, where: str) -> None:
    """Refuse sources in languages that the toolchain does not compile.

    Raises:
        InvalidTargetError: with all of them.
    """
    reasons = [(source, _BY_EXTENSION.get(posixpath.splitext(source)[1].lower())) for source in sources]
    problems = [f"{source}: {reason}." for source, reason in reasons if reason]
    if problems:
        raise InvalidTargetError(
            f"{where} has sources that cannot be compiled:\n{bullet_list(problems)}\n"
            "Leave out of `sources` what is not needed."
        )


def unsupported_flag(flag: str) -> str | None:
    """Why a flag for the compiler cannot be used, and what to do; None for all others."""
    if _OPENMP_FLAG.fullmatch(flag):
        return f"{_OPENMP}. Leave it out."
    if flag == "-fmodules-ts" or flag.startswith(("-fmodule-file", "-fmodule-output", "-fprebuilt-module")):
        return f"{_MODULES}. Leave it out."
    return None
