"""A runtime pack's recipe, from the log that zig 0.17.0 wrote (shortened: fewer objects, libraries and prose)."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.runtime_pack_recipe import RuntimePackError, parse_link_log

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


def test_the_link_line_around_the_objects_becomes_the_template() -> None:
    recipe = parse_link_log(LOG, FILES)
    assert recipe.flags == (*FLAGS.split(), "--no-undefined-version")
    assert recipe.libraries == (
        "--as-needed",
        *("--start-lib", "__pack/libc++abi/000-cxa_demangle.o", "--end-lib"),
        *("--start-lib", "__pack/libc++/000-algorithm.o", "__pack/libc++/001-any.o", "--end-lib"),
        *("__pack/libm.so.6", "__pack/libc.so.6"),
        *("--start-lib", "__pack/libc_nonshared/000-atexit.o", "--end-lib"),
        *("--start-lib", "__pack/libcompiler_rt/000-compiler_rt_zcu.o", "--end-lib"),
    )


def test_the_pack_holds_what_the_template_names_under_names_of_its_own() -> None:
    recipe = parse_link_log(LOG, FILES)
    assert dict(recipe.files) == {
        "libc++/000-algorithm.o": ALGORITHM,
        "libc++/001-any.o": ANY,
        "libc++abi/000-cxa_demangle.o": DEMANGLE,
        "libc.so.6": f"{STUBS}/libc.so.6",
        "libc_nonshared/000-atexit.o": ATEXIT,
        "libcompiler_rt/000-compiler_rt_zcu.o": f"{COMPILER_RT}/compiler_rt_zcu.o",
        "libm.so.6": f"{STUBS}/libm.so.6",
    }
    named = {argument[len("__pack/") :] for argument in recipe.libraries if argument.startswith("__pack/")}
    assert named == set(dict(recipe.files))


def test_nothing_of_the_template_names_a_cache_or_a_directory_of_the_machine() -> None:
    recipe = parse_link_log(LOG, FILES)
    assert [a for a in (*recipe.flags, *recipe.libraries) if "zig-cache" in a or a.startswith(("/", "-L"))] == []


def test_an_archive_whose_making_the_log_does_not_tell_has_the_objects_beside_it() -> None:
    log = "".join(line for line in LOG.splitlines(keepends=True) if "libcompiler_rt.a " not in line)
    assert parse_link_log(log, FILES) == parse_link_log(LOG, FILES)


def test_members_of_one_name_stay_apart() -> None:
    other = "zig-cache/o/ffff/any.o"
    recipe = parse_link_log(LOG.replace(f"{ALGORITHM} {ANY}", f"{other} {ANY}"), (*FILES, other))
    assert dict(recipe.files)["libc++/000-any.o"] == other and dict(recipe.files)["libc++/001-any.o"] == ANY


def test_the_recipe_does_not_depend_on_the_order_of_the_caches_files() -> None:
    assert parse_link_log(LOG, FILES) == parse_link_log(LOG, reversed(FILES))


@pytest.mark.parametrize(
    "log", ["", "clang version 22.1.8\n", LOG.replace(LINK, "lld-link /out:pack.dll")[: LOG.index("ld.lld")]]
)
def test_a_log_without_a_link_is_refused(log: str) -> None:
    with pytest.raises(RuntimePackError, match=r"no `ld\.lld` line"):
        parse_link_log(log, FILES)


@pytest.mark.parametrize(
    "line", [LINK.replace("/pack.o", "/other.o"), LINK.replace("--as-needed", "zig-cache/o/1/pack.o")]
)
def test_a_link_line_without_one_place_for_the_objects_is_refused(line: str) -> None:
    with pytest.raises(RuntimePackError, match="no place for the user's objects"):
        parse_link_log(line, FILES)


def test_a_link_line_without_an_output_is_refused() -> None:
    with pytest.raises(RuntimePackError, match="no output"):
        parse_link_log(LOG.replace("-o libpack.so ", ""), FILES)


@pytest.mark.parametrize("missing", [ANY, f"{STUBS}/libm.so.6"])
def test_files_that_the_link_names_and_the_cache_does_not_have_are_refused(missing: str) -> None:
    with pytest.raises(RuntimePackError, match="did not leave") as caught:
        parse_link_log(LOG, [file for file in FILES if file != missing])
    assert missing in str(caught.value)


def test_an_archive_of_nothing_is_refused() -> None:
    log = LOG.replace(f"ar rcs {CXX} {ALGORITHM} {ANY}\n", "")
    with pytest.raises(RuntimePackError, match=r"libc\+\+\.a has no objects"):
        parse_link_log(log, FILES)
