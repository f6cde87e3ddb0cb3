"""Tests of the glibc version of each function."""

from __future__ import annotations

from spokeshave_pants.cc.link.glibc_symbols import first_versions

# Two libraries, three versions, two targets; then functions, some of them in several versions and libraries.
LIST = (
    b"\x02c\0m\0"
    b"\x03\x02\x02\x05\x02\x11\x00\x02\x19\x00"
    b"\x02aarch64-linux-gnu\0x86_64-linux-gnu\0"
    b"\x05\x00"
    b"getrandom\0\x03\x80\x82"
    b"memcpy\0\x02\x80\x00\x82"
    b"strlen\0\x01\x00\x81\x02\x80\x80"
    b"fexp10\0\x81\x00\x81\x81"
    b"\x00\x00"
)


def test_each_function_has_the_first_version_of_its_target() -> None:
    assert first_versions(LIST, "x86_64-linux-gnu") == {"getrandom": (2, 25), "memcpy": (2, 2), "strlen": (2, 2)}
    assert first_versions(LIST, "aarch64-linux-gnu") == {"getrandom": (2, 25), "strlen": (2, 17), "fexp10": (2, 17)}


def test_an_unknown_target_has_no_functions() -> None:
    assert first_versions(LIST, "mips-linux-gnu") == {}


def test_no_list_has_no_functions() -> None:
    assert first_versions(b"", "x86_64-linux-gnu") == {}
