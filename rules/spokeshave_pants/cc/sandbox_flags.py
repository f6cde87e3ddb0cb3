"""Which flags of a user a compiler or linker gets: none that reach for something outside of its sandbox.

A flag is judged by its parts. `-Wl,A,B` and `-Xclang A` are the flags within them; of each, what follows `=`, `:`, `,`
or a prefix such as `-isystem` may be a path. A path that is absolute or climbs out of the sandbox is refused in any
flag, known or not. What is text and never opened, such as a macro, may name any path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Flags whose value may stand right behind them and is a path. The longest that fits is the one.
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
# Flags whose value is text: it gets into the output, and nothing is opened by it. Those with `=`:
_TEXT_FLAGS = (
    *("-rpath", "-soname", "-dynamic-linker", "-frandom-seed"),
    *("-ffile-prefix-map", "-fmacro-prefix-map", "-fdebug-prefix-map", "-fcoverage-prefix-map", "-fprofile-prefix-map"),
    *("-ffile-compilation-dir", "-fdebug-compilation-dir", "-fcoverage-compilation-dir"),
    # Where the program writes when it runs.
    *("-fprofile-generate", "-fprofile-instr-generate", "-fcs-profile-generate"),
)
# Those whose value is the next argument. What else follows a flag may be an input for all that is known of the flag.
_COMPILE_TEXT = ("-D", "-U", "-A")
_LINK_TEXT = ("-rpath", "-soname", "-dynamic-linker", "-install_name", "-compatibility_version", "-current_version")
# Those with nothing between, where `-DEF:x` is a linker's flag.
_COMPILE_MACRO = re.compile(r"-[DUA]\w.*", re.DOTALL)
_LINK_MACRO = re.compile(r"-[DU]\w+(=.*)?", re.DOTALL)
# What macOS' loader replaces in a run path or an install name.
_LOADER_PATHS = ("@rpath", "@loader_path", "@executable_path")
# A run path from a library's own folder, in the value of a flag or right behind it.
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
# The whole of a flag's name, and why it is refused. Dashes before it may be one or two.
_REFUSED = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"-(target|triple)", "it is determined by the `platforms` of the wheel"),
        (r"-(ld-path|gcc-toolchain|gcc-install-dir|gcc-triple|ccc-.*)", _PROGRAMS),
        (r"-(specs|config|config-.*-dir|ivfsoverlay|vfsoverlay|ivfsstatcache)", _OTHER_FILE),
        (r"-(fplugin.*|fpass-plugin|load|add-plugin|plugin|load-pass-plugin)", "plugins are not supported"),
        (r"-(working-directory|chroot)", "paths would no longer be relative to the repository"),
        # The search for headers knows these folders as little as a compile's inputs do.
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
# Which linker a driver is to take, by its name, changes nothing of a link.
_LINKER_NAME = re.compile(r"-fuse-ld=[\w.+-]+")
# Linkers have flags of these names that mean something else: a map of the link.
_LINKER_FLAGS = ("-M", "-Map", "-print-map")
_NATIVE = re.compile(r"(?:^|[=:,])native(?![\w])")
_WRAPPED = re.compile(r"-W[lap],")
_PASSED_ON = re.compile(r"-X(?:clang|linker|assembler|preprocessor|arch_\w+|openmp-target\S*)|-mllvm")
_WINDOWS_FLAG = re.compile(r"/[A-Za-z]+(:.*)?")
_SEPARATOR = re.compile(r"[=:,]")
# A flag with a path right behind it that is in no list above.
_UNKNOWN_JOINED = re.compile(r"-{1,2}[A-Za-z][\w+-]*?(/.*|\.\./.*)")


@dataclass(frozen=True)
class RefusedFlag:
    """A flag as the user wrote it, and what is wrong with it."""

    flag: str
    reason: str


def refused_flags(flags: Iterable[str], *, is_link: bool = False) -> tuple[RefusedFlag, ...]:
    """Every flag that would reach out of the sandbox or ask for the machine, in order."""
    found: list[RefusedFlag] = []
    before = ""
    for flag, part in flag_parts(flags):
        reason = _reason(part, before, is_link)
        if reason and (not found or found[-1].flag != flag):
            found.append(RefusedFlag(flag, reason))
        before = part
    return tuple(found)


def leaves_sandbox(path: str) -> bool:
    """Whether a path relative to the sandbox' root names something outside of it."""
    return posixpath.isabs(path) or posixpath.normpath(path).split("/")[0] == ".."


def flag_parts(flags: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each flag that a driver, compiler or linker sees in the end, with the one that the user wrote."""
    for flag in flags:
        if _WRAPPED.match(flag):
            yield from ((flag, part) for part in flag.split(",")[1:])
        elif not _PASSED_ON.fullmatch(flag):
            yield flag, flag


def _reason(part: str, before: str, is_link: bool) -> str | None:
    """What is wrong with a flag, or with what may be the value of the flag before it."""
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
        # A driver replaces any argument `@FILE` by what the file says, after any flag.
        is_file = part.startswith("@") and not part.startswith(_LOADER_PATHS)
        return not is_file and _single_dash(before) in (_LINK_TEXT if is_link else _COMPILE_TEXT)
    name, separator, _ = _single_dash(part).partition("=")
    is_macro = (_LINK_MACRO if is_link else _COMPILE_MACRO).fullmatch(part)
    return bool(is_macro) or (bool(separator) and name in _TEXT_FLAGS)


def _single_dash(flag: str) -> str:
    return flag[1:] if flag.startswith("--") else flag


def _paths(part: str) -> Iterator[str]:
    """Everything in a flag that may be a path."""
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
