"""Init functions and export hooks of extensions that the code does not mark as exported. Works without the engine.

CPython's `PyMODINIT_FUNC` exports a module's init function, and `PyMODEXPORT_FUNC` its export hook (PEP 793). With
setuptools the function is exported in any case, because its compilers hide nothing. Compiles here hide all unmarked
symbols, and a linker cannot export a symbol that its object hides. Such a function is therefore declared as exported
before its source begins. All other symbols stay hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spokeshave_pants.cc.compile.macros import Macro, Macros
from spokeshave_pants.cc.includes.scan import without_comments

INIT_HEADER_DIR = "__init"
# An init function, and the export hook of PEP 793.
_STARTS = ("PyInit", "PyModExport")
_DIRECTIVE = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
_OBJECT = r"(?:::\s*)?\b(?:PyObject|struct\s+_object)\s*\*"
_SLOTS = r"(?:::\s*)?\b(?:PySlot|struct\s+PySlot)\s*\*"
_RETURNED = rf"(?:{_OBJECT}|{_SLOTS})"
_PLAIN_NAME = r"Py(?:Init|ModExport)U?_\w+"
_NAME = rf"(?P<name>{_PLAIN_NAME})"
# All declarations of a C++ function have to agree in this.
_NOTHROW = r"\s*(?:noexcept\b(?!\s*\(\s*(?:false|0)\s*\))|throw\s*\(\s*\))"
# Functions that return `PyObject *` or `PySlot *`, with the specifiers before them.
_FUNCTION = re.compile(
    rf"(?P<before>[^;{{}}]*?){_RETURNED}\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?"
    rf"(?:{_NAME}|\(\s*{_NAME.replace('name', 'bracketed')}\s*\))\s*\(\s*(?:void)?\s*\)(?P<after>{_NOTHROW})?"
)
_TRAILING = re.compile(
    rf"(?P<before>[^;{{}}]*?)\bauto\s+{_NAME}\s*\(\s*(?:void)?\s*\)(?P<after>{_NOTHROW})?\s*->\s*{_RETURNED}"
)
_MARKED = re.compile(rf"\b(?:PyMODINIT_FUNC|PyMODEXPORT_FUNC|PyAPI_FUNC\s*\([^)]*\))\s+({_PLAIN_NAME})")
# Other names of the type.
_TYPE_NAME = re.compile(rf"\btypedef\s+{_OBJECT}\s*(\w+)\s*;|\busing\s+(\w+)\s*=\s*{_OBJECT}\s*;")
# Functions that no compiler exports.
_PRIVATE = re.compile(r"\b(?:static|inline)\b")
_EXPORTED = re.compile(r"\b(?:PyMODINIT_FUNC|PyMODEXPORT_FUNC|PyAPI_FUNC|dllexport|visibility)\b")
# How many meanings of a macro are tried, and the longest declaration.
_MEANINGS = 4
_LONGEST = 2000


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
    if not any(start in text for start in _STARTS):
        return ()
    functions = [found for declaration in _declarations(without_comments(text)) for found in _functions(declaration)]
    marked = {function.name for function, is_hidden in functions if is_hidden is None}
    nothrow = {function.name for function, _ in functions if function.is_noexcept}
    names = {function.name for function, is_hidden in functions if is_hidden} - marked
    return tuple(InitFunction(name, name in nothrow) for name in sorted(names))


def _functions(declaration: str) -> Iterator[tuple[InitFunction, bool | None]]:
    """Yield the init functions of a declaration, and whether each is hidden. None if it must stay as it is."""
    yield from ((InitFunction(name), None) for name in _MARKED.findall(declaration))
    for match in (*_FUNCTION.finditer(declaration), *_TRAILING.finditer(declaration)):
        groups = match.groupdict()
        function = InitFunction(groups["name"] or groups["bracketed"], bool(groups["after"]))
        yield function, None if _PRIVATE.search(groups["before"]) else not _EXPORTED.search(groups["before"])


def _declarations(text: str) -> Iterator[str]:
    """Yield what may declare an init function, once for each meaning of its macros."""
    names = {name: (Macro(None, "PyObject *"),) for match in _TYPE_NAME.findall(text) for name in match if name}
    macros = Macros({**names, **Macros.of(text).meanings})
    words = sorted(word for start in _STARTS for word in macros.leading_to(start))
    relevant = re.compile("|".join([*_STARTS, *(rf"\b{word}\b" for word in words)]))
    for part in re.split(r"[;{}]", _DIRECTIVE.sub(";", text)):
        if len(part) < _LONGEST and relevant.search(part):
            expanded = dict.fromkeys(macros.expand(part, choice) for choice in range(_MEANINGS))
            yield from (declaration for declaration in expanded if len(declaration) < _LONGEST)


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
