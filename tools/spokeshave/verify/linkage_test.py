"""Tests of findings about libraries and symbols against the real pip and this machine's loader."""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pytest

from spokeshave.native.elf.file import open_elf
from spokeshave.pythons.pip import pip_install
from spokeshave.repair.command import repair
from spokeshave.testing.native_fixtures import MANYLINUX, build_wheel, link_bare, module_source
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.tree import unpack
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.verify import Finding

PLATFORM = Platform.parse(MANYLINUX)
ABI = PythonAbi.parse("cp38-abi3")
DATA = "demo-0+unstamped.data"
EXPORT = '__attribute__((visibility("default")))'
Files = dict[str, "bytes | str | Path"]


def library(path: Path, symbols: str, *flags: str, code: str = "", body: str = "return 1;", soname: str = "") -> Path:
    """Return a library that exports functions. `path` has its soname."""
    functions = "".join(f"{EXPORT} int {symbol}(void) {{ {body} }}\n" for symbol in symbols.split())
    return link_bare(path, f"{code}\n{functions}", MANYLINUX, f"-Wl,-soname,{soname or path.name}", *flags)


def module(path: Path, *flags: str, call: str = "", code: str = "", name: str = "") -> Path:
    """Return a module that calls a function when it is imported."""
    declared = f"extern int {call}(void);" if call else ""
    source = module_source(name or path.name.partition(".")[0], f"{call}();" if call else "", f"{declared}{code}")
    return link_bare(path, source, MANYLINUX, *flags)


def rpath(folder: str) -> str:
    return f"-Wl,-rpath,{folder}"


def wheel_of(folder: Path, files: Files, tag: str = f"cp38-abi3-{MANYLINUX}") -> Path:
    return build_wheel(folder, {"demo/__init__.py": "", **files}, tag)


def imports(wheel: Path, folder: Path, *modules: str) -> bool:
    """Return whether Python imports modules of a wheel in one process. pip installs it if unpacking is not enough."""
    target = tempfile.mkdtemp(dir=folder)
    with zipfile.ZipFile(wheel) as archive:
        if any(name.startswith(DATA) for name in archive.namelist()):
            options = [option for option in pip_install("--quiet") if option != "--require-hashes"]
            subprocess.run([sys.executable, *options, "--no-deps", "--target", target, wheel], check=True)
        else:
            archive.extractall(target)
    code = f"import sys; sys.path.insert(0, {target!r}); import {', '.join(modules)}"
    return subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=False).returncode == 0


def judge(folder: Path, files: Files, *modules: str) -> list[Finding]:
    """Return the findings about a wheel, after checking them: none if it works, some if it does not."""
    wheel = wheel_of(folder, files)
    found = verify(Expectation(wheel, PLATFORM, ABI))
    assert imports(wheel, folder, *(modules or ("demo.native",))) == (not found), [str(f) for f in found]
    return found


def only(found: list[Finding], rule: Rule, place: str = "demo/native.abi3.so") -> str:
    assert [(item.rule, item.problem.place) for item in found] == [(rule, place)], [str(item) for item in found]
    return str(found[0])


def test_search_paths_are_those_of_installed_files(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), rpath("$ORIGIN/lib"), call="core")
    files: Files = {f"{DATA}/platlib/demo/native.abi3.so": native, "demo/lib/libcore.so": core}
    assert judge(tmp_path, files) == []


def test_a_path_in_the_archive_alone_leads_nowhere(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), rpath(f"$ORIGIN/../{DATA}/platlib/demo/lib"), call="core")
    text = only(
        judge(tmp_path, {"demo/native.abi3.so": native, f"{DATA}/platlib/demo/lib/libcore.so": core}),
        Rule.MISSING_LIBRARY,
    )
    assert "-Wl,-rpath,$ORIGIN/lib." in text


@pytest.mark.parametrize("path", [f"$ORIGIN/../{DATA}/data/lib", "$ORIGIN/../../../../lib", "$ORIGIN/lib"])
def test_a_library_in_the_prefix_is_out_of_reach(tmp_path: Path, path: str) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), rpath(path), call="core")
    found = judge(tmp_path, {"demo/native.abi3.so": native, f"{DATA}/data/lib/libcore.so": core})
    (missing,) = [item for item in found if item.rule is Rule.MISSING_LIBRARY]
    assert f"the wheel contains it as {DATA}/data/lib/libcore.so" in str(missing)
    assert "Put libcore.so into a package" in str(missing)
    assert "-rpath" not in str(missing)


