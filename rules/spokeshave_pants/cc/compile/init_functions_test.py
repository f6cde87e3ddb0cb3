"""Tests of init functions that a compile has to export without a mark in the code."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.compile.init_functions import (
    InitFunction,
    InitText,
    init_header,
    init_header_path,
    unmarked_init_functions,
)


def unmarked(source: str, *others: str, defines: tuple[str, ...] = ()) -> tuple[InitFunction, ...]:
    texts = [InitText.of_defines(defines), *(InitText.of(text) for text in others)]
    return unmarked_init_functions(InitText.of(source), texts)


@pytest.mark.parametrize(
    "text",
    [
        "PyObject *PyInit_x(void) { return 0; }",
        "PyObject*\nPyInit_x()\n{\n}",
        "PyObject * PyInit_x( void )\n{",
        "int a; struct _object *PyInit_x(void) {}",
        'extern "C" PyObject *PyInit_x() {}',
        'extern "C" {\nPyObject *PyInit_x() {}\n}',
        "#include <Python.h>\n#define A \\\n  static\nPyObject *PyInit_x(void) {}",
        "static int y; /* static */\nPyObject *PyInit_x(void) {}",
        "__attribute__((cold)) PyObject *PyInit_x(void) {}",
        "#define INIT PyInit_x\nPyObject *INIT(void) {}",
        "#define MOD_INIT(name) PyObject *PyInit_##name(void)\nMOD_INIT(x)\n{}",
        "#define MOD_INIT(name) \\\n    PyObject * PyInit_ ## name (void)\nMOD_INIT( x ) {}",
        "#define INIT PyObject *PyInit_x(void)\nINIT {}",
        '#define INIT extern "C" PyObject *PyInit_x(void)\nINIT\n{}',
        '#define MOD_INIT(name, doc) PyObject *PyInit_##name(void)\nMOD_INIT(x, "y") {}',
        '#ifdef A\n#define RET extern "C" PyObject *\n#else\n#define RET PyObject *\n#endif\nRET PyInit_x(void) {}',
        "#define API\n#ifdef _WIN32\n#define API __declspec(dllexport)\n#endif\nAPI PyObject *PyInit_x(void) {}",
        "#define CAT_(a, b) a##b\n#define CAT(a, b) CAT_(a, b)\n#define NAME x\nPyObject *CAT(PyInit_, NAME)(void) {}",
        "#define DEFINE(n) PyObject *PyInit_##n(void) { return f(&n##_def); }\nDEFINE(x)",
        "#undef PyMODINIT_FUNC\n#define PyMODINIT_FUNC PyObject *\nPyMODINIT_FUNC PyInit_x(void) {}",
        "typedef PyObject *Object;\nObject PyInit_x(void) {}",
        'using Object = ::PyObject *;\nextern "C" Object PyInit_x() {}',
        'extern "C" auto PyInit_x() -> PyObject * {}',
        "PyObject * __attribute__((cold)) PyInit_x(void) {}",
        "PyObject *(PyInit_x)(void) {}",
        "#if PY_MAJOR_VERSION >= 3\nPyObject *PyInit_x(void)\n#else\nvoid initx(void)\n#endif\n{}",
    ],
)
def test_a_function_without_a_mark_is_found(text: str) -> None:
    assert unmarked(text) == (InitFunction("PyInit_x"),)


@pytest.mark.parametrize(
    "text",
    [
        "PySlot *PyModExport_x(void) { return slots; }",
        'extern "C" struct PySlot* PyModExport_x() {}',
        "#define HOOK(name) PySlot *PyModExport_##name(void)\nHOOK(x) {}",
    ],
)
def test_an_export_hook_without_a_mark_is_found(text: str) -> None:
    assert unmarked(text) == (InitFunction("PyModExport_x"),)


@pytest.mark.parametrize(
    "text",
    [
        "PyMODINIT_FUNC PyInit_x(void) {}",
        "PyMODEXPORT_FUNC PyModExport_x(void) {}",
        "PyMODEXPORT_FUNC PyModExport_x(void);\nPySlot *PyModExport_x(void) {}",
        "static PySlot *PyModExport_x(void) {}",
        "PyMODINIT_FUNC\nPyInit_x(void) {}",
        "static PyObject *PyInit_x(void) {}",
        "static inline PyObject *\nPyInit_x(void) {}",
        '__attribute__((visibility("default"))) PyObject *PyInit_x(void) {}',
        "__declspec(dllexport) PyObject *PyInit_x(void) {}",
        "PyMODINIT_FUNC PyInit_x(void);\nPyObject *PyInit_x(void) {}",
        "static PyObject *PyInit_x(void);\nPyObject *PyInit_x(void) {}",
        "/* PyObject *PyInit_x(void) */",
        "#define MOD_INIT(name) PyMODINIT_FUNC PyInit_##name(void)\nMOD_INIT(x) {}",
        "#define INIT PyInit_x\nPyMODINIT_FUNC INIT(void) {}",
        "#define MOD_INIT(name) static PyObject *PyInit_##name(void)\nMOD_INIT(x) {}",
        "#define INIT PyObject *PyInit_x(void)\n",
        "#ifdef A\n#define LOCAL static\n#else\n#define LOCAL\n#endif\nLOCAL PyObject *PyInit_x(void) {}",
        "#ifdef A\n#define MOD PyObject *\n#else\n#define MOD PyMODINIT_FUNC\n#endif\nMOD PyInit_x(void) {}",
        "#define LOCAL static\nLOCAL PyObject *PyInit_x(void) {}",
        'extern "C" static auto PyInit_x() -> PyObject * {}',
        "#ifndef PyMODINIT_FUNC\n#define PyMODINIT_FUNC void\n#endif\nPyMODINIT_FUNC PyInit_x(void) {}",
        'm = f("x", PyInit_x);',
        "PyObject *PyInit_x(int a) {}",
        "PyObject *MyPyInit_x(void) {}",
    ],
)
def test_marked_or_private_functions_are_unchanged(text: str) -> None:
    assert unmarked(text) == ()


@pytest.mark.parametrize(
    ("text", "is_noexcept"),
    [
        ('extern "C" PyObject *PyInit_x(void) noexcept { return 0; }', True),
        ('extern "C" PyObject *PyInit_x()\nnoexcept\n{ return 0; }', True),
        ('extern "C" PyObject *PyInit_x() noexcept(true) { return 0; }', True),
        ('extern "C" PyObject *PyInit_x() throw() { return 0; }', True),
        ('extern "C" PyObject *PyInit_x() noexcept;\nPyObject *PyInit_x() noexcept { return 0; }', True),
        ('extern "C" PyObject *PyInit_x() noexcept(false) { return 0; }', False),
        ('extern "C" PyObject *PyInit_x() { throw (1); }', False),
        ("#define INIT(n) PyObject *PyInit_##n(void)\nINIT(x) noexcept {}", True),
    ],
)
def test_a_function_is_declared_with_its_noexcept(text: str, is_noexcept: bool) -> None:
    assert unmarked(text) == (InitFunction("PyInit_x", is_noexcept),)


FOUND = (InitFunction("PyInit_x"),)


@pytest.mark.parametrize(
    ("source", "included", "expected"),
    [
        ("INIT(x) {}", "#define INIT(name) PyObject *PyInit_##name(void)", FOUND),
        ("DEFINE(x)", "#define DEFINE(n) PyObject *PyInit_##n(void) { return f(); }", FOUND),
        ("RESULT PyInit_x(void) {}", "#define RESULT PyObject *", FOUND),
        ("Object PyInit_x(void) {}", "typedef PyObject *Object;", FOUND),
        ('#include "m.inc"', "PyObject *PyInit_x(void) { return 0; }", FOUND),
        ('#define RESULT PyObject *\n#include "m.inc"', "RESULT PyInit_x(void)\n{}", FOUND),
        ("PyObject *PyInit_x(void) {}", "PyMODINIT_FUNC PyInit_x(void);", FOUND),
        ("f(PyInit_x());", "PyObject *PyInit_x(void);", ()),
        ("INIT(x) {}", "#define INIT(name) PyMODINIT_FUNC PyInit_##name(void)", ()),
        ("LOCAL PyObject *PyInit_x(void) {}", "#define LOCAL static", ()),
        ("PyMODINIT_FUNC PyInit_x(void);", "PyObject *PyInit_x(void) {}", ()),
        ("int a;", "PyMODINIT_FUNC PyInit_x(void);\nPyObject *PyInit_x(void) {}", ()),
    ],
)
def test_included_files_are_part_of_the_text(source: str, included: str, expected: tuple[InitFunction, ...]) -> None:
    assert unmarked(source, included) == expected


@pytest.mark.parametrize(
    ("source", "define"),
    [
        ("INIT(void) {}", "INIT=PyObject *PyInit_x"),
        ("INIT(x) {}", "INIT(name)=PyObject *PyInit_##name(void)"),
        ("#define CAT_(a, b) a##b\n#define CAT(a, b) CAT_(a, b)\nPyObject *CAT(PyInit_, NAME)(void) {}", "NAME=x"),
    ],
)
def test_macros_of_the_command_line_are_expanded(source: str, define: str) -> None:
    assert unmarked(source, defines=(define, "OTHER")) == FOUND


def test_several_modules_of_one_source_are_all_found() -> None:
    text = "PyObject *PyInit_b(void) {}\nPyObject *PyInit_a(void) {}\nPyObject *PyInitU_tda(void) {}"
    assert [function.name for function in unmarked(text)] == ["PyInitU_tda", "PyInit_a", "PyInit_b"]


def test_the_header_declares_each_of_them() -> None:
    header = init_header((InitFunction("PyInit_a"), InitFunction("PyInit_b", is_noexcept=True)))
    assert "SPOKESHAVE_INIT struct _object *PyInit_a(void);\n" in header
    assert "SPOKESHAVE_INIT struct _object *PyInit_b(void) noexcept;\n" in header
    assert "struct PySlot" not in header
    assert init_header_path("src/m.c") == "__init/src/m.c.h"


def test_an_export_hook_is_declared_with_its_type() -> None:
    header = init_header((InitFunction("PyModExport_a"),))
    assert "struct PySlot;\nSPOKESHAVE_INIT struct PySlot *PyModExport_a(void);\n" in header
