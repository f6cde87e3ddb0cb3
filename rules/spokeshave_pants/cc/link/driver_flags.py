"""Translation of link flags from compiler drivers to the linker of each format. Works without the engine.

Build files of other tools contain flags for gcc or clang as drivers: `-lm`, `-pthread`, `-Wl,-z,now`. Links here call
the linker directly. Flags that only a driver or the compiler understands are translated, or dropped if a link does the
same by default. Linker flags are passed on unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from spokeshave_core.platform import ObjectFormat, Platform, System
from spokeshave_pants.cc.runtime_pack.recipe import WINDOWS_LIBRARIES
from spokeshave_pants.cc.unsupported import unsupported_flag

# Part of the C library, the compiler's runtime or libc++, which every link includes.
_RUNTIME_LIBRARIES = frozenset(
    (
        "atomic c c++ c++abi c++experimental c++fs compiler_rt dl gcc gcc_eh gcc_s m pthread rt ssp "
        "ssp_nonshared stdc++ stdc++fs supc++ unwind util"
    ).split()
)
_SYSTEM_LIBRARIES = {
    System.GLIBC: frozenset({"ld", "resolv"}),
    System.MUSL: frozenset({"crypt", "resolv", "xnet"}),
    System.MACOS: frozenset({"System"}),
    # zig links the libraries of the first line by itself.
    System.WINDOWS: frozenset(
        ("advapi32", "kernel32", "mingw32", "mingwex", "moldname", "msvcrt", "ntdll", "shell32", "ucrt", "user32")
    )
    | frozenset(WINDOWS_LIBRARIES)
    | frozenset({"winpthread"}),
}
# The interpreter that loads an extension provides these. On Windows each link includes the import library.
_PYTHON_LIBRARY = re.compile(r"python\d.*")

# Defaults of every link.
_NO_EFFECT = re.compile(
    r"-s|-shared|-bundle|-dynamiclib|-dynamic|-rdynamic|-pthreads?|-pipe|-v|-w|-no-?pie|-save-temps(?:=\S+)?"
    r"|-(?:static|shared)-lib(?:gcc|stdc\+\+|asan)|-static-libc\+\+|-stdlib=\S+|-rtlib=\S+|-unwindlib=\S+"
)
# Flags that affect only the compile, applied after the refusals below. Linker flags of the same form are matched here;
# elsewhere they have no colon.
_COMPILER = re.compile(
    r"-(?!fini\b|gc-sections|gdb-index|mllvm\b)[fgmWOQ][\w.#+-]*(?:[=,].*)?"
    r"|-[DU](?:\w+(?:\(.*\))?(?:=.*)?)?|-R[a-z][\w-]*=.*"
    r"|--?std=.*|-ansi|-pedantic(?:-errors)?|-nost\w+\+*|-nodefaultlibs|-nolibc|-X(?:clang|assembler|preprocessor)",
    re.DOTALL,
)
# Made in any case if there is one.
_IMPORT_LIBRARY = re.compile(r"--?out-implib(?:=.*)?")
# GNU ld's flags for ELF only. The other formats do the same by default, or have no equivalent. GNU ld accepts one dash
# as well as two for long names.
_ELF_ONLY = re.compile(
    r"--?(?:(?:no-)?(?:as-needed|gc-sections|allow-shlib-undefined|copy-dt-needed-entries|add-needed|export-dynamic"
    r"|whole-archive|warn-\S+)|no-undefined|exclude-libs(?:=.*)?|hash-style(?:=.*)?|build-id(?:=.*)?"
    r"|(?:en|dis)able-new-dtags|strip-\w+|sort-common|(?:start|end)-group|(?:push|pop)-state|fatal-warnings"
    r"|rpath-link(?:=.*)?|dynamic-linker(?:=.*)?)"
    r"|-Bsymbolic(?:-functions)?|-Map(?:=.*)?|-O\d|-z|-s|-S|-x|-E|-mllvm|-\(|-\)"
)
_MACHO_ONLY = re.compile(
    r"-undefined|-dead_strip(?:_dylibs)?|-headerpad_max_install_names|-bind_at_load|-(?:compatibility|current)_version"
)
# lld-link's flags, in any case. A driver's flags may begin with the same letters.
_COFF_FLAGS = frozenset(
    (
        "debug debugtype defaultlib delay delayload demangle dependentloadflag diasdkdir dll driver dwodir "
        "dynamicbase fastfail fat-lto-objects filealign fixed force guard functionpadmin guardsym heap "
        "highentropyva hotpatchcompatible largeaddressaware lib libpath linkrepro linkreprofullpathrsp "
        "lldemit lldignoreenv lldltocache lldltocachepolicy lldmap lldmingw lldsavetemps ltcg ltcgout lto- "
        "obj-path machine manifest manifestdependency manifestfile manifestuac map mapinfo merge mllvm "
        "msvclto opt release threads time timestamp tlbid tlbout tsaware wholearchive wx"
    ).split()
)
# The kind of library that a search accepts. No libraries are searched for.
_LIBRARY_SEARCH = re.compile(r"-Bstatic|-Bdynamic|-dn|-dy")
_BY_TAG = "the platform's tag determines the processor"
_PROFILES = "the toolchain has no runtime for profiles"
_OLDEST_MACOS = "the platform's tag determines the oldest macOS"
_ITS_NAME = "a library's soname is the name of its file; for that of a `cc_shared_library` set `library_name`"
_ITS_FILE = (
    "a link reads only the objects and libraries of its targets, not other files. An extension exports only its init "
    'function; mark the API of a `cc_shared_library` with `__attribute__((visibility("default")))`, for Windows with '
    "`__declspec(dllexport)`"
)
# Settings that are made elsewhere, or features that the toolchain does not have. The first match decides the reason.
_DECIDED = tuple(
    (re.compile(pattern, re.DOTALL), reason)
    for pattern, reason in (
        ("-static", "an extension is a shared library; the C++ runtime is linked statically into it anyway"),
        ("-static-pie|-pie|--pie", "an extension is a shared library"),
        ("-m(?:32|x32)?", _BY_TAG),
        ("-arch", f"{_BY_TAG}; list a `universal2` tag for both of macOS"),
        ("-mmacosx?-version-min=.*", _OLDEST_MACOS),
        ("-fsanitize.*", "the toolchain has no runtime of a sanitizer for a library that Python loads"),
        ("-fprofile.*|--?coverage|-pg?", _PROFILES),
        ("--output=.*|-(?i:out|implib):.*", "the target determines the name of its file"),
        (r"--?soname(?:=.*)?|-h(?:=?lib\S*)?|-(?:dylib_)?install_name", _ITS_NAME),
        (
            r"--?(?:version-script|dynamic-list|(?:default-)?script|retain-symbols-file|symbol-ordering-file|just-symbols"
            r"|call-graph-ordering-file|export-dynamic-symbol-list|remap-inputs-file)(?:=.*)?",
            _ITS_FILE,
        ),
        (
            r"-(?:(?:un|re)?exported_symbols_list|order_file|alias_list|force_load|(?:weak|needed|reexport)_library"
            r"|bundle_loader|sectcreate|filelist)",
            _ITS_FILE,
        ),
        (r"-T(?!data|text|bss|rodata).*|-(?i:def|manifestinput|natvis|pdbstream|order):.*", _ITS_FILE),
    )
)
_TWO_WORDS = re.compile(
    r"-(?:arch|l|L|F|R|T|z|u|h|m|D|U|Map|undefined|(?:weak_|needed_|reexport_)?framework|mllvm"
    r"|(?:dylib_)?install_name|(?:compatibility|current)_version|(?:(?:un|re)?exported_symbols_list|order_file)"
    r"|(?:alias_list|force_load|(?:weak|needed|reexport)_library|bundle_loader|filelist)"
    r"|X(?:clang|assembler|preprocessor))"
    r"|--?(?:rpath|rpath-link|soname|exclude-libs|hash-style|version-script|dynamic-list|script|just-symbols"
    r"|retain-symbols-file|symbol-ordering-file|export-dynamic-symbol-list|out-implib|dynamic-linker)"
)
_FRAMEWORK = re.compile(r"-(?:weak_|needed_|reexport_)?framework")
_RPATH = re.compile(r"(?P<name>--?rpath|-R)(?:(?:=|(?<=-R))(?P<path>.*))?")
# Syntax that a shell or a Makefile would have expanded.
_SHELL_QUOTES = re.compile(r"""["']|\\(?=\$)|\$(?=\$)""")
_OWN_RPATH = re.compile(r"(?P<origin>\$ORIGIN|\$\{ORIGIN\}|@loader_path)(?P<rest>/.*)?")
_OWN_RPATHS = {ObjectFormat.ELF: "$ORIGIN", ObjectFormat.MACHO: "@loader_path"}
_LIBRARY_ENDING = re.compile(r"\.(?:lib|a|so(?:\.\d+)*|dylib|dll)$")
_LIBRARY_FILE = re.compile(r"[^-/].*\.(?:a|o|obj|lib|so(?:\.\d+)*|dylib|dll|tbd)")


