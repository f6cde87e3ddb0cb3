"""A runtime pack's recipe, from the log that zig 0.17.0 wrote (shortened: fewer objects, libraries and prose)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from spokeshave.standalone.runtime_pack import (
    ELF,
    MACHO,
    PE,
    RuntimePackError,
    RuntimePackRecipe,
    parse_link_log,
)

STUBS = "zig-cache/o/a9671f72229f37b891a43782d6d7df5c"
CXX = "zig-cache/o/02869767acd6d2cc28d0fc90de5dc459/libc++.a"
CXXABI = "zig-cache/o/74e7e321c36883e61105da5beca4aff0/libc++abi.a"
NONSHARED = "zig-cache/o/a26f0fe2dd50e64e8d8beaa690f353b6/libc_nonshared.a"
COMPILER_RT = "zig-cache/o/8a1ef5482f4ad77d2b2f618f6f95efe3"
ALGORITHM = "zig-cache/o/0c4c48c7c84beca62c66c4618444308e/algorithm.o"
ANY = "zig-cache/o/8f896dd0061f4c28e5b63b9d080c4644/any.o"
DEMANGLE = "zig-cache/o/56c5fc90ca7ddcbc9b07549f4bf69404/cxa_demangle.o"
ATEXIT = "zig-cache/o/a37b196ff04929af5f76fc075e2eab01/atexit.o"
FLAGS = (
    "--error-limit=0 -mllvm -float-abi=hard -O3 --build-id=none --image-base=0 --gc-sections --eh-frame-hdr -s -znow "
    "-m elf_x86_64 -shared"
)
LINK = (
    f"ld.lld {FLAGS} -o libpack.so --no-undefined-version "
    "zig-cache/o/04b7e2cf3d22144d03653e2bbab6159c/pack.o --as-needed -L/ "
    f"{CXXABI} {CXX} {STUBS}/libm.so.6 {STUBS}/libc.so.6 {NONSHARED} {COMPILER_RT}/libcompiler_rt.a"
)
LOG = f"""\
ar rcs {COMPILER_RT}/libcompiler_rt.a {COMPILER_RT}/compiler_rt_zcu.o
ld.lld {FLAGS} -o {STUBS}/libm.so.6 -soname libm.so.6 -version-script {STUBS}/all.map {STUBS}/m.o --as-needed -L/
ar rcs {CXX} {ALGORITHM} {ANY}
ar rcs {CXXABI} {DEMANGLE}
ar rcs {NONSHARED} {ATEXIT}
clang version 22.1.8
Target: x86_64-unknown-linux5.10.0-gnu2.17.0
InstalledDir: /home/o'brien/.cache/pants/named_caches/pex_root/installed_wheels/97079827/ziglang
 (in-process)
 "/home/o'brien/ziglang/zig" "-cc1" "-triple" "x86_64-unknown-linux5.10.0-gnu2.17.0" "-o" "pack.o"
