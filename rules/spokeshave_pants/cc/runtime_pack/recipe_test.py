"""Tests of the first link of a runtime pack."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.runtime_pack.recipe import (
    RuntimePackRecipe,
    builtins_library,
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
    ("tag", "present", "missing"),
    [
        ("manylinux_2_17_x86_64", "cpu_model.c", "clear_cache.c"),
        ("musllinux_1_2_x86_64", "complex_x87.c", "cpu_model_aarch64.c"),
        ("win_amd64", "bfloat16.c", "clear_cache.c"),
        ("macosx_11_0_arm64", "cpu_model_aarch64.c", "clear_cache.c"),
        ("win_arm64", "clear_cache.c", "complex_x87.c"),
        ("macosx_10_13_x86_64", "availability.c", "clear_cache.c"),
        ("macosx_10_15_x86_64", "complex_x87.c", "availability.c"),
        ("manylinux_2_17_s390x", "clear_cache.c", "bfloat16.c"),
        ("manylinux_2_17_ppc64le", "clear_cache.c", "locked_atomics.c"),
        ("manylinux_2_31_armv7l", "locked_atomics.c", "cpu_model_aarch64.c"),
        ("manylinux_2_31_riscv64", "bfloat16.c", "locked_atomics.c"),
    ],
)
def test_each_processor_has_what_zigs_runtime_lacks(tag: str, present: str, missing: str) -> None:
    platform = Platform.parse(tag)
    library = builtins_library(platform)
    assert library.archive == f"libclang_rt.builtins-{platform.processor}.a"
    assert present in library.sources
    assert missing not in library.sources