@dataclass
class _Link:
    """The flags of a link during translation."""

    platform: Platform
    arguments: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def refuse(self, flag: str, reason: str) -> None:
        self.problems.append(f"{flag!r}: {reason}")


@dataclass(frozen=True)
class LinkArguments:
    """The link flags of a target for the linker, and the flags that cannot be used for this platform."""

    arguments: tuple[str, ...]
    problems: tuple[str, ...]


def link_arguments(flags: tuple[str, ...], platform: Platform) -> LinkArguments:
    """Translate flags of a driver or of the platform's linker for the link of a shared library."""
    link = _Link(platform)
    words = iter(_words(flags))
    for word, for_linker in words:
        value = next(words, ("", False))[0] if _TWO_WORDS.fullmatch(word) else None
        if value == "":
            link.refuse(word, "its value is missing")
        elif not _libraries(link, word, value) and not _refused(link, word, value):
            _other(link, word, value, for_linker)
    return LinkArguments(tuple(link.arguments), tuple(link.problems))


def _words(flags: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Yield each word of the flags, and whether it was written for the linker (`-Wl,` or `-Xlinker`)."""
    rest = iter(flags)
    for flag in rest:
        if flag.startswith("-Wl,"):
            yield from ((word, True) for word in flag[len("-Wl,") :].split(",") if word)
        elif flag == "-Xlinker":
            yield from ((word, True) for word in (next(rest, ""),) if word)
        else:
            yield flag, False


def _libraries(link: _Link, word: str, value: str | None) -> bool:
    """Handle a flag that names libraries or their directories. Return whether it is one."""
    lower = word.lower()
    if _FRAMEWORK.fullmatch(word):
        link.refuse(f"{word} {value}", _FRAMEWORKS[link.platform.system is System.MACOS])
    elif word.startswith("-l") and (value or word != "-l") and not _is_coff_flag(link, word):
        _library(link, word if value is None else f"-l {value}", value or word[len("-l") :])
    elif link.platform.system is System.WINDOWS and lower.startswith(("-defaultlib:", "/defaultlib:")):
        _library(link, word, lower.partition(":")[2])
    elif link.platform.system is System.WINDOWS and lower.endswith(".lib") and not lower.startswith(("-", "/")):
        _library(link, word, lower)
    elif _LIBRARY_FILE.fullmatch(word):
        link.refuse(word, f"no such file exists when a link runs. {_BUILD_IT}")
    elif lower.startswith(("-libpath:", "/libpath:")) or (_is_search(word) and not _is_coff_flag(link, word)):
        link.refuse(
            _shown(word, value),
            f"libraries of the build machine are never linked, so no folder is searched. {_BUILD_IT}",
        )
    else:
        return False
    return True


def _is_search(word: str) -> bool:
    return word.startswith("-L") or word == "-F"


def _is_coff_flag(link: _Link, word: str) -> bool:
    """Return whether a word is lld-link's own flag, such as `-lldmap` or `-LARGEADDRESSAWARE:NO`."""
    coff = link.platform.object_format is ObjectFormat.PE
    # This is the only flag of GNU ld with the name of an lld-link flag. It takes a value.
    return coff and word != "-Map" and word.startswith("-") and word[1:].lower().partition(":")[0] in _COFF_FLAGS


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
    "and remove the flag."
)
_BY_PLATFORM = "Give flags for one platform by `platform_link_flags`."
_FRAMEWORKS = {
    True: "the toolchain has only libSystem and no frameworks of Apple's SDK. Load it at run time by dlopen.",
    False: f"frameworks exist only on macOS. {_BY_PLATFORM}",
}


