"""What the plugin reads: C and C++ sources, pyproject.toml, and the output of compilers, linkers and interpreters."""

from __future__ import annotations

import functools
from pathlib import Path

from hostile.limits import Target
from hostile.targets.common import as_text, each_of
from hostile.targets.texts import JSON_WORDS, LINE_WORDS, PYPROJECT, TOML_WORDS, texts
from spokeshave.standalone.runtime_pack import ELF, MACHO, PE, RuntimePackError, parse_link_log
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.closure.unity import unconditional_includes
from spokeshave_pants.cc.compile.init_functions import InitText, init_header, unmarked_init_functions
from spokeshave_pants.cc.compile.macros import Macros
from spokeshave_pants.cc.compile.module_definitions import defined_modules, may_be_macro
from spokeshave_pants.cc.diagnostics import (
    compile_errors,
    compile_hint,
    duplicate_symbol_hint,
    machine_file_hint,
    missing_feature_hint,
    missing_header_hint,
    modules_hint,
    opaque_object_hint,
    undefined_hints,
    undefined_symbols,
)
from spokeshave_pants.cc.foreign.start_files import start_files
from spokeshave_pants.cc.includes.scan import code_only, names_init, scan_flags, scan_text, without_comments
from spokeshave_pants.cc.link.command import extracted_archives
from spokeshave_pants.cc.project.hints import failure_hint
from spokeshave_pants.cc.project.software import Software
from spokeshave_pants.cc.project.system_tools import parse_found
from spokeshave_pants.headers.exports import exports
from spokeshave_pants.headers.preprocessor import visible_text
from spokeshave_pants.pythons.interpreters import parse_discovery
from spokeshave_pants.sandbox.pip_output import without_wheel, wrong_hashes
from spokeshave_pants.wheel.backend.diagnostics import failure_text
from spokeshave_pants.wheel.development.environments import parse_answer
from spokeshave_pants.wheel.tailor.imports import imported_modules
from spokeshave_pants.wheel.tailor.layout import parse_project

PLATFORM = Platform.parse("manylinux_2_17_x86_64")
SOURCE = rb"""// comment "not <included>"
#include <Python.h>
#include "a/b.h" /* x */
# include_next <c.h>
#define HEADER "d.h"
#include HEADER
%: include "e.h"
#if defined(__has_include) && __has_include(<f.h>)
#import "g.h"
#else
#  embed "h.bin"
#endif
#define INIT(name) PyMODINIT_FUNC PyInit_##name(void)
#define JOIN(a, b) a ## b
INIT(_native) { return PyModule_Create(&module); }
extern "C" PyObject *PyInit_other(void);
typedef PyObject *object_type;
object_type PyInit_third() { return 0; }
NB_MODULE(_nano, m) { m.def("f", [](int a) { return R"x(raw)x"; }); }
PYBIND11_MODULE(_bound, m) { }
asm(".incbin \"data.bin\"");
static const char *name = "file.txt";
"""
HEADERS = b"""#ifndef Py_LIMITED_API
PyAPI_FUNC(int) PyA_Function(PyObject *, int);
PyAPI_DATA(PyTypeObject) PyA_Type;
PyAPI_DATA(int (*)(void)) PyA_Hook;
#endif
#if PY_SSIZE_T_CLEAN && (1 + 2) * 3 >= 4 || defined(X) && !defined(Y)
#define PyA_Parse _PyA_Parse_SizeT
#elif 0x10UL << 2
#else
#endif
"""
OUTPUT = b"""a.c:3:10: fatal error: 'b/c.h' file not found
    3 | #include "b/c.h"
a.c:4:1: error: no member named 'x' in 'struct _object'
ld.lld: error: undefined symbol: PyFoo
>>> referenced by a.o:(f) in archive libx.a
lld-link: error: undefined symbol: __kmpc_fork
error: undefined symbol: foo@@GLIBC_2.34
    note: referenced by /x/a.o:f
duplicate symbol: main
\x1b[1mwarning\x1b[0m: always_inline function '_mm256' requires target feature 'avx2'
clang: error: unable to execute command: Segmentation fault
error: builtin is not supported on this target
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
    numpy==1.0 from https://example.org/x.whl (from -r x.txt (line 3)):
        Expected sha256 00
             Got        11
CMAKE_PROJECT_NAME:STATIC=zlib
Version: 1.3.1
Could NOT find OpenMP
prefix\tarchive\nlibx.a\t1\t2
"""
LINK_LOG = b"""clang version 22.1.8
InstalledDir: /home/o'brien/.cache
ld.lld -O3 -shared -o libpack.so zig-cache/o/04/crti.o zig-cache/o/04/pack.o --as-needed -L/ zig-cache/o/74/libc++.a
zig ld -dylib -o libpack.so zig-cache/o/99/pack.o zig-cache/o/0c/libc++abi.a -lSystem
lld-link -DLL -OUT:libpack.so zig-cache/o/e2/pack.obj -A:__image_base__=x zig-cache/o/c7/c++.lib
"""
ANSWER = (
    b'{"path": "/usr/bin/python3", "version": "3.12.1", "implementation": "cpython", "include": "/x", "free_threaded":'
    b' false}\n["cpython", 12, false]'
)
PYTHON = b"""from . import _native as n
from .a.b import (c, # comment
    d)
import x.y, z as q
"""
SOURCE_WORDS = (
    *(
        b"/*" * 300,
        b"//" * 300,
        b'R"x(' * 200,
        b'R"' * 300,
        b"\\\n" * 300,
        b"(" * 500,
        b"{" * 500,
        b"##" * 300,
        b"'" * 200,
    ),
    *(
        b"#include " * 100,
        b"#define A A A\n",
        b"#define A B\n#define B A A\n",
        b" " * 1000,
        b"\t" * 1000,
        b"\x00",
        b"\r",
    ),
    *(
        b"PyInit_" * 200,
        b"#if " * 200,
        b"#endif\n" * 200,
        b"__has_include(" * 200,
        b'"' * 300,
        b"%:",
        b"??/\n",
        b"\xe2\x80\xa8",
    ),
    *(
        b"a" * 3000,
        b"a::" * 800,
        b"<" * 800,
        b"* " * 800,
        b"PyAPI_FUNC(" * 200,
        b"1 << 999999999",
        b"9" * 5000,
        b"-" * 3000,
    ),
    *(
        b"#ifdef\n",
        b"#if 1/0\n",
        b"#if (\n",
        b"#if " + b"(" * 300 + b"\n",
        b"#if 1 << 99999999999\n",
        b"#if 9999999999999**9\n",
    ),
    *(b"#define " + bytes([65 + index]) + b"(x) " + bytes([66 + index]) + b"(x x)\n" for index in range(20)),
)


