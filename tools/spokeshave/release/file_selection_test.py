from __future__ import annotations

import pytest

from spokeshave.release.file_selection import SelectionError, known_globs, selected

LINUX = "abacus-1.0-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
WINDOWS = "abacus-1.0-cp312-cp312-win_amd64.whl"
PURE = "abacus_doc-1.0-py3-none-any.whl"
SDIST = "abacus-1.0.tar.gz"
NAMES = (LINUX, WINDOWS, PURE, SDIST)


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        ((), NAMES),
        (("manylinux_*",), (LINUX,)),
        (("manylinux2014_x86_64",), (LINUX,)),
        (("manylinux2014_x86_64.manylinux_2_17_x86_64",), (LINUX,)),
        (("win_*", "any"), (WINDOWS, PURE)),
        (("wheels",), (LINUX, WINDOWS, PURE)),
        (("sdists",), (SDIST,)),
        (("*",), (LINUX, WINDOWS, PURE)),
    ],
)
def test_a_glob_is_of_platforms_or_a_kind(globs: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert selected(NAMES, globs) == frozenset(expected)


def test_globs_without_a_file_are_listed_with_the_offer() -> None:
    with pytest.raises(SelectionError) as error:
        selected(NAMES, ["macosx_*", "win_*", "musllinux_*"])
    text = str(error.value)
    assert "'macosx_*' matches no file" in text
    assert "'musllinux_*' matches no file" in text
    assert "win_*" not in text
    assert "manylinux2014_x86_64 (1), manylinux_2_17_x86_64 (1), win_amd64 (1), sdists (1), any (1)" in text
    assert known_globs(NAMES, ["macosx_*", "win_*", "win_*"]) == ("win_*",)
