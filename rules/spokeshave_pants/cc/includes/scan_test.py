"""Tests of the scans of texts and of command lines."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.includes.scan import Include, IncludeKind, Scan, parse_includes, scan_flags, scan_text


def spelled(text: str) -> list[str]:
    """Return the includes of a text as written, in brackets or quotes."""
    return [f'"{i.spelling}"' if i.quoted else f"<{i.spelling}>" for i in parse_includes(text)]


# Includes of a text.


def test_quotes_and_brackets_are_distinguished() -> None:
    assert parse_includes('#include "vm/stack.h"\n#include <vector>\n') == (
        Include("vector", quoted=False),
        Include("vm/stack.h", quoted=True),
    )


@pytest.mark.parametrize(
    "line",
    [
        '#include "a.h"',
        '#include"a.h"',
        '  #  include\t"a.h"  ',
        '#include_next "a.h"',
        '#import "a.h"',
        '#include "a.h" // why',
        '#include "a.h" /* why */',
        '/* first */ #include "a.h"',
        '# /* odd */ include /* odder */ "a.h"',
        '#include \\\n  "a.h"',
        '#include \\  \n  "a.h"',
        '#inc\\\nlude "a.h"',
        '\ufeff#include "a.h"',
        '#include "a.h"\r',
        '#include "a.h"\r\nint x;\r\n',
        'int x; \n#include "a.h"',
        '#if 0\n#include "a.h"\n#endif',
    ],
)
def test_an_include_is_found_however_it_is_written(line: str) -> None:
    assert spelled(line) == ['"a.h"']


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#include",
        "#include MACRO",
        '// #include "a.h"',
        '/* #include "a.h" */',
        '/*\n#include "a.h"\n*/',
        '/* begun\n#include "a.h"\n',
        '// continued \\\n#include "a.h"',
        '// continued \\\r\n#include "a.h"\r\n',
        '#define X #include "a.h"',
        'x #include "a.h"',
        'const char* text = R"(\n#include "a.h"\n)";',
        'auto text = u8R"cc(\n)"\n#include "a.h"\n)cc";',
        "#pragma once",
        '#included "a.h"',
        '#include "a.h',
        "#include <a.h",
    ],
)
def test_text_that_only_resembles_an_include_is_ignored(text: str) -> None:
    assert spelled(text) == []


@pytest.mark.parametrize(
    "before",
    [
        "// the sources are in src/*.cc",
        "// see https://example.org/*",
        'const char* pattern = "src/*.cc";',
        'const char* quote = "\\"/*";',
        "char c = '\"'; char d = '/'; char e = '*';",
        "char slash = '\\''; // it's /* not a comment",
        "int big = 1'000'000; // don't /* begin",
        "int hex = 0xFF'FF; char c = '/'; // /*",
        "int once = 1'000; // it's /* begun",
        "#error don't do this",
        '#warning an odd " quote',
        "#include <sys//*.h>",
        'auto text = R"x(/*)x";',
        "/* a comment */ // another /*",
        "/**/",
        "/* // */",
        "a / *pointer;",
    ],
)
def test_text_resembling_a_comment_hides_no_include(before: str) -> None:
    text = f'{before}\n#include "a.h"\n/* the end */\n'
    assert '"a.h"' in spelled(text)


def test_a_name_may_hold_spaces_dots_and_any_letters() -> None:
    assert spelled('#include "größe/my header.inc"\n#include <../a b.h>') == ["<../a b.h>", '"größe/my header.inc"']


def test_an_include_that_is_written_twice_is_one() -> None:
    assert spelled('#include "a.h"\n#include "a.h"\n#include <a.h>\n') == ["<a.h>", '"a.h"']


def test_the_order_of_includes_does_not_matter() -> None:
    assert parse_includes('#include "b.h"\n#include "a.h"') == parse_includes('#include "a.h"\n#include "b.h"')


# Other requested files.


def kinds(text: str) -> list[tuple[str, str]]:
    return [(include.kind.value, include.spelling) for include in parse_includes(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('#include_next "a.h"', ("next", "a.h")),
        ("#if __has_include(<a.h>)", ("test", "a.h")),
        ('#if defined(X) && __has_include( "a.h" )', ("test", "a.h")),
        ('#elif !__has_include("a.h")', ("test", "a.h")),
        ("#if __has_include_next(<a.h>)", ("next", "a.h")),
        ('#if __has_embed("a.bin" limit(3))', ("embed", "a.bin")),
        ('#embed "a.bin"', ("embed", "a.bin")),
        ("  # embed <a.bin> limit(4) if_empty(0)", ("embed", "a.bin")),
        ('  .incbin "a.bin"', ("assembler", "a.bin")),
        ('.include "a.inc"', ("assembler", "a.inc")),
        (r'__asm__(".incbin \"a.bin\"\n");', ("assembler", "a.bin")),
        (r'asm("x: .incbin \"a.bin\", 4, 8\n" ".byte 0");', ("assembler", "a.bin")),
        ('INCBIN(Icon, "a.png");', ("guess", "a.png")),
        (r'#define F "a.bin"' + "\n" + r'__asm__(".incbin \"" F "\"");', ("guess", "a.bin")),
        (r'asm(R"(.incbin "a.bin")");', ("assembler", "a.bin")),
        (r'asm(".incbin " "\"a.bin\"");', ("guess", "a.bin")),
        ('%:include "a.h"', ("include", "a.h")),
    ],
)
def test_files_are_asked_for_in_many_ways(text: str, expected: tuple[str, str]) -> None:
    assert kinds(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        '// __has_include("a.h")',
        '/* #embed "a.bin" */',
        '// .incbin "a.bin"',
        'printf("a.png");',
        "#define __has_include(x) 0",
        "#ifndef __has_include",
        "#if defined(__has_include)",
        "#include __FILE__",
    ],
)
def test_text_without_requested_files_has_no_includes(text: str) -> None:
    assert scan_text(text) == Scan()


def test_macros_that_name_headers_and_their_includes_are_noted() -> None:
    scan = scan_text(
        '#define FAST "fast.h"\n# define SLOW <slow.h>\n#define N 3\n#define TEXT "a" "b"\n'
        "#include FAST\n#include PASTED(x)\n#if __has_include(SLOW)\n#endif\n"
    )
    assert scan.macros == (("FAST", Include("fast.h", True)), ("SLOW", Include("slow.h", False)))
    assert scan.computed == ("FAST", "PASTED", "SLOW")


def test_a_directive_is_not_a_macro() -> None:
    assert scan_text("#include_next <a.h>\n#embed <a.bin>\n#import <a.h>\n").computed == ()


@pytest.mark.parametrize(
    "flags",
    [
        ("-include", "p/a.h"),
        ("-includep/a.h",),
        ("--include=p/a.h",),
        ("--include", "p/a.h"),
        ("-imacros", "p/a.h"),
        ("-Xclang", "-include", "-Xclang", "p/a.h"),
        ("-Wp,-include,p/a.h",),
        ("-Wall", "-include", "p/a.h", "-O2"),
    ],
)
def test_headers_that_flags_include_are_found(flags: tuple[str, ...]) -> None:
    assert scan_flags(flags).includes == (Include("p/a.h", True, IncludeKind.FORCED),)


def test_other_flags_ask_for_no_header() -> None:
    assert scan_flags(["-Wall", "-O2", "-I.", "-include-pch", "-include"]) == Scan()


def test_macros_of_the_command_line_name_headers() -> None:
    scan = scan_flags(["-DA=<a.h>", "-D", 'B="b.h"', "-DN=1"], ['C="c.h"', "D"])
    assert scan.macros == (("A", Include("a.h", False)), ("B", Include("b.h", True)), ("C", Include("c.h", True)))