def _source(text: str) -> None:
    scan_text(text)
    without_comments(text)
    code_only(text)
    names_init(text)
    unconditional_includes(text)
    defined_modules(text)
    may_be_macro("_native", text)
    macros = Macros.of(text)
    macros.leading_to("PyInit_")
    macros.expand(text, 0)
    own = InitText.of(text)
    init_header(unmarked_init_functions(own, [InitText.of(text[: len(text) // 2])]))
    scan_flags(text.split()[:30])


def _headers(text: str) -> None:
    visible_text(text, {"A": 1})
    for abi in ("cp312", "cp312-abi3"):
        exports({"object.h": text}, PythonAbi.parse(abi))


def _output(text: str) -> None:
    compile_errors(text)
    compile_hint(text, PLATFORM, ["b/C.h"])
    missing_header_hint(text, PLATFORM, ["b/C.h"])
    undefined_hints(undefined_symbols(text), PLATFORM, {"foo": (2, 34)})
    for read in (modules_hint, opaque_object_hint, machine_file_hint, missing_feature_hint, duplicate_symbol_hint):
        read(text)
    extracted_archives(text)
    failure_hint(text)
    failure_text("a:b", "for win_arm64 and cp312", text)
    wrong_hashes(text)
    without_wheel(text)
    parse_found(text)
    Software.found(cached=text.splitlines(), packages={"x.pc": text}, archive=text[:200], target="zlib")


def _link_log(text: str) -> None:
    each_of(*(functools.partial(parse_link_log, text, form, "__pack") for form in (ELF, MACHO, PE)))
    start_files(text, PLATFORM)


def _answers(text: str) -> None:
    each_of(lambda: parse_discovery(text), lambda: parse_answer(text, "python"))


def _imports(text: str) -> None:
    imported_modules(text, "a.b")


def _pyproject(data: bytes, _: Path) -> None:
    parse_project("a/pyproject.toml", data)


TARGETS = (
    Target(
        name="source",
        summary="C and C++ sources: includes, macros, modules",
        read=as_text(_source),
        seeds=texts(SOURCE),
        words=SOURCE_WORDS,
    ),
    Target(
        name="python-headers",
        summary="CPython's headers",
        read=as_text(_headers),
        seeds=texts(HEADERS),
        errors=(ValueError,),
        words=SOURCE_WORDS,
    ),
    Target(
        name="tool-output",
        summary="output of compilers, linkers, CMake and pip",
        read=as_text(_output),
        seeds=texts(OUTPUT),
        words=(*LINE_WORDS, *SOURCE_WORDS),
    ),
    Target(
        name="link-log",
        summary="the log of zig's first link",
        read=as_text(_link_log),
        seeds=texts(LINK_LOG),
        errors=(RuntimePackError,),
        words=(
            b"ld.lld ",
            b"zig ld ",
            b"lld-link ",
            b"'",
            b'"',
            b"\\",
            b"-o ",
            b"pack.o ",
            b"-OUT:",
            b"crt1.o ",
            b"/..a ",
        ),
    ),
    Target(
        name="answers", summary="answers of interpreters", read=as_text(_answers), seeds=texts(ANSWER), words=JSON_WORDS
    ),
    Target(
        name="python-source",
        summary="imports in Python sources",
        read=as_text(_imports),
        seeds=texts(PYTHON),
        words=LINE_WORDS,
    ),
    Target(
        name="project-table",
        summary="pyproject.toml, by `tailor`",
        read=_pyproject,
        seeds=texts(PYPROJECT),
        words=TOML_WORDS,
    ),
)
