"""Link flags as a compiler driver takes them, in the words of each format's linker. Decided without the engine.

Builds of other tools write flags for gcc or clang as drivers: `-lm`, `-pthread`, `-Wl,-z,now`. Links here call the
linker itself. What only a driver or the compiler understands is translated, or left out where a link does it anyway;
what the linker takes is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from spokeshave_pants.cc.runtime_pack_recipe import WINDOWS_LIBRARIES
from spokeshave_pants.platform import ObjectFormat, Platform, System

# Part of the C library, of the compiler's runtime or of libc++, all of which every link has.
_RUNTIME_LIBRARIES = frozenset(
    "atomic c c++ c++abi compiler_rt dl gcc gcc_eh gcc_s m pthread rt stdc++ supc++ unwind util".split()
)
_SYSTEM_LIBRARIES = {
    System.GLIBC: frozenset({"ld", "resolv"}),
    System.MUSL: frozenset({"crypt", "resolv", "xnet"}),
    System.MACOS: frozenset({"System"}),
    # The first line are those that zig links by itself.
    System.WINDOWS: frozenset(
        ("advapi32", "kernel32", "mingw32", "mingwex", "moldname", "msvcrt", "ntdll", "shell32", "ucrt", "user32")
    )
    | frozenset(WINDOWS_LIBRARIES)
    | frozenset({"winpthread"}),
}
# The interpreter that loads an extension provides them; on Windows its import library is among a link's own.
_PYTHON_LIBRARY = re.compile(r"python\d.*")

# What a link does anyway, or what only a compile is concerned with.
_NO_EFFECT = re.compile(
    r"-s|-shared|-bundle|-dynamiclib|-dynamic|-rdynamic|-pthreads?|-mthreads|-mwindows|-mconsole|-pipe|-v|-w"
    r"|-O(?:[0-3sgz]|fast)?|-g(?:\d|gdb\d?|dwarf\S*)?|-ansi|-pedantic(?:-errors)?|-std=\S+|-stdlib=\S+|-fuse-ld=\S+"
    r"|-(?:static|shared)-lib(?:gcc|stdc\+\+|asan)|-static-libc\+\+|-rtlib=\S+|-unwindlib=\S+"
    r"|-f(?:PIC|pic|PIE|pie|no-\S+|visibility\S*|exceptions|rtti|lto\S*|wrapv|common|asynchronous-unwind-tables|strict-\S+"
    r"|stack-\S+|unroll-loops|omit-frame-pointer|data-sections|function-sections|tree-\S+|fast-math|diagnostics-\S+)"
    r"|-m(?:64|(?:arch|tune|cpu|fpu|float-abi|cmodel)=\S+|sse[\d.]*|ssse3|avx\w*|fma|bmi2?|popcnt|aes|pclmul|f16c|lzcnt)"
    r"|-W[a-z](?!,)[\w+=#-]*"
)
# GNU ld's, for ELF alone: what they ask for is the other formats' own way, or has no counterpart there.
_ELF_ONLY = re.compile(
    r"--(?:no-)?as-needed|--no-undefined|--(?:no-)?gc-sections|--(?:no-)?allow-shlib-undefined|--exclude-libs[=,]\S+"
    r"|--hash-style=\S+|--build-id(?:=\S+)?|--(?:en|dis)able-new-dtags|-Bsymbolic(?:-functions)?|--strip-\w+|-O\d"
    r"|-z|-s|-S|-x|--(?:no-)?copy-dt-needed-entries|--sort-common|--(?:start|end)-group|--(?:no-)?warn-\S+|--fatal-warnings"
)
_MACHO_ONLY = re.compile(r"-undefined|-dead_strip(?:_dylibs)?|-headerpad_max_install_names|-bind_at_load")
# Which kind of library a search takes: none is searched for.
_LIBRARY_SEARCH = re.compile(r"-Bstatic|-Bdynamic|-dn|-dy")
_DECIDED = {
    "-static": "an extension is a shared library; the C++ runtime is linked statically into it anyway",
    "-static-pie": "an extension is a shared library",
    "-pie": "an extension is a shared library",
    "-m32": "the platform's tag says which processor it is built for",
    "-arch": "the platform's tag says which processor it is built for; list a `universal2` tag for both of macOS",
    "-target": "the platform's tag says what it is built for",
    "-o": "the target says what its file is called",
}
_DECIDED_PREFIXES = {
    "--target=": "the platform's tag says what it is built for",
    "-mmacosx-version-min=": "the platform's tag says the oldest macOS",
    "-mmacos-version-min=": "the platform's tag says the oldest macOS",
    "-fsanitize": "the toolchain has no runtime of a sanitizer for a library that Python loads",
    "-fprofile": "the toolchain has no runtime for profiles",
    "-fopenmp": "the toolchain has no OpenMP runtime",
    "--coverage": "the toolchain has no runtime for profiles",
}
_TWO_WORDS = ("-arch", "-target", "-o", "-L", "-l", "-F", "-R", "-rpath", "--rpath", "-z", "-framework", "-undefined")
_RPATHS = ("-rpath", "--rpath", "-R")
_OWN_RPATHS = {ObjectFormat.ELF: "$ORIGIN", ObjectFormat.MACHO: "@loader_path"}
_LIBRARY_ENDING = re.compile(r"\.(?:lib|a|so(?:\.\d+)*|dylib|dll)$")
_LIBRARY_FILE = re.compile(r"[^-/].*\.(?:a|o|obj|lib|so(?:\.\d+)*|dylib|dll|tbd)")


@dataclass
class _Link:
    """A link's flags while they are translated."""

    platform: Platform
    arguments: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def refuse(self, flag: str, reason: str) -> None:
        self.problems.append(f"{flag!r}: {reason}")


