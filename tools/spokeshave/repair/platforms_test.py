"""Tests of the repair for all platforms except x86_64 glibc: real files, judged by the verification."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from macholib import mach_o

from spokeshave.native.elf.file import read_elf
from spokeshave.native.macho.file import read_macho
from spokeshave.native.macho.fuse import fuse, fuse_folders
from spokeshave.native.macho.load_commands import LoadCommands, kind_of, text_of
from spokeshave.native.macho.signature import signature_fault
from spokeshave.native.pe.file import read_pe
from spokeshave.repair.command import RepairedWheel, repair
from spokeshave.repair.graft import UnrepairableWheelError
from spokeshave.testing.native_fixtures import (
    TARGETS,
    build_wheel,
    compile_library,
    import_library,
    link_as_msvc,
    link_bare,
    module_source,
)
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave.wheel.tree import unpack
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi

ARM = "macosx_11_0_arm64"
INTEL = "macosx_11_0_x86_64"
UNIVERSAL = "macosx_11_0_universal2"
WIN = "win_amd64"
WIN_ARM = "win_arm64"
PLATFORMS = [*TARGETS, UNIVERSAL]
ABI = PythonAbi.parse("cp312-abi3")
CALL = {"code": "extern int core(void);", "statement": "core();"}
TABLE_BYTES = 128 << 20


def library(
    path: Path, platform: str, name: str = "core", *flags: str, body: str = "return 1;", code: str = ""
) -> Path:
    """Return a library that exports one function, without a C library."""
    if platform.startswith("win"):
        start = "int DllMainCRTStartup(void *i, unsigned r, void *x) { return 1; }"
        source = f"{code} {start} __declspec(dllexport) int {name}(void) {{ {body} }}"
        return link_bare(path / f"{name}.dll", source, platform, *flags)
    source = f'{code} __attribute__((visibility("default"))) int {name}(void) {{ {body} }}'
    if platform.startswith("macosx"):
        return link_bare(path / f"lib{name}.dylib", source, platform, *flags)
    return link_bare(path / f"lib{name}.so", source, platform, f"-Wl,-soname,lib{name}.so", *flags)


def to_link(built: Path, platform: str) -> str:
    if not platform.startswith("win"):
        return str(built)
    return str(import_library(built.parent / "import", built.name, built.stem, platform))


def module(path: Path, platform: str, *flags: str, **code: str) -> Path:
    """Return an extension module of the limited API."""
    if platform.startswith("win"):
        flags = (str(import_library(path / "import", "python3.dll", "PyModule_Create2", platform)), *flags)
    return link_bare(path / file_name(platform), module_source("native", **code), platform, *flags)


def file_name(platform: str) -> str:
    return "native.pyd" if platform.startswith("win") else "native.abi3.so"


@cache
def built(platform: str) -> tuple[Path, Path]:
    """Return a module, and the folder of the library that it needs."""
    folder = Path(mkdtemp(prefix="spokeshave-test-"))
    if platform == UNIVERSAL:
        (arm, arm_libraries) = built(ARM)
        (intel, intel_libraries) = built(INTEL)
        fuse([arm, intel], folder / arm.name)
        fuse_folders([arm_libraries, intel_libraries], folder / "libraries")
        return folder / arm.name, folder / "libraries"
    core = library(folder / "libraries", platform)
    return module(folder, platform, to_link(core, platform), **CALL), core.parent


def wheel_of(folder: Path, platform: str, files: dict[str, bytes | str | Path]) -> Path:
    tag = Platform.parse(platform).unrepaired_tag
    return build_wheel(folder, {"demo/__init__.py": "", **files}, f"cp312-abi3-{tag}")


def repaired(folder: Path, platform: str, files: dict[str, bytes | str | Path], libraries: Path) -> RepairedWheel:
    wheel = wheel_of(folder, platform, files)
    return repair(wheel, Platform.parse(platform), [libraries], folder / "out")


def repaired_plainly(folder: Path, platform: str) -> RepairedWheel:
    extension, libraries = built(platform)
    return repaired(folder, platform, {f"demo/{file_name(platform)}": extension}, libraries)


def extract(wheel: RepairedWheel, folder: Path) -> Path:
    with zipfile.ZipFile(wheel.written.path) as archive:
        archive.extractall(folder)
    return folder


def extract_names(wheel: RepairedWheel) -> list[str]:
    with zipfile.ZipFile(wheel.written.path) as archive:
        return archive.namelist()


def refusal(folder: Path, platform: str, files: dict[str, bytes | str | Path], libraries: Path) -> str:
    with pytest.raises(SpokeshaveError) as error:
        repaired(folder, platform, files, libraries)
    assert error.type is UnrepairableWheelError
    return str(error.value)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_repaired_wheels_of_all_platforms_have_no_findings(tmp_path: Path, platform: str) -> None:
    wheel = repaired_plainly(tmp_path, platform)
    assert [graft.name.partition(".")[0] for graft in wheel.grafted] in (["libcore"], ["core"])
    assert wheel.name.tag.platform == ".".join(Platform.parse(platform).tags)
    assert verify(Expectation(wheel.written.path, Platform.parse(platform), ABI)) == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_repairing_again_gives_the_same_bytes(tmp_path: Path, platform: str) -> None:
    first = repaired_plainly(tmp_path, platform)
    second = repair(first.written.path, Platform.parse(platform), [], tmp_path / "again")
    assert second.written.path.name == first.written.path.name
    assert second.written.sha256 == first.written.sha256


@pytest.mark.parametrize("platform", ["musllinux_1_2_aarch64", "manylinux_2_17_s390x", UNIVERSAL, WIN])
def test_repairing_elsewhere_gives_the_same_bytes(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    other = tmp_path / "another"
    shutil.copytree(libraries, other / "place")
    for path in (other / "place").iterdir():
        path.chmod(0o600 if path.is_file() else 0o700)
    here = repaired_plainly(tmp_path, platform)
    other_wheel = repaired(other, platform, {f"demo/{file_name(platform)}": extension}, other / "place")
    assert here.written.sha256 == other_wheel.written.sha256


@pytest.mark.parametrize("platform", ["musllinux_1_2_x86_64", "musllinux_1_2_aarch64"])
def test_musl_is_needed_by_the_name_that_its_systems_have(tmp_path: Path, platform: str) -> None:
    source = 'int getpid(void); __attribute__((visibility("default"))) int core(void) { return getpid(); }'
    names = ("-Wl,-soname,libcore.so", "-lc")
    core = compile_library(tmp_path / "libraries/libcore.so", source, *names, target=TARGETS[platform])
    assert "libc.so" in read_elf(core, "core").needed
    extension = module(tmp_path, platform, str(core), **CALL)
    wheel = repaired(tmp_path, platform, {"demo/native.abi3.so": extension}, core.parent)
    tree = unpack(wheel.written.path, tmp_path / "tree")
    name = f"libc.musl-{platform.split('_', 3)[3]}.so.1"
    assert wheel.libraries == (name,)
    assert all("libc.so" not in elf.needed for elf in tree.elf_files.values())
    assert wheel.grafted[0].path.startswith("demo.libs/libcore-")


@pytest.mark.parametrize("platform", [INTEL, ARM, UNIVERSAL])
def test_macos_files_reference_grafts_relatively(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    places = {"demo/native.abi3.so": "..", "demo/deep/down/native.abi3.so": "../../..", "native.abi3.so": "."}
    wheel = repaired(tmp_path, platform, dict.fromkeys(places, extension), libraries)
    root = extract(wheel, tmp_path / "tree")
    (graft,) = wheel.grafted
    for file, up in places.items():
        for part in read_macho(root / file, file).slices:
            name = f"@loader_path/{graft.path}" if up == "." else f"@loader_path/{up}/{graft.path}"
            assert name in part.needed
            assert "@rpath/libcore.dylib" not in part.needed
    assert {part.install_name for part in read_macho(root / graft.path, graft.path).slices} == {
        f"@rpath/{Path(graft.path).name}"
    }
    assert wheel.libraries == ("/usr/lib/libSystem.B.dylib",)
    assert wheel.newest_symbols == {"macOS": "11.0"}


@pytest.mark.parametrize(("platform", "signed"), [(INTEL, {"x86_64": False}), (ARM, {"arm64": True})])
def test_changed_files_are_signed_where_the_processor_needs_it(
    tmp_path: Path, platform: str, signed: dict[str, bool]
) -> None:
    wheel = repaired_plainly(tmp_path, platform)
    root = extract(wheel, tmp_path / "tree")
    for file in ("demo/native.abi3.so", wheel.grafted[0].path):
        macho = read_macho(root / file, file)
        assert {part.architecture: part.signature is not None for part in macho.slices} == signed
        assert [signature_fault(root / file, part) for part in macho.slices if part.signature] == [None] * len(
            [part for part in macho.slices if part.signature]
        )


def test_universal_files_are_changed_in_each_slice(tmp_path: Path) -> None:
    wheel = repaired_plainly(tmp_path, UNIVERSAL)
    root = extract(wheel, tmp_path / "tree")
    for file in ("demo/native.abi3.so", wheel.grafted[0].path):
        macho = read_macho(root / file, file)
        assert macho.is_universal
        assert macho.architectures == ("x86_64", "arm64")
        assert all(part.region.offset % 0x4000 == 0 for part in macho.slices)
        assert macho.slices[-1].region.offset + macho.slices[-1].region.size == (root / file).stat().st_size
        assert signature_fault(root / file, macho.slices[1]) is None


@pytest.mark.parametrize("platform", [WIN, WIN_ARM])
def test_windows_modules_import_the_dll_next_to_them(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    wheel = repaired(tmp_path, platform, {"demo/native.pyd": extension, "demo/other.pyd": extension}, libraries)
    (graft,) = wheel.grafted
    assert graft.path.startswith("demo/core-")
    root = extract(wheel, tmp_path / "tree")
    for file in ("demo/native.pyd", "demo/other.pyd"):
        assert read_pe(root / file, file).needed == (Path(graft.path).name, "python3.dll")
        (before,) = [name for name in read_pe(extension, file).libraries if name.name == "core.dll"]
        assert read_pe(root / file, file).libraries[0].symbols == before.symbols
    assert wheel.libraries == ("python3.dll",)
    assert (root / graft.path).read_bytes() == (libraries / "core.dll").read_bytes()


def test_windows_modules_of_several_folders_have_a_copy_each(tmp_path: Path) -> None:
    extension, libraries = built(WIN)
    files = ("native.pyd", "demo/native.pyd", "demo/sub/native.pyd")
    wheel = repaired(tmp_path, WIN, dict.fromkeys(files, extension), libraries)
    assert {Path(graft.path).parent.as_posix() for graft in wheel.grafted} == {".", "demo", "demo/sub"}
    assert len({graft.sha256 for graft in wheel.grafted}) == 1
    assert verify(Expectation(wheel.written.path, Platform.parse(WIN), ABI)) == []


@pytest.mark.parametrize("platform", [ARM, WIN, "manylinux_2_17_aarch64"])
def test_a_library_of_a_library_is_grafted_too(tmp_path: Path, platform: str) -> None:
    inner = library(tmp_path / "libraries", platform, "inner")
    use = {"code": "extern int inner(void);", "body": "return inner();"}
    core = library(tmp_path / "libraries", platform, "core", to_link(inner, platform), **use)
    extension = module(tmp_path, platform, to_link(core, platform), **CALL)
    wheel = repaired(tmp_path, platform, {f"demo/{file_name(platform)}": extension}, core.parent)
    assert sorted(graft.name for graft in wheel.grafted) == sorted([core.name, inner.name])
    assert verify(Expectation(wheel.written.path, Platform.parse(platform), ABI)) == []
    again = repair(wheel.written.path, Platform.parse(platform), [], tmp_path / "again")
    assert again.written.sha256 == wheel.written.sha256


def test_grafted_macos_libraries_have_no_search_path(tmp_path: Path) -> None:
    inner = library(tmp_path / "libraries", ARM, "inner")
    use = {"code": "extern int inner(void);", "body": "return inner();"}
    core = library(tmp_path / "libraries", ARM, "core", str(inner), "-Wl,-rpath,/build/libraries", **use)
    extension = module(tmp_path, ARM, str(core), **CALL)
    wheel = repaired(tmp_path, ARM, {"demo/native.abi3.so": extension}, core.parent)
    root = extract(wheel, tmp_path / "tree")
    paths = {graft.name: graft.path for graft in wheel.grafted}
    (part,) = read_macho(root / paths["libcore.dylib"], "core").slices
    assert part.rpaths == ()
    assert f"@loader_path/{Path(paths['libinner.dylib']).name}" in part.needed


def test_dlls_are_found_in_any_case(tmp_path: Path) -> None:
    extension, libraries = built(WIN)
    shutil.copy(libraries / "core.dll", tmp_path / "Core.DLL")
    wheel = repaired(tmp_path, WIN, {"demo/native.pyd": extension}, tmp_path)
    assert [graft.name for graft in wheel.grafted] == ["Core.DLL"]
    assert (
        read_pe(extract(wheel, tmp_path / "tree") / "demo/native.pyd", "").needed[0] == Path(wheel.grafted[0].path).name
    )


def runtime(folder: Path, name: str, *options: str) -> tuple[Path, Path]:
    """Return a module, and the folder of the DLL that it needs, which imports from Microsoft's ConcRT."""
    concrt = import_library(folder / "import", "CONCRT140.dll", "concrt")
    source = """
        extern int concrt(void);
        void *__delayLoadHelper2(void *descriptor, void *place) { return 0; }
        int DllMainCRTStartup(void *i, unsigned r, void *x) { return 1; }
        __declspec(dllexport) int core(void) { return concrt(); }
    """
    built = link_as_msvc(folder / "libraries" / name, source, "-Brepro", *options, str(concrt))
    return module(folder, WIN, str(import_library(folder / "import", name, "core")), **CALL), built.parent


