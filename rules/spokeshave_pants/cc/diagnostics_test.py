"""Tests of the readable compiler and linker output."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.diagnostics import (
    CompileMessage,
    assembler_hint,
    compile_errors,
    compile_hint,
    differing_by_case,
    duplicate_symbol_hint,
    machine_file_hint,
    missing_feature_hint,
    missing_header_hint,
    plain,
    undefined_hints,
    undefined_symbols,
)

LINUX, MUSL, MACOS, WINDOWS, ARM = (
    Platform.parse(tag)
    for tag in (
        "manylinux_2_17_x86_64",
        "musllinux_1_2_x86_64",
        "macosx_11_0_x86_64",
        "win_amd64",
        "manylinux_2_17_aarch64",
    )
)

COLOURED = (
    "\x1b[1msrc/a.cc:1:10: \x1b[0m\x1b[0;1;31mfatal error: \x1b[0m\x1b[1m'vm/stack.h' file not found\x1b[0m\n"
    '    1 | #include "vm/stack.h"\n\x1b[0;32m      |          ^~~~~~~~~~~~\n\x1b[0m1 error generated.\n'
)
LINKER = """\
ld.lld: error: undefined symbol: abacus::run(int)
>>> referenced by a.cc
>>>               __objects/src/a.o:(abacus::main())
>>> referenced by b.cc
>>>               __objects/src/b.o:(abacus::other())
>>> referenced 3 more times

ld.lld: error: undefined hidden symbol: helper
>>> referenced by a.cc
>>>               __objects/src/a.o:(abacus::main())
ld.lld: error: undefined protected symbol: guarded
"""
INTERPRETER_SYMBOLS = """\
ld.lld: warning: undefined symbol: PyList_New
>>> referenced by a.cc
ld.lld: warning: undefined symbol: _Py_Dealloc
>>> referenced by b.cc
ld.lld: warning: undefined symbol: _PyObject_New
"""


def test_escapes_are_removed_for_logs() -> None:
    assert plain(COLOURED).splitlines()[0] == "src/a.cc:1:10: fatal error: 'vm/stack.h' file not found"
    assert plain("größe\n") == "größe\n"


@pytest.mark.parametrize("text", [COLOURED, plain(COLOURED)])
def test_a_missing_header_is_reported_with_a_hint(text: str) -> None:
    hint = missing_header_hint(text, LINUX)
    assert hint is not None
    assert "'vm/stack.h'" in hint
    assert "`include_root`" in hint
    assert "`cc_python_requirement`" in hint
    assert ".gitignore" in hint


def test_all_missing_headers_are_named_once() -> None:
    text = "\n".join(f"a.cc:1:10: fatal error: '{name}' file not found" for name in ("b.h", "a.h", "b.h"))
    hint = missing_header_hint(text, LINUX)
    assert hint is not None
    assert "'a.h', 'b.h'" in hint


def test_a_header_that_is_written_otherwise_is_missing_too() -> None:
    hint = missing_header_hint("a.cc:1:10: error: 'Stack.h' file not found, did you mean 'stack.h'?", LINUX)
    assert hint is not None
    assert "'Stack.h'" in hint


@pytest.mark.parametrize("text", ["", "a.cc:3:1: error: unknown type name 'strng'", "warning: 'x' not found"])
def test_other_errors_get_no_hint_about_headers(text: str) -> None:
    assert missing_header_hint(text, LINUX) is None


def test_undefined_symbols_are_reported_with_references() -> None:
    assert undefined_symbols(LINKER) == {"abacus::run(int)": ["a.cc", "b.cc"], "helper": ["a.cc"], "guarded": []}


def test_what_the_interpreter_provides_is_not_undefined() -> None:
    assert undefined_symbols(INTERPRETER_SYMBOLS) == {}


def test_references_of_python_symbols_are_skipped() -> None:
    text = "ld.lld: warning: undefined symbol: mine\n" + INTERPRETER_SYMBOLS
    assert undefined_symbols(text) == {"mine": []}


@pytest.mark.parametrize(
    "symbol", ["Pyramid", "python_helper", "Pyx_init", "my::PyList_New()", "PyEval_Runner::run(int)"]
)
def test_a_symbol_that_only_looks_like_pythons_is_undefined(symbol: str) -> None:
    assert list(undefined_symbols(f"ld.lld: warning: undefined symbol: {symbol}\n")) == [symbol]


def test_a_link_without_complaints_has_no_undefined_symbols() -> None:
    assert undefined_symbols("") == {}


def test_missing_processor_features_have_a_hint() -> None:
    hint = missing_feature_hint(
        "a.c:2:79: error: '__builtin_ia32_crc32di' needs target feature crc32\n"
        "a.c:7:82: error: always_inline function '_mm256_add_epi8' requires target feature 'avx2', but\n"
    )
    assert hint is not None
    assert "'-mavx2', '-mcrc32'" in hint
    assert "`overrides`" in hint
    assert missing_feature_hint("a.c:3:1: error: unknown type name 'strng'") is None


@pytest.mark.parametrize(
    "words",
    [
        "a.c:1:10: fatal error: '/etc/x.h' file not found",
        "a.c:1:10: fatal error: cannot open file '/etc/x.h': Permission denied",
        "a.s:3:9: error: Could not find incbin file '/etc/x.h'",
    ],
)
def test_a_file_of_the_machine_is_reported_with_a_hint(words: str) -> None:
    hint = machine_file_hint(words)
    assert hint is not None
    assert "'/etc/x.h'" in hint
    assert "`dependencies`" in hint
    assert missing_header_hint(words, LINUX) is None
    assert machine_file_hint("a.c:1:10: fatal error: 'x.h' file not found") is None


def lost(header: str) -> str:
    """Return clang's message about a header that it does not find."""
    return f"a.c:1:10: fatal error: '{header}' file not found\n"


