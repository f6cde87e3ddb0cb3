"""Readable compiler and linker output: colour only on a terminal, and hints for common errors."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_core.c_library import musl
from spokeshave_core.platform import Platform, System
from spokeshave_pants.cc.system_specific_headers import FRAMEWORKS, POSIX_SYSTEMS, WINDOWS_SYSTEM, owner_of

_NAMES = "{names}"
_OPENMP_HEADERS = ("omp.h", "ompt.h", "omp-tools.h")
_FRAMEWORK = re.compile(FRAMEWORKS)
_GUARD = "guard the include by `{0} _WIN32`, or give the source `platforms`, such as `{1}`."
_MODULE = re.compile(
    r"error: (?:module '[^'\n]+' not found|header file .+ cannot be imported because it is not known to be a header)"
)
_CRASH = re.compile(
    r"error: (?:clang )?frontend command failed|PLEASE (?:submit a bug report|ATTACH THE FOLLOWING FILES)"
)
# A search that begins at each `error: ` ends at the next one. Otherwise a long line would take minutes.
# What code that is compiled for free-threaded Pythons' stable ABI cannot use (PEP 803).
_OPAQUE = re.compile(
    r"error: (?:(?!error: ).)*(?:incomplete (?:type|definition of type) '(?:PyObject|PyVarObject|PyModuleDef)'"
    r"|'Py(?:Object(?:_VAR)?_HEAD|(?:Object|VarObject|ModuleDef)_HEAD_INIT)')"
)
_NO_BUILTIN = re.compile(r"error: builtin is not supported on this target")
_DUPLICATE = re.compile(r"(?:error|warning): (?:duplicate symbol|multiple definition)")
_LEAVE_OUT = "Remove the compiler flag for it."
# Symbols that code refers to because of a compiler flag and that no library of the toolchain defines.
_RUNTIME_SYMBOLS = (
    (
        re.compile(r"__kmpc_|omp_[a-z]|GOMP_"),
        f"The toolchain has no OpenMP runtime, which defines {_NAMES}. {_LEAVE_OUT}",
    ),
    (
        re.compile(r"__(?:asan|ubsan|tsan|msan|hwasan|lsan|sanitizer)_"),
        f"The toolchain has no runtime of sanitizers, which defines {_NAMES}. {_LEAVE_OUT}",
    ),
    (re.compile(r"__llvm_profile|llvm_gcda_|__gcov_"), f"The toolchain has no runtime for profiles. {_LEAVE_OUT}"),
    (re.compile(r"_gfortran_"), f"The toolchain has no Fortran, whose runtime defines {_NAMES}."),
)
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[mK]")
_MISSING_HEADER = re.compile(r"error: '([^/'\n][^'\n]*)' file not found")
# Messages of clang and its assembler about a file of the host that is hidden or must not be opened.
_MACHINE_FILE = re.compile(
    r"error: (?:'(/[^'\n]+)' file not found|cannot open file '([^'\n]+)': Permission denied"
    r"|Could not find (?:incbin|include) file '(/[^'\n]+)')"
)
_UNDECLARED = re.compile(r"error: (?:call to undeclared function|use of undeclared identifier) '(\w+)'")
_MISSING_FEATURE = re.compile(r"error: (?:(?!error: ).)*(?:needs target feature |requires target feature ')([\w.]+)")
# Messages of ld.lld, lld-link and zig's Mach-O linker.
_UNDEFINED = re.compile(r"(?:ld\.lld: |lld-link: )?(?:warning|error): undefined (?:[a-z]+ )?symbol: (.+)")
_REFERENCE = re.compile(r"(?:>>>|note:) referenced by (.+)")
# Symbols of CPython's C API, which the interpreter provides to every extension.
_PYTHON_SYMBOL = re.compile(r"_?Py[A-Z_]\w*")


# The key of work units under which the end of a run finds a failed compile.
COMPILE_METADATA = "spokeshave_failed_compile"
_ERROR = re.compile(
    r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d+):(?P<column>\d+): (?:fatal )?error: (?P<message>.+)$", re.MULTILINE
)


@dataclass(frozen=True)
class CompileMessage:
    """An error of the compiler. `path` is from the build root where the file is one of the repository."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True)
