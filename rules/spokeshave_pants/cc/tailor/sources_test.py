"""Tests of the `cc_sources` that `tailor` proposes."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.includes.scan import parse_includes
from spokeshave_pants.cc.tailor.names import TakenNames, address_spec, written_address
from spokeshave_pants.cc.tailor.sources import (
    CcSourcesProposal,
    CcText,
    CcTree,
    common_depth,
    propose_cc_sources,
    propose_like_pants,
)


def file(path: str, text: str = "", *modules: str) -> CcText:
    return CcText(path, parse_includes(text), modules)


def propose(*files: CcText, others: tuple[str, ...] = (), **tree: object) -> tuple[CcSourcesProposal, ...]:
    paths = {*others, *(file.path for file in files)}
    roots = tree.pop("roots", {})
    taken = tree.pop("taken", ())
    return propose_cc_sources(files, CcTree(paths, roots, **tree), TakenNames(taken))  # type: ignore[arg-type]


def test_the_files_of_a_folder_are_one_target() -> None:
    assert propose(file("a/x/x.c"), file("a/x/x.h"), file("b/y.cc")) == (
        CcSourcesProposal(folder="a/x", name="x", files=("x.c", "x.h")),
        CcSourcesProposal(folder="b", name="b", files=("y.cc",)),
    )


def test_a_folder_with_python_files_gets_another_name() -> None:
    (proposal,) = propose(file("pkg/x.c"), python_folders={"pkg"})
    assert proposal.name == "cc"


def test_the_root_folder_has_no_default_name() -> None:
    (proposal,) = propose(file("x.c"))
    assert (proposal.folder, proposal.name) == ("", "cc")


def test_a_taken_name_is_not_used_again() -> None:
    (proposal,) = propose(file("x/x.c"), taken=[("x", "x")])
    assert proposal.name == "cc"
    (proposal,) = propose(file("x/x.c"), taken=[("x", "x"), ("x", "cc"), ("x", "cc0")])
    assert proposal.name == "cc1"


def test_each_extension_source_of_several_is_a_target() -> None:
    assert propose(file("p/a.c", "", "_a"), file("p/b.c", "", "_b"), file("p/util.c"), file("p/util.h")) == (
        CcSourcesProposal(folder="p", name="p", files=("util.c", "util.h"), sources=("*.h", "*.c", "!a.c", "!b.c")),
        CcSourcesProposal(folder="p", name="_a_source", files=("a.c",), sources=("a.c",)),
        CcSourcesProposal(folder="p", name="_b_source", files=("b.c",), sources=("b.c",)),
    )


def test_alternative_sources_of_one_module_are_one_target() -> None:
    (proposal,) = propose(file("p/posix.c", "", "_a"), file("p/windows.c", "", "_a"))
    assert proposal.sources == ()


def test_the_names_of_pants_own_proposals_are_known() -> None:
    files = [file("x.c"), file("a/a.c", "", "_a"), file("a/b.c", "", "_b"), file("a/c.inl"), file("b/b.c")]
    found = propose_like_pants(files, TakenNames([("b", "b")]))
    assert [(each.folder, each.name, each.files) for each in found] == [
        ("", "root", ("x.c",)),
        ("a", "a", ("a.c", "b.c")),
        ("b", "b0", ("b.c",)),
    ]


def test_sources_are_listed_if_the_default_misses_some() -> None:
    (proposal,) = propose(file("p/a.c"), file("p/a.inl"), file("p/fast.S"))
    assert proposal.sources == ("*.c", "*.S", "*.inl")


def test_other_text_alone_is_not_a_target() -> None:
    assert propose(file("web/head.inc"), file("lib/exports.def")) == ()


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        ('#include "foo/a.h"', ("../include",)),
        ("#include <foo/a.h>", ("../include",)),
        ('#include "../include/foo/a.h"', ()),
        ('#include "near.h"', ()),
        ('#include "lib/src/near.h"', ()),
        ('#include "root/b.h"', ("..",)),
        ("#include <stdio.h>", ()),
        ('#include "twice.h"', ()),
        ('#include "missing.h"', ()),
        ("#if __has_include(<foo/a.h>)", ()),
    ],
)
def test_an_include_root_is_set_if_an_include_needs_it(include: str, expected: tuple[str, ...]) -> None:
    others = ("lib/include/foo/a.h", "lib/root/b.h", "x/stdio.h", "x/twice.h", "y/twice.h")
    *_, proposal = propose(file("lib/src/near.h"), file("lib/src/s.c", include), others=others)
    assert proposal.include_roots == expected


def test_the_source_root_is_always_searched() -> None:
    files = (file("src/lib/s.c", '#include "lib/a.h"'), file("src/lib/a.h"))
    assert propose(*files, roots={"src/lib": "src"})[0].include_roots == ()
    assert propose(*files)[0].include_roots == ("..",)


def test_the_nearest_of_several_headers_counts() -> None:
    (proposal,) = propose(file("one/src/s.c", '#include "v/a.h"'), others=("one/include/v/a.h", "two/include/v/a.h"))
    assert proposal.include_roots == ("../include",)


def test_common_depth_counts_folders() -> None:
    assert common_depth("a/b/c.h", "a/b/d.h") == 2
    assert common_depth("a/b/c.h", "a/d.h") == 1
    assert common_depth("a.h", "b/a.h") == 0


def test_addresses_are_written_as_short_as_possible() -> None:
    assert written_address(address_spec("a/b", "b"), "a") == "a/b"
    assert written_address(address_spec("a/b", "c"), "a") == "a/b:c"
    assert written_address(address_spec("a/b", "b"), "a/b") == ":b"
    assert written_address(address_spec("", "c"), "a") == "//:c"
    assert written_address(address_spec("", "c"), "") == ":c"