@pytest.mark.parametrize(
    ("spelling", "path"),
    [
        ("myheader.h", "p/MyHeader.h"),
        ("VM/stack.h", "src/vm/stack.h"),
        ("vm/Stack.H", "vm/stack.h"),
        ("../Other/x.h", "src/other/x.h"),
        ("./X.h", "x.h"),
    ],
)
def test_a_header_that_differs_by_case_is_named(spelling: str, path: str) -> None:
    hint = missing_header_hint(lost(spelling), LINUX, [path, "src/another.h"])
    assert hint is not None
    assert f"{spelling!r} differs by case from {path}" in hint
    assert "No target owns" not in hint


def test_only_a_whole_name_differs_by_case() -> None:
    assert differing_by_case("stack.h", ["src/MyStack.h", "src/stack.h", "stack.hh"]) == ()
    assert differing_by_case("vm/stack.h", ["src/ir/Stack.h"]) == ()
    assert differing_by_case("a.h", ["x/A.h", "y/A.H"]) == ("x/A.h", "y/A.H")


@pytest.mark.parametrize(
    ("header", "platform", "words"),
    [
        ("Windows.h", WINDOWS, "write 'windows.h' for 'Windows.h'"),
        ("ShlObj.h", WINDOWS, "write 'shlobj.h'"),
        ("Windows.h", LINUX, "`#ifdef _WIN32`"),
        ("winsock2.h", MACOS, "`win_*`"),
        (
            "sys/mman.h",
            WINDOWS,
            "Windows has no 'sys/mman.h', which is a POSIX header: guard the include by `#ifndef _WIN32`",
        ),
        ("sys/epoll.h", MACOS, "has no 'sys/epoll.h', which is a header of Linux: guard the include by `#if __has_inc"),
        ("execinfo.h", WINDOWS, "which is a header of glibc"),
        ("mach/mach.h", LINUX, "which is a header of macOS"),
        ("omp.h", LINUX, "no OpenMP"),
        ("Foundation/Foundation.h", MACOS, "none of the frameworks of Apple's SDK, such as Foundation"),
    ],
)
def test_a_header_that_a_platform_lacks_has_a_hint_of_its_own(header: str, platform: Platform, words: str) -> None:
    hint = missing_header_hint(lost(header), platform)
    assert hint is not None
    assert words in hint
    assert "No target owns" not in hint