class FailedCompile:
    """A source that does not compile, and the errors that name a line."""

    target: str
    source: str
    errors: tuple[CompileMessage, ...]


def compile_errors(stderr: str) -> tuple[CompileMessage, ...]:
    """The errors in a compiler's output that name a line."""
    return tuple(
        CompileMessage(
            path=match["path"], line=int(match["line"]), column=int(match["column"]), message=match["message"].strip()
        )
        for match in _ERROR.finditer(plain(stderr))
    )


def plain(text: str) -> str:
    """Return the text without terminal escapes."""
    return _ESCAPE.sub("", text)


def compile_hint(stderr: str, platform: Platform, known: Iterable[str] = (), unasked: Iterable[str] = ()) -> str | None:
    """Return a hint for a compiler error, or None if the compiler's output has to suffice.

    Args:
        known: The C/C++ files of the repository.
        unasked: As in `CompilePlan`.
    """
    hints = (
        missing_header_hint(stderr, platform, known),
        "\n".join(unasked) if _MISSING_HEADER.search(plain(stderr)) else None,
        machine_file_hint(stderr),
        missing_feature_hint(stderr),
        modules_hint(stderr),
        dispatch_hint(stderr, platform),
        opaque_object_hint(stderr),
        newer_musl_hint(stderr, platform),
    )
    return "\n".join(hint for hint in hints if hint) or None


def missing_header_hint(stderr: str, platform: Platform, known: Iterable[str] = ()) -> str | None:
    """Return a hint about missing headers, or None if the compiler found all of them."""
    headers = sorted(set(_MISSING_HEADER.findall(plain(stderr))))
    special = {header: _special_header_hint(header, platform, known) for header in headers}
    others = [header for header in headers if special[header] is None]
    hints = list(dict.fromkeys(hint for hint in special.values() if hint))
    if others:
        hints.append(
            f"No target provides a header named {', '.join(repr(header) for header in others)}. If it is in this "
            "repository, give it a `cc_sources` target, and that target the `include_root` that its includers use. "
            "If it comes from a Python package, add its `cc_python_requirement` to this target's `dependencies`; if it "
            "belongs to a C or C++ library, that library as a `cc_cmake_project` or a `cc_make_project`. Pants sees no "
            "file that .gitignore names, unless pants.toml has `pants_ignore_use_gitignore = false`."
        )
    return "\n".join(hints) or None


def _special_header_hint(header: str, platform: Platform, known: Iterable[str]) -> str | None:
    """Return the hint for a header that has a specific reason to be missing."""
    alike = differing_by_case(header, known)
    if alike:
        return (
            f"{header!r} differs by case from {', '.join(alike)}. Compilers run on Linux, where file names are "
            f"case-sensitive: write the include exactly as the file is named."
        )
    if posixpath.basename(header) in _OPENMP_HEADERS:
        return (
            f"The toolchain has no OpenMP, and so no {header!r}: guard the include by `#ifdef _OPENMP`, and use "
            "std::thread or pthreads where the code needs threads."
        )
    if platform.system is System.WINDOWS and header != header.lower():
        return (
            f"The Windows headers of the toolchain (MinGW's) have names in lower case: write {header.lower()!r} for "
            f"{header!r}, which Microsoft's compiler accepts too."
        )
    if platform.system is System.MACOS and _FRAMEWORK.fullmatch(header):
        return (
            "The toolchain has the headers of macOS' C library and none of the frameworks of Apple's SDK, such as "
            f"{header.partition('/')[0]}: do not use it, or declare the functions and load them with dlopen."
        )
    owner = owner_of(header)
    if platform.system is not System.WINDOWS and owner == WINDOWS_SYSTEM:
        return f"{header!r} is a header of Windows: {_GUARD.format('#ifdef', 'win_*')}"
    if platform.system is System.WINDOWS and owner == POSIX_SYSTEMS:
        return f"Windows has no {header!r}, which is a POSIX header: {_GUARD.format('#ifndef', '*linux_*')}"
    if owner is not None:
        return (
            f"{platform} has no {header!r}, which is a header of {owner}: guard the include by "
            f"`#if __has_include(<{header}>)`, or give the source `platforms`."
        )
    return None