End of search list.
{LINK}
"""
FILES = (
    *(CXXABI, CXX, NONSHARED, f"{COMPILER_RT}/libcompiler_rt.a", f"{COMPILER_RT}/compiler_rt_zcu.o"),
    *(f"{STUBS}/libm.so.6", f"{STUBS}/libc.so.6", f"{STUBS}/all.map", ALGORITHM, ANY, DEMANGLE, ATEXIT),
)


def parse(log: str, files: Iterable[str]) -> RuntimePackRecipe:
    return parse_link_log(log, files, ELF, "__pack")


def test_the_link_line_around_the_objects_becomes_the_template() -> None:
    recipe = parse(LOG, FILES)
    assert recipe.flags == (*FLAGS.split(), "--no-undefined-version")
    assert recipe.libraries == (
        "--as-needed",
        *("__pack/libc++abi.a", "__pack/libc++.a", "__pack/libm.so.6", "__pack/libc.so.6"),
        *("__pack/libc_nonshared.a", "__pack/libcompiler_rt.a"),
    )


def test_the_pack_holds_what_the_template_names_under_names_of_its_own() -> None:
    recipe = parse(LOG, FILES)
    assert dict(recipe.files) == {"libc.so.6": f"{STUBS}/libc.so.6", "libm.so.6": f"{STUBS}/libm.so.6"}
    assert {archive.name: dict(archive.members) for archive in recipe.archives} == {
        "libc++.a": {"000-algorithm.o": ALGORITHM, "001-any.o": ANY},
        "libc++abi.a": {"000-cxa_demangle.o": DEMANGLE},
        "libc_nonshared.a": {"000-atexit.o": ATEXIT},
        "libcompiler_rt.a": {"000-compiler_rt_zcu.o": f"{COMPILER_RT}/compiler_rt_zcu.o"},
    }
    named = {argument[len("__pack/") :] for argument in recipe.libraries if argument.startswith("__pack/")}
    assert named == {*dict(recipe.files), *(archive.name for archive in recipe.archives)}


def test_nothing_of_the_template_names_a_cache_or_a_directory_of_the_machine() -> None:
    recipe = parse(LOG, FILES)
    assert [a for a in (*recipe.flags, *recipe.libraries) if "zig-cache" in a or a.startswith(("/", "-L"))] == []


def test_an_archive_whose_making_the_log_does_not_tell_has_the_objects_beside_it() -> None:
    log = "".join(line for line in LOG.splitlines(keepends=True) if "libcompiler_rt.a " not in line)
    assert parse(log, FILES) == parse(LOG, FILES)


def test_members_of_one_name_stay_apart() -> None:
    other = "zig-cache/o/ffff/any.o"
    recipe = parse(LOG.replace(f"{ALGORITHM} {ANY}", f"{other} {ANY}"), (*FILES, other))
    (archive,) = (archive for archive in recipe.archives if archive.name == "libc++.a")
    assert dict(archive.members) == {"000-any.o": other, "001-any.o": ANY}


def test_the_recipe_does_not_depend_on_the_order_of_the_caches_files() -> None:
    assert parse(LOG, FILES) == parse(LOG, reversed(FILES))


@pytest.mark.parametrize(
    "log", ["", "clang version 22.1.8\n", LOG.replace(LINK, "lld-link /out:pack.dll")[: LOG.index("ld.lld")]]
)
def test_a_log_without_a_link_is_refused(log: str) -> None:
    with pytest.raises(RuntimePackError, match=r"no `ld\.lld` line"):
        parse(log, FILES)


@pytest.mark.parametrize(
    "line", [LINK.replace("/pack.o", "/other.o"), LINK.replace("--as-needed", "zig-cache/o/1/pack.o")]
)
def test_a_link_line_without_one_place_for_the_objects_is_refused(line: str) -> None:
    with pytest.raises(RuntimePackError, match="no place for the user's objects"):
        parse(line, FILES)


def test_a_link_line_without_an_output_is_refused() -> None:
    with pytest.raises(RuntimePackError, match="no output"):
        parse(LOG.replace("-o libpack.so ", ""), FILES)


@pytest.mark.parametrize("missing", [ANY, f"{STUBS}/libm.so.6"])
def test_files_that_the_link_names_and_the_cache_does_not_have_are_refused(missing: str) -> None:
    with pytest.raises(RuntimePackError, match="did not leave") as caught:
        parse(LOG, [file for file in FILES if file != missing])
    assert missing in str(caught.value)


def test_an_archive_of_nothing_is_refused() -> None:
    log = LOG.replace(f"ar rcs {CXX} {ALGORITHM} {ANY}\n", "")
    with pytest.raises(RuntimePackError, match=r"libc\+\+\.a has no objects"):
        parse(log, FILES)


MACOS_LOG = """\
zig ar zig-cache/o/94/compiler_rt_zcu.o
zig ar zig-cache/o/89/algorithm.o zig-cache/o/3e/any.o
zig ar zig-cache/o/47/cxa_aux_runtime.o zig-cache/o/60/cxa_demangle.o
Target: aarch64-apple-macosx11.0.0-unknown
zig ld -dynamic -dylib -platform_version macos 11.0.0 27.0 -dead_strip -o libpack.so zig-cache/o/99/pack.o \
zig-cache/o/0c/libc++abi.a zig-cache/o/da/libc++.a -lSystem zig-cache/o/94/libcompiler_rt.a
"""


def test_archives_for_macos_are_known_by_a_member_as_the_log_does_not_name_them() -> None:
    files = ["89/algorithm.o", "3e/any.o", "47/cxa_aux_runtime.o", "60/cxa_demangle.o", "94/compiler_rt_zcu.o"]
    recipe = parse_link_log(MACOS_LOG, [f"zig-cache/o/{file}" for file in files], MACHO, "__pack")
    assert recipe.libraries == ("__pack/libc++abi.a", "__pack/libc++.a", "-lSystem", "__pack/libcompiler_rt.a")
    assert {archive.name: [path for _, path in archive.members] for archive in recipe.archives} == {
        "libc++abi.a": ["zig-cache/o/47/cxa_aux_runtime.o", "zig-cache/o/60/cxa_demangle.o"],
        "libc++.a": ["zig-cache/o/89/algorithm.o", "zig-cache/o/3e/any.o"],
        "libcompiler_rt.a": ["zig-cache/o/94/compiler_rt_zcu.o"],
    }


WINDOWS_LOG = """\
ar rcs zig-cache/o/bb/compiler_rt.lib zig-cache/o/bb/compiler_rt_zcu.obj
ar rcs zig-cache/o/c7/c++.lib zig-cache/o/86/algorithm.obj
lld-link -lldmingw -MACHINE:X64 -DLL -BREPRO -OUT:libpack.so -IMPLIB:./pack.lib zig-cache/o/e2/pack.obj \
-ALTERNATENAME:__image_base__=__ImageBase zig-cache/o/29/dllcrt2.obj zig-cache/o/c7/c++.lib \
zig-cache/o/bb/compiler_rt.lib zig-cache/o/3d/api-ms-win-crt-conio-l1-1-0.lib zig-cache/o/c3/kernel32.lib
"""


def test_for_windows_the_runtime_goes_by_names_that_the_linker_does_not_export_and_import_libraries_stay_whole() -> (
    None
):
    files = ["e2/pack.obj", "29/dllcrt2.obj", "86/algorithm.obj", "bb/compiler_rt_zcu.obj", "c3/kernel32.lib"]
    files += ["3d/api-ms-win-crt-conio-l1-1-0.lib"]
    recipe = parse_link_log(WINDOWS_LOG, [f"zig-cache/o/{file}" for file in files], PE, "__pack")
    assert recipe.flags == ("-lldmingw", "-MACHINE:X64", "-DLL", "-BREPRO")
    assert [archive.name for archive in recipe.archives] == ["libc++.lib", "libclang_rt.builtins.lib"]
    assert dict(recipe.files) == {
        "dllcrt2.obj": "zig-cache/o/29/dllcrt2.obj",
        "libkernel32.lib": "zig-cache/o/c3/kernel32.lib",
        "api-ms-win-crt-conio-l1-1-0.lib": "zig-cache/o/3d/api-ms-win-crt-conio-l1-1-0.lib",
    }
    assert recipe.libraries[0] == "-ALTERNATENAME:__image_base__=__ImageBase"
