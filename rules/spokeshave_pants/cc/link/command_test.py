"""Tests of the command line of a link."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.cc.link.command import (
    LinkSettings,
    exports_script,
    extracted_archives,
    import_library,
    link_argv,
)

LINUX, MACOS, WINDOWS = (Platform.parse(tag) for tag in ("manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64"))
PACK_FLAGS = ("-shared", "--gc-sections")
PACK_LIBRARIES = ("--as-needed", "__pack/libc.so.6")


def arguments(
    settings: LinkSettings,
    objects: tuple[str, ...] = ("b.o", "a.o"),
    shared: tuple[str, ...] = (),
    platform: Platform = LINUX,
) -> list[str]:
    return list(link_argv(platform, objects, shared, settings, PACK_FLAGS, PACK_LIBRARIES))


def test_the_runtime_packs_line_is_put_around_the_objects() -> None:
    given = arguments(LinkSettings(output="libx.so"))
    assert given == [
        *("__toolchain/zig", "ld.lld", "-shared", "--gc-sections", "-o", "libx.so", "--no-undefined"),
        *("--print-archive-stats=__archives.tsv", "a.o", "b.o", "--as-needed", "__pack/libc.so.6"),
    ]


def test_objects_and_libraries_are_linked_in_sorted_order() -> None:
    settings = LinkSettings(output="libx.so")
    one = arguments(settings, ("a.o", "b.o", "c.o"), ("libp.so", "libq.so"))
    assert one == arguments(settings, ("c.o", "a.o", "b.o"), ("libq.so", "libp.so"))


def test_a_library_has_a_soname_and_an_extension_has_none() -> None:
    assert "-soname" not in arguments(LinkSettings(output="pkg/_native.abi3.so"))
    given = arguments(LinkSettings(output="libx.so", install_name="libx.so"))
    assert given[given.index("-soname") + 1] == "libx.so"


def test_undefined_symbols_are_errors_for_libraries_only() -> None:
    extension, library = (arguments(LinkSettings(output="x.so", allow_undefined=allow)) for allow in (True, False))
    assert "--no-undefined" in extension
    assert "--warn-unresolved-symbols" in extension
    assert "--no-undefined" in library
    assert "--warn-unresolved-symbols" not in library


def test_only_exports_are_visible() -> None:
    given = arguments(LinkSettings(output="x.so", exports=("PyInit_*",)))
    assert given[given.index("--version-script") + 1] == "__exports.map"
    assert exports_script(("PyInit_*", "extra")) == "{ global: PyInit_*; extra; local: *; };\n"


def test_user_flags_follow_the_packs_and_precede_objects() -> None:
    given = arguments(LinkSettings(output="x.so", flags=("--wrap=malloc",)))
    assert given.index("--gc-sections") < given.index("--wrap=malloc") < given.index("a.o")


def test_macos_install_name_does_not_contain_the_output_path() -> None:
    given = arguments(LinkSettings(output="pkg/_native.abi3.so", allow_undefined=True), platform=MACOS)
    assert "-Wl,-install_name,@rpath/_native.abi3.so" in given
    assert "-Wl,-undefined,dynamic_lookup" in given
    library = arguments(LinkSettings(output="libx.dylib", install_name="libx.dylib"), platform=MACOS)
    assert "-Wl,-install_name,@rpath/libx.dylib" in library
    assert "-Wl,-undefined,dynamic_lookup" not in library


def test_windows_libraries_have_an_import_library() -> None:
    given = arguments(LinkSettings(output="core.dll", install_name="core.dll"), platform=WINDOWS)
    assert "-OUT:core.dll" in given
    assert f"-IMPLIB:{import_library('core.dll')}" in given
    assert import_library("pkg/_native.cp312-win_amd64.pyd") == "pkg/_native.cp312-win_amd64.lib"


@pytest.mark.parametrize(("platform", "release"), [(LINUX, True), (MACOS, True)])
def test_only_release_builds_are_stripped(platform: Platform, release: bool) -> None:
    stripped = [
        "-s" in link_argv(platform, ("a.o",), (), LinkSettings("x"), ("-s", "-shared"), PACK_LIBRARIES, build_type)
        for build_type in BuildType
    ]
    assert stripped == [release, False]


def test_only_archives_with_extracted_members_are_in_the_file() -> None:
    statistics = "members\textracted\tarchive\n18\t13\t__pack/libc++abi.a\n54\t0\t__pack/libc++.a\n"
    assert extracted_archives(statistics) == {"libc++abi.a"}
    assert extracted_archives("members\textracted\tarchive\n") == frozenset()