@dataclass(frozen=True)
class LinkArguments:
    """A target's link flags in the linker's words, and what cannot be done for this platform."""

    arguments: tuple[str, ...]
    problems: tuple[str, ...]


def link_arguments(flags: tuple[str, ...], platform: Platform) -> LinkArguments:
    """Translate flags, of a driver or of the platform's linker, for the link of a shared library."""
    link = _Link(platform)
    words = iter(_words(flags))
    for word, for_linker in words:
        value = next(words, ("", False))[0] if word in _TWO_WORDS else None
        if not _libraries(link, word, value) and not _refused(link, word, value):
            _other(link, word, value, for_linker)
    return LinkArguments(tuple(link.arguments), tuple(link.problems))


def _words(flags: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Each word of the flags, and whether it was written for the linker (`-Wl,` or `-Xlinker`)."""
    rest = iter(flags)
    for flag in rest:
        if flag.startswith("-Wl,"):
            yield from ((word, True) for word in flag[len("-Wl,") :].split(",") if word)
        elif flag == "-Xlinker":
            yield from ((word, True) for word in (next(rest, ""),) if word)
        else:
            yield flag, False


def _libraries(link: _Link, word: str, value: str | None) -> bool:
    """Whether a flag names libraries or where they are. Those that exist are part of each link."""
    lower = word.lower()
    if word == "-framework":
        link.refuse(f"-framework {value}", _FRAMEWORKS[link.platform.system is System.MACOS])
    elif word.startswith("-l") and (value or word != "-l") and not _is_coff_flag(link, word):
        _library(link, word if value is None else f"-l {value}", value or word[len("-l") :])
    elif link.platform.system is System.WINDOWS and lower.startswith(("-defaultlib:", "/defaultlib:")):
        _library(link, word, lower.partition(":")[2])
    elif link.platform.system is System.WINDOWS and lower.endswith(".lib") and not lower.startswith(("-", "/")):
        _library(link, word, lower)
    elif _LIBRARY_FILE.fullmatch(word):
        link.refuse(word, f"no such file exists when a link runs. {_BUILD_IT}")
    elif word.startswith("-L") or word == "-F" or word.lower().startswith(("-libpath:", "/libpath:")):
        shown = word if value is None else f"{word} {value}"
        link.refuse(shown, f"libraries of the building machine are never linked, so no folder is searched. {_BUILD_IT}")
    else:
        return False
    return True


def _is_coff_flag(link: _Link, word: str) -> bool:
    """Whether a word is lld-link's own, such as `-lldmap` or `-largeaddressaware`."""
    coff = link.platform.object_format is ObjectFormat.PE
    return coff and word.lower().partition(":")[0] in (
        "-largeaddressaware",
        "-libpath",
        "-lib",
        "-linkrepro",
        "-lldmap",
    )


def _library(link: _Link, flag: str, name: str) -> None:
    windows = link.platform.system is System.WINDOWS
    stem = _LIBRARY_ENDING.sub("", name[1:].removeprefix("lib") if name.startswith(":") else name)
    stem = stem.lower() if windows else stem
    if stem in _RUNTIME_LIBRARIES | _SYSTEM_LIBRARIES[link.platform.system] or _PYTHON_LIBRARY.fullmatch(stem):
        return
    if windows:
        reason = f"not one of the import libraries that a link has: {', '.join(WINDOWS_LIBRARIES)} and the C runtime's"
        link.refuse(flag, f"{reason}. Load another DLL of Windows by LoadLibrary. {_BUILD_IT}")
    else:
        link.refuse(
            flag, f"not part of the platform's C library, and no library of this machine is linked. {_BUILD_IT}"
        )


_BUILD_IT = (
    "For code of your own or of others, list its sources as a `cc_sources` or a `cc_shared_library` in `dependencies` "
    "and leave the flag out."
)
_BY_PLATFORM = "Give flags for one platform by `platform_link_flags`."
_FRAMEWORKS = {
    True: "the toolchain has libSystem alone and none of the frameworks of Apple's SDK. Load it at run time by dlopen.",
    False: f"frameworks are macOS' own. {_BY_PLATFORM}",
}


def _refused(link: _Link, word: str, value: str | None) -> bool:
    """Whether a flag asks for what is decided elsewhere, or for what the toolchain does not have."""
    shown = word if value is None else f"{word} {value}"
    reason = _DECIDED.get(word) or next(
        (why for start, why in _DECIDED_PREFIXES.items() if word.startswith(start)), None
    )
    if reason is None:
        return False
    link.refuse(shown, f"{reason}. Leave it out.")
    return True


def _has_no_effect(word: str, for_linker: bool, object_format: ObjectFormat) -> bool:
    foreign = (_ELF_ONLY, object_format is not ObjectFormat.ELF), (_MACHO_ONLY, object_format is not ObjectFormat.MACHO)
    patterns = (_LIBRARY_SEARCH, *(() if for_linker else (_NO_EFFECT,)), *(pattern for pattern, is_ in foreign if is_))
    return any(pattern.fullmatch(word) for pattern in patterns)


def _other(link: _Link, word: str, value: str | None, for_linker: bool) -> None:
    """A flag that is no library: left out, refused or passed on."""
    object_format = link.platform.object_format
    name, _, path = word.partition("=")
    parts = (word,) if value is None else (word, value)
    if name in _RPATHS and (value or path):
        _rpath(link, name, value or path)
    elif _has_no_effect(word, for_linker, object_format):
        return
    elif object_format is ObjectFormat.PE and word.startswith("--"):
        link.refuse(word, f"a flag of GNU ld, and the linker for Windows is lld-link. {_BY_PLATFORM}")
    elif object_format is ObjectFormat.MACHO and (for_linker or value is not None):
        link.arguments.append(f"-Wl,{','.join(parts)}")
    else:
        link.arguments.extend(parts)


def _rpath(link: _Link, name: str, path: str) -> None:
    """Where a loader looks: only from the library's own folder, or it would look on the user's machine."""
    object_format = link.platform.object_format
    if not path.startswith(tuple(_OWN_RPATHS.values())):
        link.refuse(
            f"{name} {path}",
            "this folder does not exist where the wheel is installed. Leave it out: a wheel's repair adds the paths to "
            "the libraries that it contains.",
        )
    elif object_format is ObjectFormat.ELF and path.startswith(_OWN_RPATHS[object_format]):
        link.arguments.extend(("-rpath", path))
    elif object_format is ObjectFormat.MACHO and path.startswith(_OWN_RPATHS[object_format]):
        link.arguments.append(f"-Wl,-rpath,{path}")
