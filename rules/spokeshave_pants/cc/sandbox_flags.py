"""Checks that no user flag lets a compiler or linker access files outside of its sandbox.

A flag is checked by its parts. `-Wl,A,B` and `-Xclang A` are the flags within them. In each flag, the text after `=`,
`:`, `,` or a prefix such as `-isystem` may be a path. A path that is absolute or leads out of the sandbox is refused in
any flag, known or unknown. Text that is never opened as a file, such as a macro, may contain any path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Flags with an attached value that is a path. The longest match wins.
_PATH_PREFIXES = sorted(
    (
        *("-B", "-F", "-I", "-L", "-T", "-l", "-o"),
        *("-cxx-isystem", "-c-isystem", "-objc-isystem", "-objcxx-isystem", "-stdlib++-isystem", "-isystem-after"),
        *("-idirafter", "-iframework", "-iframeworkwithsysroot", "-imacros", "-include", "-include-pch", "-iquote"),
        *("-isysroot", "-isystem", "-resource-dir", "-fmodule-map-file", "-force_load", "-weak_library", "-rpath-link"),
        *("-dependency-file", "-header-include-file", "-library-path", "-just-symbols", "-script", "-version-script"),
    ),
    key=len,
    reverse=True,
)
# Flags with a text value, which is copied to the output and not opened. Those with `=`:
_TEXT_FLAGS = (
    *("-rpath", "-soname", "-dynamic-linker", "-frandom-seed"),
    *("-ffile-prefix-map", "-fmacro-prefix-map", "-fdebug-prefix-map", "-fcoverage-prefix-map", "-fprofile-prefix-map"),
    *("-ffile-compilation-dir", "-fdebug-compilation-dir", "-fcoverage-compilation-dir"),
    # The running program writes to this path.
    *("-fprofile-generate", "-fprofile-instr-generate", "-fcs-profile-generate"),
)
# Flags whose value is the next argument. An argument after any other flag may be an input.
_COMPILE_TEXT = ("-D", "-U", "-A")
_LINK_TEXT = ("-rpath", "-soname", "-dynamic-linker", "-install_name", "-compatibility_version", "-current_version")
# Flags with an attached value; `-DEF:x` is a linker flag.
_COMPILE_MACRO = re.compile(r"-[DUA]\w.*", re.DOTALL)
_LINK_MACRO = re.compile(r"-[DU]\w+(=.*)?", re.DOTALL)
# Placeholders that the loader of macOS replaces in a run path or an install name.
_LOADER_PATHS = ("@rpath", "@loader_path", "@executable_path")
# A run path relative to the library, in the value of a flag or attached to it.
_RUN_PATH = re.compile(r"""(?:-R|--?rpath=)?["'\\$]*(?:\$ORIGIN|\$\{ORIGIN\}|@loader_path)(?=["'/:]|$)""")
_MACHINE = "it queries the build machine, so the wheel would depend on that machine; name the value explicitly"
_OUTSIDE = "compilers and linkers see only files of targets; add the file's target to `dependencies`"
_OUTSIDE_LINK = (
    "a link reads only the objects and libraries of its targets; list the `cc_sources` or the "
    "`cc_shared_library` that it needs in `dependencies`"
)
_PROGRAMS = "programs of the machine are not used"
_DECIDED = "Spokeshave sets it"
_OTHER_FILE = "it reads further flags or paths from a file, which are not checked; write them here"
_INCLUDE_ROOT = "use `include_root`"
# Names of flags and the reason that each is refused. A name may have one or two leading dashes.
_REFUSED = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"-(target|triple)", "it is determined by the `platforms` of the wheel"),
        (r"-(ld-path|gcc-toolchain|gcc-install-dir|gcc-triple|ccc-.*)", _PROGRAMS),
        (r"-(specs|config|config-.*-dir|ivfsoverlay|vfsoverlay|ivfsstatcache)", _OTHER_FILE),
        (r"-(fplugin.*|fpass-plugin|load|add-plugin|plugin|load-pass-plugin)", "plugins are not supported"),
        (r"-(working-directory|chroot)", "paths would no longer be relative to the repository"),
        # The include search does not know these directories, and a compile's inputs do not contain them.
        (r"-(isystem.*|iquote.*|idirafter.*|iframework.*|iprefix.*|iwithprefix.*|iwithsysroot.*)", _INCLUDE_ROOT),
        (
            r"-((c|cxx|objc|objcxx|stdlib\+\+)-isystem.*|embed-dir|include-(directory|with-prefix|prefix).*)",
            _INCLUDE_ROOT,
        ),
        (r"-(o|MF|MJ|MT|MQ|MV|MD|MMD|MP|MG|M|MM|dependency-file)", _DECIDED),
        (r"-(###|print-(?!map$|gc-sections$|icf-sections$|archive-stats$).*|dumpmachine|dumpversion)", _MACHINE),
    )
)
_LINKER_PROGRAM = re.compile(r"-fuse-ld(=.*)?", re.DOTALL)
# The choice of a linker by name has no effect on a link.
_LINKER_NAME = re.compile(r"-fuse-ld=[\w.+-]+")
# Linker flags of the same names with another meaning: a map file of the link.
_LINKER_FLAGS = ("-M", "-Map", "-print-map")
_NATIVE = re.compile(r"(?:^|[=:,])native(?![\w])")
_WRAPPED = re.compile(r"-W[lap],")
_PASSED_ON = re.compile(r"-X(?:clang|linker|assembler|preprocessor|arch_\w+|openmp-target\S*)|-mllvm")
_WINDOWS_FLAG = re.compile(r"/[A-Za-z]+(:.*)?")
_SEPARATOR = re.compile(r"[=:,]")
# A flag with an attached path that is in none of the lists above.
_UNKNOWN_JOINED = re.compile(r"-{1,2}[A-Za-z][\w+-]*?(/.*|\.\./.*)")


