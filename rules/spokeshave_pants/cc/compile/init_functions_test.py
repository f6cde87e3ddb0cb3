"""Tests of init functions that a compile has to export without a mark in the code."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.compile.init_functions import (
    InitFunction,
    defined_modules,
    init_header,
    init_header_path,
    unmarked_init_functions,
)


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
        "#if PY_MAJOR_VERSION >= 3\nPyObject *PyInit_x(void)\n#else\nvoid initx(void)\n#endif\n{}",
    ],
)
def test_a_function_without_a_mark_is_found(text: str) -> None:
    assert unmarked_init_functions(text) == (InitFunction("PyInit_x"),)


@pytest.mark.parametrize(
    "text",
    [
        "PyMODINIT_FUNC PyInit_x(void) {}",
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
        'm = f("x", PyInit_x);',
        "PyObject *PyInit_x(int a) {}",
        "PyObject *MyPyInit_x(void) {}",
    ],
)
def test_marked_or_private_functions_are_unchanged(text: str) -> None:
    assert unmarked_init_functions(text) == ()


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
    assert unmarked_init_functions(text) == (InitFunction("PyInit_x", is_noexcept),)


def test_several_modules_of_one_source_are_all_found() -> None:
    text = "PyObject *PyInit_b(void) {}\nPyObject *PyInit_a(void) {}\nPyObject *PyInitU_tda(void) {}"
    assert [function.name for function in unmarked_init_functions(text)] == ["PyInitU_tda", "PyInit_a", "PyInit_b"]


def test_the_header_declares_each_of_them() -> None:
    header = init_header((InitFunction("PyInit_a"), InitFunction("PyInit_b", is_noexcept=True)))
    assert "SPOKESHAVE_INIT struct _object *PyInit_a(void);\n" in header
    assert "SPOKESHAVE_INIT struct _object *PyInit_b(void) noexcept;\n" in header
    assert init_header_path("src/m.c") == "__init/src/m.c.h"


@pytest.mark.parametrize(
    "text",
    [
        "PyMODINIT_FUNC PyInit__x(void) { return 0; }",
        "PyMODINIT_FUNC\nPyInit__x()\n{\n}",
        'extern "C" PyObject *PyInit__x(void) noexcept {}',
        "PyMODINIT_FUNC PyInit__x(void);\nPyMODINIT_FUNC PyInit__x(void) {}",
        "static int a(void) { return 1; }\nPyMODINIT_FUNC PyInit__x(void) {}",
        "PyMODINIT_FUNC PyInit__x(void)\n#if MULTI_PHASE\n{ return def(); }\n#endif",
        "#if PY_MAJOR_VERSION >= 3\nPyObject *PyInit__x(void)\n#else\nvoid init_x(void)\n#endif\n{}",
        "#define INIT PyInit__x\nPyMODINIT_FUNC INIT(void) {}",
        "#define MOD_INIT(name) PyMODINIT_FUNC PyInit_##name(void)\nMOD_INIT(_x) {}",
        "NB_MODULE(_x, m) { m.def(f); }",
        "PYBIND11_MODULE( _x , m, py::mod_gil_not_used()) {}",
        "#define NAME _x\nPYBIND11_MODULE(NAME, m) {}",
        '#define URL "a//b" // PyMODINIT_FUNC PyInit_no(void) {}\nNB_MODULE(_x, m) {}',
    ],
)
def test_a_defined_module_is_found(text: str) -> None:
    assert defined_modules(text) == ("_x",)


@pytest.mark.parametrize(
    "text",
    [
        "/* PyMODINIT_FUNC PyInit__x(void) {} */",
        "// NB_MODULE(_x, m) {}",
        'const char *help = "NB_MODULE(_x, m) {}";',
        'const char *help = R"(PyMODINIT_FUNC PyInit__x(void) {})";',
        "PyMODINIT_FUNC PyInit__x(void);",
        "static PyObject *PyInit__x(void) {}",
        "#define MOD_INIT(name) static PyObject *PyInit_##name(void)\nMOD_INIT(_x) {}",
        'PyImport_AppendInittab("_x", PyInit__x);',
        "int main() { PyObject *m = PyInit__x(); return PyInit__x() == 0; }",
        "PyObject *MyPyInit__x(void) {}",
        "#define NB_MODULE(name, m) NB_MODULE_IMPL(name, m)",
        "PYBIND11_EMBEDDED_MODULE(_x, m) {}",
    ],
)
def test_a_module_that_is_not_defined_is_ignored(text: str) -> None:
    assert defined_modules(text) == ()


def test_a_source_may_define_several_modules() -> None:
    assert defined_modules("PyMODINIT_FUNC PyInit_b(void) {}\nNB_MODULE(a, m) {}") == ("a", "b")
