"""Init functions and export hooks of extensions that the code does not mark as exported. Works without the engine.

CPython's `PyMODINIT_FUNC` exports a module's init function, and `PyMODEXPORT_FUNC` its export hook (PEP 793). With
setuptools the function is exported in any case, because its compilers hide nothing. Compiles here hide all unmarked
symbols, and a linker cannot export a symbol that its object hides. Such a function is therefore declared as exported
before its source begins. All other symbols stay hidden.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from spokeshave_pants.cc.includes.scan import without_comments

INIT_HEADER_DIR = "__init"
_DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_RETURNED = r"\b(?P<type>PyObject|PySlot|struct\s+(?:_object|PySlot))\s*\*\s*"
_NAME = r"Py(?:Init|ModExport)U?_\w+"
# All declarations of a C++ function have to agree in this.
_NOTHROW = r"\s*(?:noexcept\b(?!\s*\(\s*(?:false|0)\s*\))|throw\s*\(\s*\))"
# A function that returns `PyObject *` or `PySlot *`, with the specifiers before it.
_FUNCTION = re.compile(
    rf"(?P<before>[^;{{}}]*?){_RETURNED}(?P<name>{_NAME})\s*\(\s*(?:void)?\s*\)(?P<after>{_NOTHROW})?"
)
_MARKED = re.compile(rf"\b(?:PyMODINIT_FUNC|PyMODEXPORT_FUNC|PyAPI_FUNC\s*\([^)]*\))\s+({_NAME})")
# Macros that expand to such a function: `#define INIT PyInit_x`, `#define INIT(name) PyObject *PyInit_##name(void)`.
_ALIAS = re.compile(rf"^[ \t]*#[ \t]*define[ \t]+(?P<macro>\w+)[ \t]+(?P<name>{_NAME})[ \t]*$", re.MULTILINE)
_PASTED = re.compile(
    rf"^[ \t]*#[ \t]*define[ \t]+(?P<macro>\w+)\(\s*(?P<argument>\w+)\s*\)(?P<before>[^\n]*?){_RETURNED}"
    r"(?P<prefix>Py(?:Init|ModExport)_)\s*\#\#\s*(?P=argument)\b",
    re.MULTILINE,
)
# Functions that no compiler exports, and functions that are already marked.
_OTHERWISE = re.compile(r"\b(?:static|inline|PyMODINIT_FUNC|PyMODEXPORT_FUNC|PyAPI_FUNC|dllexport|visibility)\b")


@dataclass(frozen=True, order=True)
class InitFunction:
    """The name of an init function or an export hook, and whether its C++ declaration is noexcept."""

    name: str
    is_noexcept: bool = False

    @property
    def returned(self) -> str:
        """Return the structure that it returns a pointer to."""
        return "PySlot" if self.name.startswith("PyModExport") else "_object"


def unmarked_init_functions(text: str) -> tuple[InitFunction, ...]:
    """Return the init functions that a source declares or defines without marking them as exported."""
    plain = _expanded(without_comments(text))
    functions = list(_FUNCTION.finditer(plain))
    otherwise = {match["name"] for match in functions if _OTHERWISE.search(match["before"])}
    nothrow = {match["name"] for match in functions if match["after"]}
    names = {match["name"] for match in functions} - otherwise - set(_MARKED.findall(plain))
    return tuple(InitFunction(name, name in nothrow) for name in sorted(names))


def _expanded(text: str) -> str:
    """Return the text without directives and with macros that name an init function expanded."""
    plain = _DIRECTIVE.sub(";", text)
    for alias in _ALIAS.finditer(text):
        plain = re.sub(rf"\b{alias['macro']}\b", alias["name"], plain)
    for pasted in _PASTED.finditer(text):
        function = rf"{pasted['before'].strip()} {pasted['type']} *{pasted['prefix']}\1(void)"
        plain = re.sub(rf"\b{pasted['macro']}\s*\(\s*(\w+)\s*\)", function, plain)
    return plain


def init_header(functions: tuple[InitFunction, ...]) -> str:
    """Return a header that declares init functions as `PyMODINIT_FUNC` does. `PyObject` is a `struct _object`."""
    structures = sorted({function.returned for function in functions})
    declarations = [f"struct {structure};\n" for structure in structures]
    for function in functions:
        nothrow = " noexcept" if function.is_noexcept else ""
        declarations.append(f"SPOKESHAVE_INIT struct {function.returned} *{function.name}(void){nothrow};\n")
    return _HEADER.format(declarations="".join(declarations))


_HEADER = """\
#if defined(__cplusplus)
extern "C" {{
#endif
#if defined(_WIN32)
#define SPOKESHAVE_INIT __declspec(dllexport)
#else
#define SPOKESHAVE_INIT __attribute__((visibility("default")))
#endif
{declarations}#undef SPOKESHAVE_INIT
#if defined(__cplusplus)
}}
#endif
"""


def init_header_path(source: str) -> str:
    """Return the path of a source's generated header, relative to the sandbox."""
    return f"{INIT_HEADER_DIR}/{source}.h"
