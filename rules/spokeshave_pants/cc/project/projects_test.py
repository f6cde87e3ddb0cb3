"""Tests of what is known of a project before it is built."""

from __future__ import annotations

import pytest
from pants.engine.addresses import Address

from spokeshave_pants.cc.project.projects import ProjectHeaders


def may_be_read(spellings: tuple[str, ...] | None, *includes: str, is_open: bool = False) -> bool:
    headers = ProjectHeaders(address=Address("a"), name="a", include_dirs=("include",), spellings=spellings)
    return headers.may_be_read(frozenset(includes), is_open=is_open)


@pytest.mark.parametrize(
    ("spellings", "reason"),
    [
        (("lzma/*.h", "lzma.h"), "its field `headers` names lzma/*.h, lzma.h, which the source does not include."),
        (None, "the source includes headers of C, C++ and Python only."),
    ],
)
def test_a_message_says_why_headers_are_not_inputs(spellings: tuple[str, ...] | None, reason: str) -> None:
    headers = ProjectHeaders(address=Address("a"), name="a", include_dirs=("include",), spellings=spellings)
    assert headers.scope.endswith(reason)


@pytest.mark.parametrize(
    ("includes", "expected"),
    [
        (("stdio.h", "cstdint", "vector", "Python.h"), False),
        (("stdio.h", "lzma.h"), True),
        (("sys/mman.h",), True),
        ((), False),
    ],
)
def test_a_source_of_standard_headers_reads_no_project(includes: tuple[str, ...], expected: bool) -> None:
    assert may_be_read(None, *includes) is expected


def test_a_macro_of_the_command_line_may_be_any_header() -> None:
    assert may_be_read(None, "stdio.h", is_open=True)


def test_known_headers_are_matched_as_globs() -> None:
    assert may_be_read(("lzma/*.h",), "lzma/base.h")
    assert not may_be_read(("lzma/*.h",), "other.h")
