"""Includes read from text, and what a file reaches through them."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.include_scan import CcFile, Include, IncludeGraph, parse_includes
from spokeshave_pants.errors import InvalidTargetError

ROOT = "src/cpp"


def spelled(text: str) -> list[str]:
    """The includes of a text as they are written, in brackets or quotes."""
    return [f'"{i.spelling}"' if i.quoted else f"<{i.spelling}>" for i in parse_includes(text)]


def cc_file(
    path: str,
    *includes: str,
    owner: str | None = None,
    roots: tuple[str, ...] = (ROOT,),
    dependencies: tuple[str, ...] = (),
) -> CcFile:
    """A file that includes these, each written with its brackets or quotes; its target is named by its directory."""
    directory = path.rpartition("/")[0]
    written = parse_includes("".join(f"#include {include}\n" for include in includes))
    return CcFile(path, owner or f"{directory}:{directory.rpartition('/')[2]}", roots, written, dependencies)


def reached(graph: IncludeGraph, path: str) -> list[str]:
    return [header.replace(f"{ROOT}/", "") for header in graph.closure(path).headers]


# What a text includes.


def test_quotes_and_brackets_are_told_apart() -> None:
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
def test_what_the_compiler_does_not_take_for_an_include_is_none(text: str) -> None:
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
def test_what_only_looks_like_a_comment_hides_no_include_after_it(before: str) -> None:
    text = f'{before}\n#include "a.h"\n/* the end */\n'
    assert '"a.h"' in spelled(text)


def test_a_name_may_hold_spaces_dots_and_any_letters() -> None:
    assert spelled('#include "größe/my header.inc"\n#include <../a b.h>') == ["<../a b.h>", '"größe/my header.inc"']


def test_an_include_that_is_written_twice_is_one() -> None:
    assert spelled('#include "a.h"\n#include "a.h"\n#include <a.h>\n') == ["<a.h>", '"a.h"']


def test_the_order_of_includes_does_not_matter() -> None:
    assert parse_includes('#include "b.h"\n#include "a.h"') == parse_includes('#include "a.h"\n#include "b.h"')


# What a file reaches.


def test_a_file_reaches_what_its_headers_include() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", '"vm/run.h"'),
            cc_file("src/cpp/vm/run.h", '"ir/graph.h"', "<vector>"),
            cc_file("src/cpp/ir/graph.h", '"ir/node.h"'),
            cc_file("src/cpp/ir/node.h"),
            cc_file("src/cpp/ir/other.h"),
        ]
    )
    assert reached(graph, "src/cpp/vm/run.cc") == ["ir/graph.h", "ir/node.h", "vm/run.h"]
    assert graph.closure("src/cpp/vm/run.cc").unresolved == {"vector"}


def test_headers_that_include_each_other_end() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/a.cc", '"a.h"'),
            cc_file("src/cpp/a.h", '"b.h"', '"a.h"'),
            cc_file("src/cpp/b.h", '"c.h"'),
            cc_file("src/cpp/c.h", '"a.h"'),
        ]
    )
    assert reached(graph, "src/cpp/a.cc") == ["a.h", "b.h", "c.h"]
    assert reached(graph, "src/cpp/b.h") == ["a.h", "c.h"]


def test_a_source_that_includes_itself_is_no_header_of_its_own() -> None:
    graph = IncludeGraph([cc_file("src/cpp/table.cc", '"table.cc"')])
    assert reached(graph, "src/cpp/table.cc") == []


def test_quotes_look_beside_the_including_file_first() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", '"util.h"', "<util.h>"),
            cc_file("src/cpp/vm/util.h"),
            cc_file("src/cpp/util.h"),
        ]
    )
    assert reached(graph, "src/cpp/vm/run.cc") == ["util.h", "vm/util.h"]


def test_quotes_follow_dots() -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/run.cc", '"../ir/./graph.h"'), cc_file("src/cpp/ir/graph.h")])
    assert reached(graph, "src/cpp/vm/run.cc") == ["ir/graph.h"]


def test_a_system_header_is_never_a_header_of_another_project() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", "<math.h>"),
            cc_file("games/include/math.h", roots=("games/include", "games")),
        ]
    )
    closure = graph.closure("src/cpp/vm/run.cc")
    assert closure.headers == () and closure.unresolved == {"math.h"}


def test_a_header_in_brackets_of_another_target_is_found_where_its_name_is_not_the_systems() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", "<lz4.h>"),
            cc_file("vendor/lz4/include/lz4.h", roots=("vendor/lz4/include", "vendor")),
        ]
    )
    closure = graph.closure("src/cpp/vm/run.cc")
    assert closure.headers == ("vendor/lz4/include/lz4.h",) and not closure.unresolved
    assert closure.include_roots == (ROOT, "vendor/lz4/include")


def test_a_bare_header_in_brackets_that_several_projects_have_is_left_to_the_compiler() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", "<config.h>"),
            cc_file("one/config.h", roots=("one",)),
            cc_file("two/config.h", roots=("two",)),
        ]
    )
    assert graph.closure("src/cpp/vm/run.cc").unresolved == {"config.h"}


@pytest.mark.parametrize("include", ["<math.h>", "<config.h>", '"config.h"'])
def test_of_several_headers_that_of_a_listed_dependency_is_meant(include: str) -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", include, dependencies=("two:two",)),
            *(cc_file(f"{project}/{include[1:-1]}", roots=(project,)) for project in ("one", "two")),
        ]
    )
    assert graph.closure("src/cpp/vm/run.cc").headers == (f"two/{include[1:-1]}",)
    assert graph.included("src/cpp/vm/run.cc") == (f"two/{include[1:-1]}",)


def test_a_header_in_brackets_is_found_in_the_files_own_roots() -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/run.cc", "<graph.h>"), cc_file("src/cpp/graph.h")])
    assert reached(graph, "src/cpp/vm/run.cc") == ["graph.h"]


def test_an_include_root_of_another_target_is_found_and_given_to_the_compiler() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", "<json/value.h>"),
            cc_file("3rdparty/json/include/json/value.h", '"json/kind.h"', roots=("3rdparty/json/include",)),
            cc_file("3rdparty/json/include/json/kind.h", roots=("3rdparty/json/include",)),
        ]
    )
    closure = graph.closure("src/cpp/vm/run.cc")
    assert closure.headers == ("3rdparty/json/include/json/kind.h", "3rdparty/json/include/json/value.h")
    assert closure.include_roots == ("src/cpp", "3rdparty/json/include")


def test_roots_that_nothing_was_found_by_are_no_part_of_the_answer() -> None:
    graph = IncludeGraph([cc_file("src/cpp/a.cc"), cc_file("lib/b.h", roots=("lib",))])
    assert graph.closure("src/cpp/a.cc").include_roots == ("src/cpp",)


def test_of_a_files_own_roots_the_first_wins_as_it_does_for_the_compiler() -> None:
    headers = [cc_file("zlib/config.h", roots=("zlib",)), cc_file("alib/config.h", roots=("alib",))]
    source = cc_file("src/a.cc", '"config.h"', roots=("zlib", "alib", "src"))
    assert IncludeGraph([source, *headers]).closure("src/a.cc").headers == ("zlib/config.h",)


def test_the_sources_own_root_wins_over_the_one_of_a_header_that_it_includes() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/a.cc", '"lib/use.h"', roots=("own", "src")),
            cc_file("own/config.h", roots=("own",)),
            cc_file("alib/lib/use.h", "<config.h>", roots=("alib",)),
            cc_file("alib/config.h", roots=("alib",)),
        ]
    )
    assert graph.closure("src/a.cc").headers == ("alib/lib/use.h", "own/config.h")


def test_an_include_that_several_roots_answer_to_is_refused_with_all_of_them() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/a.cc", '"shared/x.h"', '"shared/y.h"'),
            *(cc_file(f"{root}/shared/{name}.h", roots=(root,)) for root in ("one", "two") for name in "xy"),
        ]
    )
    with pytest.raises(InvalidTargetError) as caught:
        graph.closure("src/cpp/a.cc")
    first, second = str(caught.value).splitlines()
    assert "src/cpp/a.cc includes 'shared/x.h', which several files answer to: one/shared/x.h, two/shared/x.h" in first
    assert "one/shared/y.h, two/shared/y.h" in second and "include_root" in second


def test_one_spelling_that_two_headers_mean_differently_is_refused() -> None:
    """A compile has one list of directories: the second header would silently get the first one's."""
    graph = IncludeGraph(
        [
            cc_file("src/a.cc", '"one/use.h"', '"two/use.h"', roots=("src",)),
            cc_file("lib/one/use.h", "<config.h>", roots=("lib", "lib/one")),
            cc_file("lib/one/config.h", roots=("lib", "lib/one")),
            cc_file("lib/two/use.h", "<config.h>", roots=("lib", "lib/two")),
            cc_file("lib/two/config.h", roots=("lib", "lib/two")),
        ]
    )
    with pytest.raises(InvalidTargetError, match=r"'config\.h'.*lib/one/config\.h, lib/two/config\.h"):
        graph.closure("src/a.cc")


