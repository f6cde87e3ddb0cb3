"""A scanner for C/C++ and assembler files: includes, embedded files, and macros that name headers.

Nothing is preprocessed. Conditional includes count as included, so that the result is the same for every platform and
set of macros. The inputs of a compile are therefore a superset of the files that it reads.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spokeshave_pants.cc.sandbox_flags import flag_parts

_CONTINUATION = re.compile(r"\\[ \t]*\r?\n")
_BYTE_ORDER_MARK = "\ufeff"
_NAMED = r'(?:"([^"\n]+)"|<([^>\n]+)>)'
_INCLUDE = re.compile(rf"^[ \t]*(?:\#|%:)[ \t]*(include|include_next|import|embed)[ \t]*{_NAMED}", re.MULTILINE)
_TEST = re.compile(rf"\b__has_(include|include_next|embed)[ \t]*\([ \t]*{_NAMED}")
_COMPUTED = re.compile(
    r"""
    ^ [ \t]* (?: \# | %: ) [ \t]*
    (?: (?: include | include_next | import | embed ) \b
      | (?: el )? if \b .* \b __has_ (?: include | embed ) [ \t]* \( )
    [ \t]* ( [A-Za-z_] \w* )
    """,
    re.MULTILINE | re.VERBOSE,
)
_MACRO = re.compile(rf"^[ \t]*(?:\#|%:)[ \t]*define[ \t]+([A-Za-z_]\w*)[ \t]+{_NAMED}[ \t]*\r?$", re.MULTILINE)
# In an assembler file, and in a C string, where the quotes are escaped.
_ASSEMBLER = re.compile(r'\.(incbin|include)\b\s*\\?"([^"\\\n]+)\\?"')
_INCBIN = re.compile(r"incbin", re.IGNORECASE)
_FILE_LITERAL = re.compile(r'"([\w./+@ -]*[\w+-]\.\w+)\\?"')
# Words after `#include` that are macros of the compiler or string prefixes.
_NOT_A_HEADER = frozenset(("__FILE__", "__BASE_FILE__", "__INCLUDE_LEVEL__", "u8", "u", "U", "L", "R"))
# Text that can hide an include or a comment. The alternatives are in order: the first that matches at a position wins.
# The characters that they begin with come first: the search passes all others faster (0.4 of the time for a scan).
_TOKEN = re.compile(
    r"""
    (?= [/"'\#RuUL.0-9] )
    (?: (?P<comment> // [^\n]* | /\* .*? (?: \*/ | \Z ) )
      | (?P<raw> \b (?: u8 | [uUL] )? R (?= " (?P<delimiter> [^()\\\s]{0,16} ) \( ) )
      | (?P<other> \# [ \t]* include \w* [ \t]* < [^>\n]* >           # no comment begins in <a//b.h>
          | (?<! \w ) \.? [0-9] [\w.']* )                              # a digit separator is not a character literal
      | (?P<quote> ["'] )
    )
    """,
    re.DOTALL | re.VERBOSE,
)
_LITERALS = {
    '"': re.compile(r'"(?:\\.|[^"\\\n])*(?P<end>")?', re.DOTALL),
    "'": re.compile(r"'(?:\\.|[^'\\\n])*(?P<end>')?", re.DOTALL),
}
# How the names of init functions and of export hooks (PEP 793) begin.
INIT_STARTS = ("PyInit", "PyModExport")
_FORCED_SEPARATE = ("-include", "--include", "-imacros", "--imacros")
_FORCED_JOINED = ("--include=", "--imacros=", "-include", "-imacros")


class _Kind(enum.Enum):
    """The kinds of text that can hide an include."""

    COMMENT = enum.auto()
    RAW = enum.auto()
    LITERAL = enum.auto()


class IncludeKind(str, enum.Enum):
    """The kind of an include, which decides the search path."""

    INCLUDE = "include"
    #: `#include_next`: all files with that name, because the compiler continues from one to the next.
    NEXT = "next"
    #: `__has_include`: an input if the file exists. Other projects are not searched.
    TEST = "test"
    #: `-include` on the command line: searched from the build root, and then like `#include`.
    FORCED = "forced"
    #: `#embed`: searched relative to the embedding file.
    EMBED = "embed"
    #: `.incbin` and `.include`: searched from the build root, and then in the include roots.
    ASSEMBLER = "assembler"
    #: A string that may name a file, passed to a macro that embeds one.
    GUESS = "guess"


@dataclass(frozen=True, order=True)
class Include:
    """An include as written. `quoted` includes are first searched next to the including file."""

    spelling: str
    quoted: bool
    kind: IncludeKind = IncludeKind.INCLUDE


@dataclass(frozen=True)
class Scan:
    """The result of scanning a text.

    Attributes:
        includes: Includes, sorted.
        macros: Macros that are defined as the name of a header, each with that header.
        computed: Macros that are included (`#include MACRO`).
        names_init: Whether the text contains the start of the name of an init function or of an export hook.
    """

    includes: tuple[Include, ...] = ()
    macros: tuple[tuple[str, Include], ...] = ()
    computed: tuple[str, ...] = ()
    names_init: bool = False


@dataclass(frozen=True)
class CcFile:
    """A C/C++ file of the repository, its target, and its scanned includes.

    Attributes:
        include_roots: The include directories of its target, in search order.
    """

    path: str
    owner: str
    include_roots: tuple[str, ...]
    scan: Scan = Scan()


def parse_includes(text: str) -> tuple[Include, ...]:
    """Return everything that a file includes, embeds or tests for, sorted.

    Includes in comments and strings are ignored, and so are includes built from macros.
    """
    return scan_text(text).includes


def without_comments(text: str) -> str:
    """Return the text with continued lines joined and each comment replaced by a space. Strings are left unchanged."""
    spliced = _CONTINUATION.sub("", text.lstrip(_BYTE_ORDER_MARK))
    return _without(_Kind.COMMENT, spliced)


def code_only(text: str) -> str:
    """Return the text as `without_comments` does, and with each string and character literal emptied."""
    spliced = _CONTINUATION.sub("", text.lstrip(_BYTE_ORDER_MARK))
    parts = []
    at = 0
    for kind, start, end in _hiding(spliced):
        parts.append(spliced[at:start])
        quote = '"' if kind is _Kind.RAW else spliced[start]
        parts.append(" " if kind is _Kind.COMMENT else quote * 2)
        at = end
    return "".join([*parts, spliced[at:]])


def _without(removed: _Kind, text: str) -> str:
    """Return a text with a space in place of each comment or raw string."""
    parts = []
    at = 0
    for kind, start, end in _hiding(text):
        if kind is removed:
            parts.append(text[at:start])
            at = end
    return " ".join([*parts, text[at:]])


def _hiding(text: str) -> Iterator[tuple[_Kind, int, int]]:
    """Yield the comments and literals of a text: kind, start and end.

    What has no end is not a literal. Its end is looked for once, and not for each of its parts again.
    """
    at = 0
    without_end: set[str] = set()
    lines_without_end = {'"': 0, "'": 0}
    while token := _TOKEN.search(text, at):
        start, at = token.span()
        if token["comment"]:
            yield _Kind.COMMENT, start, at
        elif token["raw"]:
            delimiter = token["delimiter"]
            end = -1 if delimiter in without_end else text.find(f'){delimiter}"', at + 2 + len(delimiter))
            if end < 0:
                without_end.add(delimiter)
            else:
                at = end + 2 + len(delimiter)
                yield _Kind.RAW, start, at
        elif token["quote"]:
            quote = token["quote"]
            literal = None if at <= lines_without_end[quote] else _LITERALS[quote].match(text, start)
            if literal and literal["end"]:
                at = literal.end()
                yield _Kind.LITERAL, start, at
            elif literal:
                lines_without_end[quote] = literal.end()


def scan_text(text: str) -> Scan:
    """Scan the text of a file."""
    code = without_comments(text)
    plain = _without(_Kind.RAW, code)
    found = {_include(directive, quoted, angled) for directive, quoted, angled in _INCLUDE.findall(plain)}
    found |= {_test(directive, quoted, angled) for directive, quoted, angled in _TEST.findall(plain)}
    # A raw string may contain assembler.
    found |= {Include(name, True, IncludeKind.ASSEMBLER) for _, name in _ASSEMBLER.findall(code) if name.strip()}
    if _INCBIN.search(_ASSEMBLER.sub(lambda match: "" if match[2].strip() else match[0], code)):
        found |= {Include(name, True, IncludeKind.GUESS) for name in _FILE_LITERAL.findall(code)}
    return Scan(
        includes=tuple(sorted(found)),
        macros=tuple(
            sorted({(name, Include(quoted or angled, bool(quoted))) for name, quoted, angled in _MACRO.findall(plain)})
        ),
        computed=tuple(sorted(set(_COMPUTED.findall(plain)) - _NOT_A_HEADER)),
        names_init=names_init(code),
    )


def names_init(text: str) -> bool:
    """Return whether a text contains the start of the name of an init function or of an export hook."""
    return any(start in text for start in INIT_STARTS)


def _include(directive: str, quoted: str, angled: str) -> Include:
    kinds = {"include_next": IncludeKind.NEXT, "embed": IncludeKind.EMBED}
    return Include(quoted or angled, bool(quoted), kinds.get(directive, IncludeKind.INCLUDE))


def _test(directive: str, quoted: str, angled: str) -> Include:
    kinds = {"include_next": IncludeKind.NEXT, "embed": IncludeKind.EMBED}
    return Include(quoted or angled, bool(quoted), kinds.get(directive, IncludeKind.TEST))


def given_macros(flags: Iterable[str]) -> tuple[str, ...]:
    """Return the macros that compiler flags define, as `NAME` or `NAME=VALUE`."""
    parts = [part for _, part in flag_parts(flags)]
    separate = [part for before, part in zip(parts, parts[1:]) if before == "-D"]
    return (*separate, *(part[2:] for part in parts if part.startswith("-D") and part != "-D"))


def scan_flags(flags: Iterable[str], defines: Iterable[str] = ()) -> Scan:
    """Scan compiler flags: `-include`, `-imacros`, and macros that name headers."""
    includes: set[Include] = set()
    macros: set[tuple[str, Include]] = set()
    flags = tuple(flags)
    remaining = iter([part for _, part in flag_parts(flags)])
    for flag in remaining:
        if flag in _FORCED_SEPARATE:
            includes.add(Include(next(remaining, ""), True, IncludeKind.FORCED))
        elif flag == "-D":
            next(remaining, "")
        else:
            name = next((flag[len(prefix) :] for prefix in _FORCED_JOINED if flag.startswith(prefix)), "")
            # `-include-pch` and similar flags are different flags.
            if name and not name.startswith("-"):
                includes.add(Include(name, True, IncludeKind.FORCED))
    for define in (*defines, *given_macros(flags)):
        name, _, value = define.partition("=")
        named = re.fullmatch(_NAMED, value.strip())
        if named:
            macros.add((name, Include(named[1] or named[2], bool(named[1]))))
    return Scan(tuple(sorted(i for i in includes if i.spelling)), tuple(sorted(macros)))
