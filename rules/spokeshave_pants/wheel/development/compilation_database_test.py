from __future__ import annotations

import json

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.toolchain.clang import clang_flags, clang_headers
from spokeshave_pants.wheel.development.compilation_database import LaidOut, LaidOutFiles, clang_arguments, to_json

FOLDERS = {"__toolchain": "dist/cc/toolchain", "__python": "dist/cc/python3.12"}


def arguments(
    *flags: str, source: str = "src/a.cc", generated: tuple[str, ...] = (), own: tuple[str, ...] = ("src",)
) -> list[str]:
    argv = ("__toolchain/zig", "clang", *flags, "-MD", "-MF", "a.d", "-c", source, "-o", "a.o")
    laid_out = LaidOut(FOLDERS, generated="dist/cc/generated", files=frozenset(generated), own_folders=own)
    return list(clang_arguments(argv, laid_out))


def test_the_command_is_one_of_plain_clang() -> None:
    given = arguments("--target=x86_64-linux-gnu", "-std=c++20", "-Isrc", "-fno-spell-checking", "-isystem", "__python")
    assert given == [
        *("clang++", "--target=x86_64-linux-gnu", "-std=c++20", "-Isrc", "-isystem", "dist/cc/python3.12"),
        *("-c", "src/a.cc"),
    ]
    assert [arguments(source=source)[0] for source in ("a.c", "a.S", "a.cpp")] == ["clang", "clang", "clang++"]


def test_clangs_own_headers_are_those_of_the_reader() -> None:
    platform = Platform.parse("manylinux_2_17_x86_64")
    given = arguments(*clang_flags(platform), *clang_headers(platform, "__toolchain", cxx=True))
    assert "-nostdlibinc" in given
    assert "-nostdinc" not in given
    assert "dist/cc/toolchain/lib/include" not in given
    options = {folder: option for option, folder in zip(given, given[1:]) if folder.startswith("dist/")}
    assert options["dist/cc/toolchain/lib/libcxx/include"] == "-isystem"
    assert options["dist/cc/toolchain/lib/libc/include/generic-glibc"] == "-idirafter"
    assert options["dist/cc/toolchain/lib/libunwind/include"] == "-idirafter"


def test_include_roots_contain_generated_files() -> None:
    given = arguments("-Isrc", "-I.", "-Iother", "-include", "src/init.h", generated=("src/gen/b.h", "src/init.h"))
    roots = [argument for argument in given if argument.startswith("-I")]
    assert roots == ["-Isrc", "-Idist/cc/generated/src", "-I.", "-Idist/cc/generated", "-Iother"]
    assert given[given.index("-include") + 1] == "dist/cc/generated/src/init.h"


def test_quoted_includes_find_generated_files_and_the_reverse() -> None:
    given = arguments(generated=("src/gen/b.h",))
    quoted = [value for option, value in zip(given, given[1:]) if option == "-iquote"]
    assert quoted == ["dist/cc/generated/src", "src/gen"]
    assert "-iquote" not in arguments()


def test_headers_in_another_case_are_laid_out_only() -> None:
    given = arguments("-isystem", "__case", generated=("__case/Windows.h",))
    assert "dist/cc/generated/__case" in given
    assert "__case" not in given


def test_files_of_one_path_with_other_content_are_kept_apart() -> None:
    files: LaidOutFiles[str] = LaidOutFiles("dist/cc")
    assert [files.add_tree("python3.12", tree) for tree in ("a", "b", "a")] == [
        "dist/cc/python3.12",
        "dist/cc/python3.12-2",
        "dist/cc/python3.12",
    ]
    assert files.add_generated({"a.h": b"1", "b.h": b"1"}) == "dist/cc/generated"
    assert files.add_generated({"a.h": b"2"}) == "dist/cc/generated-2"
    assert files.add_generated({"b.h": b"1", "c.h": b"1"}) == "dist/cc/generated"
    assert [path for path, _ in files.generated()] == [
        "dist/cc/generated/a.h",
        "dist/cc/generated/b.h",
        "dist/cc/generated/c.h",
        "dist/cc/generated-2/a.h",
    ]


@pytest.mark.parametrize("reverse", [False, True])
def test_the_database_is_sorted_by_source(reverse: bool) -> None:
    commands = sorted([("a.c", ["clang", "a.c"]), ("b.c", ["clang", "b.c"])], reverse=reverse)
    assert json.loads(to_json("/repo", commands)) == [
        {"directory": "/repo", "file": "a.c", "arguments": ["clang", "a.c"]},
        {"directory": "/repo", "file": "b.c", "arguments": ["clang", "b.c"]},
    ]