@pytest.mark.parametrize("include", ['"/usr/include/x.h"', "</usr/include/x.h>", '"../../../../x.h"'])
def test_an_include_of_the_machines_own_files_is_refused(include: str) -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/a.cc", include)])
    with pytest.raises(
        InvalidTargetError, match=r"src/cpp/vm/a\.cc includes '.*x\.h', which is outside of the repository"
    ):
        graph.closure("src/cpp/vm/a.cc")


def test_files_that_two_targets_own_are_refused_all_at_once() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        IncludeGraph(
            [cc_file(path, owner=owner) for path in ("src/cpp/a.cc", "src/cpp/b.h") for owner in ("src:one", "src:two")]
        )
    assert "src/cpp/a.cc is in src:one and src:two." in str(caught.value)
    assert "src/cpp/b.h is in src:one and src:two." in str(caught.value)


def test_an_include_from_the_build_root_is_found_where_that_is_the_root() -> None:
    graph = IncludeGraph([cc_file("a.cc", '"lib/b.h"', roots=("",)), cc_file("lib/b.h", roots=("",))])
    closure = graph.closure("a.cc")
    assert (closure.headers, closure.include_roots) == (("lib/b.h",), ("",))


def test_a_root_is_a_directory_and_not_the_beginning_of_a_name() -> None:
    graph = IncludeGraph([cc_file("src/a.cc", '"more/b.h"', roots=("src",)), cc_file("src-more/b.h", roots=("src",))])
    assert graph.closure("src/a.cc").unresolved == {"more/b.h"}


