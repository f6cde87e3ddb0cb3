"""The command line of a link."""

from __future__ import annotations

from spokeshave_pants.cc.link_command import LinkSettings, exports_script, link_argv

PACK_FLAGS = ("-shared", "--gc-sections")
PACK_LIBRARIES = ("--as-needed", "__pack/libc.so.6")


def arguments(
    settings: LinkSettings, objects: tuple[str, ...] = ("b.o", "a.o"), shared: tuple[str, ...] = ()
) -> list[str]:
    return list(link_argv(objects, shared, settings, PACK_FLAGS, PACK_LIBRARIES))


def test_the_runtime_packs_line_is_put_around_the_objects() -> None:
    given = arguments(LinkSettings(output="libx.so"))
    assert given == [
        *("__toolchain/zig", "ld.lld", "-shared", "--gc-sections", "-o", "libx.so", "--no-undefined"),
        *("a.o", "b.o", "--as-needed", "__pack/libc.so.6"),
    ]


def test_objects_and_libraries_are_linked_in_one_order_whatever_order_they_came_in() -> None:
    settings = LinkSettings(output="libx.so")
    one = arguments(settings, ("a.o", "b.o", "c.o"), ("libp.so", "libq.so"))
    assert one == arguments(settings, ("c.o", "a.o", "b.o"), ("libq.so", "libp.so"))


def test_a_library_has_a_soname_and_an_extension_has_none() -> None:
    assert "-soname" not in arguments(LinkSettings(output="pkg/_native.abi3.so"))
    given = arguments(LinkSettings(output="libx.so", soname="libx.so"))
    assert given[given.index("-soname") + 1] == "libx.so"


def test_what_stays_undefined_is_told_for_an_extension_and_is_an_error_for_a_library() -> None:
    extension, library = (arguments(LinkSettings(output="x.so", allow_undefined=allow)) for allow in (True, False))
    assert "--no-undefined" in extension and "--warn-unresolved-symbols" in extension
    assert "--no-undefined" in library and "--warn-unresolved-symbols" not in library


def test_exports_are_the_only_symbols_left_visible() -> None:
    given = arguments(LinkSettings(output="x.so", exports=("PyInit_*",)))
    assert given[given.index("--version-script") + 1] == "__exports.map"
    assert exports_script(("PyInit_*", "extra")) == "{ global: PyInit_*; extra; local: *; };\n"


def test_the_users_flags_come_after_the_packs_and_before_the_objects() -> None:
    given = arguments(LinkSettings(output="x.so", flags=("--wrap=malloc",)))
    assert given.index("--gc-sections") < given.index("--wrap=malloc") < given.index("a.o")
