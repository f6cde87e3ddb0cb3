"""Tests of the detection of included sources."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.closure.unity import included_sources, unconditional_includes


def test_a_source_that_another_includes_is_part_of_it() -> None:
    texts = {"a/native.c": '#include "part.c"\n', "a/part.c": "int part(void);\n", "a/other.c": ""}
    reached: dict[str, tuple[str, ...]] = {"a/native.c": ("a/part.c",), "a/part.c": (), "a/other.c": ()}
    assert included_sources(texts, reached) == {"a/part.c": ["a/native.c"]}


def test_a_source_may_be_included_through_a_header() -> None:
    texts = {
        "all.c": '#include "all.h"\n',
        "all.h": '#ifndef ALL_H\n#define ALL_H\n#include "impl/one.c"\n#endif\n',
        "impl/one.c": '#include "two.c"\n',
        "impl/two.c": "",
    }
    reached = {
        "all.c": ("all.h", "impl/one.c", "impl/two.c"),
        "impl/one.c": ("impl/two.c",),
        "impl/two.c": (),
    }
    assert included_sources(texts, reached) == {"impl/one.c": ["all.c"], "impl/two.c": ["all.c", "impl/one.c"]}


def test_an_include_from_a_root_names_its_file() -> None:
    texts = {"src/a.c": "#include <lib/part.c>\n", "src/include/lib/part.c": ""}
    reached: dict[str, tuple[str, ...]] = {"src/a.c": ("src/include/lib/part.c",), "src/include/lib/part.c": ()}
    assert list(included_sources(texts, reached)) == ["src/include/lib/part.c"]


@pytest.mark.parametrize(
    "text",
    [
        '#ifdef UNITY\n#include "part.c"\n#endif\n',
        '#if 0\n#include "part.c"\n#endif\n',
        '/* #include "part.c" */\n',
        '#if A\n#else\n#include "part.c"\n#endif\n',
        '#ifndef X\n#define X\n#endif\n#ifdef Y\n#include "part.c"\n#endif\n',
        '#ifndef OTHER\n#include "part.c"\n#endif\n',
    ],
)
def test_a_conditional_include_decides_nothing(text: str) -> None:
    assert included_sources({"a.c": text, "part.c": ""}, {"a.c": ("part.c",), "part.c": ()}) == {}


def test_sources_that_include_each_other_are_compiled_both() -> None:
    texts = {"a.c": '#include "b.c"\n', "b.c": '#include "a.c"\n'}
    assert included_sources(texts, {"a.c": ("b.c",), "b.c": ("a.c",)}) == {}


def test_headers_are_not_considered() -> None:
    assert included_sources({"a.c": '#include "a.h"\n', "a.h": ""}, {"a.c": ("a.h",)}) == {}


def test_a_source_of_another_target_is_compiled_by_that() -> None:
    assert included_sources({"a.c": '#include "b.c"\n', "b.c": ""}, {"a.c": ("b.c",)}) == {}


def test_includes_outside_of_conditions_are_unconditional() -> None:
    text = '#include "a.c"\n#ifdef X\n#include "b.c"\n#endif\n#if !defined(Y)\nint y;\n#endif\n#include \\\n "c.c"\n'
    assert unconditional_includes(text) == {"a.c", "c.c"}
    assert unconditional_includes('#if !defined(H_)\n#define H_ 1\n#include "a.c"\n#endif /* H_ */\n') == {"a.c"}


def test_a_string_that_looks_like_a_comment_hides_no_include() -> None:
    text = 'char *begin = "/*";\n#include "a.c"\nchar *end = "*/";\n'
    assert unconditional_includes(text) == {"a.c"}


def test_all_sources_that_include_a_part_are_known() -> None:
    texts = {"one.c": '#include "part.c"\n', "two.c": '#include "part.c"\n', "part.c": ""}
    reached: dict[str, tuple[str, ...]] = {"one.c": ("part.c",), "two.c": ("part.c",), "part.c": ()}
    assert included_sources(texts, reached) == {"part.c": ["one.c", "two.c"]}