def test_microsofts_library_for_old_systems_may_be_missing(tmp_path: Path) -> None:
    extension, libraries = runtime(tmp_path, "msvcp140.dll", "-delayload:CONCRT140.dll")
    wheel = repaired(tmp_path, WIN, {"demo/native.pyd": extension}, libraries)
    assert [graft.name for graft in wheel.grafted] == ["msvcp140.dll"]
    assert verify(Expectation(wheel.written.path, Platform.parse(WIN), ABI)) == []


@pytest.mark.parametrize(("name", "options"), [("msvcp140.dll", ()), ("core.dll", ("-delayload:CONCRT140.dll",))])
def test_the_same_library_is_needed_by_others(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    extension, libraries = runtime(tmp_path, name, *options)
    assert "needs CONCRT140.dll" in refusal(tmp_path, WIN, {"demo/native.pyd": extension}, libraries)


@pytest.mark.parametrize("platform", [UNIVERSAL, WIN, "musllinux_1_2_x86_64"])
def test_a_missing_library_is_an_error(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    (tmp_path / "empty").mkdir()
    text = refusal(tmp_path, platform, {f"demo/{file_name(platform)}": extension}, tmp_path / "empty")
    (needed,) = [path.name for path in libraries.iterdir() if path.suffix in (".so", ".dylib", ".dll")]
    assert f"demo/{file_name(platform)}: needs " in text
    assert needed in text
    assert "--library-dir" in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("platform", "other", "built_for"), [(ARM, INTEL, "x86_64"), (UNIVERSAL, ARM, "arm64"), (WIN, WIN_ARM, "arm64")]
)
def test_a_library_of_another_architecture_is_an_error(
    tmp_path: Path, platform: str, other: str, built_for: str
) -> None:
    text = refusal(tmp_path, platform, {f"demo/{file_name(platform)}": built(platform)[0]}, built(other)[1])
    assert "core-" in text
    assert f"is built for {built_for}, but the platform is {platform}" in text


def test_a_library_for_a_newer_macos_is_an_error(tmp_path: Path) -> None:
    source = '__attribute__((visibility("default"))) int core(void) { return 1; }'
    core = link_bare(tmp_path / "new" / "libcore.dylib", source, ARM, target="aarch64-macos.13.0")
    text = refusal(tmp_path, ARM, {"demo/native.abi3.so": built(ARM)[0]}, core.parent)
    assert "needs macOS 13.0, but the platform is macosx_11_0_arm64" in text
    assert "macosx_13_0_arm64" in text


@pytest.mark.parametrize("platform", [ARM, INTEL])
def test_a_header_without_room_for_a_longer_name_is_an_error(tmp_path: Path, platform: str) -> None:
    _, libraries = built(platform)
    tight = module(tmp_path, platform, str(libraries / "libcore.dylib"), "-Wl,-headerpad,0", **CALL)
    text = refusal(tmp_path, platform, {"demo/native.abi3.so": tight}, libraries)
    assert "demo/native.abi3.so: has room for " in text
    assert "Link it with -Wl,-headerpad_max_install_names, or give the library a shorter name" in text


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    _, libraries = built(INTEL)
    tight = module(tmp_path, INTEL, str(libraries / "libcore.dylib"), "-Wl,-headerpad,0", **CALL)
    files: dict[str, bytes | str | Path] = {"demo/a/native.abi3.so": tight, "demo/b/native.abi3.so": built(ARM)[0]}
    text = refusal(tmp_path, INTEL, files, libraries)
    assert "demo/a/native.abi3.so: has room for " in text
    assert "demo/b/native.abi3.so: is built for arm64" in text


def test_paths_of_the_linking_machine_are_removed(tmp_path: Path) -> None:
    paths = [f"-Wl,-rpath,{path}" for path in ("/build/here", "@loader_path/../demo", "@executable_path/lib")]
    extension = module(tmp_path, ARM, *paths, "-Wl,-install_name,/build/here/native.abi3.so")
    with extension.open("r+b") as stream:
        before = LoadCommands.read(stream)
        repeated = [
            c for c in before.commands if kind_of(c) == mach_o.LC_RPATH and text_of(c).startswith("@loader_path")
        ]
        LoadCommands(before.header, (*before.commands, *repeated)).write(stream, before)
    (part,) = read_macho(extension, "native").slices
    assert part.rpaths == ("/build/here", "@loader_path/../demo", "@executable_path/lib", "@loader_path/../demo")
    wheel = repaired(tmp_path, ARM, {"demo/native.abi3.so": extension}, tmp_path)
    root = extract(wheel, tmp_path / "tree")
    (part,) = read_macho(root / "demo/native.abi3.so", "native").slices
    assert part.rpaths == ("@loader_path/../demo",)
    assert part.install_name == "@rpath/native.abi3.so"
    assert b"/build/here" not in (root / "demo/native.abi3.so").read_bytes()


def test_a_library_that_the_wheel_has_is_not_grafted(tmp_path: Path) -> None:
    core = library(tmp_path / "core", ARM)
    extension = module(tmp_path, ARM, str(core), "-Wl,-rpath,@loader_path/lib", **CALL)
    files: dict[str, bytes | str | Path] = {"demo/native.abi3.so": extension, "demo/lib/libcore.dylib": core}
    wheel = repaired(tmp_path, ARM, files, core.parent)
    assert wheel.grafted == ()
    assert (extract(wheel, tmp_path / "tree") / "demo/native.abi3.so").read_bytes() == extension.read_bytes()


@pytest.mark.parametrize("platform", [ARM, WIN, "musllinux_1_2_x86_64"])
def test_different_libraries_of_one_name_are_refused(tmp_path: Path, platform: str) -> None:
    paths = [library(tmp_path / name, platform, body=body) for name, body in (("a", "return 1;"), ("b", "return 2;"))]
    wheel = wheel_of(tmp_path, platform, {f"demo/{file_name(platform)}": built(platform)[0]})
    with pytest.raises(UnrepairableWheelError, match="different libraries of that name") as error:
        repair(wheel, Platform.parse(platform), [path.parent for path in paths], tmp_path / "out")
    assert all(str(path) in str(error.value) for path in paths)


def test_a_dll_with_forwarded_exports_keeps_its_name(tmp_path: Path) -> None:
    libraries = tmp_path / "libraries"
    library(libraries, WIN, "impl")
    entry = "int DllMainCRTStartup(void *i, unsigned r, void *x) { return 1; }"
    core = link_as_msvc(libraries / "core.dll", entry, "-brepro", "-export:core=impl.impl")
    extension = module(tmp_path, WIN, to_link(core, WIN), **CALL)
    wheel = repaired(tmp_path, WIN, {"demo/native.pyd": extension}, libraries)
    paths = {graft.name: graft.path for graft in wheel.grafted}
    assert paths["impl.dll"] == "demo/impl.dll"
    assert paths["core.dll"].startswith("demo/core-")
    assert verify(Expectation(wheel.written.path, Platform.parse(WIN), ABI)) == []
    again = repair(wheel.written.path, Platform.parse(WIN), [], tmp_path / "again")
    assert again.written.sha256 == wheel.written.sha256


@pytest.mark.parametrize("platform", [ARM, "musllinux_1_2_x86_64"])
def test_a_symbol_that_nothing_has_is_an_error(tmp_path: Path, platform: str) -> None:
    text = refusal(tmp_path, platform, {f"demo/{file_name(platform)}": module(tmp_path, platform, **CALL)}, tmp_path)
    assert "uses core, which " in text


@pytest.mark.parametrize("platform", [ARM, WIN, "manylinux_2_17_aarch64"])
def test_what_is_installed_by_scheme_finds_its_grafted_library(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    file = f"demo-0+unstamped.data/platlib/demo/deep/{file_name(platform)}"
    wheel = repaired(tmp_path, platform, {file: extension}, libraries)
    assert verify(Expectation(wheel.written.path, Platform.parse(platform), ABI)) == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_own_library_keeps_its_name_and_path(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    (core,) = (path for path in libraries.iterdir() if path.suffix in (".so", ".dylib", ".dll"))
    own = f"demo/{core.name}"
    wheel = wheel_of(tmp_path, platform, {f"demo/{file_name(platform)}": extension, own: core})
    done = repair(wheel, Platform.parse(platform), [libraries], tmp_path / "out", [own])
    assert done.grafted == ()
    assert own in extract_names(done)
    assert verify(Expectation(done.written.path, Platform.parse(platform), ABI)) == []


@pytest.mark.parametrize("platform", [ARM, "musllinux_1_2_x86_64", "manylinux_2_17_aarch64"])
def test_an_own_library_is_found_through_grafted_ones(tmp_path: Path, platform: str) -> None:
    inner = library(tmp_path / "libraries", platform, "inner")
    use = {"code": "extern int inner(void);", "body": "return inner();"}
    core = library(tmp_path / "libraries", platform, "core", to_link(inner, platform), **use)
    extension = module(tmp_path, platform, to_link(core, platform), **CALL)
    own = f"demo/lib/{inner.name}"
    wheel = wheel_of(tmp_path, platform, {f"demo/{file_name(platform)}": extension, own: inner})
    done = repair(wheel, Platform.parse(platform), [inner.parent], tmp_path / "out", [own])
    assert [graft.name for graft in done.grafted] == [core.name]
    assert verify(Expectation(done.written.path, Platform.parse(platform), ABI)) == []


def test_an_own_dll_must_be_found_by_windows(tmp_path: Path) -> None:
    extension, libraries = built(WIN)
    files: dict[str, bytes | str | Path] = {"demo/native.pyd": extension, "demo/lib/core.dll": libraries / "core.dll"}
    opens = {"demo/opens.py": "import ctypes\nctypes.CDLL('lib/core.dll')\n"}
    wheel = wheel_of(tmp_path / "a", WIN, {**files, **opens})
    with pytest.raises(
        UnrepairableWheelError, match=r"the wheel contains as demo/lib/core\.dll, where Windows does not search"
    ):
        repair(wheel, Platform.parse(WIN), [libraries], tmp_path / "out", ["demo/lib/core.dll"])
    loader = {"demo/loader.py": "import os\nos.add_dll_directory('lib')\n"}
    wheel = wheel_of(tmp_path / "b", WIN, {**files, **loader})
    done = repair(wheel, Platform.parse(WIN), [libraries], tmp_path / "out", ["demo/lib/core.dll"])
    assert done.grafted == ()


def test_an_own_library_that_is_not_in_the_wheel_is_an_error(tmp_path: Path) -> None:
    extension, libraries = built(ARM)
    wheel = wheel_of(tmp_path, ARM, {"demo/native.abi3.so": extension})
    with pytest.raises(UnrepairableWheelError, match=r"demo/none\.dylib: is not a library in the wheel"):
        repair(wheel, Platform.parse(ARM), [libraries], tmp_path / "out", ["demo/none.dylib"])


def test_a_module_for_another_system_is_refused(tmp_path: Path) -> None:
    text = refusal(tmp_path, WIN, {"demo/native.pyd": built(ARM)[0]}, tmp_path)
    assert "demo/native.pyd: is a Mach-O file, which Windows does not load" in text


@pytest.mark.parametrize("platform", ["manylinux_2_17_x86_64", "musllinux_1_2_aarch64", ARM, WIN])
def test_memory_does_not_grow_with_a_library(tmp_path: Path, platform: str) -> None:
    section = next(text for system, text in SECTIONS.items() if system in TARGETS[platform])
    table = f'extern char table[] __asm__("table"); __asm__("{section}\\ntable: .zero {TABLE_BYTES}\\n.text\\n");'
    core = library(tmp_path / "libraries", platform, code=table, body="return table[1];")
    assert core.stat().st_size > TABLE_BYTES
    extension = module(tmp_path, platform, to_link(core, platform), **CALL)
    wheel = wheel_of(tmp_path, platform, {f"demo/{file_name(platform)}": extension})
    options = ["--wheel", str(wheel), "--platform", platform, "--library-dir", str(core.parent)]
    outputs = ["--output", str(tmp_path / "out"), "--report", str(tmp_path / "report.json")]
    command = [sys.executable, "-c", MEASURED, "repair", *options, *outputs]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < TABLE_BYTES * 3 // 4


SECTIONS = {"linux": ".section .rodata", "macos": ".const", "windows": '.section .rdata,\\"dr\\"'}
# In KiB. What `getrusage` says of a process contains the memory of the one that started it, such as pytest's.
MEASURED = """
import re, resource, sys
from pathlib import Path
from spokeshave.cli import main
assert main(sys.argv[1:]) == 0
own = int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""


SHARED_NAMES = ["manylinux_2_17_x86_64", ARM, WIN]


@pytest.mark.parametrize("platform", SHARED_NAMES)
def test_own_libraries_of_one_name_are_refused(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    (core,) = (path for path in libraries.iterdir() if path.suffix in (".so", ".dylib", ".dll"))
    other = library(tmp_path, platform, "core", body="return 2;")
    own = [f"demo/{core.name}", f"demo/lib/{other.name}"]
    files: dict[str, bytes | str | Path] = {f"demo/{file_name(platform)}": extension, own[0]: core, own[1]: other}
    with pytest.raises(UnrepairableWheelError) as error:
        repair(wheel_of(tmp_path, platform, files), Platform.parse(platform), [], tmp_path / "out", own)
    assert f"{own[0]}: has the same name as {own[1]} (" in str(error.value)


@pytest.mark.parametrize("platform", SHARED_NAMES)
def test_own_libraries_may_be_copies_of_one(tmp_path: Path, platform: str) -> None:
    extension, libraries = built(platform)
    (core,) = (path for path in libraries.iterdir() if path.suffix in (".so", ".dylib", ".dll"))
    own = [f"demo/{core.name}", f"demo/lib/{core.name}"]
    files: dict[str, bytes | str | Path] = {f"demo/{file_name(platform)}": extension, own[0]: core, own[1]: core}
    done = repair(wheel_of(tmp_path, platform, files), Platform.parse(platform), [], tmp_path / "out", own)
    assert verify(Expectation(done.written.path, Platform.parse(platform), ABI)) == []


@pytest.mark.parametrize("platform", SHARED_NAMES)
def test_own_libraries_that_no_file_needs_may_share_a_name(tmp_path: Path, platform: str) -> None:
    extension = module(tmp_path, platform)
    own = []
    files: dict[str, bytes | str | Path] = {f"demo/{file_name(platform)}": extension}
    for number in ("1", "2"):
        core = library(tmp_path / number, platform, body=f"return {number};")
        own.append(f"demo/n{number}/{core.name}")
        files[own[-1]] = core
    repair(wheel_of(tmp_path, platform, files), Platform.parse(platform), [], tmp_path / "out", own)


@pytest.mark.parametrize("platform", ["manylinux_2_17_x86_64", "musllinux_1_2_x86_64", ARM])
@pytest.mark.parametrize("scheme", ["platlib", "purelib"])
def test_an_own_library_is_found_where_it_is_installed(tmp_path: Path, platform: str, scheme: str) -> None:
    extension, libraries = built(platform)
    (core,) = (path for path in libraries.iterdir() if path.suffix in (".so", ".dylib"))
    own = f"demo-0+unstamped.data/{scheme}/demo/lib/{core.name}"
    wheel = wheel_of(tmp_path, platform, {f"demo/{file_name(platform)}": extension, own: core})
    done = repair(wheel, Platform.parse(platform), [], tmp_path / "out", [own])
    assert verify(Expectation(done.written.path, Platform.parse(platform), ABI)) == []


@pytest.mark.parametrize("platform", ["manylinux_2_17_x86_64", ARM])
@pytest.mark.parametrize("scheme", ["data", "nonsense"])
def test_an_own_library_away_from_the_packages_is_refused(tmp_path: Path, platform: str, scheme: str) -> None:
    extension, libraries = built(platform)
    (core,) = (path for path in libraries.iterdir() if path.suffix in (".so", ".dylib"))
    own = f"demo-0+unstamped.data/{scheme}/{core.name}"
    wheel = wheel_of(tmp_path, platform, {f"demo/{file_name(platform)}": extension, own: core})
    with pytest.raises(UnrepairableWheelError, match=core.name):
        repair(wheel, Platform.parse(platform), [], tmp_path / "out", [own])


@pytest.mark.parametrize("platform", SHARED_NAMES)
def test_an_own_library_of_another_system_is_refused(tmp_path: Path, platform: str) -> None:
    program = tmp_path / "tool.exe"
    headers = bytearray(library(tmp_path, WIN).read_bytes())
    # Not a DLL: a program, such as installers contain as data.
    start = int.from_bytes(headers[60:64], "little")
    headers[start + 23] &= ~0x20
    program.write_bytes(headers)
    wheel = wheel_of(tmp_path, platform, {f"demo/{file_name(platform)}": built(platform)[0], "demo/tool.exe": program})
    with pytest.raises(UnrepairableWheelError, match=r"demo/tool\.exe: is not a library that \w+ loads"):
        repair(wheel, Platform.parse(platform), [built(platform)[1]], tmp_path / "out", ["demo/tool.exe"])
