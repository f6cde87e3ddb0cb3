"""Init functions of extensions that the code does not mark as exported. Works without the engine.

CPython's `PyMODINIT_FUNC` exports a module's init function. With setuptools the function is exported in any case,
because its compilers hide nothing. Compiles here hide all unmarked symbols, and a linker cannot export a symbol that
its object hides. Such a function is therefore declared as exported before its source begins. All other symbols stay
hidden.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spokeshave_pants.cc.includes.scan import code_only, without_comments

INIT_HEADER_DIR = "__init"
_DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_RETURNED = r"\b(?:PyObject|struct\s+_object)\s*\*\s*"
# All declarations of a C++ function have to agree in this.
_NOTHROW = r"\s*(?:noexcept\b(?!\s*\(\s*(?:false|0)\s*\))|throw\s*\(\s*\))"
# A function that returns `PyObject *`, with the specifiers before it.
_FUNCTION = re.compile(
    rf"(?P<before>[^;{{}}]*?){_RETURNED}(?P<name>PyInitU?_\w+)\s*\(\s*(?:void)?\s*\)(?P<after>{_NOTHROW})?"
)
_MARKED = re.compile(r"\b(?:PyMODINIT_FUNC|PyAPI_FUNC\s*\([^)]*\))\s+(PyInitU?_\w+)")
# Macros that expand to such a function: `#define INIT PyInit_x`, `#define INIT(name) PyObject *PyInit_##name(void)`.
_ALIAS = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(?P<macro>\w+)[ \t]+(?P<name>PyInitU?_\w+)[ \t]*$", re.MULTILINE)
_PASTED = re.compile(
    rf"^[ \t]*#[ \t]*define[ \t]+(?P<macro>\w+)\(\s*(?P<argument>\w+)\s*\)(?P<before>[^\n]*?){_RETURNED}"
    r"PyInit_\s*\#\#\s*(?P=argument)\b",
    re.MULTILINE,
)
# A definition: a type before the function, and nothing behind it that ends a declaration or continues an expression.
_DEFINED = re.compile(r"(?:\w\s+|\*\s*)PyInit_(?P<name>\w+)\s*\(\s*(?:void)?\s*\)(?!\s*[;,)?.=!<>&|+\[-])")
_MODULE_MACRO = re.compile(r"\b(?:NB_MODULE|PYBIND11_MODULE)\s*\(\s*(\w+)\s*,")
_NAME_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([A-Za-z_]\w*)[ \t]*$", re.MULTILINE)
# `#define INIT(name) PyMODINIT_FUNC PyInit_##name(void)`, for any type.
_ANY_PASTED = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(?P<macro>\w+)\(\s*(?P<argument>\w+)\s*\)(?P<before>[^\n]*?)\b"
    r"PyInit_\s*\#\#\s*(?P=argument)\b",
    re.MULTILINE,
)
_STATIC = re.compile(r"\bstatic\b")
# Functions that no compiler exports, and functions that are already marked.
_OTHERWISE = re.compile(r"\b(?:static|inline|PyMODINIT_FUNC|PyAPI_FUNC|dllexport|visibility)\b")


@dataclass(frozen=True, order=True)
class InitFunction:
    """The name of an init function, and whether its C++ declaration is noexcept."""

    name: str
    is_noexcept: bool = False


def unmarked_init_functions(text: str) -> tuple[InitFunction, ...]:
    """Return the init functions that a source declares or defines without marking them as exported."""
    plain = _expanded(without_comments(text))
    functions = list(_FUNCTION.finditer(plain))
    otherwise = {match["name"] for match in functions if _OTHERWISE.search(match["before"])}
    nothrow = {match["name"] for match in functions if match["after"]}
    names = {match["name"] for match in functions} - otherwise - set(_MARKED.findall(plain))
    return tuple(InitFunction(name, name in nothrow) for name in sorted(names))


def defined_modules(text: str) -> tuple[str, ...]:
    """Return the last names of the extension modules whose init functions a source defines, sorted.

    Comments, strings, declarations and static functions do not count. Nothing is preprocessed, so both branches of a
    conditional count.
    """
    if not any(word in text for word in ("PyInit_", "NB_MODULE", "PYBIND11_MODULE")):
        return ()
    code = code_only(text)
    plain = _DIRECTIVE.sub("", code)
    for alias in _ALIAS.finditer(code):
        plain = re.sub(rf"\b{alias['macro']}\b", alias["name"], plain)
    for pasted in _ANY_PASTED.finditer(code):
        function = rf"{pasted['before'].strip()} PyInit_\1(void)"
        plain = re.sub(rf"\b{pasted['macro']}\s*\(\s*(\w+)\s*\)", function, plain)
    macros = dict(_NAME_MACRO.findall(code))
    names = {macros.get(name, name) for name in _MODULE_MACRO.findall(plain)}
    names |= {match["name"] for match in _DEFINED.finditer(plain) if not _is_static(plain, match.start())}
    return tuple(sorted(names))


def _is_static(code: str, position: int) -> bool:
    """Return whether the declaration that contains a position is static."""
    begin = max(code.rfind(end, 0, position) for end in ";{}")
    return bool(_STATIC.search(code, begin + 1, position))


def _expanded(text: str) -> str:
    """Return the text without directives and with macros that name an init function expanded."""
    plain = _DIRECTIVE.sub(";", text)
    for alias in _ALIAS.finditer(text):
        plain = re.sub(rf"\b{alias['macro']}\b", alias["name"], plain)
    for pasted in _PASTED.finditer(text):
        function = rf"{pasted['before'].strip()} PyObject *PyInit_\1(void)"
        plain = re.sub(rf"\b{pasted['macro']}\s*\(\s*(\w+)\s*\)", function, plain)
    return plain


def init_header(functions: tuple[InitFunction, ...]) -> str:
    """Return a header that declares init functions as `PyMODINIT_FUNC` does. `PyObject` is a `struct _object`."""
    declarations = "".join(
        f"SPOKESHAVE_INIT struct _object *{function.name}(void){' noexcept' if function.is_noexcept else ''};\n"
        for function in functions
    )
    return _HEADER.format(declarations=declarations)


_HEADER = """\
#if defined(__cplusplus)
extern "C" {{
#endif
#if defined(_WIN32)
#define SPOKESHAVE_INIT __declspec(dllexport)
#else
#define SPOKESHAVE_INIT __attribute__((visibility("default")))
#endif
struct _object;
{declarations}#undef SPOKESHAVE_INIT
#if defined(__cplusplus)
}}
#endif
"""


def init_header_path(source: str) -> str:
    """Return the path of a source's generated header, relative to the sandbox."""
    return f"{INIT_HEADER_DIR}/{source}.h"