def test_a_header_edit_concerns_only_the_sources_that_reach_it() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/a.cc", '"a.h"'),
            cc_file("src/cpp/a.h", '"deep.h"'),
            cc_file("src/cpp/b.cc", '"b.h"'),
            cc_file("src/cpp/b.h"),
            cc_file("src/cpp/deep.h"),
        ]
    )
    sources = ("src/cpp/a.cc", "src/cpp/b.cc")
    assert [source for source in sources if "src/cpp/deep.h" in graph.closure(source).headers] == ["src/cpp/a.cc"]


# What a file includes itself, and what a target owns.


def test_inference_takes_direct_includes_and_leaves_ambiguous_ones_out() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/a.cc", '"a.h"', '"shared/x.h"', "<vector>"),
            cc_file("src/cpp/a.h", '"deep.h"'),
            cc_file("src/cpp/deep.h"),
            *(cc_file(f"{root}/shared/x.h", roots=(root,)) for root in ("one", "two")),
        ]
    )
    assert graph.included("src/cpp/a.cc") == ("src/cpp/a.h",)


def test_a_target_owns_its_files() -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/b.h"), cc_file("src/cpp/vm/a.cc"), cc_file("src/cpp/ir/c.h")])
    assert graph.members("src/cpp/vm:vm") == ("src/cpp/vm/a.cc", "src/cpp/vm/b.h")
    assert graph.members("src/cpp/none:none") == ()


def test_generated_headers_join_the_graph() -> None:
    graph = IncludeGraph([cc_file("src/cpp/a.cc", '"made.h"'), cc_file("src/cpp/b.h")])
    whole = graph.with_files([cc_file("src/cpp/made.h", '"b.h"')])
    assert graph.closure("src/cpp/a.cc").unresolved == {"made.h"}
    assert reached(whole, "src/cpp/a.cc") == ["b.h", "made.h"]


def test_graphs_of_the_same_files_are_equal_in_whatever_order_they_came() -> None:
    files = [cc_file("src/cpp/a.cc", '"b.h"'), cc_file("src/cpp/b.h")]
    assert IncludeGraph(files) == IncludeGraph(reversed(files))
    assert hash(IncludeGraph(files)) == hash(IncludeGraph(reversed(files)))
    assert IncludeGraph(files) != IncludeGraph(files[:1])
