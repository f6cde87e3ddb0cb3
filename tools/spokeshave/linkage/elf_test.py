from __future__ import annotations

import pytest

from spokeshave.linkage.elf import newest_versions
from spokeshave.linkage.search_path import search_path_fault


@pytest.mark.parametrize(
    ("entry", "file", "fault"),
    [
        ("$ORIGIN", "a/b.so", None),
        ("${ORIGIN}/../a.libs", "a/b.so", None),
        ("$ORIGIN/..", "a/b.so", None),
        ("$ORIGIN/..", "b.so", "leads outside the wheel"),
        ("${ORIGIN}/../..", "a/b.so", "leads outside the wheel"),
        ("$ORIGINAL/lib", "a/b.so", "depends on the current directory"),
        ("", "a/b.so", "is empty, which means the current directory"),
        ("/usr/lib", "a/b.so", "is absolute"),
        ("$ORIGIN/..", "x-1.data/platlib/b.so", "leads outside the wheel"),
        ("$ORIGIN/..", "x-1.data/platlib/a/b.so", None),
        ("$ORIGIN/../lib", "x-1.data/scripts/tool", None),
    ],
)
def test_search_path_entries_stay_inside_the_wheel(entry: str, file: str, fault: str | None) -> None:
    assert search_path_fault(entry, file) == fault


def test_the_newest_version_of_each_kind_is_by_number() -> None:
    versions = ["GLIBC_2.9", "GLIBC_2.14", "GLIBCXX_3.4.9", "GLIBCXX_3.4.11", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR"]
    assert newest_versions(versions) == {"GLIBC": "2.14", "GLIBCXX": "3.4.11"}
