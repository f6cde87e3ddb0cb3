"""Tests of what the musl of musllinux_1_2 lacks."""

from __future__ import annotations

from spokeshave_core.c_library.musl import ADDED, FLOOR, release_text


def test_all_functions_are_newer_than_the_oldest_musl() -> None:
    assert [name for name, since in ADDED.items() if since <= FLOOR] == []


def test_a_release_is_written_as_musl_does() -> None:
    assert release_text((1, 2, 10)) == "1.2.10"
