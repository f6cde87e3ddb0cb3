"""Tests of the modules that a source defines."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.compile.module_definitions import defined_modules, may_be_macro


@pytest.mark.parametrize(
    "text",
    [
        "PyMODINIT_FUNC PyInit__x(void) { return 0; }",
        "PyMODINIT_FUNC\nPyInit__x()\n{\n}",
        'extern "C" PyObject *PyInit__x(void) noexcept {}',
        'PyMODINIT_FUNC __attribute__((visibility("default"))) PyInit__x(void) {}',
        "PyAPI_FUNC(PyObject *) PyInit__x(void) {}",
        "PyObject* __attribute__((used)) PyInit__x() {}",
        "PyObject *(PyInit__x)(void) {}",
        "PyMODINIT_FUNC (PyInit__x)(void) {}",
        "auto PyInit__x() -> PyObject * {}",
        'extern "C" auto PyInit__x() noexcept -> PyObject* {}',
        "PyMODINIT_FUNC PyInit__x(void);\nPyMODINIT_FUNC PyInit__x(void) {}",
        "static int a(void) { return 1; }\nPyMODINIT_FUNC PyInit__x(void) {}",
        "PyMODINIT_FUNC PyInit__x(void)\n#if MULTI_PHASE\n{ return def(); }\n#endif",
        "#if PY_MAJOR_VERSION >= 3\nPyObject *PyInit__x(void)\n#else\nvoid init_x(void)\n#endif\n{}",
        "#define INIT PyInit__x\nPyMODINIT_FUNC INIT(void) {}",
        "#define MOD_INIT(name) PyMODINIT_FUNC PyInit_##name(void)\nMOD_INIT(_x) {}",
        "#define DEF(n) static PyModuleDef n##_d = {0}; PyMODINIT_FUNC PyInit_##n(void) { return f(&n##_d); }\nDEF(_x)",
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
        "#define DEF(n) PyModuleDef d = {0}; static PyObject *PyInit_##n(void) {}\nDEF(_x)",
        "PyTypeObject *type(void) { return PyInit__x()->ob_type; }",
        "void f(void) { if (ready) PyInit__x(); g((PyObject *) PyInit__x()); }",
        "auto PyInit__x() -> PyObject *;",
        "PyMODINIT_FUNC PyInit__x(void) noexcept;",
        "PyObject *PyInit__x(void) __attribute__((weak));",
        "PyAPI_FUNC(PyObject *) PyInit__x(void);",
        "PyObject *(*hook)(void) = (PyInit__x);",
        "PyObject *MyPyInit__x(void) {}",
        "#define NB_MODULE(name, m) NB_MODULE_IMPL(name, m)",
        "PYBIND11_EMBEDDED_MODULE(_x, m) {}",
    ],
)
def test_a_module_that_is_not_defined_is_ignored(text: str) -> None:
    assert defined_modules(text) == ()


def test_a_source_may_define_several_modules() -> None:
    assert defined_modules("PyMODINIT_FUNC PyInit_b(void) {}\nNB_MODULE(a, m) {}") == ("a", "b")


def test_an_export_hook_defines_a_module() -> None:
    assert defined_modules("PyMODEXPORT_FUNC PyModExport_a(void) {}\nextern PySlot *PyModExport_b(void);") == ("a",)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("TORCH_EXTENSION_NAME", "PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {}", True),
        ("_NAME2", "#define INIT(n) PyInit_##n\n#define MOD(n) PyObject *INIT(n)(void)\nMOD(_NAME2) {}", True),
        ("ZLIB", "PyMODINIT_FUNC PyInit_ZLIB(void) {}", False),
        ("_native2", "NB_MODULE(_native2, m) {}", False),
        ("_Native", "NB_MODULE(_Native, m) {}", False),
        ("_2", "NB_MODULE(_2, m) {}", False),
    ],
)
def test_a_name_in_capitals_may_be_a_macro(name: str, text: str, expected: bool) -> None:
    assert defined_modules(text) == (name,)
    assert may_be_macro(name, text) == expected