def _refused(link: _Link, word: str, value: str | None) -> bool:
    """Refuse a flag for a setting made elsewhere or for a missing feature. Return whether it is one."""
    if _is_coff_flag(link, word):
        return False
    unsupported = unsupported_flag(word)
    reason = next((reason for pattern, reason in _DECIDED if pattern.fullmatch(word)), None)
    if unsupported or reason:
        link.refuse(_shown(word, value), unsupported or f"{reason}. Remove it.")
    return bool(unsupported or reason)


def _shown(word: str, value: str | None) -> str:
    return word if value is None else f"{word} {value}"


def _has_no_effect(link: _Link, word: str, for_linker: bool) -> bool:
    if _is_coff_flag(link, word):
        return False
    object_format = link.platform.object_format
    patterns = (
        *(_LIBRARY_SEARCH, _IMPORT_LIBRARY),
        *(() if for_linker else (_NO_EFFECT, _COMPILER)),
        *(() if object_format is ObjectFormat.ELF else (_ELF_ONLY,)),
        *(() if object_format is ObjectFormat.MACHO else (_MACHO_ONLY,)),
    )
    return any(pattern.fullmatch(word) for pattern in patterns)


def _other(link: _Link, word: str, value: str | None, for_linker: bool) -> None:
    """Drop, refuse or pass on a flag that does not name a library."""
    object_format = link.platform.object_format
    parts = (word,) if value is None else (word, value)
    if _has_no_effect(link, word, for_linker):
        return
    rpath = None if _is_coff_flag(link, word) else _RPATH.fullmatch(word)
    if rpath:
        _rpath(link, rpath["name"], value or rpath["path"] or "")
    elif object_format is ObjectFormat.PE and (word.startswith("--") or value is not None):
        link.refuse(_shown(word, value), f"a flag of GNU ld, and the linker for Windows is lld-link. {_BY_PLATFORM}")
    elif object_format is ObjectFormat.MACHO and (for_linker or value is not None):
        link.arguments.append(f"-Wl,{','.join(parts)}")
    else:
        link.arguments.extend(parts)


def _rpath(link: _Link, name: str, path: str) -> None:
    """Handle a run path. Only the library's own directory is allowed: others depend on the user's machine."""
    own = [_OWN_RPATH.fullmatch(part) for part in _SHELL_QUOTES.sub("", path).split(":")]
    found = [(match["origin"].replace("{", "").replace("}", ""), match["rest"] or "") for match in own if match]
    if len(found) < len(own):
        link.refuse(
            f"{name} {path}",
            "the loader would search a folder of the machine on which the wheel is installed. Each folder of a run "
            "path must begin with `$ORIGIN` (Linux) or `@loader_path` (macOS). Remove it: the repair of a wheel adds "
            "the paths to the libraries that it contains.",
        )
        return
    object_format = link.platform.object_format
    folders = [origin + rest for origin, rest in found if origin == _OWN_RPATHS.get(object_format)]
    if object_format is ObjectFormat.ELF and folders:
        link.arguments.extend(("-rpath", ":".join(folders)))
    elif object_format is ObjectFormat.MACHO:
        link.arguments.extend(f"-Wl,-rpath,{folder}" for folder in folders)
