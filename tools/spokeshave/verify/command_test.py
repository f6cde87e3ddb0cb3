from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from elftools.elf.elffile import ELFFile

from spokeshave.cli import main
from spokeshave.testing.native_fixtures import (
    GLIBC_2_28,
    MANYLINUX,
    build_wheel,
    compile_library,
    export_hook,
    link_bare,
    link_static_program,
    module_source,
    slot_source,
)
from spokeshave.testing.report_fixtures import read_report
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.recipe import Recipe
from spokeshave.wheel.writer import render_wheel_file
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.verify import Finding, VerifyReport
from spokeshave_core.wheel_name import WheelTag

PLATFORM = Platform.parse(MANYLINUX)
TAG = "cp310-abi3-manylinux_2_17_x86_64"
EXPORT = '__attribute__((visibility("default")))'
ABI3T = "cp315-abi3.abi3t-manylinux_2_17_x86_64"
CP310 = "cp310-cp310-manylinux_2_17_x86_64"
NATIVE = "demo/native.abi3.so"
DIST_INFO = "demo-0+unstamped.dist-info"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_library(tmp_path_factory.mktemp("plain") / "native.abi3.so", module_source("native"))


@pytest.fixture(scope="module")
def for_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a module that all Pythons load."""
    source = module_source("native", code=export_hook("native"))
    return compile_library(tmp_path_factory.mktemp("for_all") / "native.abi3t.so", source)


Files = dict[str, "bytes | str | Path"]
Builder = Callable[..., list[Finding]]


@pytest.fixture
def check(tmp_path: Path, plain: Path) -> Builder:
    """Return a function that builds a valid wheel with additional files and verifies it."""

    def build_and_verify(
        files: Files | None = None,
        abi: str = "cp310-abi3",
        tag: str = TAG,
        extensions: tuple[str, ...] = (),
        forbidden: tuple[str, ...] = (),
        metadata_lines: str = "Requires-Python: >=3.8\n",
    ) -> list[Finding]:
        contents: Files = {"demo/__init__.py": "", NATIVE: plain, **(files or {})}
        wheel = build_wheel(tmp_path, contents, tag, metadata_lines=metadata_lines)
        return verify(
            Expectation(
                wheel=wheel,
                platform=PLATFORM,
                abi=PythonAbi.parse(abi),
                extensions=extensions,
                forbidden_texts=forbidden,
            )
        )

    return build_and_verify


def library(tmp_path: Path, name: str = "native", flags: tuple[str, ...] = (), **code: str) -> Path:
    target = code.pop("target", "x86_64-linux-gnu.2.17")
    return compile_library(tmp_path / "built.so", module_source(name, **code), *flags, target=target)


def only(found: list[Finding], rule: Rule, place: str = NATIVE) -> str:
    assert [(item.rule, item.problem.place) for item in found] == [(rule, place)], [str(item) for item in found]
    return str(found[0])


def rewrite(wheel: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> None:
    """Rewrite a wheel without updating RECORD. `change` returns the new content of each file."""
    with zipfile.ZipFile(wheel) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members:
            for new_name, new_data in change(name, data):
                archive.writestr(new_name, new_data)


def change_text(wheel: Path, file: str, change: Callable[[str], str]) -> None:
    """Change the text of one file, found by the end of its name."""
    rewrite(wheel, lambda name, data: [(name, change(data.decode()).encode() if name.endswith(file) else data)])


def expectation(wheel: Path) -> Expectation:
    return Expectation(wheel, PLATFORM, PythonAbi.parse("cp310-abi3"))


def test_a_good_wheel_has_no_findings(check: Builder) -> None:
    files = {
        "demo/py.typed": "",
        "demo/native.pyi": "",
        "dist-info/entry_points.txt": "[console_scripts]\nx=demo.a:main\n",
    }
    assert check({**files, "demo/a.py": "def main(): ..."}, extensions=("demo.native",)) == []


def test_symbol_versions_over_the_floor_are_found(check: Builder, tmp_path: Path) -> None:
    code = "extern int fcntl64(int, int, ...);"
    built = library(tmp_path, code=code, statement="fcntl64(0, 1);", target=GLIBC_2_28, flags=("-lc",))
    text = only(check({NATIVE: built}), Rule.SYMBOL_VERSION)
    assert "imports fcntl64 of version GLIBC_2.28" in text
    assert "manylinux_2_28_x86_64" in text


def test_versions_of_bundled_libraries_need_no_platform(check: Builder, tmp_path: Path) -> None:
    script = tmp_path / "versions"
    script.write_text("GLIBCXX_9.9 { global: own_symbol; };")
    own = '__attribute__((visibility("default"))) int own_symbol(void) { return 1; }'
    other = compile_library(tmp_path / "libown.so.1", own, "-Wl,-soname,libown.so.1", f"-Wl,--version-script,{script}")
    flags = (str(other), "-Wl,-rpath,$ORIGIN")
    built = library(tmp_path, code="extern int own_symbol(void);", statement="own_symbol();", flags=flags)
    assert check({NATIVE: built, "demo/libown.so.1": other}) == []
    (missing,) = [found for found in check({NATIVE: built}) if found.rule is Rule.SYMBOL_VERSION]
    assert "own_symbol of version GLIBCXX_9.9" in str(missing)


def test_a_forbidden_symbol_of_a_permitted_library_is_found(check: Builder, tmp_path: Path) -> None:
    zlib = compile_library(
        tmp_path / "libz.so.1",
        '__attribute__((visibility("default"))) int inflate_fast(void) { return 1; }',
        "-Wl,-soname,libz.so.1",
    )
    built = library(tmp_path, code="extern int inflate_fast(void);", statement="inflate_fast();", flags=(str(zlib),))
    text = only(check({NATIVE: built}), Rule.FORBIDDEN_SYMBOL)
    assert "imports inflate_fast of libz.so.1, which manylinux_2_17_x86_64 forbids" in text


def test_a_library_that_the_platform_lacks_is_found(check: Builder, tmp_path: Path) -> None:
    other = compile_library(tmp_path / "libother.so.3", "int other;", "-Wl,-soname,libother.so.3")
    built = library(tmp_path, flags=("-Wl,--no-as-needed", str(other)))
    assert "needs libother.so.3, which is not part of" in only(check({NATIVE: built}), Rule.MISSING_LIBRARY)


def test_a_library_that_the_wheel_has_out_of_reach_is_found(check: Builder, tmp_path: Path) -> None:
    other = compile_library(tmp_path / "libother.so.3", "int other;", "-Wl,-soname,libother.so.3")
    built = library(tmp_path, flags=("-Wl,--no-as-needed", str(other)))
    text = only(check({NATIVE: built, "demo/lib/libother.so.3": other}), Rule.MISSING_LIBRARY)
    assert "contains it as demo/lib/libother.so.3" in text
    assert "-Wl,-rpath,$ORIGIN/lib." in text
    reached = library(tmp_path, flags=("-Wl,--no-as-needed", str(other), "-Wl,-rpath,${ORIGIN}/lib"))
    assert check({NATIVE: reached, "demo/lib/libother.so.3": other}) == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("/somewhere/lib", "is absolute"),
        ("lib", "depends on the current directory"),
        ("$ORIGIN/../..", "leads outside the wheel"),
    ],
)
def test_a_search_path_that_works_nowhere_else_is_found(check: Builder, tmp_path: Path, entry: str, fault: str) -> None:
    assert fault in only(check({NATIVE: library(tmp_path, flags=(f"-Wl,-rpath,{entry}",))}), Rule.SEARCH_PATH)


def test_a_search_path_inside_the_wheel_is_fine(check: Builder, tmp_path: Path) -> None:
    assert check({NATIVE: library(tmp_path, flags=("-Wl,-rpath,$ORIGIN/../demo.libs:$ORIGIN",))}) == []


def test_a_module_with_another_init_function_is_found(check: Builder, tmp_path: Path) -> None:
    text = only(check({NATIVE: library(tmp_path, "other")}), Rule.MODULE_INIT)
    assert "must export PyInit_native, but exports PyInit_other" in text


def test_an_init_extension_is_the_module_of_its_package(check: Builder, tmp_path: Path) -> None:
    package = "demo/part/__init__.abi3.so"
    extensions = ("demo.part", "demo.part.__init__")
    assert check({package: library(tmp_path, "part")}, extensions=extensions) == []
    found = only(check({package: library(tmp_path, "__init__")}), Rule.MODULE_INIT, package)
    assert "is imported as demo.part and must export PyInit_part, but exports PyInit___init__" in found


def test_a_module_without_an_init_function_is_found(check: Builder, tmp_path: Path) -> None:
    built = compile_library(tmp_path / "built.so", "int nothing;")
    assert "does not export PyInit_native, without" in only(check({NATIVE: built}), Rule.MODULE_INIT)


@pytest.mark.parametrize(
    ("tag", "suffix", "fits"),
    [
        ("cp315-abi3.abi3t", "abi3t", True),
        ("cp315-abi3", "abi3", True),
        ("cp314-cp314t", "cpython-314t-x86_64-linux-gnu", False),
        ("cp310-abi3", "abi3", False),
    ],
)
def test_an_export_hook_is_enough_from_3_15_on(tmp_path: Path, tag: str, suffix: str, fits: bool) -> None:
    hook = compile_library(tmp_path / "built.so", f"{EXPORT} void *PyModExport_native(void) {{ return 0; }}")
    file = f"demo/native.{suffix}.so"
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", file: hook}, f"{tag}-manylinux_2_17_x86_64")
    abi = PythonAbi.of_tags(*tag.split("-"))
    assert abi is not None
    found = verify(Expectation(wheel, PLATFORM, abi))
    if fits:
        assert found == []
    else:
        text = only(found, Rule.MODULE_INIT, file)
        assert f"exports PyModExport_native, which Python loads from 3.15 on, but the wheel is for {abi}" in text
        assert "Define PyInit_native as well" in text


def test_the_export_hook_of_another_module_is_found(tmp_path: Path) -> None:
    hook = compile_library(tmp_path / "built.so", f"{EXPORT} void *PyModExport_other(void) {{ return 0; }}")
    file = "demo/native.abi3t.so"
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", file: hook}, ABI3T)
    text = only(verify(Expectation(wheel, PLATFORM, PythonAbi.parse("cp315-abi3.abi3t"))), Rule.MODULE_INIT, file)
    assert "must export PyInit_native or PyModExport_native, but exports PyModExport_other" in text


@pytest.mark.parametrize("abi", ["cp315-abi3.abi3t", "cp315-abi3t", "cp315-abi3", "cp315t"])
@pytest.mark.parametrize("function", ["PyModuleDef_Init", "PyModule_Create2", "PyModule_FromDefAndSpec2"])
def test_a_module_definition_that_abi3t_lacks_is_found(tmp_path: Path, abi: str, function: str) -> None:
    source = f"""
        extern void *{function}(void *);
        static char definition[104];
        {EXPORT} void *PyInit_native(void) {{ return {function}(definition); }}
    """
    built = compile_library(tmp_path / "built.so", source)
    file = "demo/native.abi3t.so"
    parsed = PythonAbi.parse(abi)
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", file: built}, str(parsed.wheel_tag(MANYLINUX)))
    found = verify(Expectation(wheel, PLATFORM, parsed))
    if parsed.is_abi3t:
        text = only(found, Rule.MODULE_INIT, file)
        assert f"defines its module by a PyModuleDef ({function}), which abi3t does not have" in text
        assert "Define PyModExport_native" in text
    else:
        assert found == []


def test_a_wheel_needs_the_tags_of_both_stable_abis(tmp_path: Path, for_all: Path) -> None:
    name = "cp315-abi3-manylinux_2_17_x86_64"
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", "demo/native.abi3t.so": for_all}, name)
    found = verify(Expectation(wheel, PLATFORM, PythonAbi.parse("cp315-abi3.abi3t")))
    assert f"is tagged {name}, but should be {ABI3T}" in only(found, Rule.TAG, wheel.name)


def test_a_plain_shared_library_is_not_a_module(check: Builder, tmp_path: Path) -> None:
    assert check({"demo/libplain.so": compile_library(tmp_path / "built.so", "int nothing;")}) == []


def test_an_expected_module_that_is_missing_is_found(check: Builder) -> None:
    found = check(extensions=("demo.native", "demo.absent"))
    assert "has no extension module demo.absent; it has demo.native" in only(
        found, Rule.MODULE_MISSING, f"demo-0+unstamped-{TAG}.whl"
    )


@pytest.mark.parametrize(
    ("suffix", "tag", "abi", "fits"),
    [
        ("cpython-310-x86_64-linux-gnu", CP310, "cp310", True),
        ("abi3", CP310, "cp310", True),
        ("cpython-311-x86_64-linux-gnu", CP310, "cp310", False),
        ("cpython-310-aarch64-linux-gnu", CP310, "cp310", False),
        ("cpython-310-x86_64-linux-musl", CP310, "cp310", False),
        ("cpython-310-x86_64-linux-gnu", TAG, "cp310-abi3", False),
        ("cpython-313t-x86_64-linux-gnu", "cp313-cp313t-manylinux_2_17_x86_64", "cp313t", True),
        ("cpython-313-x86_64-linux-gnu", "cp313-cp313t-manylinux_2_17_x86_64", "cp313t", False),
        ("abi3", "cp313-cp313t-manylinux_2_17_x86_64", "cp313t", True),
        ("abi3", "cp314-cp314t-manylinux_2_17_x86_64", "cp314t", True),
        ("abi3", "cp315-cp315t-manylinux_2_17_x86_64", "cp315t", False),
        ("abi3", "cp315-abi3t-manylinux_2_17_x86_64", "cp315-abi3t", False),
        ("abi3t", TAG, "cp310-abi3", False),
        ("abi3t", "cp314-cp314t-manylinux_2_17_x86_64", "cp314t", False),
        ("abi3t", "cp315-cp315t-manylinux_2_17_x86_64", "cp315t", True),
        ("abi3t", "cp315-abi3-manylinux_2_17_x86_64", "cp315-abi3", True),
        ("abi3t", ABI3T, "cp315-abi3.abi3t", True),
        ("abi3", ABI3T, "cp315-abi3.abi3t", False),
        ("cpython-315t-x86_64-linux-gnu", ABI3T, "cp315-abi3.abi3t", False),
        ("abi3t-x86_64-linux-gnu", ABI3T, "cp315-abi3.abi3t", True),
        ("abi3t-x86_64-linux-musl", ABI3T, "cp315-abi3.abi3t", False),
        ("abi3-x86_64-linux-gnu", "cp315-abi3-manylinux_2_17_x86_64", "cp315-abi3", True),
        ("abi3-x86_64-linux-gnu", TAG, "cp310-abi3", False),
        ("abi3t", "cp315-abi3t-manylinux_2_17_x86_64", "cp315-abi3t", True),
    ],
)
def test_a_suffix_of_another_python_is_found(
    tmp_path: Path, for_all: Path, suffix: str, tag: str, abi: str, fits: bool
) -> None:
    file = f"demo/native.{suffix}.so"
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", file: for_all}, tag)
    found = verify(Expectation(wheel, PLATFORM, PythonAbi.parse(abi)))
    if fits:
        assert found == []
    else:
        assert "never imports it" in only(found, Rule.MODULE_SUFFIX, file)


@pytest.mark.parametrize(("abi", "fits"), [("cp315-abi3.abi3t", True), ("cp315-abi3t", False)])
def test_a_second_file_may_be_for_pythons_with_a_gil(
    tmp_path: Path, plain: Path, for_all: Path, abi: str, fits: bool
) -> None:
    files: Files = {"demo/__init__.py": "", "demo/native.abi3.so": plain, "demo/native.abi3t.so": for_all}
    parsed = PythonAbi.parse(abi)
    wheel = build_wheel(tmp_path, files, str(parsed.wheel_tag(MANYLINUX)))
    found = verify(Expectation(wheel, PLATFORM, parsed))
    assert {(item.rule, item.problem.place) for item in found} == (
        set() if fits else {(Rule.MODULE_INIT, NATIVE), (Rule.MODULE_SUFFIX, NATIVE)}
    )


def test_a_free_threaded_build_without_a_stable_abi_may_use_all(tmp_path: Path) -> None:
    built = library(tmp_path, code="extern void _Py_DecRefShared(void *);", statement="_Py_DecRefShared(0);")
    for version in ("cp313", "cp314"):
        wheel = build_wheel(
            tmp_path / version, {"demo/__init__.py": "", NATIVE: built}, f"{version}-{version}t-{MANYLINUX}"
        )
        assert verify(Expectation(wheel, PLATFORM, PythonAbi.parse(f"{version}t"))) == []


def test_a_function_outside_the_limited_api_is_found(check: Builder, tmp_path: Path) -> None:
    built = library(tmp_path, code="extern void _PyGC_Dump(void *);", statement="_PyGC_Dump(0);")
    assert "uses _PyGC_Dump, which the limited API does not have" in only(check({NATIVE: built}), Rule.LIMITED_API)


def test_functions_of_3_15_are_in_its_stable_abis(tmp_path: Path) -> None:
    code = f"extern void *PyType_FromSlots(void *);{export_hook('native')}"
    built = library(tmp_path, code=code, statement="PyType_FromSlots(0);")
    for tag, suffix, needed in (("cp315-abi3.abi3t", "abi3t", ""), ("cp314-abi3", "abi3", "3.15")):
        file = f"demo/native.{suffix}.so"
        wheel = build_wheel(tmp_path / suffix, {"demo/__init__.py": "", file: built}, f"{tag}-{MANYLINUX}")
        found = verify(Expectation(wheel, PLATFORM, PythonAbi.parse(tag)))
        if needed:
            assert f'Set limited_api="{needed}"' in only(found, Rule.LIMITED_API, file)
        else:
            assert found == []


def test_a_function_of_a_later_limited_api_is_found(check: Builder, tmp_path: Path) -> None:
    built = library(
        tmp_path, code="extern void *PyType_GetModuleByDef(void *, void *);", statement="PyType_GetModuleByDef(0, 0);"
    )
    text = only(check({NATIVE: built}), Rule.LIMITED_API)
    assert "PyType_GetModuleByDef (since 3.13)" in text
    assert 'limited_api="3.13"' in text


def test_another_architecture_is_found(check: Builder, tmp_path: Path) -> None:
    built = library(tmp_path, target="aarch64-linux-gnu.2.17")
    assert "is built for aarch64" in only(check({NATIVE: built}), Rule.ARCHITECTURE)


def test_a_need_for_newer_instructions_is_found(check: Builder, tmp_path: Path) -> None:
    # The note that compilers write for -march=x86-64-v3 on request.
    note = '.section .note.isa,"a",@note; .p2align 3; .long 4, 16, 5; .asciz "GNU"; .long 0xc0008002, 4, 4, 0'
    built = library(tmp_path, code=f"__asm__({json.dumps(note)});")
    text = only(check({NATIVE: built}), Rule.ARCHITECTURE)
    assert "requires x86_64_v3 instructions, which some x86_64 machines do not have" in text


def test_a_wheel_without_native_code_is_found(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""}, TAG)
    assert "holds no native code" in only(verify(expectation(wheel)), Rule.NO_NATIVE_CODE, wheel.name)


def test_a_static_program_is_native_code(tmp_path: Path) -> None:
    program = link_static_program(tmp_path / "tool")
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", "demo/tool": program}, TAG)
    assert verify(expectation(wheel)) == []


def set_segment_flags(path: Path, kind: str, flags: int) -> Path:
    """Change the flags of the first segment of a kind in a 64-bit ELF file, which linkers refuse to do."""
    with path.open("r+b") as stream:
        elf = cast("Any", ELFFile)(stream)
        index = next(i for i, segment in enumerate(elf.iter_segments()) if segment["p_type"] == kind)
        stream.seek(elf["e_phoff"] + index * elf["e_phentsize"] + 4)
        stream.write(struct.pack("<I", flags))
    return path


def test_version_slots_must_be_in_the_recipe(check: Builder, tmp_path: Path) -> None:
    stamped = link_bare(tmp_path / "libcore.so", slot_source(), MANYLINUX)
    files: Files = {"demo/libcore.so": stamped, "dist-info/spokeshave.json": Recipe().render()}
    message = only(check(files), Rule.VERSION_SLOT, "demo/libcore.so")
    assert "has a version slot that the stamp would not change" in message
    files["dist-info/spokeshave.json"] = Recipe(version_slots=("demo/libcore.so",)).render()
    assert check(files) == []
    files["dist-info/spokeshave.json"] = Recipe(version_slots=("demo/libcore.so", NATIVE)).render()
    assert f"{NATIVE}: is listed with a version slot" in only(check(files), Rule.VERSION_SLOT)


def test_a_section_that_is_not_made_of_slots_is_found(check: Builder, tmp_path: Path) -> None:
    odd = link_bare(tmp_path / "libcore.so", slot_source(size=100), MANYLINUX)
    files: Files = {"demo/libcore.so": odd, "dist-info/spokeshave.json": Recipe().render()}
    assert "has 100 bytes for version slots" in only(check(files), Rule.VERSION_SLOT, "demo/libcore.so")


def test_an_executable_stack_is_found(check: Builder, tmp_path: Path) -> None:
    built = set_segment_flags(library(tmp_path), "PT_GNU_STACK", 7)
    assert "requests an executable stack" in only(check({NATIVE: built}), Rule.EXECUTABLE_STACK)


def test_code_that_can_be_written_to_is_found(check: Builder, tmp_path: Path) -> None:
    built = set_segment_flags(library(tmp_path), "PT_LOAD", 7)
    assert "both written to and executed" in only(check({NATIVE: built}), Rule.WRITABLE_CODE)


def test_relocations_in_code_are_found(check: Builder, tmp_path: Path) -> None:
    code = '__asm__(".text\\n.globl place\\n.hidden place\\nplace: .quad PyModule_Create2\\n");'
    built = library(tmp_path, code=code, flags=("-Wl,-z,notext",))
    assert "has relocations in its code" in only(check({NATIVE: built}), Rule.TEXT_RELOCATION)


def test_a_damaged_library_is_found(check: Builder) -> None:
    assert "damaged ELF file" in only(check({NATIVE: b"\x7fELF\x02\x01\x01" + b"\xff" * 90}), Rule.ARCHIVE)


@pytest.mark.parametrize(
    "path", ["/home/someone/project/core.cc", "/root/project/core.cc", "/tmp/pants-sandbox-1x2y3z/src/core.cc"]
)
def test_a_build_directory_in_native_code_is_found(check: Builder, tmp_path: Path, path: str) -> None:
    code = f'__attribute__((visibility("default"))) const char *where = "{path}";'
    assert repr(path) in only(check({NATIVE: library(tmp_path, code=code)}), Rule.BUILD_PATH)


def test_a_forbidden_text_is_found_in_any_file(check: Builder) -> None:
    found = check({"demo/config.py": "PREFIX = '/the/build/prefix'"}, forbidden=("/the/build",))
    assert "'/the/build/prefix'" in only(found, Rule.BUILD_PATH, "demo/config.py")


def test_a_sandbox_is_found_in_any_file(check: Builder) -> None:
    found = check({"demo/config.py": "PREFIX = '/tmp/pants-sandbox-AbCd/x'"})
    assert "/tmp/pants-sandbox-AbCd/x" in only(found, Rule.BUILD_PATH, "demo/config.py")


def test_the_current_folder_is_found_in_any_file(
    check: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = check({"demo/config.py": f"PREFIX = '{tmp_path}/prefix'"})
    assert f"'{tmp_path}/prefix'" in only(found, Rule.BUILD_PATH, "demo/config.py")


@pytest.mark.parametrize("length", [(1 << 20) - 10, (1 << 20) + 1, 3 << 20])
def test_a_text_is_found_anywhere_in_a_large_file(check: Builder, length: int) -> None:
    data = b"x" * (length - 1) + b" /tmp/pants-sandbox-AbCd/one " + b"y" * 5000 + b" /tmp/pants-sandbox-AbCd/two"
    text = only(check({"demo/data.bin": data}), Rule.BUILD_PATH, "demo/data.bin")
    assert "'/tmp/pants-sandbox-AbCd/one', '/tmp/pants-sandbox-AbCd/two'" in text


@pytest.mark.parametrize("length", [0, 1000, (1 << 20) - 4096 - len("${prefix}"), (1 << 20) - len("${prefix}")])
def test_a_folder_of_that_name_inside_another_is_fine(check: Builder, length: int) -> None:
    text = "${prefix}/tmp/pants-sandbox-AbCd and sysroot/tmp/pants-sandbox-AbCd"
    assert check({"demo/data.bin": " " * length + text + " " * 10000}) == []


def test_a_home_folder_in_prose_is_fine(check: Builder) -> None:
    assert check({"demo/help.py": "'''Reads /home/someone/file.'''"}) == []


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("notes.txt", "is neither a module nor inside a package"),
        ("setup.py", "is a file of the project"),
        ("tests/__init__.py", "is a folder of the project"),
        ("share/data.txt", "contains no module"),
        ("no-package/a.py", "is not a package"),
        ("other.libs/a.txt", "is not a package"),
    ],
)
def test_a_file_outside_the_packages_is_found(check: Builder, file: str, fault: str) -> None:
    assert fault in only(check({file: ""}), Rule.OUTSIDE_PACKAGE, file.split("/")[0])


def test_what_belongs_to_a_distribution_is_inside(check: Builder) -> None:
    names = ["demo-stubs/a.pyi", "single.py", "demo.pth", "demo-0+unstamped.data/scripts/run", "space/inner/a.py"]
    assert check(dict.fromkeys(names, "")) == []


def test_names_that_differ_by_case_are_found(check: Builder) -> None:
    found = check({"demo/Data.txt": "", "demo/data.txt": ""})
    assert "differs from demo/Data.txt only by case" in only(found, Rule.NAME_CLASH, "demo/data.txt")


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ("demo.cli:main", None),
        ("demo.cli:Tool.run", None),
        ("demo.native:main", None),
        ("demo.cli:absent", "demo/cli.py defines no absent"),
        ("demo.cli:Tool.absent", "demo/cli.py defines no Tool.absent"),
        ("demo.nowhere:main", "the wheel has no module demo.nowhere"),
        ("demo.cli", "is not of the form package.module:function"),
        ("demo.newer:main", None),
        ("demo.newer:absent", "demo/newer.py defines no absent"),
    ],
)
def test_a_script_whose_target_does_not_exist_is_found(check: Builder, reference: str, fault: str | None) -> None:
    files = {
        "dist-info/entry_points.txt": f"[console_scripts]\nrun = {reference}\n",
        "demo/cli.py": "try:\n    from os import path as main\nfinally: ...\nclass Tool:\n    def run(self): ...\n",
        "demo/newer.py": "match 1:\n    case 1:\n        type X = int\ndef main(): ...\nthis is !\n",
    }
    found = check(files)
    if fault is None:
        assert found == []
    else:
        assert fault in only(found, Rule.ENTRY_POINT, f"{DIST_INFO}/entry_points.txt: run")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("[cmake.root]\nDemo = demo\n", None),
        ("[cmake.root]\nDemo = demo.lib.cmake\n", None),
        ("[cmake.root]\nOther = demo\n", "demo has no OtherConfig.cmake"),
        ("[cmake.prefix]\nany = demo.share\n", "the wheel has no files in demo/share"),
        ("[pkg_config]\ndemo = demo.lib.pkgconfig\n", None),
        ("[pkg_config]\ndemo = demo.lib\n", "demo/lib has no .pc file"),
        ("[other]\nx = nowhere\n", None),
    ],
)
def test_an_entry_point_without_its_build_files_is_found(check: Builder, entry: str, fault: str | None) -> None:
    files = {
        "dist-info/entry_points.txt": entry,
        "demo/lib/cmake/DemoConfig.cmake": "",
        "demo-0+unstamped.data/platlib/demo/lib/pkgconfig/demo.pc": "",
    }
    found = check(files)
    group, _, rest = entry[1:].partition("]\n")
    name = rest.partition(" ")[0]
    if fault is None:
        assert found == []
    else:
        assert fault in only(found, Rule.ENTRY_POINT, f"{DIST_INFO}/entry_points.txt: {group}.{name}")


def test_a_changed_file_contradicts_record(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG)
    rewrite(wheel, lambda name, data: [(name, b"x" if name == "demo/__init__.py" else data)])
    assert "has another hash than RECORD lists" in only(verify(expectation(wheel)), Rule.RECORD, "demo/__init__.py")


def test_an_unlisted_file_contradicts_record(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG)
    rewrite(wheel, lambda name, data: [(name, data), *([("demo/b.py", b"")] if name == NATIVE else [])])
    assert "is not listed in RECORD" in only(verify(expectation(wheel)), Rule.RECORD, "demo/b.py")


def test_a_listed_file_that_is_missing_contradicts_record(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG)
    rewrite(wheel, lambda name, data: [] if name == "demo/__init__.py" else [(name, data)])
    text = only(verify(expectation(wheel)), Rule.RECORD, f"{DIST_INFO}/RECORD")
    assert "lists demo/__init__.py, which is not in the wheel" in text


@pytest.mark.parametrize(
    ("pattern", "replacement", "place", "fault"),
    [
        (r"(__init__.py,sha256=.*),0", r"\1,7", "demo/__init__.py", "is 0 bytes long, but RECORD lists 7"),
        (r"(__init__.py),sha256=.*,", r"\1,md5=1B2M2Y8AsgTpgAmY7PhCfg,", "demo/__init__.py", "a hash of the kind md5"),
        (r"(__init__.py),sha256=.*,", r"\1,,", "demo/__init__.py", "has no hash in RECORD"),
        (r"(__init__.py),sha256=.*", r"\1", f"{DIST_INFO}/RECORD, line 1", "is not of the form path,hash,size"),
    ],
)
def test_a_wrong_line_of_record_is_found(
    tmp_path: Path, plain: Path, pattern: str, replacement: str, place: str, fault: str
) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG)
    change_text(wheel, "RECORD", lambda text: re.sub(pattern, replacement, text))
    assert fault in only(verify(expectation(wheel)), Rule.RECORD, place)


def test_a_missing_record_is_found(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG)
    rewrite(wheel, lambda name, data: [] if name.endswith("/RECORD") else [(name, data)])
    assert "is missing" in only(verify(expectation(wheel)), Rule.RECORD, f"{DIST_INFO}/RECORD")


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("Wheel-Version: 1.0", "Wheel-Version: 2.0", "has Wheel-Version '2.0', which installers reject"),
        ("Root-Is-Purelib: false", "Root-Is-Purelib: true", "declares a pure wheel"),
    ],
)
def test_a_wrong_wheel_file_is_found(check: Builder, before: str, after: str, fault: str) -> None:
    text = render_wheel_file(WheelTag.parse(TAG)).decode().replace(before, after)
    assert fault in only(check({"dist-info/WHEEL": text}), Rule.TAG, f"{DIST_INFO}/WHEEL")


def test_a_file_that_is_in_the_archive_twice_is_found(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG)
    with pytest.warns(UserWarning, match="Duplicate"):
        rewrite(wheel, lambda name, data: [(name, data)] * (2 if name == "demo/__init__.py" else 1))
    (found,) = verify(expectation(wheel))
    assert found.rule is Rule.ARCHIVE
    assert "demo/__init__.py: is in the archive twice" in str(found)


def test_a_renamed_wheel_is_found(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, "cp310-abi3-linux_x86_64")
    renamed = wheel.rename(tmp_path / wheel.name.replace("linux_x86_64", MANYLINUX))
    text = only(verify(expectation(renamed)), Rule.TAG, f"{DIST_INFO}/WHEEL")
    assert "lists cp310-abi3-linux_x86_64, but the file name says cp310-abi3-manylinux_2_17_x86_64" in text


def test_a_wheel_of_another_abi_than_asked_for_is_found(check: Builder) -> None:
    found = check(abi="cp310", tag="cp311-cp311-manylinux_2_17_x86_64")
    assert "should be cp310-cp310-manylinux_2_17_x86_64" in str(found[0])
    assert found[0].rule is Rule.TAG


def test_a_wheel_for_every_python_uses_no_python_symbols(tmp_path: Path, plain: Path) -> None:
    source = 'int PyLong_AsLong(void *); __attribute__((visibility("default"))) int answer(void) { return 42; }'
    core = compile_library(tmp_path / "libcore.so", source)
    user = compile_library(tmp_path / "libuser.so", source.replace("42", "PyLong_AsLong(0)"))

    def found(*libraries: tuple[str, Path]) -> list[Finding]:
        files: Files = {"demo/__init__.py": "", **dict(libraries)}
        wheel = build_wheel(tmp_path, files, "py3-none-manylinux_2_17_x86_64")
        return verify(Expectation(wheel, PLATFORM, PythonAbi.parse("py3-none")))

    assert found(("demo/libcore.so", core)) == []
    text = only(found(("demo/libcore.so", core), ("demo/libuser.so", user)), Rule.TAG, "demo/libuser.so")
    assert "uses PyLong_AsLong, but the tag py3-none declares that the wheel works on all Pythons" in text
    assert "is an extension module" in only(found(("demo/libcore.so", core), (NATIVE, plain)), Rule.TAG)
    assert found()[0].rule is Rule.NO_NATIVE_CODE


def test_a_wheel_renamed_to_another_version_is_found(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG, version="1.0")
    renamed = wheel.rename(tmp_path / wheel.name.replace("1.0", "2.0"))
    found = verify(expectation(renamed))
    assert {item.rule for item in found} == {Rule.METADATA}
    assert "belongs to demo 1.0, but the file name says demo 2.0" in str(found[0])
    assert "has version 1.0, but the file name says 2.0" in "".join(map(str, found))


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("Requires-Dist: not a requirement!\n", "requires-dist"),
        ("Requires-Python: >=3.13\n", None),
        ("Requires-Python: <3.10\n", "excludes every Python of the tag cp310-abi3"),
        ("License-File: LICENSE\n", "names the license file LICENSE"),
        ("Unknown-Field: 1\n", "unknown-field"),
    ],
)
def test_metadata_that_an_index_refuses_is_found(check: Builder, lines: str, fault: str | None) -> None:
    found = check(metadata_lines=lines)
    if fault is None:
        assert found == []
    else:
        assert fault in only(found, Rule.METADATA, f"{DIST_INFO}/METADATA").lower() or fault in str(found[0])


def test_the_command_prints_and_reports_every_finding(
    tmp_path: Path, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = build_wheel(tmp_path, {"demo/other.abi3.so": plain, "notes.txt": ""}, TAG)
    report = tmp_path / "report.json"
    arguments = [
        "verify",
        "--wheel",
        str(wheel),
        "--platform",
        MANYLINUX,
        "--abi",
        "cp310-abi3",
        "--report",
        str(report),
    ]
    assert main(arguments) == 1
    rules = [item["rule"] for item in json.loads(report.read_text())["findings"]]
    assert rules == ["outside-package", "module-init"]
    assert [item.rule.value for item in read_report(VerifyReport, report).findings] == rules
    message = capsys.readouterr().err
    assert "has 2 problems" in message
    assert "notes.txt: is neither a module nor inside a package" in message
    assert '(a `python_backend_wheel` does by exclude=["notes.txt"])' in message
    assert "must export PyInit_other, but exports PyInit_native" in message


def test_the_command_is_silent_about_a_good_wheel(
    tmp_path: Path, plain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", NATIVE: plain}, TAG)
    report = tmp_path / "report.json"
    arguments = [
        "verify",
        "--wheel",
        str(wheel),
        "--platform",
        MANYLINUX,
        "--abi",
        "cp310-abi3",
        "--report",
        str(report),
    ]
    assert main(arguments) == 0
    assert json.loads(report.read_text()) == {"findings": []}
    assert capsys.readouterr().err == ""


def test_a_file_that_is_not_a_wheel_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = tmp_path / f"demo-1.0-{TAG}.whl"
    wheel.write_text("no zip")
    arguments = ["--platform", MANYLINUX, "--abi", "cp310-abi3", "--report", str(tmp_path / "report.json")]
    assert main(["verify", "--wheel", str(wheel), *arguments]) == 1
    assert "cannot be read as a zip archive" in capsys.readouterr().err
    assert main(["verify", "--wheel", str(tmp_path / "absent.whl"), *arguments]) == 1
    assert "absent.whl" in capsys.readouterr().err


def test_a_program_of_another_system_is_not_native_code(tmp_path: Path) -> None:
    start = "int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) { return 1; }"
    program = bytearray(link_bare(tmp_path / "tool.dll", start, "win_amd64").read_bytes())
    # A library without the flag of one is a program.
    program[int.from_bytes(program[60:64], "little") + 23] &= ~0x20
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", "demo/tool.exe": bytes(program)}, TAG)
    found = verify(expectation(wheel))
    assert "has a platform tag but holds no native code for it" in only(found, Rule.NO_NATIVE_CODE, wheel.name)