def differing_by_case(spelling: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known paths that differ from an include only in case."""
    wanted = "/" + posixpath.normpath(spelling).lstrip("./")
    alike = (path for path in known if f"/{path}".lower().endswith(wanted.lower()))
    return tuple(sorted(path for path in alike if not f"/{path}".endswith(wanted)))


def modules_hint(stderr: str) -> str | None:
    """Return a hint about C++20 modules, or None if the code uses none."""
    if not _MODULE.search(plain(stderr)):
        return None
    return (
        "C++20 modules and header units are not supported, because each source is compiled separately: declare "
        "shared names in headers, and name them by #include."
    )


def opaque_object_hint(stderr: str) -> str | None:
    """Return a hint about what the stable ABI for free-threaded Pythons hides, or None."""
    if not _OPAQUE.search(plain(stderr)):
        return None
    return (
        '`limited_api="3.15t"` hides the fields of PyObject, PyVarObject and PyModuleDef (PEP 803). Define the module '
        "by PyModExport_NAME and PySlot, and types by a negative `basicsize` and PyObject_GetTypeData. CPython's guide "
        '"Migrating to Stable ABI for free threading" describes it. Or remove the version with a "t", so that each '
        "free-threaded Python gets a build of its own."
    )


def machine_file_hint(stderr: str) -> str | None:
    """Return a hint about files of the host that a source requests, or None."""
    files = sorted({path for names in _MACHINE_FILE.findall(plain(stderr)) for path in names if path})
    if not files:
        return None
    return (
        f"A compiler sees only its inputs and no file of the machine, such as {', '.join(map(repr, files))}. Add the "
        "file to the repository, and to this target's `dependencies` a `file` target that owns it."
    )


def dispatch_hint(stderr: str, platform: Platform) -> str | None:
    """Return a hint about unsupported run-time checks of processor features, or None."""
    text = plain(stderr)
    if platform.system is System.MUSL and _CRASH.search(text):
        return (
            f"The toolchain's clang crashes where a function has several versions (`target_clones`, overloads by "
            f'`target("...")`, `cpu_dispatch`) for {platform}, as musl has no ifunc that they need. Choose the '
            "function by `__builtin_cpu_supports` there, or leave the attribute out unless `__GLIBC__` is defined."
        )
    if _NO_BUILTIN.search(text) and "__builtin_cpu_" in text:
        if platform.processor == "aarch64":
            return (
                f"For {platform} clang has `__builtin_cpu_supports`, which needs no `__builtin_cpu_init`, and neither "
                "that nor `__builtin_cpu_is`: guard those two by `#if defined(__x86_64__)`."
            )
        return (
            f"`__builtin_cpu_supports` and the like work on x86-64 and AArch64 only. For {platform} guard them by "
            "`#if defined(__x86_64__) || defined(__aarch64__)`, and ask the system, as by getauxval(AT_HWCAP)."
        )
    return None


def newer_musl_hint(stderr: str, platform: Platform) -> str | None:
    """Return a hint about functions that only newer releases of musl declare, or None."""
    if platform.system is not System.MUSL:
        return None
    names = sorted({name for name in _UNDECLARED.findall(plain(stderr)) if name in musl.ADDED})
    return "\n".join(_newer_musl(platform, name).replace(_NAMES, name) for name in names) or None


def _newer_musl(platform: Platform, name: str) -> str:
    since = musl.release_text(musl.ADDED[name])
    floor = musl.release_text(musl.FLOOR)
    return (
        f"{platform} includes musl {floor}, and {_NAMES} came with musl {since}. No tag asks for a newer musl: do not "
        "use it there, or call the system by syscall()."
    )


def missing_feature_hint(stderr: str) -> str | None:
    """Return a hint about processor features that the code was compiled without, or None."""
    features = sorted(set(_MISSING_FEATURE.findall(plain(stderr))))
    if not features:
        return None
    flags = ", ".join(f"'-m{feature}'" for feature in features)
    return (
        "The toolchain's clang switches off each feature that the platform's oldest processor lacks, and also what "
        "`target(...)` would imply. If the code asks the processor before it comes here, give this source alone the "
        f"`compile_flags` {flags}, by the `overrides` of its `cc_sources`; name the feature in `target(...)` otherwise."
    )


def assembler_hint(source: str, platform: Platform) -> str:
    """Return a hint about an assembler source with errors."""
    name = posixpath.basename(source)
    return (
        f"An assembler source is written for one processor. If {name} is not for {platform}, say what it is for by the "
        f'`overrides` of its `cc_sources`: {{"{name}": {{"platforms": ["*_x86_64", "win_amd64"]}}}}.'
    )


def undefined_symbols(stderr: str) -> dict[str, list[str]]:
    """Return the undefined symbols that Python does not provide, each with its references, from ld.lld's output."""
    found: dict[str, list[str]] = {}
    current: str | None = None
    for line in plain(stderr).splitlines():
        symbol = _UNDEFINED.search(line)
        reference = _REFERENCE.search(line)
        if symbol:
            current = None if _PYTHON_SYMBOL.fullmatch(symbol[1]) else symbol[1]
            if current is not None:
                found.setdefault(current, [])
        elif reference and current is not None:
            found[current].append(reference[1].strip())
    return found


def undefined_hints(symbols: Iterable[str], platform: Platform, glibc: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return a hint for each kind of undefined symbol.

    Args:
        glibc: The functions of glibc on the platform's processor, each with the version that introduced it.
    """
    kinds: dict[str, list[str]] = {}
    for symbol in symbols:
        kinds.setdefault(_undefined_hint(symbol, platform, glibc), []).append(symbol)
    return [hint.replace(_NAMES, ", ".join(names)) for hint, names in kinds.items()]


def _undefined_hint(symbol: str, platform: Platform, glibc: Mapping[str, tuple[int, int]]) -> str:
    # Mach-O prefixes the names of C with an underscore.
    name = symbol[1:] if platform.system is System.MACOS and symbol.startswith("_") else symbol
    for pattern, hint in _RUNTIME_SYMBOLS:
        if pattern.match(name):
            return hint
    if platform.system is System.MUSL and name in musl.ADDED:
        return _newer_musl(platform, name)
    version = glibc.get(name)
    if version is None:
        return "Add the target that defines them to `dependencies`, or the missing source to its `sources`."
    if platform.system is System.GLIBC:
        return (
            f"The C library of {platform} is too old for {_NAMES}, which came with glibc {version[0]}.{version[1]}: "
            f"do not use it, or list a newer tag in `platforms`."
        )
    return f"{_NAMES}: glibc has it, but the C library of {platform} does not. Do not use it there."


def duplicate_symbol_hint(stderr: str) -> str | None:
    """Return a hint about a symbol that several objects define, or None."""
    if not _DUPLICATE.search(plain(stderr)):
        return None
    return (
        "Several objects define the same symbol. If one of the sources includes the other, leave the included one "
        "out of the "
        "`sources` of its `cc_sources` and list it as a `file` in `dependencies`; keep only one alternative, or set "
        "`platforms` for each."
    )