def test_each_missing_header_gets_its_hint() -> None:
    hint = missing_header_hint(lost("Windows.h") + lost("lost.h"), WINDOWS)
    assert hint is not None
    assert "'windows.h'" in hint
    assert "No target provides a header named 'lost.h'." in hint


def test_a_missing_header_names_projects_not_asked_for_it() -> None:
    lines = ["The headers of a:zlib are not inputs."]
    assert (compile_hint(lost("zlib.h"), LINUX, unasked=lines) or "").endswith("\n" + lines[0])
    assert compile_hint("a.c:1:1: error: expected ';'", LINUX, unasked=lines) is None


@pytest.mark.parametrize(
    "text",
    [
        "m.cc:1:8: fatal error: module 'lib' not found\n",
        "m.cc:1:8: error: header file <v> (aka 'v') cannot be imported because it is not known to be a header unit",
    ],
)
def test_modules_are_said_to_be_unsupported(text: str) -> None:
    hint = compile_hint(text, LINUX)
    assert hint is not None
    assert "C++20 modules" in hint
    assert "#include" in hint


@pytest.mark.parametrize(
    "text",
    [
        "m.c:2:18: error: unknown type name 'PyObject_HEAD'\n",
        "m.c:3:26: error: use of undeclared identifier 'PyModuleDef_HEAD_INIT'\n",
        "m.c:3:20: error: variable has incomplete type 'PyModuleDef' (aka 'struct PyModuleDef')\n",
        "m.c:4:54: error: incomplete definition of type 'PyObject' (aka 'struct _object')\n",
        "m.cc:4:54: error: member access into incomplete type 'PyVarObject' (aka 'struct PyVarObject')\n",
        "m.c:5:59: error: invalid application of 'sizeof' to an incomplete type 'PyObject' (aka 'struct _object')\n",
    ],
)
def test_what_abi3t_hides_is_explained(text: str) -> None:
    hint = compile_hint(text, LINUX)
    assert hint is not None
    assert "hides the fields of PyObject" in hint
    assert "PyModExport_NAME" in hint


def test_other_incomplete_types_have_no_hint() -> None:
    assert compile_hint("m.c:1:1: error: variable has incomplete type 'PyThing'\n", LINUX) is None


CRASH = "zig: error: clang frontend command failed with exit code 139 (use -v to see invocation)\n"
BUILTIN = (
    "cpu.c:1:14: error: builtin is not supported on this target\n"
    '    1 | int f(void){ return __builtin_cpu_supports("sve"); }\n'
)


def test_dispatch_by_ifunc_on_musl_has_a_hint() -> None:
    hint = compile_hint(CRASH, MUSL)
    assert hint is not None
    assert "musl has no ifunc" in hint
    assert "`__builtin_cpu_supports`" in hint
    assert compile_hint(CRASH, LINUX) is None


def test_unsupported_processor_checks_have_a_hint() -> None:
    hint = compile_hint(BUILTIN, Platform.parse("manylinux_2_17_s390x"))
    assert hint is not None
    assert "AArch64 only" in hint
    assert "getauxval" in hint
    assert compile_hint(BUILTIN.splitlines()[0], ARM) is None


def test_asking_the_processors_model_on_aarch64_has_a_hint() -> None:
    hint = compile_hint(BUILTIN.replace('supports("sve")', "init()"), ARM)
    assert hint is not None
    assert "needs no `__builtin_cpu_init`" in hint
    assert "`#if defined(__x86_64__)`" in hint