def test_a_search_path_to_the_packages_root_works(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), rpath("$ORIGIN/../demo.libs"), call="core")
    assert judge(tmp_path, {"demo/native.abi3.so": native, "demo.libs/libcore.so": core}) == []


def test_an_empty_search_path_is_ignored(tmp_path: Path) -> None:
    native = module(tmp_path / "native.abi3.so", rpath("$ORIGIN"))
    native.write_bytes(native.read_bytes().replace(b"$ORIGIN\0", bytes(8)))
    assert judge(tmp_path, {"demo/native.abi3.so": native}) == []


def test_a_library_with_a_modules_suffix_may_be_opened_by_name(tmp_path: Path) -> None:
    files: Files = {
        "demo/_core.abi3.so": library(tmp_path / "_core.abi3.so", "core"),
        "demo/native.abi3.so": module(tmp_path / "native.abi3.so"),
    }
    found = verify(Expectation(wheel_of(tmp_path, files), PLATFORM, ABI))
    assert "does not export PyInit__core" in only(found, Rule.MODULE_INIT, "demo/_core.abi3.so")
    open_it = "import ctypes, os\nctypes.CDLL(os.path.join(os.path.dirname(__file__), '_core.abi3.so')).core()\n"
    assert judge(tmp_path, {**files, "demo/__init__.py": open_it}) == []


def test_tables_may_end_in_the_last_page_of_a_segment(tmp_path: Path) -> None:
    native = module(tmp_path / "native.abi3.so")
    data = bytearray(native.read_bytes())
    with native.open("rb") as stream:
        elf = open_elf(stream)
        index, segment = next((i, s) for i, s in enumerate(elf.iter_segments()) if s["p_type"] == "PT_LOAD")
        header = elf["e_phoff"] + index * elf["e_phentsize"]
        names = elf.get_section_by_name(".dynstr")
    # Cut before the end of the names, as patchelf has done.
    for offset in (0x20, 0x28):
        struct.pack_into("<Q", data, header + offset, names["sh_offset"] + 4 - segment["p_offset"])
    native.write_bytes(data)
    assert judge(tmp_path, {"demo/native.abi3.so": native}) == []


def chain(tmp_path: Path, *flags: str) -> Files:
    """Return a module with a library that needs another one but has no search path for it."""
    core = library(tmp_path / "libcore.so", "core")
    middle = library(
        tmp_path / "libmiddle.so", "middle", str(core), code="extern int core(void);", body="return core();"
    )
    native = module(tmp_path / "native.abi3.so", str(middle), rpath("$ORIGIN"), *flags, call="middle")
    return {"demo/native.abi3.so": native, "demo/libmiddle.so": middle, "demo/libcore.so": core}


def test_a_runpath_is_for_the_files_own_libraries(tmp_path: Path) -> None:
    found = judge(tmp_path, chain(tmp_path, "-Wl,--enable-new-dtags"))
    assert "needs libcore.so (through libmiddle.so)" in only(found, Rule.MISSING_LIBRARY)


def test_a_rpath_is_for_all_libraries_below(tmp_path: Path) -> None:
    assert judge(tmp_path, chain(tmp_path, "-Wl,--disable-new-dtags")) == []


def test_a_runpath_disables_the_rpath_of_the_loading_file(tmp_path: Path) -> None:
    files = chain(tmp_path, "-Wl,--disable-new-dtags")
    use = ("extern int core(void);", "return core();")
    flags = (str(tmp_path / "libcore.so"), rpath("$ORIGIN/nowhere"), "-Wl,--enable-new-dtags")
    files["demo/libmiddle.so"] = library(tmp_path / "libmiddle.so", "middle", *flags, code=use[0], body=use[1])
    assert "needs libcore.so (through libmiddle.so)" in only(judge(tmp_path, files), Rule.MISSING_LIBRARY)


def test_a_library_that_is_loaded_already_is_not_searched_for(tmp_path: Path) -> None:
    files = chain(tmp_path, "-Wl,--enable-new-dtags", "-Wl,--no-as-needed", str(tmp_path / "libcore.so"))
    assert judge(tmp_path, files) == []


