"""Tests of version modules in the source tree."""

from __future__ import annotations

from spokeshave_pants.wheel.codegen.version_text import version_module_text


def test_a_version_module_has_both_names() -> None:
    names: dict[str, object] = {}
    exec(version_module_text("1.0.dev0+unstamped"), names)
    assert (names["__version__"], names["version"]) == ("1.0.dev0+unstamped", "1.0.dev0+unstamped")


def test_a_version_module_has_the_names_of_a_stamped_one() -> None:
    names: dict[str, object] = {}
    exec(version_module_text("1.0.dev0+unstamped"), names)
    assert (names["channel"], names["commit"], names["revisions"]) == (None, None, {})
