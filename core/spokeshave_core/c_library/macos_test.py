"""Tests of what macOS lacks before some release."""

from __future__ import annotations

from spokeshave_core.c_library.macos import ADDED, added_in, newer_functions, release_text


def test_all_functions_are_newer_than_the_oldest_macos() -> None:
    assert [name for name, since in ADDED.items() if since <= (10, 13)] == []


def test_a_variant_came_with_its_function() -> None:
    assert [added_in(name) for name in ("fdscandir$INODE64", "fdscandir", "scandir")] == [(26, 4), (26, 4), None]


def test_an_older_macos_lacks_more() -> None:
    assert newer_functions((26, 4)) < newer_functions((11, 0)) < newer_functions((10, 13))
    assert ("preadv" in newer_functions((10, 15)), "preadv" in newer_functions((11, 0))) == (True, False)


def test_a_release_is_written_as_apple_does() -> None:
    assert [release_text(version) for version in ((10, 13, 4), (10, 15), (13, 0), (26, 4))] == [
        "10.13.4",
        "10.15",
        "13",
        "26.4",
    ]