def test_a_library_loaded_by_the_package_needs_no_path(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), call="core")
    load = "import ctypes, os\nctypes.CDLL(os.path.join(os.path.dirname(__file__), 'lib', 'libcore.so'))\n"
    files: Files = {"demo/__init__.py": load, "demo/native.abi3.so": native, "demo/lib/libcore.so": core}
    assert judge(tmp_path, files) == []


def test_a_module_is_loaded_alone_even_if_others_link_to_it(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), "-Wl,-soname,native.abi3.so", call="core")
    other = module(
        tmp_path / "other.abi3.so", str(native), rpath("$ORIGIN"), rpath("$ORIGIN/lib"), "-Wl,--disable-new-dtags"
    )
    files: Files = {"demo/native.abi3.so": native, "demo/other.abi3.so": other, "demo/lib/libcore.so": core}
    only(judge(tmp_path, files), Rule.MISSING_LIBRARY)


def test_a_symbol_that_nothing_has_is_found(tmp_path: Path) -> None:
    text = only(
        judge(tmp_path, {"demo/native.abi3.so": module(tmp_path / "native.abi3.so", call="core")}),
        Rule.UNDEFINED_SYMBOL,
    )
    assert "uses core, which neither it, nor a library that it links to, nor Python defines" in text


def test_a_symbol_that_a_library_lacks_is_found_there(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core", code="extern int deeper(void);", body="return deeper();")
    native = module(tmp_path / "native.abi3.so", str(core), rpath("$ORIGIN"), call="core")
    found = judge(tmp_path, {"demo/native.abi3.so": native, "demo/libcore.so": core})
    assert "uses deeper" in only(found, Rule.UNDEFINED_SYMBOL, "demo/libcore.so")


def test_a_library_may_use_symbols_of_the_module_that_loads_it(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core", code="extern int given(void);", body="return given();")
    code = f"{EXPORT} int given(void) {{ return 1; }}"
    native = module(tmp_path / "native.abi3.so", str(core), rpath("$ORIGIN"), call="core", code=code)
    assert judge(tmp_path, {"demo/native.abi3.so": native, "demo/libcore.so": core}) == []


def test_another_modules_symbols_do_not_count(tmp_path: Path) -> None:
    other = module(tmp_path / "other.abi3.so", code=f"{EXPORT} int core(void) {{ return 1; }}")
    native = module(tmp_path / "native.abi3.so", call="core")
    files: Files = {"demo/native.abi3.so": native, "demo/other.abi3.so": other}
    only(judge(tmp_path, files, "demo.other", "demo.native"), Rule.UNDEFINED_SYMBOL)


def test_a_module_that_is_loaded_globally_gives_its_symbols(tmp_path: Path) -> None:
    other = module(tmp_path / "other.abi3.so", code=f"{EXPORT} int core(void) {{ return 1; }}")
    files: Files = {
        "demo/__init__.py": "import os, sys\nsys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)\nimport demo.other\n",
        "demo/native.abi3.so": module(tmp_path / "native.abi3.so", call="core"),
        "demo/other.abi3.so": other,
    }
    assert judge(tmp_path, files) == []


def test_a_weak_symbol_may_be_missing(tmp_path: Path) -> None:
    code = "extern int core(void) __attribute__((weak)); int maybe(void) { return core ? core() : 0; }"
    assert judge(tmp_path, {"demo/native.abi3.so": module(tmp_path / "native.abi3.so", call="maybe", code=code)}) == []


@pytest.mark.parametrize("name", ["puts", "pow", "pthread_create", "dlsym", "_Py_Dealloc", "__tls_get_addr"])
def test_symbols_of_the_process_need_no_library(tmp_path: Path, name: str) -> None:
    code = f"extern int {name}(void); {EXPORT} void *volatile place = (void *){name};"
    assert judge(tmp_path, {"demo/native.abi3.so": module(tmp_path / "native.abi3.so", code=code)}) == []


@pytest.mark.parametrize(("name", "library_name"), [("glClear", "libGL.so.1"), ("XOpenDisplay", "libX11.so.6")])
def test_a_platform_library_may_have_any_symbol(tmp_path: Path, name: str, library_name: str) -> None:
    system = library(tmp_path / library_name, name)
    wheel = wheel_of(tmp_path, {"demo/native.abi3.so": module(tmp_path / "native.abi3.so", str(system), call=name)})
    assert verify(Expectation(wheel, PLATFORM, ABI)) == []


@pytest.mark.parametrize(
    ("library_name", "name", "fits"),
    [
        ("libstdc++.so.6", "_ZNSt6thread4joinEv", True),
        ("libstdc++.so.6", "_ZTVN10__cxxabiv117__class_type_infoE", True),
        ("libstdc++.so.6", "_ZdlPv", True),
        ("libstdc++.so.6", "_Z4corev", False),
        ("libstdc++.so.6", "_ZN4demo4coreEv", False),
        ("libstdc++.so.6", "_ZN6Series3addEv", False),
        ("libgcc_s.so.1", "_Unwind_Resume", True),
        ("libgcc_s.so.1", "__udivti3", True),
        ("libgcc_s.so.1", "core", False),
        ("libc.so.6", "core", False),
        ("libz.so.1", "deflateInit2_", True),
        ("libz.so.1", "inflateEnd", True),
        ("libz.so.1", "gzopen64", True),
        ("libz.so.1", "zlibVersion", True),
        ("libz.so.1", "zError", True),
        ("libz.so.1", "crc32_combine64", True),
        ("libz.so.1", "adler32_z", True),
        ("libz.so.1", "uncompress", True),
        ("libz.so.1", "compressBound", True),
        ("libz.so.1", "get_crc_table", True),
        ("libz.so.1", "core", False),
        ("libz.so.1", "my_deflate", False),
        ("libexpat.so.1", "XML_ParserCreate", True),
        ("libexpat.so.1", "core", False),
        ("libX11.so.6", "XOpenDisplay", True),
        ("libX11.so.6", "_XFlush", True),
        ("libX11.so.6", "core", False),
    ],
)
def test_a_runtime_has_its_own_symbols_only(tmp_path: Path, library_name: str, name: str, fits: bool) -> None:
    system = library(tmp_path / library_name, "unused")
    built = module(tmp_path / "native.abi3.so", "-Wl,--no-as-needed", str(system), call=name)
    found = verify(Expectation(wheel_of(tmp_path, {"demo/native.abi3.so": built}), PLATFORM, ABI))
    assert [item.rule for item in found] == ([] if fits else [Rule.UNDEFINED_SYMBOL])


def test_a_version_that_the_wheels_library_lacks_is_found(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"CORE_{name} {{ global: core; }};")
    core = library(tmp_path / "new/libcore.so", "core", f"-Wl,--version-script,{tmp_path}/two")
    old = library(tmp_path / "old/libcore.so", "core", f"-Wl,--version-script,{tmp_path}/one")
    native = module(tmp_path / "native.abi3.so", str(core), rpath("$ORIGIN"), call="core")
    assert judge(tmp_path, {"demo/native.abi3.so": native, "demo/libcore.so": core}) == []
    found = judge(tmp_path, {"demo/native.abi3.so": native, "demo/libcore.so": old})
    assert "takes core of version CORE_two from libcore.so, but demo/libcore.so has no such version" in only(
        found, Rule.UNDEFINED_SYMBOL
    )


def without_sections(path: Path) -> Path:
    """Remove the section headers, like sstrip."""
    data = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<Q", data, 0x28)
    struct.pack_into("<Q", data, 0x28, 0)
    struct.pack_into("<3H", data, 0x3A, 0, 0, 0)
    path.write_bytes(data[:start])
    return path


@pytest.mark.parametrize("style", ["gnu", "sysv", "both"])
def test_files_without_section_headers_are_read(tmp_path: Path, style: str) -> None:
    flag = f"-Wl,--hash-style={style}"
    core = library(tmp_path / "libcore.so", "core", flag)
    native = module(tmp_path / "native.abi3.so", str(core), rpath("$ORIGIN"), flag, call="core")
    stripped = {"demo/native.abi3.so": without_sections(native), "demo/libcore.so": without_sections(core)}
    assert judge(tmp_path, {**stripped}) == []
    without_core: Files = {"demo/native.abi3.so": native}
    assert "needs libcore.so" in only(judge(tmp_path, without_core), Rule.MISSING_LIBRARY)
    alone = without_sections(module(tmp_path / "native.abi3.so", flag, call="core"))
    assert "uses core" in only(judge(tmp_path, {"demo/native.abi3.so": alone}), Rule.UNDEFINED_SYMBOL)


def test_a_library_that_exports_nothing_is_read_without_sections(tmp_path: Path) -> None:
    source = "extern int core(void); __attribute__((constructor)) void start(void) { core(); }"
    quiet = link_bare(tmp_path / "libquiet.so", source, MANYLINUX, "-Wl,-soname,libquiet.so")
    native = module(tmp_path / "native.abi3.so", "-Wl,--no-as-needed", str(quiet), rpath("$ORIGIN"))
    found = judge(tmp_path, {"demo/native.abi3.so": native, "demo/libquiet.so": without_sections(quiet)})
    assert "uses core" in only(found, Rule.UNDEFINED_SYMBOL, "demo/libquiet.so")


def test_a_python_library_is_found_and_removed_by_repair(tmp_path: Path) -> None:
    python = library(tmp_path / "libpython3.8.so.1.0", "PyModule_Create2")
    native = module(tmp_path / "native.abi3.so", "-Wl,--no-as-needed", str(python))
    text = only(judge(tmp_path, {"demo/native.abi3.so": native}), Rule.PYTHON_LIBRARY)
    assert "is linked to an interpreter library (libpython3.8.so.1.0)" in text
    assert repaired_imports(tmp_path, {"demo/native.abi3.so": native}, [], "demo.native")


def two_of_one_name(tmp_path: Path, symbols: tuple[str, str] = ("first", "second")) -> dict[str, Path]:
    """Return two libraries of one name, and a module for each."""
    built = {}
    for name, symbol in zip("ab", symbols):
        built[f"lib{name}"] = library(tmp_path / name / "libx.so", symbol)
        path = tmp_path / name / f"{name}.abi3.so"
        built[name] = module(path, str(built[f"lib{name}"]), rpath(f"$ORIGIN/{name}"), call=symbol)
    return built


def test_two_libraries_of_one_name_in_a_wheel_are_found(tmp_path: Path) -> None:
    built = two_of_one_name(tmp_path)
    files: Files = {
        "demo/a.abi3.so": built["a"],
        "demo/b.abi3.so": built["b"],
        "demo/a/libx.so": built["liba"],
        "demo/b/libx.so": built["libb"],
    }
    found = judge(tmp_path, files, "demo.a", "demo.b")
    assert [item.rule for item in found] == [Rule.LIBRARY_CLASH] * 2
    text = "demo/a.abi3.so: needs demo/a/libx.so, but if demo/b/libx.so is loaded first it is used instead"
    assert f"{text}, because both are named libx.so; it does not define first" in str(found[0])
    with pytest.raises(SpokeshaveError, match=r"demo/a/libx\.so.* demo/b/libx\.so"):
        repaired_imports(tmp_path / "repaired", files, [], "demo.a", "demo.b")


def test_two_libraries_of_one_name_may_stand_in_for_each_other(tmp_path: Path) -> None:
    built = two_of_one_name(tmp_path, ("same", "same"))
    files: Files = {
        "demo/a.abi3.so": built["a"],
        "demo/b.abi3.so": built["b"],
        "demo/a/libx.so": built["liba"],
        "demo/b/libx.so": built["libb"],
    }
    assert judge(tmp_path, files, "demo.a", "demo.b") == []


def repaired_imports(folder: Path, files: Files, libraries: list[Path], *modules: str) -> bool:
    """Return whether a wheel works after its repair, which must have no findings."""
    folder.mkdir(exist_ok=True)
    done = repair(wheel_of(folder, files, "cp38-abi3-linux_x86_64"), PLATFORM, libraries, folder / "out")
    assert verify(Expectation(done.written.path, PLATFORM, ABI)) == []
    return imports(done.written.path, folder, *modules)


def test_repair_refuses_two_libraries_of_one_name(tmp_path: Path) -> None:
    built = two_of_one_name(tmp_path)
    files: Files = {"demo/a.abi3.so": built["a"], "demo/b.abi3.so": built["b"]}
    folders = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(SpokeshaveError) as error:
        repaired_imports(tmp_path, files, folders, "demo.a", "demo.b")
    assert f"{tmp_path}/a/libx.so, {tmp_path}/b/libx.so" in str(error.value)


def test_repair_takes_copies_of_one_library_for_one(tmp_path: Path) -> None:
    built = two_of_one_name(tmp_path)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/libx.so").write_bytes(built["liba"].read_bytes())
    files: Files = {"demo/a.abi3.so": built["a"]}
    assert repaired_imports(tmp_path, files, [tmp_path / "a", tmp_path / "copy"], "demo.a")


def test_repair_refuses_a_symbol_that_nothing_has(tmp_path: Path) -> None:
    files: Files = {"demo/native.abi3.so": module(tmp_path / "native.abi3.so", call="core")}
    with pytest.raises(SpokeshaveError, match="uses core, which neither it, nor a library"):
        repaired_imports(tmp_path, files, [], "demo.native")


def test_repair_sets_search_paths_to_grafted_libraries(tmp_path: Path) -> None:
    core = library(tmp_path / "libraries/libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), call="core")
    files: Files = {f"{DATA}/platlib/demo/deep/native.abi3.so": native, "demo/deep/__init__.py": ""}
    assert repaired_imports(tmp_path, files, [core.parent], "demo.deep.native")


def test_repair_refuses_files_outside_of_site_packages(tmp_path: Path) -> None:
    core = library(tmp_path / "libraries/libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), call="core")
    files: Files = {"demo/native.abi3.so": native, f"{DATA}/data/lib/native.abi3.so": native}
    with pytest.raises(SpokeshaveError, match=r"data/lib/native\.abi3\.so: needs a library of the wheel, but is"):
        repaired_imports(tmp_path, files, [core.parent], "demo.native")


def test_grafting_leaves_a_wheels_own_library_of_the_name(tmp_path: Path) -> None:
    inside = library(tmp_path / "in/libx.so", "inside")
    outside = library(tmp_path / "out/libx.so", "inside outside")
    other = library(tmp_path / "out/libother.so", "other")
    uses_both = "extern int inside(void); extern int other(void); int both(void) { return inside() + other(); }"
    files: Files = {
        "demo/libx.so": inside,
        "demo/a.abi3.so": module(
            tmp_path / "a.abi3.so", str(inside), str(other), rpath("$ORIGIN"), call="both", code=uses_both
        ),
        "demo/b.abi3.so": module(tmp_path / "b.abi3.so", str(outside), call="outside"),
    }
    done = repair(wheel_of(tmp_path, files, "cp38-abi3-linux_x86_64"), PLATFORM, [outside.parent], tmp_path / "done")
    needed = unpack(done.written.path, tmp_path / "tree").elf_files
    assert "libx.so" in needed["demo/a.abi3.so"].needed
    assert "libx.so" not in needed["demo/b.abi3.so"].needed
    assert imports(done.written.path, tmp_path, "demo.a", "demo.b")
    assert imports(done.written.path, tmp_path, "demo.b", "demo.a")


def test_a_library_inherits_its_users_search_path(tmp_path: Path) -> None:
    files = chain(tmp_path, "-Wl,--disable-new-dtags")
    outside = library(tmp_path / "out/libcore.so", "core outside")
    files["demo/b.abi3.so"] = module(tmp_path / "b.abi3.so", str(outside), call="outside")
    done = repair(wheel_of(tmp_path, files, "cp38-abi3-linux_x86_64"), PLATFORM, [outside.parent], tmp_path / "done")
    tree = unpack(done.written.path, tmp_path / "tree")
    assert tree.elf_files["demo/libmiddle.so"].needed == ("libcore.so",)


def opened(*names: str) -> str:
    """Return Python code that opens libraries in its folder."""
    lines = [f"ctypes.CDLL(os.path.join(os.path.dirname(__file__), {name!r}))\n" for name in names]
    return "".join(["import ctypes, os\n", *lines])


@pytest.mark.parametrize("flags", [(), ("-Wl,-z,now",)])
def test_libraries_that_need_each_other_are_checked(tmp_path: Path, flags: tuple[str, ...]) -> None:
    missing_library = library(tmp_path / "libgone.so", "gone")
    bare = library(tmp_path / "libq.so", "q")
    code = "extern int q(void), gone(void);"
    body = "return q() + gone();"
    first = library(
        tmp_path / "libp.so", "p", str(bare), str(missing_library), rpath("$ORIGIN"), *flags, code=code, body=body
    )
    second = library(
        tmp_path / "libq.so", "q", str(first), rpath("$ORIGIN"), code="extern int p(void);", body="return p();"
    )
    native = module(tmp_path / "native.abi3.so")
    files: Files = {
        "demo/__init__.py": opened("libp.so"),
        "demo/native.abi3.so": native,
        "demo/libp.so": first,
        "demo/libq.so": second,
    }
    assert "needs libgone.so" in only(judge(tmp_path, files), Rule.MISSING_LIBRARY, "demo/libp.so")
    assert judge(tmp_path, {**files, "demo/libgone.so": missing_library}) == []


def test_in_a_cycle_the_library_with_a_search_path_is_opened(tmp_path: Path) -> None:
    bare = library(tmp_path / "libb.so", "b")
    first = library(
        tmp_path / "liba.so", "a", str(bare), "-Wl,--no-as-needed", code="extern int b(void);", body="return b();"
    )
    second = library(
        tmp_path / "libb.so", "b", str(first), rpath("$ORIGIN"), "-Wl,--disable-new-dtags",
        code="extern int a(void);", body="return a();",
    )  # fmt: skip
    files: Files = {
        "demo/__init__.py": opened("libb.so"),
        "demo/native.abi3.so": module(tmp_path / "native.abi3.so"),
        "demo/liba.so": first,
        "demo/libb.so": second,
    }
    assert judge(tmp_path, files) == []


def test_a_library_that_needs_its_own_name_is_checked(tmp_path: Path) -> None:
    bare = library(tmp_path / "libself.so", "self")
    code = "extern int nowhere(void), self(void);"
    built = library(tmp_path / "new/libself.so", "other", str(bare), code=code, body="return self() + nowhere();")
    files: Files = {
        "demo/__init__.py": opened("libself.so"),
        "demo/native.abi3.so": module(tmp_path / "native.abi3.so"),
        "demo/libself.so": built,
    }
    assert "nowhere" in only(judge(tmp_path, files), Rule.UNDEFINED_SYMBOL, "demo/libself.so")


def test_the_second_library_of_a_name_is_checked(tmp_path: Path) -> None:
    missing_library = library(tmp_path / "libgone.so", "gone")
    one = library(tmp_path / "one/libx.so", "x")
    two = library(
        tmp_path / "two/libx.so", "y", str(missing_library), code="extern int gone(void);", body="return gone();"
    )
    files: Files = {
        "demo/native.abi3.so": module(tmp_path / "native.abi3.so", str(one), rpath("$ORIGIN"), call="x"),
        "demo/libx.so": one,
        "demo/two/__init__.py": opened("libx.so"),
        "demo/two/libx.so": two,
    }
    assert "needs libgone.so" in only(judge(tmp_path, files, "demo.two"), Rule.MISSING_LIBRARY, "demo/two/libx.so")


def test_a_grafted_library_loses_an_empty_search_path(tmp_path: Path) -> None:
    core = library(tmp_path / "out/libcore.so", "core", rpath("::"))
    native = module(tmp_path / "native.abi3.so", str(core), call="core")
    assert repaired_imports(tmp_path, {"demo/native.abi3.so": native}, [core.parent], "demo.native")


LOADING = "import ctypes, os\nhere = os.path.dirname(__file__)\n"


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("# ctypes.CDLL(None), lib\n", False),
        ('"""Needs no CDLL of lib/libcore.so."""\n', False),
        ("import ctypes\nctypes.CDLL(None)\n", False),
        ("import ctypes\nlibm = ctypes.CDLL('libm.so.6')\n", False),
        ("import ctypes, demo.native\nctypes.CDLL(None)\n", False),
        ("import demo\nflags = 'RTLD_GLOBAL'\n", False),
        (f"{LOADING}ctypes.CDLL(os.path.join(here, 'lib/libcore.so'))\n", True),
        (f"{LOADING}for n in ['core']: ctypes.CDLL(os.path.join(here, 'lib', f'lib{{n}}.so'))\n", True),
        (f"{LOADING}folder = here + '/lib/'\nfor n in os.listdir(folder): ctypes.CDLL(folder + n)\n", True),
        (
            "import ctypes, pathlib as p\n[ctypes.CDLL(str(f)) for f in p.Path(__file__).parent.rglob('lib*.so')]\n",
            True,
        ),
    ],
)
def test_a_library_counts_as_loaded_if_code_names_it(tmp_path: Path, code: str, fits: bool) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), call="core")
    files: Files = {"demo/__init__.py": code, "demo/native.abi3.so": native, "demo/lib/libcore.so": core}
    assert [item.rule for item in judge(tmp_path, files)] == ([] if fits else [Rule.MISSING_LIBRARY])


