"""Tests of the exports of CPython's DLLs, according to the headers."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.headers.exports import Export, dll_name, exports, import_library_argv, module_definition

CP312 = PythonAbi(PythonVersion(12))
CP313T = PythonAbi(PythonVersion(13, free_threaded=True))
ABI3 = PythonAbi(PythonVersion(12), stable=True)
CP315T = PythonAbi(PythonVersion(15, free_threaded=True))
ABI3T = PythonAbi(PythonVersion(15, free_threaded=True), stable=True)
# In CPython's form, including its mistakes.
HEADERS = {
    "Python.h": """
        /* PyAPI_FUNC(int) Py_Commented(void); */
        PyAPI_FUNC(PyObject *) PyList_New(Py_ssize_t size);
        PyAPI_FUNC(PyObject *)
            PyUnicode_FromFormat(const char *format, ...) Py_GCC_ATTRIBUTE((format(printf, 1, 2)));
        PyAPI_FUNC(void) _Py_NO_RETURN Py_FatalError(const char *message);
        Py_DEPRECATED(3.12) PyAPI_FUNC(const wchar_t *) Py_GetPath(void);
        PyAPI_FUNC(void (*)(int)) PyOS_getsig(int);
        PyAPI_DATA(PyTypeObject) PyList_Type;
        PyAPI_DATA(const unsigned long) Py_Version;
        PyAPI_DATA(int) (*PyOS_InputHook)(void);
        PyAPI_DATA(const char) _Py_ctype_table[256];
        PyAPI_DATA(int) _PyEval_SetProfile(PyThreadState *tstate);
        #ifdef HAVE_FORK
        PyAPI_FUNC(void) PyOS_BeforeFork(void);
        #endif
        #ifdef MS_WINDOWS
        PyAPI_FUNC(PyObject *) PyErr_SetFromWindowsErr(int);
        #endif
        #if !defined(Py_LIMITED_API) || Py_LIMITED_API+0 >= 0x030D0000
        PyAPI_FUNC(int) PyDict_GetItemRef(PyObject *p);
        #endif
        #ifdef PY_SSIZE_T_CLEAN
        #define PyArg_Parse                     _PyArg_Parse_SizeT
        #endif
        #ifdef Py_GIL_DISABLED
        PyAPI_FUNC(void) _Py_DecRefShared(PyObject *);
        #endif
        #ifdef _Py_OPAQUE_PYOBJECT
        PyAPI_FUNC(int) Py_OnlyOpaque(void);
        #endif
        PyAPI_FUNC(int) Py_FrozenMain(int argc, char **argv);
        PyAPI_FUNC(void) PyOS_AfterFork(void);
        """,
    "cpython/object.h": "PyAPI_FUNC(void) _PyObject_Dump(PyObject *);",
    "cpython/pthread_stubs.h": "PyAPI_FUNC(int) pthread_create(pthread_t *);",
    "internal/pycore_ceval.h": "#ifndef Py_BUILD_CORE\n#error\n#else\nPyAPI_FUNC(int) _PyEval_Vector(void);\n#endif",
}
STABLE = {
    "PyList_New",
    "PyUnicode_FromFormat",
    "Py_FatalError",
    "Py_GetPath",
    "PyOS_getsig",
    "_PyEval_SetProfile",
    "PyErr_SetFromWindowsErr",
    "_PyArg_Parse_SizeT",
}
DATA = {"PyList_Type", "Py_Version", "PyOS_InputHook", "_Py_ctype_table"}
FULL = {*STABLE, "PyDict_GetItemRef", "_PyObject_Dump", "_PyEval_Vector", "PyOS_AfterFork"}


@pytest.mark.parametrize(
    ("abi", "functions"),
    [
        (ABI3, STABLE),
        (ABI3T, {*STABLE, "PyDict_GetItemRef", "_Py_DecRefShared", "Py_OnlyOpaque"}),
        (CP312, FULL),
        (CP313T, {*FULL, "_Py_DecRefShared"}),
    ],
    ids=str,
)
def test_exports_are_the_declarations_marked_for_windows(abi: PythonAbi, functions: set[str]) -> None:
    found = exports(HEADERS, abi)
    assert {export.name for export in found if not export.is_data} == functions
    assert {export.name for export in found if export.is_data} == DATA
    assert list(found) == sorted(found)


def test_each_abi_loads_its_own_dll() -> None:
    assert [dll_name(abi) for abi in (CP312, CP313T, ABI3)] == ["python312.dll", "python313t.dll", "python3.dll"]
    assert [dll_name(abi) for abi in (CP315T, ABI3T)] == ["python315t.dll", "python3t.dll"]


def test_names_that_a_later_version_lost_are_left_out() -> None:
    headers = {"internal/pycore_genobject.h": "PyAPI_FUNC(PyObject *)_PyGen_yf(PyGenObject *);"}
    found = {minor: exports(headers, PythonAbi(PythonVersion(minor))) for minor in (13, 14, 15, 16)}
    assert [minor for minor, names in found.items() if names] == [13, 14]


def test_a_module_definition_marks_variables() -> None:
    headers = {"Python.h": "PyAPI_DATA(int) b;\nPyAPI_FUNC(int) a(void);\n"}
    assert exports(headers, CP312) == (Export("a", is_data=False), Export("b", is_data=True))
    assert module_definition(headers, CP312) == "LIBRARY python312.dll\nEXPORTS\n    a\n    b DATA\n"


@pytest.mark.parametrize(("tag", "machine"), [("win_amd64", "i386:x86-64"), ("win_arm64", "arm64")])
def test_an_import_library_is_for_the_platforms_processor(tag: str, machine: str) -> None:
    platform = Platform.parse(tag)
    argv = import_library_argv(platform, definition="a.def", output="python3.lib")
    assert argv[1:] == ("dlltool", "-m", machine, "-d", "a.def", "-l", "python3.lib")


@pytest.mark.parametrize(("minor", "has_name"), [(9, True), (12, True), (13, False), (15, False)])
def test_a_name_is_exported_up_to_the_version_that_removed_it(minor: int, has_name: bool) -> None:
    """`Py_TRASHCAN_BEGIN` calls it up to CPython 3.12. Later headers declare it, and no DLL has it."""
    headers = {"cpython/object.h": "PyAPI_FUNC(int) _PyTrash_begin(PyThreadState *tstate, PyObject *op);"}
    names = [export.name for export in exports(headers, PythonAbi(PythonVersion(minor)))]
    assert names == (["_PyTrash_begin"] if has_name else [])