@dataclass(frozen=True)
class RefusedFlag:
    """A flag as written by the user, and the reason that it is refused."""

    flag: str
    reason: str


def refused_flags(flags: Iterable[str], *, is_link: bool = False) -> tuple[RefusedFlag, ...]:
    """Return all flags that access files outside of the sandbox or depend on the host, in order."""
    found: list[RefusedFlag] = []
    before = ""
    for flag, part in flag_parts(flags):
        reason = _reason(part, before, is_link)
        if reason and (not found or found[-1].flag != flag):
            found.append(RefusedFlag(flag, reason))
        before = part
    return tuple(found)


def leaves_sandbox(path: str) -> bool:
    """Return whether a path relative to the sandbox's root refers to a file outside of it."""
    return posixpath.isabs(path) or posixpath.normpath(path).split("/")[0] == ".."


def flag_parts(flags: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each flag that a driver, compiler or linker finally sees, with the flag that the user wrote."""
    for flag in flags:
        if _WRAPPED.match(flag):
            yield from ((flag, part) for part in flag.split(",")[1:])
        elif not _PASSED_ON.fullmatch(flag):
            yield flag, flag


def _reason(part: str, before: str, is_link: bool) -> str | None:
    """Return why a flag is refused, or why the value of the flag before it is."""
    if _is_text(part, before, is_link):
        return None
    if part.startswith("-I"):
        return _INCLUDE_ROOT
    if _LINKER_PROGRAM.fullmatch(part) and not (is_link and _LINKER_NAME.fullmatch(part)):
        return _PROGRAMS
    name = _single_dash(_SEPARATOR.split(part, maxsplit=1)[0])
    if not (is_link and name in _LINKER_FLAGS):
        for pattern, reason in _REFUSED:
            if pattern.fullmatch(name):
                return reason
    if _NATIVE.search(part):
        return _MACHINE
    if any(value.startswith("@") for value in (part, *_SEPARATOR.split(part)[1:])):
        return _OTHER_FILE
    if is_link and _WINDOWS_FLAG.fullmatch(part):
        return f"write it as '-{part[1:]}'; a value that begins with a slash is a path"
    if any(leaves_sandbox(path) for path in _paths(part)):
        return _OUTSIDE_LINK if is_link else _OUTSIDE
    return None


def _is_text(part: str, before: str, is_link: bool) -> bool:
    if is_link and _RUN_PATH.match(part):
        return True
    if not part.startswith("-"):
        # A driver expands any argument `@FILE` to the content of the file, even after another flag.
        is_file = part.startswith("@") and not part.startswith(_LOADER_PATHS)
        return not is_file and _single_dash(before) in (_LINK_TEXT if is_link else _COMPILE_TEXT)
    name, separator, _ = _single_dash(part).partition("=")
    is_macro = (_LINK_MACRO if is_link else _COMPILE_MACRO).fullmatch(part)
    return bool(is_macro) or (bool(separator) and name in _TEXT_FLAGS)


def _single_dash(flag: str) -> str:
    return flag[1:] if flag.startswith("--") else flag


def _paths(part: str) -> Iterator[str]:
    """Yield all parts of a flag that may be a path."""
    if not part.startswith("-"):
        yield part
    yield from (value for value in _SEPARATOR.split(part)[1:] if value)
    flag = _single_dash(part)
    prefix = next((prefix for prefix in _PATH_PREFIXES if flag.startswith(prefix)), None)
    if prefix is not None:
        yield flag[len(prefix) :].lstrip("=:") or "."
    else:
        unknown = _UNKNOWN_JOINED.fullmatch(part)
        if unknown:
            yield unknown[1]