def test_what_a_loaded_library_brings_with_it_is_loaded(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core")
    code = "extern int core(void);"
    body = "return core();"
    first = library(tmp_path / "libfirst.so", "first", str(core), rpath("$ORIGIN"), code=code, body=body)
    load = f"{LOADING}ctypes.CDLL(os.path.join(here, '..', 'other', 'libfirst.so'))\n"
    files: Files = {
        "demo/__init__.py": load,
        "demo/native.abi3.so": module(tmp_path / "native.abi3.so", str(core), call="core"),
        "other/libfirst.so": first,
        "other/libcore.so": core,
        "other/__init__.py": "",
    }
    assert judge(tmp_path, files) == []


def test_many_files_are_read_once(tmp_path: Path) -> None:
    names = [f"nobody_{number}" for number in range(500)]
    code = "".join(f"extern int {name}(void);" for name in names)
    calls = f"int every(void) {{ {''.join(f'{name}();' for name in names)} return 0; }}"
    files: Files = {"demo/native.abi3.so": module(tmp_path / "native.abi3.so", call="every", code=code + calls)}
    files.update({f"demo/p{number}.py": "x = 1\n" * 3000 for number in range(600)})
    wheel = wheel_of(tmp_path, files)
    start = time.process_time()
    assert "uses nobody_0" in str(verify(Expectation(wheel, PLATFORM, ABI))[0])
    assert time.process_time() - start < 6


def test_a_packages_own_name_names_no_library(tmp_path: Path) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), call="core")
    code = "import ctypes\nfrom demo import other\nctypes.CDLL(None)\n"
    files: Files = {"demo/__init__.py": code, "demo/native.abi3.so": native, "demo/libcore.so": core}
    only(judge(tmp_path, {**files, "demo/other.py": ""}), Rule.MISSING_LIBRARY)


