"""Tests of the libraries in an installed tree."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.project.tree import InstalledLibrary, InstalledTree
from spokeshave_pants.errors import InvalidTargetError

LINUX = Platform.parse("manylinux_2_17_x86_64")
MACOS = Platform.parse("macosx_11_0_arm64")
WINDOWS = Platform.parse("win_amd64")


def shared(name: str, path: str) -> InstalledLibrary:
    return InstalledLibrary(name, path, is_shared=True)


def static(name: str, path: str) -> InstalledLibrary:
    return InstalledLibrary(name, path, is_shared=False)


def test_the_name_without_version_is_linked_on_linux() -> None:
    files = ["include/x.h", "lib/libx.so.1.1.9", "lib/libx.so", "lib/libx.so.1", "lib/libx.a", "lib64/liby.a"]
    tree = InstalledTree.of(files, LINUX)
    assert tree.libraries == (shared("x", "lib/libx.so"), static("y", "lib64/liby.a"))
    assert tree.shared == ("lib/libx.so", "lib/libx.so.1", "lib/libx.so.1.1.9")


def test_versions_are_before_the_ending_on_macos() -> None:
    tree = InstalledTree.of(["lib/libx.1.1.9.dylib", "lib/libx.1.dylib", "lib/libx.dylib", "lib/liby.a"], MACOS)
    assert tree.libraries == (shared("x", "lib/libx.dylib"), static("y", "lib/liby.a"))
    assert len(tree.shared) == 3


def test_import_libraries_are_linked_on_windows() -> None:
    tree = InstalledTree.of(["bin/libx.dll", "lib/libx.dll.a", "lib/liby.a", "lib/z.lib"], WINDOWS)
    assert tree.libraries == (shared("x", "lib/libx.dll.a"), static("y", "lib/liby.a"), static("z", "lib/z.lib"))
    assert tree.shared == ("bin/libx.dll",)


def test_chosen_libraries_have_the_order_of_the_field() -> None:
    tree = InstalledTree.of(["lib/liba.a", "lib/libb.a"], LINUX)
    assert [library.name for library in tree.chosen(["b", "a"], "//:p")] == ["b", "a"]
    assert [library.name for library in tree.chosen(None, "//:p")] == ["a", "b"]
    assert tree.chosen([], "//:p") == ()


def test_a_library_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(InvalidTargetError, match=r"//:p lists c in `libraries`.*It installs: a, b"):
        InstalledTree.of(["lib/liba.a", "lib/libb.a"], LINUX).chosen(["c", "a"], "//:p")
