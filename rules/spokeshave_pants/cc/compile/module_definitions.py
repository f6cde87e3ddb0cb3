"""The extension modules that a source defines: an init function, an export hook, or a macro of nanobind or pybind11."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spokeshave_pants.cc.compile.macros import Macros
from spokeshave_pants.cc.includes.scan import code_only

_MACROS = r"NB_MODULE|PYBIND11_MODULE"
_STARTS = ("PyInit_", "PyModExport_", *_MACROS.split("|"))
_START = "|".join(_STARTS)
_DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_ENDS = re.compile(r"([;{}])")
# A definition: a type or an attribute before the function, whose name may be in brackets, and nothing after it that
# ends a declaration or continues an expression. `->` may begin a type, if a body follows.
_DEFINED = re.compile(
    r"(?:\w\s+|[*)]\s*|(?P<bracket>[\w*]\s*\(\s*))Py(?:Init|ModExport)_(?P<name>\w+)\s*(?(bracket)\)\s*)"
    r"\(\s*(?:void)?\s*\)(?!\s*(?:[;,)?.=!<>&|+\[]|-(?!>[\w\s:*&<>]*\{)))"
)
_MODULE_MACRO = re.compile(rf"\b(?:{_MACROS})\s*\(\s*(?P<name>\w+)\s*,")
_STATIC = re.compile(r"\bstatic\b")
_CAPITALS = re.compile(r"_*[A-Z][A-Z0-9_]*")
# How many meanings of a macro are tried.
_MEANINGS = 4


def defined_modules(text: str) -> tuple[str, ...]:
    """Return the last names of the extension modules whose init functions a source defines, sorted.

    Comments, strings, declarations and static functions do not count. Conditions are not evaluated, so both branches of
    a conditional count.
    """
    if not re.search(_START, text):
        return ()
    return tuple(sorted({match["name"] for part in _parts(code_only(text)) for match in _definitions(part)}))


def may_be_macro(name: str, text: str) -> bool:
    """Return whether a name of `defined_modules` looks like a macro that a header or the command line defines."""
    return _CAPITALS.fullmatch(name) is not None and not re.search(rf"\bPy(?:Init|ModExport)_{name}\b", text)


def _definitions(part: str) -> Iterator[re.Match[str]]:
    yield from _MODULE_MACRO.finditer(part)
    if not part.endswith(";"):
        yield from (match for match in _DEFINED.finditer(part) if not _STATIC.search(part, 0, match.start()))


def _parts(code: str) -> Iterator[str]:
    """Yield the declarations that may define a module, each with the sign after each, for each meaning of macros."""
    macros = Macros.of(code)
    words = {word for start in _STARTS for word in macros.leading_to(start)}
    relevant = re.compile("|".join([_START, *(rf"\b{word}\b" for word in sorted(words))]))
    for part in _declarations(_DIRECTIVE.sub("", code)):
        if relevant.search(part):
            for expanded in {macros.expand(part, choice) for choice in range(_MEANINGS)}:
                yield from _declarations(expanded)


def _declarations(code: str) -> Iterator[str]:
    """Yield the texts between semicolons and braces, each with the sign after it."""
    pieces = _ENDS.split(code)
    yield from map("".join, zip(pieces[::2], [*pieces[1::2], ""]))