@pytest.mark.parametrize("kind", ["cut", "far", "names"])
def test_a_file_with_damaged_section_headers_is_judged(tmp_path: Path, kind: str) -> None:
    core = library(tmp_path / "libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), rpath("$ORIGIN"), call="core")
    data = bytearray(native.read_bytes())
    (start,) = struct.unpack_from("<Q", data, 0x28)
    if kind == "cut":
        del data[start:]
    elif kind == "far":
        struct.pack_into("<Q", data, 0x28, 1 << 40)
    else:
        struct.pack_into("<H", data, 0x3E, 999)
    files: Files = {"demo/native.abi3.so": bytes(data)}
    assert judge(tmp_path, {**files, "demo/libcore.so": core}) == []
    assert "needs libcore.so" in only(judge(tmp_path, files), Rule.MISSING_LIBRARY)


@pytest.mark.parametrize("kind", ["none", "cut", "far", "many"])
def test_repair_reports_missing_section_headers(tmp_path: Path, kind: str) -> None:
    core = library(tmp_path / "out/libcore.so", "core")
    native = module(tmp_path / "native.abi3.so", str(core), call="core")
    data = bytearray(native.read_bytes())
    (start,) = struct.unpack_from("<Q", data, 0x28)
    if kind == "none":
        data = bytearray(without_sections(native).read_bytes())
    elif kind == "cut":
        del data[start:]
    elif kind == "many":
        struct.pack_into("<H", data, 0x3C, 60000)
    else:
        struct.pack_into("<Q", data, 0x28, 1 << 40)
    with pytest.raises(SpokeshaveError, match="has no section headers, without which it cannot be edited"):
        repaired_imports(tmp_path, {"demo/native.abi3.so": bytes(data)}, [core.parent], "demo.native")


@pytest.mark.parametrize(("name", "fits"), [("__atomic_load_16", True), ("atomic_flag_clear", True), ("core", False)])
def test_libatomic_has_its_own_symbols_only(tmp_path: Path, name: str, fits: bool) -> None:
    platform = "manylinux_2_31_riscv64"
    unused = f"{EXPORT} int unused(void) {{ return 1; }}"
    system = link_bare(tmp_path / "libatomic.so.1", unused, platform, "-Wl,-soname,libatomic.so.1")
    source = module_source("native", f"{name}();", f"extern int {name}();")
    native = link_bare(tmp_path / "native.abi3.so", source, platform, "-Wl,--no-as-needed", str(system))
    wheel = wheel_of(tmp_path, {"demo/native.abi3.so": native}, f"cp38-abi3-{platform}")
    found = verify(Expectation(wheel, Platform.parse(platform), ABI))
    assert [item.rule for item in found] == ([] if fits else [Rule.UNDEFINED_SYMBOL])
