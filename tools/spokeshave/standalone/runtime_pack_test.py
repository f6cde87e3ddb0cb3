"""Tests of a runtime pack's recipe, from a log of zig 0.17.0 (shortened), and of the pack's content."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from spokeshave.standalone.runtime_pack import (
    ELF,
    MACHO,
    PE,
    RuntimePackError,
    RuntimePackRecipe,
    lay_out,
    main,
    make_archive,
    parse_link_log,
    read_archive,
)
from spokeshave.testing.native_fixtures import zig_program

ZIG = zig_program()
STUBS = "zig-cache/o/a9671f72229f37b891a43782d6d7df5c"
CXX = "zig-cache/o/02869767acd6d2cc28d0fc90de5dc459/libc++.a"
CXXABI = "zig-cache/o/74e7e321c36883e61105da5beca4aff0/libc++abi.a"
FLAGS = (
    "--error-limit=0 -mllvm -float-abi=hard -O3 --build-id=none --image-base=0 --gc-sections --eh-frame-hdr -s -znow "
    "-m elf_x86_64 -shared"
)
LINK = (
    f"ld.lld {FLAGS} -o libpack.so --no-undefined-version "
    "zig-cache/o/04b7e2cf3d22144d03653e2bbab6159c/pack.o --as-needed -L/ "
    f"{CXXABI} {CXX} {STUBS}/libm.so.6 {STUBS}/libc.so.6"
)
LOG = f"""\
clang version 22.1.8
Target: x86_64-unknown-linux5.10.0-gnu2.17.0
InstalledDir: /home/o'brien/.cache/pants/named_caches/pex_root/installed_wheels/97079827/ziglang
End of search list.
{LINK}
"""


def parse(log: str) -> RuntimePackRecipe:
    return parse_link_log(log, ELF, "__pack")


def test_the_link_line_around_the_objects_becomes_the_template() -> None:
    recipe = parse(LOG)
    assert recipe.flags == (*FLAGS.split(), "--no-undefined-version")
    assert recipe.libraries == (
        "--as-needed",
        *("__pack/libc++abi.a", "__pack/libc++.a", "__pack/libm.so.6", "__pack/libc.so.6"),
    )


def test_the_pack_has_all_files_of_the_template() -> None:
    recipe = parse(LOG)
    assert dict(recipe.files) == {
        "libc++.a": CXX,
        "libc++abi.a": CXXABI,
        "libc.so.6": f"{STUBS}/libc.so.6",
        "libm.so.6": f"{STUBS}/libm.so.6",
    }
    named = {argument[len("__pack/") :] for argument in recipe.libraries if argument.startswith("__pack/")}
    assert named == set(dict(recipe.files))


def test_the_template_has_no_machine_paths() -> None:
    recipe = parse(LOG)
    assert [a for a in (*recipe.flags, *recipe.libraries) if "zig-cache" in a or a.startswith(("/", "-L"))] == []


@pytest.mark.parametrize("log", ["", "clang version 22.1.8\n", LOG.replace(LINK, "lld-link /out:pack.dll")])
def test_a_log_without_a_link_is_refused(log: str) -> None:
    with pytest.raises(RuntimePackError, match=r"no `ld\.lld` line"):
        parse(log)


@pytest.mark.parametrize(
    "line", [LINK.replace("/pack.o", "/other.o"), LINK.replace("--as-needed", "zig-cache/o/1/pack.o")]
)
def test_a_link_line_without_an_object_is_refused(line: str) -> None:
    with pytest.raises(RuntimePackError, match="no place for the user's objects"):
        parse(line)


def test_a_link_line_without_an_output_is_refused() -> None:
    with pytest.raises(RuntimePackError, match="no output"):
        parse(LOG.replace("-o libpack.so ", ""))


MACOS_LOG = """\
Target: aarch64-apple-macosx11.0.0-unknown
zig ld -dynamic -dylib -platform_version macos 11.0.0 27.0 -dead_strip -o libpack.so zig-cache/o/99/pack.o \
zig-cache/o/0c/libc++abi.a zig-cache/o/da/libc++.a -lSystem zig-cache/o/94/libcompiler_rt.a
"""


def test_for_macos_the_systems_library_stays_the_linkers_affair() -> None:
    recipe = parse_link_log(MACOS_LOG, MACHO, "__pack")
    assert recipe.libraries == ("__pack/libc++abi.a", "__pack/libc++.a", "-lSystem", "__pack/libcompiler_rt.a")


WINDOWS_LOG = """\
lld-link -lldmingw -MACHINE:X64 -DLL -BREPRO -OUT:libpack.so -IMPLIB:./pack.lib zig-cache/o/e2/pack.obj \
-ALTERNATENAME:__image_base__=__ImageBase zig-cache/o/29/dllcrt2.obj zig-cache/o/c7/c++.lib \
zig-cache/o/bb/compiler_rt.lib zig-cache/o/3d/api-ms-win-crt-conio-l1-1-0.lib zig-cache/o/c3/kernel32.lib
"""


def test_windows_runtime_names_are_not_exported() -> None:
    recipe = parse_link_log(WINDOWS_LOG, PE, "__pack")
    assert recipe.flags == ("-lldmingw", "-MACHINE:X64", "-DLL", "-BREPRO")
    assert dict(recipe.files) == {
        "api-ms-win-crt-conio-l1-1-0.lib": "zig-cache/o/3d/api-ms-win-crt-conio-l1-1-0.lib",
        "dllcrt2.obj": "zig-cache/o/29/dllcrt2.obj",
        "libc++.lib": "zig-cache/o/c7/c++.lib",
        "libclang_rt.builtins.lib": "zig-cache/o/bb/compiler_rt.lib",
        "libkernel32.lib": "zig-cache/o/c3/kernel32.lib",
    }
    assert recipe.libraries[0] == "-ALTERNATENAME:__image_base__=__ImageBase"


def entry(name: str, body: bytes) -> bytes:
    """Return a member in the form of an archive."""
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n".encode() + body + b"\n" * (len(body) % 2)


def test_system_v_and_bsd_archives_are_read() -> None:
    table = b"zig-cache/o/1234/a_long_name_of_an_object.o/\n"
    system_v = b"!<arch>\n" + entry("/", b"symbols") + entry("//", table) + entry("/0", b"long") + entry("b.o/", b"odd")
    assert read_archive(system_v) == [("a_long_name_of_an_object.o", b"long"), ("b.o", b"odd")]
    bsd = b"!<arch>\n" + entry("#1/12", b"__.SYMDEF\0\0\0symbols") + entry("#1/8", b"any.o\0\0\0body")
    assert read_archive(bsd) == [("any.o", b"body")]


def sized(size: bytes, body: bytes = b"body") -> bytes:
    """Return an archive of one member whose header states a size."""
    return b"!<arch>\n" + entry("any.o/", body).replace(b"4         `", size.ljust(10) + b"`")


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"!<thin>\n", b"!<arch>\n" + b"x" * 70, b"!<arch>\nshort"),
        # A reader that takes a negative size goes back to the same header, and does not end.
        *(sized(b"-60"), sized(b"-1"), sized(b"9"), sized(b"x"), sized(b""), sized(b"1_0"), sized(b" 4")),
        *(b"!<arch>\n" + entry(name, b"body") for name in ("/0", "/999999999999999", "#1/5", "#1/-1", "#1/", "a\0b/")),
        b"!<arch>\n" + entry("//", b"x" * 300 + b"\n") + entry("/0", b"body"),
    ],
)
def test_an_invalid_archive_is_refused(data: bytes) -> None:
    with pytest.raises(RuntimePackError):
        read_archive(data)


def test_a_short_name_of_bsd_is_not_a_place_in_the_table() -> None:
    assert read_archive(b"!<arch>\n" + entry("x12", b"body")) == [("x12", b"body")]


def test_a_log_line_that_is_not_a_command_is_refused() -> None:
    with pytest.raises(RuntimePackError, match="No closing quotation"):
        parse("ld.lld 'pack.o\n")


def static_library(path: Path, *members: tuple[str, bytes]) -> Path:
    path.mkdir()
    for name, body in members:
        (path / name).write_bytes(body)
    make_archive(ZIG, path, [name for name, _ in members])
    return path


def test_archive_bytes_do_not_depend_on_order_or_path(tmp_path: Path) -> None:
    one = b"an object"
    two = b"another one"
    # Members with equal names stay separate.
    first = static_library(tmp_path / "first.a", ("0-any.o", one), ("1-any.o", two), ("2-all.o", one))
    (tmp_path / "elsewhere").mkdir()
    second = static_library(tmp_path / "elsewhere/b.a", ("2-all.o", one), ("0-any.o", one), ("1-any.o", two))
    outputs = []
    for library in (first, second):
        pack = tmp_path / f"{library.stem}.pack"
        recipe = RuntimePackRecipe((("libc++.a", str(library)),), (), ())
        for name, members in lay_out(recipe, pack).items():
            make_archive(ZIG, pack / name, members)
        outputs.append((pack / "libc++.a").read_bytes())
    assert outputs[0] == outputs[1]
    assert sorted(body for _, body in read_archive(outputs[0])) == sorted([one, one, two])


# A stand-in for zig, with its log on standard error.
LINKS = {
    "ELF": "ld.lld -shared -o a pack.o libc++.a",
    "Mach-O": "zig ld -dylib -o a pack.o libc++.a",
    "PE": "lld-link -DLL -OUT:a pack.obj c++.lib",
}


@pytest.mark.parametrize("object_format", [ELF, MACHO, PE])
def test_the_command_leaves_the_pack_and_its_recipe(
    object_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.py").write_text(f"import sys; print({LINKS[object_format]!r}, file=sys.stderr)")
    for name in ("libc++.a", "c++.lib"):
        static_library(tmp_path / name, ("one.o", b"an object"))
    # Options come from another process: strings equal to ours but not identical.
    format_name = "".join(list(object_format))
    arguments = ["make", "--format", format_name, "--zig", ZIG, "--output", "pack", "--recipe", "recipe.json"]
    assert main([*arguments, "--", sys.executable, "link.py"]) == 0
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    (archive,) = (tmp_path / "pack").iterdir()
    assert recipe["libraries"] == [f"pack/{archive.name}"]
    assert len(recipe["flags"]) == 1
    assert archive.name == ("libc++.lib" if object_format == PE else "libc++.a")
    assert [body for _, body in read_archive(archive.read_bytes())] == [b"an object"]


def test_remote_links_are_unpacked_for_a_remote_archiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    static_library(tmp_path / "libc++.a", ("two.o", b"an object"), ("one.o", b"another one"))
    (tmp_path / "link.log").write_text(LINKS[ELF])
    arguments = ["--format", ELF, "--output", "pack", "--recipe", "recipe.json"]
    assert main(["unpack", *arguments, "--log", "link.log"]) == 0
    recipe = json.loads((tmp_path / "recipe.json").read_text())
    assert recipe["archives"] == {"libc++.a": ["000-one.o", "001-two.o"]}
    assert (tmp_path / "pack/libc++.a/001-two.o").read_bytes() == b"an object"


def test_a_failed_link_is_reported_with_zigs_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["make", "--format", ELF, "--zig", ZIG, "--output", "pack", "--recipe", "recipe.json"]
    assert main([*arguments, "--", sys.executable, "-c", "raise SystemExit('no such target')"]) == 1
    assert "no such target" in capsys.readouterr().err
