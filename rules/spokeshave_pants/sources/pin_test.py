"""Tests of the requirements file of a source distribution."""

from __future__ import annotations

import pytest

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.sources.paths import is_inside
from spokeshave_pants.sources.pin import SdistPin

_A = "a" * 64
_B = "b" * 64


def test_all_hashes_of_the_one_entry_are_read() -> None:
    text = f"# comment\nMarkupSafe==3.0.4 ; python_version > '3.8' \\\n  --hash=sha256:{_A} \\\n  --hash=sha256:{_B}\n"
    assert SdistPin.parse(text.encode(), "//a:b") == SdistPin("MarkupSafe==3.0.4", (_A, _B))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it pins nothing"),
        (f"a==1 --hash=sha256:{_A}\nb==1 --hash=sha256:{_B}\n", "it pins a, b. A source tree is one"),
        (f"a>=1 --hash=sha256:{_A}\n", "is not pinned to one version"),
        ("a==1\n", "is not pinned to one version"),
        ("a==1 --hash=sha512:00\n", "has no sha256"),
        (f"./a.tar.gz --hash=sha256:{_A}\n", "is a file or an address without a name"),
    ],
)
def test_other_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidTargetError) as caught:
        SdistPin.parse(text.encode(), "//a:b")
    assert str(caught.value).startswith("//a:b: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(("path", "expected"), [("a/b", True), ("a/../b", True), ("../a", False), ("/a", False)])
def test_paths_inside_a_tree_are_known(path: str, expected: bool) -> None:
    assert is_inside(path) is expected
