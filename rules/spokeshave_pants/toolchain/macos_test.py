"""Tests of the libSystem that programs are linked with."""

from __future__ import annotations

import pytest

from spokeshave_pants.toolchain.macos import without_newer_functions

# The form of the list in zig 0.17.0, shortened.
STUB = """\
exports:
  - targets:         [ x86_64-macos, arm64e-macos ]
    symbols:         [ '$ld$hide$os10.4$_preadv', '_fdscandir$INODE64', ___pipe2, _pipe, _pipe2,
                       _preadv, '_preadv$NOCANCEL', _strchr, _strchrnul ]
"""


@pytest.mark.parametrize(
    ("floor", "left"),
    [
        ((10, 13), {"$ld$hide$os10.4$_preadv", "___pipe2", "_pipe", "_strchr"}),
        ((11, 0), {"$ld$hide$os10.4$_preadv", "___pipe2", "_pipe", "_preadv", "_preadv$NOCANCEL", "_strchr"}),
        ((27, 0), set("$ld$hide$os10.4$_preadv _fdscandir$INODE64 ___pipe2 _pipe _pipe2 _preadv _strchr".split())),
    ],
)
def test_functions_of_a_newer_macos_are_not_listed(floor: tuple[int, int], left: set[str]) -> None:
    changed = without_newer_functions(STUB, floor)
    symbols = changed.partition("symbols:")[2].strip().strip("[]").replace("'", "").replace("\n", "").split(",")
    listed = {symbol.strip() for symbol in symbols}
    assert len(listed) == 9
    assert left <= {symbol for symbol in listed if "newer_than" not in symbol}
    assert ("_pipe2" in listed, "_strchrnul" in listed) == (floor >= (27, 0), floor >= (27, 0))
