"""Tests of the command line of a compile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.cc.compile_command import (
    check_object_names,
    compile_argv,
    dependency_file,
    display_name,
    object_path,
)
from spokeshave_pants.cc.languages import is_c
from spokeshave_pants.cc.settings import CompileSettings
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.toolchain.zig import ZIG_ENVIRONMENT

PLATFORM = Platform.parse("manylinux_2_17_x86_64")
SETTINGS = CompileSettings(cxx_standard="c++20", c_standard="c17")


def arguments(
    source: str = "src/cpp/vm/run.cc", settings: CompileSettings = SETTINGS, platform: Platform = PLATFORM
) -> list[str]:
    return list(compile_argv(source, platform, settings))


def test_only_dot_c_is_c() -> None:
    assert [is_c(f"a{extension}") for extension in (".c", ".cc", ".cpp", ".cxx")] == [True, False, False, False]


def test_command_has_platform_and_language_standard() -> None:
    for source, standard in (("a.cc", "c++20"), ("a.c", "c17")):
        given = arguments(source)
        assert given[:2] == ["__toolchain/zig", "clang"]
        assert "--target=x86_64-unknown-linux5.10.0-gnu2.17.0" in given
        assert [argument for argument in given if argument.startswith("-std=")] == [f"-std={standard}"]


def test_objects_are_named_by_source_in_their_own_folder() -> None:
    assert object_path("src/cpp/vm/run.cc") == "__objects/src/cpp/vm/run.o"
    assert object_path("src/cpp/v.2/run.tab.cc") == "__objects/src/cpp/v.2/run.tab.o"
    assert arguments("src/cpp/vm/run.cc")[-4:] == ["-c", "src/cpp/vm/run.cc", "-o", "__objects/src/cpp/vm/run.o"]


def test_macros_and_include_directories_are_given_in_their_order() -> None:
    settings = CompileSettings(
        cxx_standard="c++20",
        c_standard="c17",
        defines=("Z=1", 'TEXT="a b"', "A"),
        include_roots=("src/cpp", "", "3rdparty/x"),
        system_include_dirs=("__packages/nanobind/include", "__python"),
    )
    given = arguments(settings=settings)
    own = given[: given.index("-isystem")]
    assert [a for a in own if a.startswith("-D") and a != "-DNDEBUG"] == ["-DZ=1", '-DTEXT="a b"', "-DA"]
    assert [a for a in given if a.startswith("-I")] == ["-Isrc/cpp", "-I.", "-I3rdparty/x"]
    assert given[given.index("-isystem") :][:4] == ["-isystem", "__packages/nanobind/include", "-isystem", "__python"]
    assert given.index("__python") < given.index("__toolchain/lib/libcxx/include")


@pytest.mark.parametrize("source", ["src/a.cc", "src/a.c", "src/a.S"])
def test_user_flags_do_not_change_the_dependency_file(source: str) -> None:
    settings = CompileSettings(cxx_standard="c++20", c_standard="c17", flags=("-MF", "elsewhere.d"))
    assert dependency_file(source) == "__objects/src/a.d"
    assert arguments(source, settings=settings)[-7:-4] == ["-MD", "-MF", "__objects/src/a.d"]


def test_assembler_without_a_preprocessor_has_no_dependency_file() -> None:
    assert dependency_file("src/a.s") is None
    assert "-MD" not in arguments("src/a.s")


def test_user_flags_follow_the_toolchains_flags() -> None:
    given = arguments(settings=CompileSettings(cxx_standard="c++20", c_standard="c17", flags=("-O0", "-UNDEBUG")))
    assert given.index("-O2") < given.index("-O0")
    assert given.index("-DNDEBUG") < given.index("-UNDEBUG")


def test_symbols_are_hidden_unless_the_code_says_otherwise() -> None:
    assert "-fvisibility=hidden" in arguments("a.c")
    assert "-fvisibility=hidden" in arguments("a.cc")
    assert "-fvisibility-inlines-hidden" not in arguments("a.c")
    assert "-fvisibility-inlines-hidden" in arguments("a.cc")


def test_nothing_of_a_compile_names_a_directory_of_the_machine() -> None:
    settings = CompileSettings("c++20", "c17", include_roots=("src",), system_include_dirs=("__python",))
    assert [a for a in (*arguments(settings=settings), *ZIG_ENVIRONMENT.values()) if a.startswith("/")] == []


@pytest.mark.parametrize("flag", ["-g0", "-Werror=date-time", "-ffile-compilation-dir=.", "-fPIC"])
def test_what_every_wheel_needs_is_always_asked_for(flag: str) -> None:
    assert flag in arguments("a.c")
    assert flag in arguments("a.cc")


def test_platform_macros_and_flags_come_last_and_only_there() -> None:
    settings = CompileSettings(
        cxx_standard="c++20",
        c_standard="c17",
        defines=("ALL",),
        flags=("-Wall",),
        platform_defines=(("win_*", ("NOMINMAX",)), ("*_amd64", ("X64=1",)), ("*linux_*", ("_GNU_SOURCE",))),
        platform_flags=(("win_*", ("-mno-sse",)),),
    )
    windows = arguments(settings=settings, platform=Platform.parse("win_amd64"))
    own = windows[: windows.index("-isystem")]
    assert [argument for argument in own if argument.startswith("-D")][-3:] == ["-DALL", "-DNOMINMAX", "-DX64=1"]
    assert windows.index("-Wall") < windows.index("-mno-sse") < windows.index("-c")
    linux = arguments(settings=settings)
    assert "-D_GNU_SOURCE" in linux
    assert not {"-DNOMINMAX", "-DX64=1", "-mno-sse"} & set(linux)


def test_windows_objects_need_no_position_independence() -> None:
    assert "-fPIC" not in arguments(platform=Platform.parse("win_arm64"))
    assert "-fPIC" in arguments()


@pytest.mark.parametrize(
    ("source", "language"), [("a.s", "assembler"), ("a.S", "assembler-with-cpp"), ("a.sx", "assembler-with-cpp")]
)
def test_assembler_is_not_c_and_states_its_preprocessing(source: str, language: str) -> None:
    given = arguments(source)
    assert given[given.index("-x") + 1] == language
    assert not [flag for flag in given if flag.startswith("-std=") or flag == "-fvisibility-inlines-hidden"]
    assert given[-4:] == ["-c", source, "-o", "__objects/a.o"]


def test_only_assembler_names_its_language() -> None:
    assert "-x" not in arguments("a.c")
    assert "-x" not in arguments("a.cc")


def test_link_time_optimization_is_disabled_on_macos_only() -> None:
    settings = CompileSettings(cxx_standard="c++20", c_standard="c17", flags=("-flto=thin",))
    macos, windows = (Platform.parse(tag) for tag in ("macosx_11_0_arm64", "win_amd64"))
    assert compile_argv("a.c", macos, settings).index("-fno-lto") > compile_argv("a.c", macos, settings).index(
        "-flto=thin"
    )
    assert "-fno-lto" not in compile_argv("a.c", windows, settings)
    assert "-fno-lto" not in compile_argv("a.c", macos, SETTINGS)


def test_sources_of_one_name_in_several_directories_are_fine() -> None:
    check_object_names(["a/x.cc", "b/x.cc", "a/x.tab.cc"], where="src:ext")


def test_clashing_objects_are_reported_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        check_object_names(["a/x.cc", "a/y.c", "a/x.c", "a/y.cpp", "a/z.cc"], where="src:ext")
    message = str(caught.value)
    assert message.startswith("src:ext has sources whose objects have the same name:")
    assert "a/x.cc and a/x.c both compile to __objects/a/x.o" in message
    assert "a/y.c and a/y.cpp both compile to __objects/a/y.o" in message
    assert "z.cc" not in message
    assert "Rename one of each" in message


def test_a_third_party_source_is_shown_as_its_package_has_it() -> None:
    assert display_name("__packages/nanobind/src/nb_combined.cpp") == "nanobind/src/nb_combined.cpp"
    assert display_name("src/my__packages/x.cc") == "src/my__packages/x.cc"
    assert display_name("src/cpp/vm/run.cc") == "src/cpp/vm/run.cc"


@pytest.mark.parametrize(
    ("tag", "debug_information"),
    [("manylinux_2_17_x86_64", "-gdwarf-4"), ("macosx_11_0_arm64", "-g0"), ("win_amd64", "-g0")],
)
def test_a_debug_build_is_not_optimized(tag: str, debug_information: str) -> None:
    release = compile_argv("a.cc", Platform.parse(tag), SETTINGS)
    debug = compile_argv("a.cc", Platform.parse(tag), SETTINGS, BuildType.DEBUG)
    assert [flag for flag in release if flag not in debug] == [
        "-O2",
        *(["-g0"] if debug_information != "-g0" else []),
        "-DNDEBUG",
    ]
    assert [flag for flag in debug if flag not in release] == [
        *("-O0", *{debug_information} - {"-g0"}),
        *("-fstack-protector-strong", "--param", "ssp-buffer-size=4"),
    ]


def test_flags_of_a_target_follow_those_of_the_build_type() -> None:
    argv = compile_argv("a.cc", Platform.parse("win_amd64"), replace(SETTINGS, flags=("-Og",)), BuildType.DEBUG)
    assert argv.index("-Og") > argv.index("-O0")
