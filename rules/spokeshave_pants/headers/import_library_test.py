"""Tests of compiles with derived headers, and of links with the import library, for all kinds of platforms."""

from __future__ import annotations

import pytest
from pants.backend.cc.dependency_inference import rules as dependency_inference
from pants.backend.cc.target_types import CCSourcesGeneratorTarget
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files
from pants.engine.fs import DigestContents
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.cc import target_types
from spokeshave_pants.cc.closure import rules as link_closure
from spokeshave_pants.cc.closure.generated_rules import CcSource
from spokeshave_pants.cc.compile import rules as compile
from spokeshave_pants.cc.compile.rules import (
    CompileCcSourceRequest,
    CompilePlan,
    CompilePlanRequest,
    FallibleCompiledObject,
)
from spokeshave_pants.cc.includes import rules as include_graph
from spokeshave_pants.cc.includes import third_party
from spokeshave_pants.confinement import rules as confinement
from spokeshave_pants.headers import import_library as python_import_library
from spokeshave_pants.headers import rules as python_headers
from spokeshave_pants.headers.import_library import PythonImportLibrary, PythonImportLibraryRequest
from spokeshave_pants.pythons import rules as interpreters
from spokeshave_pants.rule_fixtures import INHERITED, OPTIONS, project_rules, sandbox_rules
from spokeshave_pants.toolchain import rules as toolchain

WHERE = "this test"
# Python.h itself refuses many wrong sizes. The others are asserted.
SOURCE = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <time.h>
#include <wchar.h>
#define SAME(type, size) _Static_assert(sizeof(type) == (size), #type)
SAME(short, SIZEOF_SHORT); SAME(int, SIZEOF_INT); SAME(long, SIZEOF_LONG); SAME(long long, SIZEOF_LONG_LONG);
SAME(void *, SIZEOF_VOID_P); SAME(size_t, SIZEOF_SIZE_T); SAME(wchar_t, SIZEOF_WCHAR_T); SAME(time_t, SIZEOF_TIME_T);
SAME(pid_t, SIZEOF_PID_T); SAME(off_t, SIZEOF_OFF_T); SAME(fpos_t, SIZEOF_FPOS_T); SAME(float, SIZEOF_FLOAT);
SAME(double, SIZEOF_DOUBLE); SAME(uintptr_t, SIZEOF_UINTPTR_T); SAME(_Bool, SIZEOF__BOOL);
SAME(Py_ssize_t, SIZEOF_SIZE_T);
#ifdef SIZEOF_LONG_DOUBLE
SAME(long double, SIZEOF_LONG_DOUBLE);
#endif
#ifdef SIZEOF_PTHREAD_T
SAME(pthread_t, SIZEOF_PTHREAD_T); SAME(pthread_key_t, SIZEOF_PTHREAD_KEY_T);
#endif
#if defined(Py_GIL_DISABLED) && SIZEOF_VOID_P == 8
SAME(PyObject, 32);
#elif !defined(Py_GIL_DISABLED)
SAME(PyObject, 2 * SIZEOF_VOID_P);
#endif
_Static_assert((__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) == PY_BIG_ENDIAN, "order of bytes");
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "m", NULL, 0, NULL};
PyMODINIT_FUNC PyInit_m(void) { Py_INCREF(Py_None); Py_DECREF(Py_None); return PyModule_Create(&definition); }
"""


@pytest.fixture(scope="module")
def rule_runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *compile.rules(),
            *confinement.rules(),
            *core_target_types_rules(),
            *dependency_inference.rules(),
            *include_graph.rules(),
            *interpreters.rules(),
            *link_closure.rules(),
            *project_rules(),
            *python_headers.rules(),
            *python_import_library.rules(),
            *source_files.rules(),
            *target_types.rules(),
            *third_party.rules(),
            *toolchain.rules(),
            *sandbox_rules(),
            QueryRule(CompilePlan, [CompilePlanRequest]),
            QueryRule(FallibleCompiledObject, [CompileCcSourceRequest]),
            QueryRule(PythonImportLibrary, [PythonImportLibraryRequest]),
        ],
        target_types=[CCSourcesGeneratorTarget],
    )
    runner.set_options([*OPTIONS, "--source-root-patterns=['/src']"], env_inherit=INHERITED)
    runner.write_files({"src/ext/BUILD": "cc_sources(compile_flags=['-Werror'])", "src/ext/m.c": SOURCE})
    return runner


def compiled(runner: RuleRunner, abi: PythonAbi, tag: str) -> FallibleCompiledObject:
    plan = runner.request(CompilePlan, [CompilePlanRequest(CcSource("src/ext/m.c"))])
    request = CompileCcSourceRequest(plan, Platform.parse(tag), abi)
    return runner.request(FallibleCompiledObject, [request])


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("manylinux_2_17_x86_64", "3.10"),
        ("manylinux_2_17_armv7l", "3.10"),
        ("manylinux_2_17_armv7l", "3.13t"),
        ("manylinux_2_17_s390x", "3.13"),
        ("musllinux_1_2_aarch64", "3.12"),
        ("macosx_11_0_arm64", "3.13t"),
        ("win_amd64", "3.11"),
        ("win_arm64", "3.13t"),
        ("manylinux_2_17_x86_64", "3.15"),
        ("manylinux_2_17_armv7l", "3.15t"),
        ("macosx_11_0_arm64", "3.15t"),
        ("win_arm64", "3.15t"),
    ],
)
def test_headers_agree_with_the_compiler_on_all_platforms(rule_runner: RuleRunner, tag: str, version: str) -> None:
    result = compiled(rule_runner, PythonAbi(PythonVersion.parse(version, where=WHERE)), tag)
    assert (result.exit_code, result.diagnostics) == (0, "")
    (file,) = rule_runner.request(DigestContents, [result.digest])
    # Microsoft's intrinsic, which is not defined here.
    assert b"__getReg" not in file.content


@pytest.mark.parametrize("tag", ["win_amd64", "win_arm64"])
@pytest.mark.parametrize(
    ("abi", "dll"),
    [
        (PythonAbi(PythonVersion(12)), b"python312.dll"),
        (PythonAbi(PythonVersion(13, free_threaded=True)), b"python313t.dll"),
        (PythonAbi(PythonVersion(15)), b"python315.dll"),
        (PythonAbi(PythonVersion(15, free_threaded=True)), b"python315t.dll"),
        (PythonAbi(PythonVersion(15, free_threaded=True), stable=True), b"python3t.dll"),
        (PythonAbi(PythonVersion(12), stable=True), b"python3.dll"),
    ],
    ids=str,
)
def test_an_import_library_names_the_abis_dll_and_functions(
    rule_runner: RuleRunner, tag: str, abi: PythonAbi, dll: bytes
) -> None:
    request = PythonImportLibraryRequest(abi, Platform.parse(tag), WHERE)
    library = rule_runner.request(PythonImportLibrary, [request])
    (file,) = rule_runner.request(DigestContents, [library.digest])
    assert file.path == library.path == dll.decode().replace(".dll", ".lib")
    assert file.content.startswith(b"!<arch>\n")
    assert dll + b"\0" in file.content
    # The symbol index contains a function by its own name as well. A variable cannot be reached by it.
    assert b"\0__imp_PyModule_Create2\0PyModule_Create2\0" in file.content
    assert b"\0__imp_PyExc_ValueError\0" in file.content
    assert b"\0__imp_PyExc_ValueError\0PyExc_ValueError\0" not in file.content
    assert (b"\0__imp_PyRun_SimpleStringFlags\0" in file.content) == (not abi.stable)
