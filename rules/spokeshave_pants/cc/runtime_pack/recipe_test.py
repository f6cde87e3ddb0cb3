"""Tests of the first link of a runtime pack."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.runtime_pack.recipe import (
    RuntimePackRecipe,
    dispatch_library,
    first_link_argv,
    make_argv,
    own_sources,
)


def test_the_tool_gets_the_format_and_zigs_command() -> None:
    windows = Platform.parse("win_amd64")
    arguments = make_argv("zig", windows)
    split = arguments.index("--")
    assert arguments[:3] == ("make", "--format", "PE")
    assert arguments[:split][-2:] == ("--zig", "zig")
    link = first_link_argv("zig", windows)
    assert arguments[split + 1 :] == ("__confine/confine", "__toolchain", "--", *link)


def test_the_recipe_is_what_the_tool_wrote() -> None:
    archives = '{"libc++.a": ["000-one.o", "001-two.o"]}'
    text = f'{{"flags": ["-shared"], "libraries": ["__pack/libc++.a", "-lSystem"], "archives": {archives}}}'
    parsed = RuntimePackRecipe.parse(text)
    assert (parsed.flags, parsed.libraries) == (("-shared",), ("__pack/libc++.a", "-lSystem"))
    assert parsed.archives == (("libc++.a", ("000-one.o", "001-two.o")),)


def test_a_windows_pack_has_common_import_libraries() -> None:
    windows, linux = (Platform.parse(tag) for tag in ("win_amd64", "manylinux_2_17_x86_64"))
    assert "-lws2_32" in first_link_argv("zig", windows)
    assert "-lws2_32" not in first_link_argv("zig", linux)


@pytest.mark.parametrize(
    ("tag", "sources"),
    [
        ("manylinux_2_17_ppc64le", ("ieee128.c",)),
        ("manylinux_2_34_ppc64le", ()),
        ("manylinux_2_17_x86_64", ()),
        ("musllinux_1_2_ppc64le", ()),
    ],
)
def test_a_ppc64le_pack_has_functions_missing_in_old_glibc(tag: str, sources: tuple[str, ...]) -> None:
    platform = Platform.parse(tag)
    assert own_sources(platform) == sources
    assert set(sources) <= set(first_link_argv("zig", platform))


@pytest.mark.parametrize(
    ("tag", "archive"),
    [
        ("manylinux_2_17_x86_64", "libclang_rt.builtins-x86_64.a"),
        ("musllinux_1_2_x86_64", "libclang_rt.builtins-x86_64.a"),
        ("macosx_10_13_x86_64", "libclang_rt.builtins-x86_64.a"),
        ("win_amd64", "libclang_rt.builtins-x86_64.a"),
        ("manylinux_2_17_aarch64", "libclang_rt.builtins-aarch64.a"),
        ("musllinux_1_2_aarch64", "libclang_rt.builtins-aarch64.a"),
        ("macosx_11_0_arm64", "libclang_rt.builtins-aarch64.a"),
        ("win_arm64", "libclang_rt.builtins-aarch64.a"),
        # clang supports run-time dispatch on those two only.
        ("manylinux_2_17_s390x", None),
        ("manylinux_2_17_armv7l", None),
    ],
)
def test_two_processors_have_a_library_for_run_time_dispatch(tag: str, archive: str | None) -> None:
    library = dispatch_library(Platform.parse(tag))
    assert (library.archive if library else None) == archive
