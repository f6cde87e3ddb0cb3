"""Init functions and export hooks of extensions that the code does not mark as exported. Works without the engine.

CPython's `PyMODINIT_FUNC` exports a module's init function, and `PyMODEXPORT_FUNC` its export hook (PEP 793). With
setuptools the function is exported in any case, because its compilers hide nothing. Compiles here hide all unmarked
symbols, and a linker cannot export a symbol that its object hides. Such a function is therefore declared as exported
before its source begins. All other symbols stay hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spokeshave_pants.cc.compile.macros import Macro, Macros
from spokeshave_pants.cc.includes.scan import INIT_STARTS, without_comments

INIT_HEADER_DIR = "__init"
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


@dataclass(frozen=True)
class InitText:
    """What may declare init functions in the text of a file.

    Attributes:
        code: The text without comments and directives. Each directive ends a declaration.
        macros: The macros that the text defines.
        types: Other names of the type that an init function returns.
    """

    code: str
    macros: tuple[tuple[str, tuple[Macro, ...]], ...] = ()
    types: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> InitText:
        """Return that of a text."""
        text = without_comments(text)
        return cls(
            code=_DIRECTIVE.sub("{", text),
            macros=tuple(Macros.of(text).meanings.items()),
            types=tuple(name for match in _TYPE_NAME.findall(text) for name in match if name),
        )

    @classmethod
    def of_defines(cls, defines: Iterable[str]) -> InitText:
        """Return that of macros on the command line, as `NAME` or `NAME=VALUE`."""
        pairs = (define.partition("=") for define in defines)
        return cls.of("\n".join(f"#define {name} {value if equals else 1}" for name, equals, value in pairs))


def unmarked_init_functions(source: InitText, others: Sequence[InitText] = ()) -> tuple[InitFunction, ...]:
    """Return the init functions that a compile declares or defines without marking them as exported.

    Args:
        others: The files that the source includes, and the macros on the command line. A function that they only
            declare is defined elsewhere. How they mark a function that the source declares without a mark may depend
            on conditions, so that it does not count.
    """
    macros = _macros((source, *others))
    words = sorted(word for start in INIT_STARTS for word in macros.leading_to(start))
    relevant = re.compile("|".join([*INIT_STARTS, *(rf"\b{word}\b" for word in words)]))
    own = [found for each in _declarations(source, macros, relevant) for found in _functions(each.text)]
    included = [each for text in others for each in _declarations(text, macros, relevant)]
    defined = [found for each in included if each.is_definition for found in _functions(each.text)]
    declared = [found for each in included if not each.is_definition for found in _functions(each.text)]
    nothrow = {function.name for function, _ in (*own, *defined, *declared) if function.is_noexcept}
    names = _hidden(own) | (_hidden(defined) - _kept((*own, *defined, *declared)))
    return tuple(InitFunction(name, name in nothrow) for name in sorted(names - _kept(own)))


def _hidden(found: Iterable[tuple[InitFunction, bool | None]]) -> set[str]:
    return {function.name for function, is_hidden in found if is_hidden}


def _kept(found: Iterable[tuple[InitFunction, bool | None]]) -> set[str]:
    """Return the functions that must stay as they are."""
    return {function.name for function, is_hidden in found if is_hidden is None}


def _functions(declaration: str) -> Iterator[tuple[InitFunction, bool | None]]:
    """Yield the init functions of a declaration, and whether each is hidden. None if it must stay as it is."""
    yield from ((InitFunction(name), None) for name in _MARKED.findall(declaration))
    for match in (*_FUNCTION.finditer(declaration), *_TRAILING.finditer(declaration)):
        groups = match.groupdict()
        function = InitFunction(groups["name"] or groups["bracketed"], bool(groups["after"]))
        yield function, None if _PRIVATE.search(groups["before"]) else not _EXPORTED.search(groups["before"])


@dataclass(frozen=True)
class _Declaration:
    """A part of a text with its macros replaced. A definition may also be a declaration before a directive."""

    text: str
    is_definition: bool


def _macros(texts: Sequence[InitText]) -> Macros:
    """Return the macros of all texts. The meanings of the first one come first."""
    types = {name: (Macro(None, "PyObject *"),) for text in texts for name in text.types}
    found: dict[str, tuple[Macro, ...]] = {}
    for text in texts:
        for name, meanings in text.macros:
            found[name] = (*found.get(name, ()), *meanings)
    return Macros({**types, **found})


def _declarations(text: InitText, macros: Macros, relevant: re.Pattern[str]) -> Iterator[_Declaration]:
    """Yield what may declare an init function, once for each meaning of its macros."""
    if not relevant.search(text.code):
        return
    pieces = re.split(r"([;{}])", text.code)
    for part, end in zip(pieces[::2], (*pieces[1::2], "")):
        if len(part) < _LONGEST and relevant.search(part):
            expanded = dict.fromkeys(macros.expand(part, choice) for choice in range(_MEANINGS))
            for declaration in expanded:
                if len(declaration) < _LONGEST:
                    yield _Declaration(declaration, end != ";" or "{" in declaration)


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
