"""Tests of the table of CPython's releases."""

from __future__ import annotations

from spokeshave_core.cpython_releases import DEBIAN_SUITES, MAINTAINED, RELEASES, WINDOWS_EMULATION


def test_releases_are_listed_without_a_gap() -> None:
    minors = [release.minor for release in RELEASES]
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_maintained_releases_are_the_newest() -> None:
    texts = [str(release.version) for release in RELEASES]
    assert MAINTAINED
    assert tuple(texts[-len(MAINTAINED) :]) == MAINTAINED


def test_releases_are_selected_by_what_provides_them() -> None:
    assert DEBIAN_SUITES["3.13"] == "trixie"
    assert "3.12" not in DEBIAN_SUITES
    assert WINDOWS_EMULATION[:5] == ("3.10", "3.11", "3.12", "3.13", "3.13t")
