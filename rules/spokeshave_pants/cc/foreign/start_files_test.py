"""Tests of the start files that zig's log of a link names."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.foreign.start_files import StartFilesError, start_files

PLATFORM = Platform.parse("manylinux_2_17_x86_64")


def test_the_last_link_names_the_start_files() -> None:
    log = "InstalledDir: /home/o'brien\nld.lld -o a x/crt1.o\nld.lld -o program z/Scrt1.o z/crti.o program.o -lc\n"
    assert start_files(log, PLATFORM) == ("z/Scrt1.o", "z/crti.o")


@pytest.mark.parametrize("log", ["", "ld.lld -o program program.o\n", "ld.lld 'z/crt1.o\n"])
def test_a_log_of_another_form_is_refused(log: str) -> None:
    with pytest.raises(StartFilesError, match="names no start file"):
        start_files(log, PLATFORM)
