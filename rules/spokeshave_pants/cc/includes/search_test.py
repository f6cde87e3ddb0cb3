"""Tests of the file that an include refers to, and of everything that a file reaches."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from spokeshave_pants.cc.includes.scan import CcFile, scan_flags, scan_text
from spokeshave_pants.cc.includes.search import CcView, IncludeClosure, IncludeGraph, Stranger
from spokeshave_pants.errors import InvalidTargetError

ROOT = "src/cpp"


def cc_file(
    path: str,
    *includes: str,
    owner: str | None = None,
    roots: tuple[str, ...] = (ROOT,),
) -> CcFile:
    """Return a file with some includes, written with brackets or quotes, or as a whole line.

    Its target is named after its directory.
    """
    directory = path.rpartition("/")[0]
    lines = (include if include.startswith(("#", ".")) else f"#include {include}" for include in includes)
    scan = scan_text("\n".join(lines))
    owner = owner or f"{directory}:{directory.rpartition('/')[2]}"
    return CcFile(path=path, owner=owner, include_roots=roots, scan=scan)


def closure(graph: IncludeGraph, path: str, *flags: str, views: Mapping[str, CcView] | None = None) -> IncludeClosure:
    return graph.closure(path, views or {}, scan_flags(flags))


def lists(graph: IncludeGraph, *owners: str, files: tuple[CcFile, ...] = ()) -> CcView:
    """Return the view of a target that lists others."""
    roots = [root for file in files for root in file.include_roots]
    roots += [root for owner in owners for root in graph.roots(owner)]
    return CcView(roots=tuple(dict.fromkeys(roots)), owners=owners, files=files)


def reached(graph: IncludeGraph, path: str) -> list[str]:
    return [header.replace(f"{ROOT}/", "") for header in closure(graph, path).headers]


# Reached files.


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
    assert closure(graph, "src/cpp/vm/run.cc").unresolved == {"vector"}


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


def test_a_source_that_includes_itself_is_not_its_own_header() -> None:
    graph = IncludeGraph([cc_file("src/cpp/table.cc", '"table.cc"')])
    assert reached(graph, "src/cpp/table.cc") == []


def test_quotes_search_the_including_files_folder_first() -> None:
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
    found = closure(graph, "src/cpp/vm/run.cc")
    assert found.headers == ()
    assert found.unresolved == {"math.h"}


def test_an_angled_header_of_another_target_is_found() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", "<lz4.h>"),
            cc_file("vendor/lz4/include/lz4.h", roots=("vendor/lz4/include", "vendor")),
        ]
    )
    found = closure(graph, "src/cpp/vm/run.cc")
    assert found.headers == ("vendor/lz4/include/lz4.h",)
    assert not found.unresolved
    assert found.include_roots == (ROOT, "vendor/lz4/include")


def test_a_bare_angled_header_of_several_projects_is_not_taken() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", "<config.h>"),
            cc_file("one/config.h", roots=("one",)),
            cc_file("two/config.h", roots=("two",)),
        ]
    )
    assert closure(graph, "src/cpp/vm/run.cc").unresolved == {"config.h"}


@pytest.mark.parametrize("include", ["<math.h>", "<config.h>", '"config.h"'])
def test_of_several_headers_that_of_a_listed_dependency_is_meant(include: str) -> None:
    name = include[1:-1]
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", include),
            *(cc_file(f"{project}/{name}", roots=(project,)) for project in ("one", "two")),
        ]
    )
    view = lists(graph, "two:two")
    assert closure(graph, "src/cpp/vm/run.cc", views={"src/cpp/vm:vm": view}).headers == (f"two/{name}",)
    assert graph.included("src/cpp/vm/run.cc", view) == (f"two/{name}",)


def test_a_header_in_brackets_is_found_in_the_files_own_roots() -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/run.cc", "<graph.h>"), cc_file("src/cpp/graph.h")])
    assert reached(graph, "src/cpp/vm/run.cc") == ["graph.h"]


def test_another_targets_include_root_is_given_to_the_compiler() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/vm/run.cc", "<json/value.h>"),
            cc_file("3rdparty/json/include/json/value.h", '"json/kind.h"', roots=("3rdparty/json/include",)),
            cc_file("3rdparty/json/include/json/kind.h", roots=("3rdparty/json/include",)),
        ]
    )
    found = closure(graph, "src/cpp/vm/run.cc")
    assert found.headers == ("3rdparty/json/include/json/kind.h", "3rdparty/json/include/json/value.h")
    assert found.include_roots == ("src/cpp", "3rdparty/json/include")


def test_roots_that_find_nothing_are_not_given_to_the_compiler() -> None:
    graph = IncludeGraph([cc_file("src/cpp/a.cc"), cc_file("lib/b.h", roots=("lib",))])
    assert closure(graph, "src/cpp/a.cc").include_roots == ("src/cpp",)


def test_of_a_files_own_roots_the_first_wins() -> None:
    headers = [cc_file("zlib/config.h", roots=("zlib",)), cc_file("alib/config.h", roots=("alib",))]
    source = cc_file("src/a.cc", '"config.h"', roots=("zlib", "alib", "src"))
    assert closure(IncludeGraph([source, *headers]), "src/a.cc").headers == ("zlib/config.h",)


def test_the_sources_root_wins_over_that_of_an_included_header() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/a.cc", '"lib/use.h"', roots=("own", "src")),
            cc_file("own/config.h", roots=("own",)),
            cc_file("alib/lib/use.h", "<config.h>", roots=("alib",)),
            cc_file("alib/config.h", roots=("alib",)),
        ]
    )
    assert closure(graph, "src/a.cc").headers == ("alib/lib/use.h", "own/config.h")


def test_an_ambiguous_include_is_refused_with_all_candidates() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/a.cc", '"shared/x.h"', '"shared/y.h"'),
            *(cc_file(f"{root}/shared/{name}.h", roots=(root,)) for root in ("one", "two") for name in "xy"),
        ]
    )
    with pytest.raises(InvalidTargetError) as caught:
        closure(graph, "src/cpp/a.cc")
    first, second = str(caught.value).splitlines()
    assert "src/cpp/a.cc includes 'shared/x.h', which matches several files: one/shared/x.h, two/shared/x.h" in first
    assert "one/shared/y.h, two/shared/y.h" in second
    assert "include_root" in second


def test_one_spelling_with_two_meanings_is_refused() -> None:
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
        closure(graph, "src/a.cc")


@pytest.mark.parametrize("include", ['"/usr/include/x.h"', "</usr/include/x.h>", '"../../../../x.h"'])
def test_an_include_outside_the_repository_is_not_followed(include: str) -> None:
    """It may be in a branch that is never compiled. A compile of that branch does not find the file."""
    graph = IncludeGraph([cc_file("src/cpp/vm/a.cc", include)])
    assert closure(graph, "src/cpp/vm/a.cc").unresolved == {include[1:-1]}


@pytest.mark.parametrize(
    "line",
    [
        '#embed "/etc/passwd"',
        '#if __has_include("/etc/passwd")',
        "#if __has_include(</etc/passwd>)",
        '#if __has_embed("/etc/passwd")',
        '.incbin "/etc/passwd"',
        '#embed "../../../../passwd"',
        '#if __has_include("../../../../passwd")',
        '.incbin "../../../../passwd"',
    ],
)
def test_an_unreported_read_outside_the_repository_is_refused(line: str) -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/a.cc", line)])
    with pytest.raises(InvalidTargetError, match=r"src/cpp/vm/a\.cc .* '.*/passwd', which is outside"):
        closure(graph, "src/cpp/vm/a.cc")


def test_all_files_with_two_owners_are_refused_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        IncludeGraph(
            [cc_file(path, owner=owner) for path in ("src/cpp/a.cc", "src/cpp/b.h") for owner in ("src:one", "src:two")]
        )
    assert "src/cpp/a.cc is in src:one and src:two." in str(caught.value)
    assert "src/cpp/b.h is in src:one and src:two." in str(caught.value)


def test_an_include_is_found_from_the_build_root() -> None:
    graph = IncludeGraph([cc_file("a.cc", '"lib/b.h"', roots=("",)), cc_file("lib/b.h", roots=("",))])
    found = closure(graph, "a.cc")
    assert (found.headers, found.include_roots) == (("lib/b.h",), ("",))


def test_a_root_is_a_directory_and_not_the_beginning_of_a_name() -> None:
    graph = IncludeGraph([cc_file("src/a.cc", '"more/b.h"', roots=("src",)), cc_file("src-more/b.h", roots=("src",))])
    assert closure(graph, "src/a.cc").unresolved == {"more/b.h"}


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
    assert [source for source in sources if "src/cpp/deep.h" in closure(graph, source).headers] == ["src/cpp/a.cc"]


# Directly included files, and the files of a target.


def test_inference_takes_direct_unambiguous_includes() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/a.cc", '"a.h"', '"shared/x.h"', "<vector>"),
            cc_file("src/cpp/a.h", '"deep.h"'),
            cc_file("src/cpp/deep.h"),
            *(cc_file(f"{root}/shared/x.h", roots=(root,)) for root in ("one", "two")),
        ]
    )
    assert graph.included("src/cpp/a.cc", CcView()) == ("src/cpp/a.h",)


def test_a_target_owns_its_files() -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/b.h"), cc_file("src/cpp/vm/a.cc"), cc_file("src/cpp/ir/c.h")])
    assert graph.members("src/cpp/vm:vm") == ("src/cpp/vm/a.cc", "src/cpp/vm/b.h")
    assert graph.members("src/cpp/none:none") == ()


def test_graphs_of_the_same_files_are_equal_in_any_order() -> None:
    files = [cc_file("src/cpp/a.cc", '"b.h"'), cc_file("src/cpp/b.h")]
    assert IncludeGraph(files) == IncludeGraph(reversed(files))
    assert hash(IncludeGraph(files)) == hash(IncludeGraph(reversed(files)))
    assert IncludeGraph(files) != IncludeGraph(files[:1])


# Listed targets take precedence over strangers.


def test_a_generated_header_is_meant_before_another_projects() -> None:
    graph = IncludeGraph(
        [
            cc_file("gena/native.c", '"config.h"', roots=("gena",)),
            cc_file("genb/config.h", roots=("genb",)),
        ]
    )
    generated = cc_file("gena/config.h", '"more.h"', roots=("gena",), owner="gena:gena")
    found = closure(graph, "gena/native.c", views={"gena:gena": lists(graph, files=(generated,))})
    assert (found.headers, found.strangers) == (("gena/config.h",), ())
    assert found.owners == {"gena:gena"}


def test_a_generated_header_is_found_by_its_source_root() -> None:
    graph = IncludeGraph([cc_file("a/native.c", "<config.h>", roots=("a",)), cc_file("b/config.h", roots=("b",))])
    generated = cc_file("made/config.h", roots=("made",), owner="a:a")
    found = closure(graph, "a/native.c", views={"a:a": lists(graph, files=(generated,))})
    assert (found.headers, found.include_roots) == (("made/config.h",), ("a", "made"))


def test_a_header_is_resolved_by_its_own_targets_list() -> None:
    graph = IncludeGraph(
        [
            cc_file("app/a.c", '"lib/lib.h"', roots=("app",)),
            cc_file("lib/include/lib/lib.h", "<config.h>", owner="lib:lib", roots=("lib/include",)),
            cc_file("one/config.h", roots=("one",)),
            cc_file("two/config.h", roots=("two",)),
        ]
    )
    views = {"app:app": lists(graph, "lib:lib"), "lib:lib": lists(graph, "two:two")}
    found = closure(graph, "app/a.c", views=views)
    assert found.headers == ("lib/include/lib/lib.h", "two/config.h")
    assert found.owners == {"app:app", "lib:lib", "two:two"}


@pytest.mark.parametrize("include", ["<fmt/core.h>", '"fmt/core.h"', "<fmt.h>", '"fmt.h"'])
def test_a_listed_packages_header_comes_before_another_projects(include: str) -> None:
    name = include[1:-1]
    graph = IncludeGraph(
        [cc_file("app/a.cc", include, roots=("app",)), cc_file(f"vendor/{name}", owner="v:v", roots=("vendor",))]
    )
    view = CcView(package_headers=frozenset([name]))
    assert closure(graph, "app/a.cc", views={"app:app": view}).unresolved == {name}
    assert closure(graph, "app/a.cc").headers == (f"vendor/{name}",)


@pytest.mark.parametrize("name", ["sys/types.h", "linux/if.h", "net/if.h", "string.h", "Python.h", "netinet/in.h"])
@pytest.mark.parametrize("quoted", [True, False])
def test_the_platforms_header_comes_before_another_projects(name: str, quoted: bool) -> None:
    include = f'"{name}"' if quoted else f"<{name}>"
    files = [cc_file("app/a.c", include, roots=("app",)), cc_file(f"compat/{name}", owner="c:c", roots=("compat",))]
    graph = IncludeGraph(files)
    assert closure(graph, "app/a.c").unresolved == {name}
    assert closure(graph, "app/a.c", views={"app:app": lists(graph, "c:c")}).headers == (f"compat/{name}",)


def test_a_header_of_another_project_is_reported_with_its_target() -> None:
    graph = IncludeGraph(
        [cc_file("app/a.c", '"util.h"', "<util.h>", roots=("app",)), cc_file("lib/util.h", roots=("lib",))]
    )
    assert closure(graph, "app/a.c").strangers == (
        Stranger(includer="app:app", spelling="util.h", header="lib/util.h", owner="lib:lib"),
    )


def test_a_header_found_by_the_source_root_is_not_a_strangers() -> None:
    graph = IncludeGraph([cc_file("src/cpp/vm/run.cc", '"ir/graph.h"'), cc_file("src/cpp/ir/graph.h")])
    assert closure(graph, "src/cpp/vm/run.cc").strangers == ()


def test_a_target_that_is_excluded_is_not_taken() -> None:
    graph = IncludeGraph([cc_file("app/a.c", '"util.h"', roots=("app",)), cc_file("lib/util.h", roots=("lib",))])
    view = CcView(excluded=frozenset(["lib:lib"]))
    assert closure(graph, "app/a.c", views={"app:app": view}).unresolved == {"util.h"}


def test_a_listed_targets_header_does_not_hide_a_generated_one() -> None:
    """The roots of dependencies are searched in the order of the list, regardless of which is needed first."""
    graph = IncludeGraph(
        [
            cc_file("app/a.c", "<a.h>", '"config.h"', roots=("app",)),
            cc_file("y/inc/a.h", '"config.h"', owner="y:y", roots=("y/inc",)),
            cc_file("y/inc/config.h", owner="y:y", roots=("y/inc",)),
        ]
    )
    generated = cc_file("gen/config.h", roots=("gen",), owner="app:app")
    found = closure(graph, "app/a.c", views={"app:app": lists(graph, "y:y", files=(generated,))})
    assert found.headers == ("gen/config.h", "y/inc/a.h", "y/inc/config.h")
    assert found.include_roots == ("app", "gen", "y/inc")


# Text that is not an include, or not a literal one.


def test_a_tested_header_of_the_target_is_an_input() -> None:
    graph = IncludeGraph(
        [
            cc_file("src/cpp/a.c", '#if __has_include("feature.h")', "#if __has_include(<none.h>)"),
            cc_file("src/cpp/feature.h", '"deep.h"'),
            cc_file("src/cpp/deep.h"),
        ]
    )
    assert reached(graph, "src/cpp/a.c") == ["deep.h", "feature.h"]


def test_a_tested_header_is_never_another_projects() -> None:
    graph = IncludeGraph(
        [
            cc_file("app/a.c", "#if __has_include(<zstd.h>)", "<zstd.h>", "#endif", roots=("app",)),
            cc_file("vendor/zstd.h", roots=("vendor",)),
        ]
    )
    assert closure(graph, "app/a.c").headers == ()


def test_a_header_that_another_file_tests_for_is_optional_too() -> None:
    graph = IncludeGraph(
        [
            cc_file("app/a.c", '"cfg.h"', "#ifdef HAVE_S", '"s.h"', "#endif", roots=("app",)),
            cc_file("app/cfg.h", '#if __has_include("s.h")', "#define HAVE_S", "#endif", roots=("app",)),
            cc_file("lib/s.h", roots=("lib",)),
        ]
    )
    found = closure(graph, "app/a.c")
    assert (found.headers, found.strangers) == (("app/cfg.h",), ())


def test_include_next_goes_on_to_every_layer() -> None:
    graph = IncludeGraph(
        [
            cc_file("p/native.c", "<conf.h>", roots=("p/upper", "p/lower", "p")),
            cc_file("p/upper/conf.h", "#include_next <conf.h>", roots=("p/upper",)),
            cc_file("p/lower/conf.h", roots=("p/lower",)),
            cc_file("q/conf.h", roots=("q",)),
        ]
    )
    found = closure(graph, "p/native.c")
    assert found.headers == ("p/lower/conf.h", "p/upper/conf.h")
    assert found.include_roots == ("p/upper", "p/lower", "p")


def test_the_plugins_header_is_preferred_to_another_projects() -> None:
    graph = IncludeGraph(
        [
            cc_file("app/a.c", "<spokeshave/version.h>", roots=("app",)),
            cc_file("lib/spokeshave/version.h", roots=("lib",)),
        ]
    )
    found = closure(graph, "app/a.c")
    assert (found.headers, found.unresolved) == ((), frozenset(["spokeshave/version.h"]))


def test_include_next_of_a_system_header_is_the_systems() -> None:
    graph = IncludeGraph(
        [
            cc_file("p/native.c", "<stdio.h>", roots=("p/wrap", "p")),
            cc_file("p/wrap/stdio.h", "#include_next <stdio.h>", roots=("p/wrap",)),
            cc_file("q/stdio.h", roots=("q",)),
        ]
    )
    assert closure(graph, "p/native.c").headers == ("p/wrap/stdio.h",)


def test_dots_are_followed_from_an_include_root() -> None:
    graph = IncludeGraph(
        [
            cc_file("p/src/deep/native.c", "<a.h>", '"../b.h"', owner="p:p", roots=("p/inc/sub", "p")),
            cc_file("p/inc/sub/a.h", owner="p:p", roots=("p/inc/sub", "p")),
            cc_file("p/inc/b.h", owner="p:p", roots=("p/inc/sub", "p")),
        ]
    )
    found = closure(graph, "p/src/deep/native.c")
    assert (found.headers, found.directories) == (("p/inc/b.h", "p/inc/sub/a.h"), ("p/inc/sub",))


def test_directories_that_dots_pass_through_are_noted() -> None:
    graph = IncludeGraph([cc_file("p/a.c", '"x/y/../../b.h"', roots=("p",)), cc_file("p/b.h", roots=("p",))])
    assert closure(graph, "p/a.c").directories == ("p/x", "p/x/y")


def test_a_macro_that_names_headers_leads_to_each_of_them() -> None:
    graph = IncludeGraph(
        [
            cc_file("p/a.c", '"names.h"', "#include IMPL", roots=("p",)),
            cc_file("p/names.h", '#define IMPL "fast.h"', '#define IMPL "slow.h"', roots=("p",)),
            *(cc_file(f"p/{name}.h", roots=("p",)) for name in ("fast", "slow", "other")),
        ]
    )
    assert closure(graph, "p/a.c").headers == ("p/fast.h", "p/names.h", "p/slow.h")


def test_a_macro_of_the_command_line_names_a_header() -> None:
    graph = IncludeGraph(
        [cc_file("p/a.c", "#include IMPL", roots=("p",)), *(cc_file(f"p/{n}.h", roots=("p",)) for n in "xy")]
    )
    assert closure(graph, "p/a.c", '-DIMPL="x.h"').headers == ("p/x.h",)


def test_an_undefined_macro_may_mean_all_visible_headers() -> None:
    graph = IncludeGraph(
        [
            cc_file("p/a.c", "#include NAME(x)", roots=("p",)),
            cc_file("p/x.h", '"dup.h"', roots=("p",)),
            cc_file("listed/y.h", roots=("listed",)),
            cc_file("one/dup.h", roots=("one",)),
            cc_file("two/dup.h", roots=("two",)),
        ]
    )
    found = closure(graph, "p/a.c", views={"p:p": lists(graph, "listed:listed")})
    assert (found.headers, found.strangers) == (("listed/y.h", "p/x.h"), ())


def test_a_header_of_the_flags_is_found_from_the_build_root() -> None:
    graph = IncludeGraph(
        [cc_file("p/a.c", roots=("p",)), cc_file("p/config.h", '"more.h"', roots=("p",)), cc_file("p/more.h")]
    )
    for flags in (("-include", "p/config.h"), ("-include", "config.h")):
        assert closure(graph, "p/a.c", *flags).headers == ("p/config.h", "p/more.h")


def test_embedded_files_need_no_target() -> None:
    graph = IncludeGraph([cc_file("p/q/a.c", '#embed "data.bin"', '.incbin "p/data.bin"', roots=("p",))])
    found = closure(graph, "p/q/a.c")
    assert found.data == ("p/data.bin", "p/p/data.bin", "p/q/data.bin", "p/q/p/data.bin")
    assert (found.headers, found.unresolved) == ((), frozenset())


def test_an_assembler_file_includes_others() -> None:
    graph = IncludeGraph(
        [
            cc_file("p/a.S", '.include "macros.inc"', roots=("p",)),
            cc_file("p/macros.inc", '"p.h"', roots=("p",)),
            cc_file("p/p.h", roots=("p",)),
        ]
    )
    assert closure(graph, "p/a.S").headers == ("p/macros.inc", "p/p.h")


def test_a_root_that_hides_the_included_file_is_refused() -> None:
    """`<lib.h>` is in no dependency, and its root has a file that another include resolves differently."""
    graph = IncludeGraph(
        [
            cc_file("app/a.c", "<first.h>", "<second.h>", roots=("app",)),
            cc_file("one/first.h", '"dir/x.h"', roots=("one",)),
            cc_file("one/dir/x.h", '"../second.h"', owner="one:one", roots=("one",)),
            cc_file("one/second.h", roots=("one/none",)),
            cc_file("two/second.h", roots=("two",)),
        ]
    )
    with pytest.raises(InvalidTargetError, match=r"'second\.h'.*one/second\.h, two/second\.h"):
        closure(graph, "app/a.c")