def test_assembler_for_another_processor_has_a_hint() -> None:
    hint = assembler_hint("src/fast.S", ARM)
    assert "fast.S is not for manylinux_2_17_aarch64" in hint
    assert '{"fast.S": {"platforms": ["*_x86_64"' in hint


GLIBC = {"getrandom": (2, 25), "reallocarray": (2, 26), "gettid": (2, 30)}


def test_the_c_library_is_too_old_for_its_own_functions_only() -> None:
    hints = undefined_hints(["getrandom", "lost", "getrandom_other"], LINUX, GLIBC)
    assert len(hints) == 2
    assert "manylinux_2_17_x86_64 is too old for getrandom, which came with glibc 2.25" in hints[0]
    assert "`dependencies`" in hints[1]
    assert "too old" not in hints[1]


@pytest.mark.parametrize(("platform", "symbol"), [(MUSL, "gettid"), (WINDOWS, "gettid"), (MACOS, "_gettid")])
def test_another_c_library_is_not_too_old_but_another(platform: Platform, symbol: str) -> None:
    (hint,) = undefined_hints([symbol], platform, GLIBC)
    assert hint.startswith(f"{symbol}: glibc has it, but the C library of {platform} does not.")


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("__kmpc_fork_call", "no OpenMP runtime"),
        ("omp_get_max_threads", "no OpenMP runtime"),
        ("__asan_report_load4", "no runtime of sanitizers"),
        ("__llvm_profile_runtime", "no runtime for profiles"),
    ],
)
def test_a_runtime_that_the_toolchain_lacks_is_named(symbol: str, words: str) -> None:
    (hint,) = undefined_hints([symbol], LINUX, GLIBC)
    assert words in hint


def test_a_symbol_that_two_objects_define_has_a_hint() -> None:
    text = "ld.lld: error: duplicate symbol: part\n>>> defined at part.c:1\n"
    hint = duplicate_symbol_hint(text)
    assert hint is not None
    assert "includes the other" in hint
    assert duplicate_symbol_hint("ld.lld: error: undefined symbol: part") is None


def test_errors_with_a_line_are_read_in_colour_too() -> None:
    text = (
        "In file included from src/a.cc:1:\n"
        "\x1b[1msrc/a.h:3:7: \x1b[0m\x1b[0;1;31merror: \x1b[0m\x1b[1munknown type name 'strng'\x1b[0m\n"
        "    3 | const strng x;\n"
        "src/a.cc:9:1: warning: unused\n"
        "src/a.cc:10:2: fatal error: 'x.h' file not found\n"
        "2 errors generated.\n"
    )
    assert compile_errors(text) == (
        CompileMessage(path="src/a.h", line=3, column=7, message="unknown type name 'strng'"),
        CompileMessage(path="src/a.cc", line=10, column=2, message="'x.h' file not found"),
    )
    assert compile_errors("zig: error: clang frontend command failed") == ()


@pytest.mark.parametrize(
    "message",
    [
        "error: undefined symbol: statx",
        "a.c:1:1: error: call to undeclared function 'statx'; ISO C99 and later do not support implicit declarations",
        "a.cc:1:1: error: use of undeclared identifier 'statx'",
    ],
)
def test_functions_of_newer_musls_have_a_hint(message: str) -> None:
    platform = Platform.parse("musllinux_1_2_x86_64")
    undefined = undefined_symbols(message)
    hint = undefined_hints(undefined, platform, {"statx": (2, 28)})[0] if undefined else compile_hint(message, platform)
    assert hint is not None
    assert "musllinux_1_2_x86_64 includes musl 1.2.2, and statx came with musl 1.2.5" in hint
    assert not undefined or undefined_hints(["gettid"], platform, {"gettid": (2, 30)})[0].startswith(
        "gettid: glibc has"
    )
    assert compile_hint(message, Platform.parse("manylinux_2_17_x86_64")) is None
