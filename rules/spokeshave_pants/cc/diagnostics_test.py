"""What is made of the compiler's and the linker's words."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.diagnostics import (
    machine_file_hint,
    missing_feature_hint,
    missing_header_hint,
    plain,
    undefined_symbols,
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


def test_text_without_escapes_is_what_a_log_shows() -> None:
    assert plain(COLOURED).splitlines()[0] == "src/a.cc:1:10: fatal error: 'vm/stack.h' file not found"
    assert plain("größe\n") == "größe\n"


@pytest.mark.parametrize("text", [COLOURED, plain(COLOURED)])
def test_a_missing_header_is_named_with_what_to_do(text: str) -> None:
    hint = missing_header_hint(text)
    assert hint is not None
    assert "'vm/stack.h'" in hint
    assert "`include_root`" in hint and "`cc_python_requirement`" in hint and ".gitignore" in hint


def test_all_missing_headers_are_named_once() -> None:
    text = "\n".join(f"a.cc:1:10: fatal error: '{name}' file not found" for name in ("b.h", "a.h", "b.h"))
    hint = missing_header_hint(text)
    assert hint is not None and "'a.h', 'b.h'" in hint


def test_a_header_that_is_written_otherwise_is_missing_too() -> None:
    hint = missing_header_hint("a.cc:1:10: error: 'Stack.h' file not found, did you mean 'stack.h'?")
    assert hint is not None and "'Stack.h'" in hint


@pytest.mark.parametrize("text", ["", "a.cc:3:1: error: unknown type name 'strng'", "warning: 'x' not found"])
def test_other_errors_get_no_hint_about_headers(text: str) -> None:
    assert missing_header_hint(text) is None


def test_undefined_symbols_are_told_with_the_places_that_use_them() -> None:
    assert undefined_symbols(LINKER) == {"abacus::run(int)": ["a.cc", "b.cc"], "helper": ["a.cc"], "guarded": []}


def test_what_the_interpreter_provides_is_not_undefined() -> None:
    assert undefined_symbols(INTERPRETER_SYMBOLS) == {}


def test_places_of_an_interpreters_symbol_are_not_given_to_the_one_before_it() -> None:
    text = "ld.lld: warning: undefined symbol: mine\n" + INTERPRETER_SYMBOLS
    assert undefined_symbols(text) == {"mine": []}


@pytest.mark.parametrize(
    "symbol", ["Pyramid", "python_helper", "Pyx_init", "my::PyList_New()", "PyEval_Runner::run(int)"]
)
def test_a_symbol_that_only_looks_like_pythons_is_undefined(symbol: str) -> None:
    assert list(undefined_symbols(f"ld.lld: warning: undefined symbol: {symbol}\n")) == [symbol]


def test_a_link_without_complaints_has_no_undefined_symbols() -> None:
    assert undefined_symbols("") == {}


def test_a_processor_feature_that_the_code_needs_is_named_with_what_to_do() -> None:
    hint = missing_feature_hint(
        "a.c:2:79: error: '__builtin_ia32_crc32di' needs target feature crc32\n"
        "a.c:7:82: error: always_inline function '_mm256_add_epi8' requires target feature 'avx2', but\n"
    )
    assert hint is not None and "'-mavx2', '-mcrc32'" in hint and "`overrides`" in hint
    assert missing_feature_hint("a.c:3:1: error: unknown type name 'strng'") is None


@pytest.mark.parametrize(
    "words",
    [
        "a.c:1:10: fatal error: '/etc/x.h' file not found",
        "a.c:1:10: fatal error: cannot open file '/etc/x.h': Permission denied",
        "a.s:3:9: error: Could not find incbin file '/etc/x.h'",
    ],
)
def test_a_file_of_the_machine_is_reported_with_what_to_do(words: str) -> None:
    hint = machine_file_hint(words)
    assert hint is not None and "'/etc/x.h'" in hint and "`dependencies`" in hint
    assert missing_header_hint(words) is None
    assert machine_file_hint("a.c:1:10: fatal error: 'x.h' file not found") is None
