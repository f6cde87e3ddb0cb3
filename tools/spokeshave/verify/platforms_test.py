from __future__ import annotations

import functools
import struct
import tempfile
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.native.elf.file import read_elf
from spokeshave.native.macho.fuse import fuse
from spokeshave.testing.native_fixtures import (
    build_wheel,
    export_hook,
    import_library,
    link_as_lld,
    link_as_msvc,
    link_bare,
    module_source,
)
from spokeshave.verify.command import verify
from spokeshave.verify.findings import Expectation
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.verify import Finding

MAC_ARM = "macosx_11_0_arm64"
MAC_X86 = "macosx_11_0_x86_64"
UNIVERSAL = "macosx_11_0_universal2"
WIN = "win_amd64"
WIN_ARM = "win_arm64"
MUSL = "musllinux_1_2_x86_64"
DYLIB = "demo/libcore.dylib"
DATA = "demo-0+unstamped.data"
OWN = '__attribute__((visibility("default"))) int core(void) { return 1; }'
OWN_DLL = "__declspec(dllexport) int core(void) { return 1; } int DllMainCRTStartup(void *i) { return 1; }"
USE_CORE = {"code": "extern int core(void);", "statement": "core();"}
PYTHON_NAMES = "PyModule_Create2 _PyGC_Dump PyType_GetModuleByDef"
Files = dict[str, "bytes | str | Path"]


def module(path: Path, platform: str, *flags: str, python: str = "python3.dll", target: str = "", **code: str) -> Path:
    """Return an extension module of the limited API, named native."""
    source = module_source("native", **code)
    if platform.startswith("win"):
        flags = (str(import_library(path.parent / "import", python, PYTHON_NAMES, platform)), *flags)
    return link_bare(path, source, platform, *flags, target=target or None)


@functools.cache
def plain(platform: str, python: str = "python3.dll") -> bytes:
    """Return the bytes of a module that is valid for every ABI."""
    hook = export_hook("native")
    with tempfile.TemporaryDirectory() as folder:
        if platform == UNIVERSAL:
            parts = [module(Path(folder, name, "native.so"), name, code=hook) for name in (MAC_ARM, MAC_X86)]
            fuse(parts, Path(folder, "fused.so"))
            return Path(folder, "fused.so").read_bytes()
        return module(Path(folder, "native.so"), platform, python=python, code=hook).read_bytes()


def check(
    folder: Path, platform: str, files: dict[str, bytes | str | Path], abi: str = "cp312-abi3", tag: str = ""
) -> list[Finding]:
    """Build a wheel and verify it."""
    parsed = PythonAbi.parse(abi)
    contents = {"demo/__init__.py": "", **files}
    wheel = build_wheel(folder, contents, str(parsed.wheel_tag(tag or platform)))
    return verify(Expectation(wheel, Platform.parse(platform), parsed))


def native(platform: str) -> str:
    return "demo/native.pyd" if platform.startswith("win") else "demo/native.abi3.so"


def only(found: list[Finding], rule: Rule, place: str) -> str:
    assert [(item.rule, item.problem.place) for item in found] == [(rule, place)], [str(item) for item in found]
    return str(found[0])


@pytest.mark.parametrize(
    ("platform", "abi", "suffix"),
    [
        ("manylinux_2_17_x86_64", "cp312", ".cpython-312-x86_64-linux-gnu.so"),
        ("manylinux_2_17_aarch64", "cp312", ".cpython-312-aarch64-linux-gnu.so"),
        ("manylinux_2_17_ppc64le", "cp312", ".cpython-312-powerpc64le-linux-gnu.so"),
        ("manylinux_2_17_s390x", "cp312", ".cpython-312-s390x-linux-gnu.so"),
        ("manylinux_2_31_riscv64", "cp312", ".cpython-312-riscv64-linux-gnu.so"),
        ("manylinux_2_31_armv7l", "cp312", ".cpython-312-arm-linux-gnueabihf.so"),
        ("manylinux_2_31_armv7l", "cp312-abi3", ".abi3.so"),
        ("musllinux_1_2_x86_64", "cp312", ".cpython-312-x86_64-linux-musl.so"),
        ("musllinux_1_2_x86_64", "cp310", ".cpython-310-x86_64-linux-gnu.so"),
        ("musllinux_1_2_aarch64", "cp313t", ".cpython-313t-aarch64-linux-musl.so"),
        ("macosx_11_0_x86_64", "cp312", ".cpython-312-darwin.so"),
        ("macosx_11_0_arm64", "cp313t", ".cpython-313t-darwin.so"),
        ("macosx_11_0_arm64", "cp312-abi3", ".abi3.so"),
        ("macosx_11_0_universal2", "cp312-abi3", ".abi3.so"),
        ("win_amd64", "cp312", ".cp312-win_amd64.pyd"),
        ("win_amd64", "cp313t", ".cp313t-win_amd64.pyd"),
        ("win_amd64", "cp312", ".pyd"),
        ("win_amd64", "cp312-abi3", ".pyd"),
        ("win_arm64", "cp312", ".cp312-win_arm64.pyd"),
        ("win_arm64", "cp312-abi3", ".pyd"),
        ("macosx_11_0_universal2", "cp315-abi3.abi3t", ".abi3t.so"),
        ("macosx_11_0_arm64", "cp315-abi3.abi3t", ".abi3t-darwin.so"),
        ("manylinux_2_31_armv7l", "cp315-abi3.abi3t", ".abi3t-arm-linux-gnueabihf.so"),
        ("win_amd64", "cp315-abi3.abi3t", ".pyd"),
        ("win_arm64", "cp315-abi3t", ".pyd"),
    ],
)
def test_a_good_wheel_of_every_platform_has_no_findings(tmp_path: Path, platform: str, abi: str, suffix: str) -> None:
    stable = "python3t.dll" if "abi3t" in abi else "python3.dll"
    python = stable if "abi3" in abi else f"python{abi[2:]}.dll"
    built = plain(platform, python) if platform.startswith("win") else plain(platform)
    assert check(tmp_path, platform, {f"demo/native{suffix}": built}, abi) == []


@pytest.mark.parametrize(
    ("platform", "abi", "suffix", "fault", "fitting"),
    [
        (MAC_ARM, "cp312", ".cpython-312-x86_64-linux-gnu.so", "is for x86_64-linux-gnu", ".cpython-312-darwin.so"),
        (MAC_ARM, "cp312", ".cpython-313-darwin.so", "is for cpython-313-darwin", ".cpython-312-darwin.so"),
        (MAC_ARM, "cp313t", ".cpython-313-darwin.so", "is for cpython-313-darwin", ".cpython-313t-darwin.so"),
        (MAC_ARM, "cp312-abi3", ".pyd", "ends in .pyd, where macOS has .so", ".abi3.so"),
        (WIN, "cp312-abi3", ".so", "ends in .so, where Windows has .pyd", "native.pyd"),
        (WIN, "cp312-abi3", ".abi3.pyd", "is for abi3", "native.pyd"),
        (WIN, "cp315-abi3.abi3t", ".abi3t.pyd", "is for abi3t", "native.pyd"),
        (MAC_ARM, "cp315-abi3.abi3t", ".abi3.so", "is for abi3, which free-threaded Python", "native.abi3t.so"),
        (MAC_ARM, "cp314-abi3", ".abi3t.so", "is for abi3t, which Python has from 3.15 on", "native.abi3.so"),
        (WIN, "cp312", ".cp312-win_arm64.pyd", "is for win_arm64", ".cp312-win_amd64.pyd"),
        (WIN, "cp312-abi3", ".cp312-win_amd64.pyd", "is for cp312-win_amd64 only", "native.pyd"),
        (WIN_ARM, "cp312", ".cp311-win_arm64.pyd", "is for cp311-win_arm64", ".cp312-win_arm64.pyd"),
        (MUSL, "cp312", ".cpython-312-x86_64-linux-gnu.so", "is for x86_64-linux-gnu", "x86_64-linux-musl.so"),
    ],
)
def test_a_suffix_that_the_platform_does_not_import_is_found(
    tmp_path: Path, platform: str, abi: str, suffix: str, fault: str, fitting: str
) -> None:
    file = f"demo/native{suffix}"
    stable = "python3t.dll" if "abi3t" in abi else "python3.dll"
    python = f"python{abi[2:]}.dll" if platform.startswith("win") and "abi3" not in abi else stable
    text = only(check(tmp_path, platform, {file: plain(platform, python)}, abi), Rule.MODULE_SUFFIX, file)
    assert fault in text
    assert fitting in text


@pytest.mark.parametrize("platform", [MAC_ARM, UNIVERSAL, WIN, MUSL])
def test_a_missing_init_function_is_found_on_all_platforms(tmp_path: Path, platform: str) -> None:
    ending = ".pyd" if platform == WIN else ".abi3.so"
    found = check(tmp_path, platform, {f"demo/other{ending}": plain(platform)})
    text = only(found, Rule.MODULE_INIT, f"demo/other{ending}")
    assert "must export PyInit_other, but exports PyInit_native" in text


@pytest.mark.parametrize(
    ("platform", "built_for", "message"),
    [
        ("manylinux_2_17_aarch64", "manylinux_2_17_x86_64", "is built for x86_64"),
        ("manylinux_2_17_s390x", "manylinux_2_17_ppc64le", "is built for ppc64le"),
        (MAC_X86, MAC_ARM, "is built for arm64, but the platform is macosx_11_0_x86_64"),
        (UNIVERSAL, MAC_ARM, "is built for arm64, but the platform is macosx_11_0_universal2"),
        (UNIVERSAL, MAC_X86, "Build it for arm64 too and join the two by `spokeshave fuse`"),
        (WIN, WIN_ARM, "is built for arm64, but the platform is win_amd64"),
        (MAC_ARM, "manylinux_2_17_aarch64", "is an ELF file, which macOS does not load"),
        (WIN, MAC_X86, "is a Mach-O file, which Windows does not load"),
        ("manylinux_2_17_x86_64", WIN, "is a PE file, which glibc does not load"),
    ],
)
def test_a_library_for_another_machine_is_found(tmp_path: Path, platform: str, built_for: str, message: str) -> None:
    found = check(tmp_path, platform, {native(platform): plain(built_for)})
    assert message in only(found, Rule.ARCHITECTURE, native(platform))


def test_a_universal_file_serves_a_wheel_for_one_architecture(tmp_path: Path) -> None:
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): plain(UNIVERSAL)}) == []


@pytest.mark.parametrize(
    ("target", "tag", "fitting"),
    [
        ("aarch64-macos.12.0", MAC_ARM, "macosx_12_0_arm64"),
        ("aarch64-macos.12.3", MAC_ARM, "macosx_13_0_arm64"),
        ("x86_64-macos.10.15", "macosx_10_9_x86_64", "macosx_10_15_x86_64"),
    ],
)
def test_a_macos_over_the_floor_is_found(tmp_path: Path, target: str, tag: str, fitting: str) -> None:
    built = module(tmp_path / "native.so", MAC_ARM, target=target)
    text = only(check(tmp_path, tag, {native(tag): built}), Rule.MINIMUM_SYSTEM, native(tag))
    assert f"needs macOS {target.partition('.')[2]}, but the platform is {tag}" in text
    assert f'platforms=["{fitting}"]' in text


def test_one_slice_over_the_floor_is_named(tmp_path: Path) -> None:
    newer = module(tmp_path / "newer" / "native.so", MAC_ARM, target="aarch64-macos.13.0")
    fuse([newer, module(tmp_path / "native.so", MAC_X86)], tmp_path / "fused.so")
    found = check(tmp_path, UNIVERSAL, {native(UNIVERSAL): tmp_path / "fused.so"})
    assert "(its arm64 slice)" in only(found, Rule.MINIMUM_SYSTEM, native(UNIVERSAL))


def test_arm64_needs_macos_11_in_older_universal2_wheels(tmp_path: Path) -> None:
    older = module(tmp_path / "older" / "native.so", MAC_X86, target="x86_64-macos.10.9")
    fuse([older, module(tmp_path / "native.so", MAC_ARM)], tmp_path / "fused.so")
    files: dict[str, bytes | str | Path] = {native(UNIVERSAL): tmp_path / "fused.so"}
    assert check(tmp_path, "macosx_10_9_universal2", files) == []


@pytest.mark.parametrize("slices", [(MAC_ARM,), (MAC_ARM, MAC_X86)])
def test_a_changed_byte_breaks_the_signature(tmp_path: Path, slices: tuple[str, ...]) -> None:
    platform = MAC_ARM if len(slices) == 1 else UNIVERSAL
    data = plain(platform)
    place = data.rindex(b"@rpath/native.so")
    changed = data[:place] + b"@rpath/nativf.so" + data[place + 16 :]
    text = only(check(tmp_path, platform, {native(platform): changed}), Rule.SIGNATURE, native(platform))
    assert "has a code signature that does not match its content" in text


def test_a_missing_required_signature_is_found(tmp_path: Path) -> None:
    data = bytearray(plain(MAC_ARM))
    count, size = struct.unpack_from("<II", data, 16)
    # The signature's load command is the last one, and has 16 bytes.
    struct.pack_into("<II", data, 16, count - 1, size - 16)
    text = only(check(tmp_path, MAC_ARM, {native(MAC_ARM): bytes(data)}), Rule.SIGNATURE, native(MAC_ARM))
    assert "has no code signature, so macOS kills the process" in text


def dylib(folder: Path, platform: str = MAC_ARM, source: str = OWN) -> Path:
    return link_bare(folder / "libcore.dylib", source, platform)


def test_a_library_next_to_the_module_is_found(tmp_path: Path) -> None:
    core = dylib(tmp_path)
    built = module(tmp_path / "native.so", MAC_ARM, str(core), "-Wl,-rpath,@loader_path", **USE_CORE)
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): built, DYLIB: core}) == []


def test_a_library_that_is_not_in_the_wheel_is_found(tmp_path: Path) -> None:
    built = module(tmp_path / "native.so", MAC_ARM, str(dylib(tmp_path)), "-Wl,-rpath,@loader_path", **USE_CORE)
    text = only(check(tmp_path, MAC_ARM, {native(MAC_ARM): built}), Rule.MISSING_LIBRARY, native(MAC_ARM))
    assert "needs @rpath/libcore.dylib, which is neither part of macOS nor in the wheel\n" in text


def test_a_problem_of_every_slice_is_reported_once(tmp_path: Path) -> None:
    parts = []
    for platform in (MAC_ARM, MAC_X86):
        core = dylib(tmp_path / platform, platform)
        parts.append(module(tmp_path / platform / "native.so", platform, str(core), **USE_CORE))
    fuse(parts, tmp_path / "fused.so")
    found = check(tmp_path, UNIVERSAL, {native(UNIVERSAL): tmp_path / "fused.so"})
    assert "slice" not in only(found, Rule.MISSING_LIBRARY, native(UNIVERSAL))


def test_a_library_out_of_the_loaders_reach_is_found(tmp_path: Path) -> None:
    core = dylib(tmp_path)
    built = module(tmp_path / "native.so", MAC_ARM, str(core), **USE_CORE)
    found = check(tmp_path, MAC_ARM, {native(MAC_ARM): built, "demo/lib/libcore.dylib": core})
    text = only(found, Rule.MISSING_LIBRARY, native(MAC_ARM))
    assert "the wheel contains it as demo/lib/libcore.dylib" in text
    assert "-Wl,-rpath,@loader_path/lib." in text


def test_the_search_path_of_the_loading_file_counts_too(tmp_path: Path) -> None:
    core = dylib(tmp_path)
    middle_source = f"extern int core(void);\n{OWN.replace('core', 'middle').replace('return 1', 'return core()')}"
    middle = link_bare(tmp_path / "libmiddle.dylib", middle_source, MAC_ARM, str(core))
    code = {"code": "extern int middle(void);", "statement": "middle();"}
    built = module(tmp_path / "native.so", MAC_ARM, str(middle), "-Wl,-rpath,@loader_path", **code)
    files: dict[str, bytes | str | Path] = {native(MAC_ARM): built, DYLIB: core, "demo/libmiddle.dylib": middle}
    assert check(tmp_path, MAC_ARM, files) == []


def test_a_library_named_by_its_build_path_is_found(tmp_path: Path) -> None:
    core = link_bare(tmp_path / "libcore.dylib", OWN, MAC_ARM, "-Wl,-install_name,/opt/build/libcore.dylib")
    built = module(tmp_path / "native.so", MAC_ARM, str(core), **USE_CORE)
    found = check(tmp_path, MAC_ARM, {native(MAC_ARM): built, "demo/lib/libcore.dylib": core})
    assert {item.rule for item in found} == {Rule.MISSING_LIBRARY, Rule.INSTALL_NAME}
    message = "".join(map(str, found))
    assert "needs /opt/build/libcore.dylib" in message
    assert "has the install name /opt/build/libcore.dylib, a path of the machine that linked it" in message


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("/opt/build/lib", "is absolute"),
        ("@executable_path/../lib", "depends on where the Python is that loads it"),
        ("@loader_path/../..", "leads outside the wheel"),
    ],
)
def test_a_search_path_that_works_nowhere_else_is_found(tmp_path: Path, entry: str, fault: str) -> None:
    built = module(tmp_path / "native.so", MAC_ARM, f"-Wl,-rpath,{entry}")
    assert fault in only(check(tmp_path, MAC_ARM, {native(MAC_ARM): built}), Rule.SEARCH_PATH, native(MAC_ARM))


def test_a_symbol_that_nobody_has_is_found(tmp_path: Path) -> None:
    built = module(tmp_path / "native.so", MAC_ARM, **USE_CORE)
    text = only(check(tmp_path, MAC_ARM, {native(MAC_ARM): built}), Rule.UNDEFINED_SYMBOL, native(MAC_ARM))
    assert "uses core, which neither it nor Python defines" in text


def test_a_symbol_of_core_foundation_is_fine(tmp_path: Path) -> None:
    code = {"code": "extern void CFRelease(const void *); extern void *kCFBundleNameKey;"}
    built = module(tmp_path / "native.so", MAC_ARM, **code, statement="CFRelease(kCFBundleNameKey);")
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): built}) == []


def test_a_function_of_a_newer_macos_is_found(tmp_path: Path) -> None:
    code = {"code": "extern int mkfifoat(int, const char *, int);", "statement": "mkfifoat(0, 0, 0);"}
    built = module(tmp_path / "native.so", MAC_ARM, **code)
    text = only(check(tmp_path, MAC_ARM, {native(MAC_ARM): built}), Rule.SYMBOL_VERSION, native(MAC_ARM))
    assert "uses mkfifoat, which macOS has since 13, but macosx_11_0_arm64 includes macOS 11, which does not" in text
    assert "ac_cv_func_mkfifoat=no" in text


def test_a_newer_function_that_it_works_without_is_fine(tmp_path: Path) -> None:
    code = {"code": "extern int mkfifoat(int, const char *, int) __attribute__((weak_import));"}
    built = module(tmp_path / "native.so", MAC_ARM, **code, statement="if (mkfifoat) mkfifoat(0, 0, 0);")
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): built}) == []


def test_a_newer_function_that_it_has_itself_is_fine(tmp_path: Path) -> None:
    own = '__attribute__((visibility("default"))) int strchrnul(void) { return 1; }'
    built = module(tmp_path / "native.so", MAC_ARM, code=own, statement="strchrnul();")
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): built}) == []


def test_a_symbol_that_it_works_without_is_fine(tmp_path: Path) -> None:
    code = {"code": "extern int core(void) __attribute__((weak_import));", "statement": "if (core) core();"}
    built = module(tmp_path / "native.so", MAC_ARM, **code)
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): built}) == []


@pytest.mark.parametrize("platform", [MAC_ARM, WIN])
def test_a_symbol_that_the_library_of_the_wheel_lost_is_found(tmp_path: Path, platform: str) -> None:
    if platform == WIN:
        library = "demo/core.dll"
        core = str(import_library(tmp_path, "core.dll", "core"))
        other = link_bare(tmp_path / "other" / "core.dll", OWN_DLL.replace("core", "renamed"), WIN)
        flags: tuple[str, ...] = (core,)
    else:
        library = DYLIB
        core = str(dylib(tmp_path))
        other = dylib(tmp_path / "other", source=OWN.replace("core", "renamed"))
        flags = (core, "-Wl,-rpath,@loader_path")
    built = module(tmp_path / "native.so", platform, *flags, **USE_CORE)
    text = only(
        check(tmp_path, platform, {native(platform): built, library: other}), Rule.UNDEFINED_SYMBOL, native(platform)
    )
    assert "takes core from" in text
    assert "which does not export it" in text


def test_a_dll_that_nobody_has_is_found(tmp_path: Path) -> None:
    library = import_library(tmp_path, "MSVCP140.dll", "core")
    built = module(tmp_path / "native.pyd", WIN, str(library), **USE_CORE)
    text = only(check(tmp_path, WIN, {native(WIN): built}), Rule.MISSING_LIBRARY, native(WIN))
    assert "needs MSVCP140.dll, which is neither part of Windows or Python nor in the wheel" in text


@pytest.mark.parametrize("name", ["KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "VCRUNTIME140.dll", "ucrtbase.dll"])
def test_a_dll_of_windows_or_python_is_fine(tmp_path: Path, name: str) -> None:
    built = module(tmp_path / "native.pyd", WIN, str(import_library(tmp_path, name, "core")), **USE_CORE)
    assert check(tmp_path, WIN, {native(WIN): built}) == []


@pytest.mark.parametrize(
    ("place", "source", "fits"),
    [
        ("demo/Core.dll", "", True),
        ("demo.libs/core.dll", "", False),
        ("demo.libs/core.dll", "import os; os.add_dll_directory('somewhere')", False),
        ("demo.libs/core.dll", "import os; os.add_dll_directory(os.path.join(__file__, '../../demo.libs'))", True),
        ("demo.libs/core.dll", "# os.add_dll_directory('demo.libs')", False),
        ("demo/lib/core.dll", "import ctypes, os; ctypes.WinDLL(os.path.join(__file__, '..', 'lib', 'core'))", True),
        ("demo/lib/core.dll", "import ctypes; ctypes.WinDLL('kernel32')", False),
    ],
)
def test_a_dll_of_the_wheel_must_be_found_by_windows(tmp_path: Path, place: str, source: str, fits: bool) -> None:
    core = link_bare(tmp_path / "core.dll", OWN_DLL, WIN)
    built = module(tmp_path / "native.pyd", WIN, str(import_library(tmp_path, "core.dll", "core")), **USE_CORE)
    found = check(tmp_path, WIN, {native(WIN): built, place: core, "demo/__init__.py": source})
    if fits:
        assert found == []
    else:
        assert f"the wheel contains it as {place}" in only(found, Rule.MISSING_LIBRARY, native(WIN))


def test_paths_of_macos_are_those_of_installed_files(tmp_path: Path) -> None:
    core = dylib(tmp_path)
    built = module(tmp_path / "native.so", MAC_ARM, str(core), "-Wl,-rpath,@loader_path/lib", **USE_CORE)
    installed = f"{DATA}/platlib/demo/native.abi3.so"
    assert check(tmp_path, MAC_ARM, {installed: built, "demo/lib/libcore.dylib": core}) == []
    found = check(tmp_path, MAC_ARM, {native(MAC_ARM): built, f"{DATA}/data/lib/libcore.dylib": core})
    text = only(found, Rule.MISSING_LIBRARY, native(MAC_ARM))
    assert f"the wheel contains it as {DATA}/data/lib/libcore.dylib" in text
    assert "Put libcore.dylib into a package" in text


def test_macos_symbols_may_come_from_the_loading_file(tmp_path: Path) -> None:
    core = dylib(tmp_path, source=f"extern int given(void);\n{OWN.replace('return 1', 'return given()')}")
    given = OWN.replace("core", "given")
    code = {"code": f"extern int core(void);\n{given}", "statement": "core();"}
    built = module(tmp_path / "native.so", MAC_ARM, str(core), "-Wl,-rpath,@loader_path", **code)
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): built, DYLIB: core}) == []
    apart = module(tmp_path / "native.so", MAC_ARM, code=given)
    found = check(tmp_path, MAC_ARM, {native(MAC_ARM): apart, DYLIB: core})
    assert "uses given" in only(found, Rule.UNDEFINED_SYMBOL, DYLIB)


def test_a_program_finds_libraries_of_the_prefix(tmp_path: Path) -> None:
    core = dylib(tmp_path)
    program = module(tmp_path / "tool", MAC_ARM, str(core), "-Wl,-rpath,@loader_path/../lib", **USE_CORE)
    files: dict[str, bytes | str | Path] = {f"{DATA}/scripts/tool": program, f"{DATA}/data/lib/libcore.dylib": core}
    assert check(tmp_path, MAC_ARM, {native(MAC_ARM): plain(MAC_ARM), **files}) == []


def test_windows_searches_the_installed_files_folder(tmp_path: Path) -> None:
    core = link_bare(tmp_path / "core.dll", OWN_DLL, WIN)
    built = module(tmp_path / "native.pyd", WIN, str(import_library(tmp_path, "core.dll", "core")), **USE_CORE)
    assert check(tmp_path, WIN, {f"{DATA}/platlib/demo/native.pyd": built, "demo/core.dll": core}) == []
    found = check(tmp_path, WIN, {native(WIN): built, f"{DATA}/data/demo/core.dll": core})
    assert "where Windows does not search" in only(found, Rule.MISSING_LIBRARY, native(WIN))


def test_different_dlls_of_one_name_are_found(tmp_path: Path) -> None:
    files: dict[str, bytes | str | Path] = {}
    for name in ("first", "second"):
        core = link_bare(tmp_path / name / "core.dll", OWN_DLL.replace("core", name), WIN)
        code = {"code": f"extern int {name}(void);", "statement": f"{name}();"}
        library = import_library(tmp_path / name, "core.dll", name)
        files[f"demo/{name}/native.pyd"] = module(tmp_path / name / "native.pyd", WIN, str(library), **code)
        files[f"demo/{name}/core.dll"] = core
    found = check(tmp_path, WIN, files)
    assert [item.rule for item in found] == [Rule.LIBRARY_CLASH] * 2
    assert "demo/first/native.pyd: needs demo/first/core.dll" in str(found[0])
    assert "it does not define first" in str(found[0])
    files["demo/second/core.dll"] = files["demo/first/core.dll"]
    assert [item.rule for item in check(tmp_path, WIN, files)] == [Rule.UNDEFINED_SYMBOL]


def forwarding(folder: Path, *exports: str) -> Path:
    """Return a DLL that forwards its exports to another one."""
    entry = "int DllMainCRTStartup(void *i, unsigned r, void *x) { return 1; }"
    return link_as_msvc(folder / "api.dll", entry, "-brepro", *(f"-export:{export}" for export in exports))


def test_a_dll_that_exports_are_forwarded_to_is_needed(tmp_path: Path) -> None:
    api = forwarding(tmp_path, "core=impl.core")
    built = module(tmp_path / "native.pyd", WIN, str(import_library(tmp_path, "api.dll", "core")), **USE_CORE)
    files: dict[str, bytes | str | Path] = {native(WIN): built, "demo/api.dll": api}
    text = only(check(tmp_path, WIN, files), Rule.MISSING_LIBRARY, "demo/api.dll")
    assert "needs impl.dll" in text
    impl = link_bare(tmp_path / "impl.dll", OWN_DLL, WIN)
    assert check(tmp_path, WIN, {**files, "demo/impl.dll": impl}) == []
    other = link_bare(tmp_path / "other" / "impl.dll", OWN_DLL.replace("core", "renamed"), WIN)
    found = check(tmp_path, WIN, {**files, "demo/impl.dll": other})
    assert "takes core from impl.dll" in only(found, Rule.UNDEFINED_SYMBOL, "demo/api.dll")


def test_exports_may_be_forwarded_to_windows_and_python(tmp_path: Path) -> None:
    api = forwarding(tmp_path, "core=kernel32.GetTickCount", "other=python3.PyModule_Create2", "last=ws2_32.#3")
    built = module(tmp_path / "native.pyd", WIN, str(import_library(tmp_path, "api.dll", "core")), **USE_CORE)
    assert check(tmp_path, WIN, {native(WIN): built, "demo/api.dll": api}) == []


@pytest.mark.parametrize(
    ("platform", "tag", "is_found"),
    [(WIN, "", True), (MUSL, "", False), (MUSL, f"{MUSL}.win_amd64", True), (MAC_ARM, "", False)],
)
def test_names_that_windows_cannot_hold_are_found(tmp_path: Path, platform: str, tag: str, is_found: bool) -> None:
    names = ["demo/aux.py", "demo/con.txt", "demo/a:b.txt", "demo/lpt9/x.txt", f"{DATA}/data/nul"]
    files: dict[str, bytes | str | Path] = dict.fromkeys(names, "")
    found = check(tmp_path, platform, {native(platform): plain(platform), **files}, tag=tag)
    assert {item.problem.place for item in found if item.rule is Rule.FILE_NAME} == (set(names) if is_found else set())
    assert {item.rule for item in found} <= {Rule.FILE_NAME}


@pytest.mark.parametrize("pair", [("demo/Data.txt", "demo/data.txt"), ("demo/\u00e9.txt", "demo/e\u0301.txt")])
@pytest.mark.parametrize("scheme", ["", f"{DATA}/platlib/"])
def test_names_equal_on_other_systems_are_found(tmp_path: Path, pair: tuple[str, str], scheme: str) -> None:
    files: dict[str, bytes | str | Path] = {native(WIN): plain(WIN), pair[0]: "", f"{scheme}{pair[1]}": ""}
    (found,) = check(tmp_path, WIN, files)
    assert found.rule is Rule.NAME_CLASH
    assert "only by case or Unicode form" in str(found)


@pytest.mark.parametrize(
    ("python", "abi", "wanted"),
    [
        ("python312.dll", "cp312-abi3", "python3.dll"),
        ("python311.dll", "cp312", "python312.dll"),
        ("python313.dll", "cp313t", "python313t.dll"),
        ("python3.dll", "cp313t", "python313t.dll"),
        ("python312_d.dll", "cp312", "python312.dll"),
        ("python3.dll", "cp315-abi3.abi3t", "python3t.dll"),
        ("python315t.dll", "cp315-abi3.abi3t", "python3t.dll"),
        ("python3t.dll", "cp314-abi3", "python3.dll"),
        ("python3t.dll", "cp314t", "python314t.dll"),
    ],
)
def test_the_dll_of_another_python_is_found(tmp_path: Path, python: str, abi: str, wanted: str) -> None:
    found = check(tmp_path, WIN, {native(WIN): plain(WIN, python)}, abi)
    text = only(found, Rule.PYTHON_LIBRARY, native(WIN))
    assert f"imports PyModule_Create2 from {python}, but {abi} has {wanted}" in text


def test_limited_api_extensions_fit_version_specific_wheels(tmp_path: Path) -> None:
    assert check(tmp_path, WIN, {native(WIN): plain(WIN)}, "cp312") == []
    free_threaded = plain(WIN, "python3t.dll")
    for abi in ("cp315", "cp315t", "cp315-abi3"):
        assert check(tmp_path, WIN, {native(WIN): free_threaded}, abi) == []


@pytest.mark.parametrize("platform", [MAC_ARM, UNIVERSAL, WIN, MUSL])
def test_what_the_limited_api_lacks_is_found_on_every_platform(tmp_path: Path, platform: str) -> None:
    code = {"code": "extern void _PyGC_Dump(void *);", "statement": "_PyGC_Dump(0);"}
    if platform == UNIVERSAL:
        fuse([module(tmp_path / "native.so", MAC_ARM, **code), write(tmp_path, plain(MAC_X86))], tmp_path / "built")
        built = tmp_path / "built"
    else:
        built = module(tmp_path / "native.so", platform, **code)
    text = only(check(tmp_path, platform, {native(platform): built}), Rule.LIMITED_API, native(platform))
    assert "uses _PyGC_Dump, which the limited API does not have" in text


def write(folder: Path, data: bytes) -> Path:
    (folder / "written.so").write_bytes(data)
    return folder / "written.so"


def test_a_function_of_a_later_limited_api_is_found_on_windows(tmp_path: Path) -> None:
    code = {"code": "extern void *PyType_GetModuleByDef(void *, void *);", "statement": "PyType_GetModuleByDef(0, 0);"}
    built = module(tmp_path / "native.pyd", WIN, **code)
    assert "PyType_GetModuleByDef (since 3.13)" in only(
        check(tmp_path, WIN, {native(WIN): built}), Rule.LIMITED_API, native(WIN)
    )


@pytest.mark.parametrize(
    ("file", "option", "is_reported"),
    [
        ("demo/core.dll", "-timestamp:1700000000", True),
        ("demo/core.dll", "-timestamp:0", False),
        ("demo/core.dll", "-brepro", False),
        ("demo/core-1a2b3c4d.dll", "-timestamp:1700000000", False),
    ],
)
def test_the_time_of_linking_is_found_but_in_grafted_libraries(
    tmp_path: Path, file: str, option: str, is_reported: bool
) -> None:
    core = link_as_msvc(tmp_path / "core.dll", OWN_DLL, option)
    found = check(tmp_path, WIN, {native(WIN): plain(WIN), file: core})
    if is_reported:
        assert "2023-11-14 22:13:20 UTC" in only(found, Rule.TIME_STAMP, file)
    else:
        assert found == []


def test_a_windows_that_does_not_exist_is_found(tmp_path: Path) -> None:
    core = link_as_msvc(tmp_path / "core.dll", OWN_DLL, "-brepro", "-subsystem:windows,11.0")
    found = check(tmp_path, WIN, {native(WIN): plain(WIN), "demo/core.dll": core})
    assert "needs Windows 11.0 (its subsystem version)" in only(found, Rule.MINIMUM_SYSTEM, "demo/core.dll")


@pytest.mark.parametrize("platform", [MAC_ARM, WIN, MUSL])
def test_a_build_directory_in_code_is_found_on_every_platform(tmp_path: Path, platform: str) -> None:
    built = module(tmp_path / "native.so", platform, code='EXPORT const char *where = "/home/someone/project/core.cc";')
    found = check(tmp_path, platform, {native(platform): built})
    assert "'/home/someone/project/core.cc'" in only(found, Rule.BUILD_PATH, native(platform))


def c_library(folder: Path, platform: str, version: str) -> Path:
    """Return a glibc that has only `quick` of a version."""
    script = folder / "versions"
    script.write_text(f"{version} {{ global: quick; }};")
    source = '__attribute__((visibility("default"))) void quick(void) {}'
    flags = ("-Wl,-soname,libc.so.6", f"-Wl,--version-script,{script}")
    return link_bare(folder / "libc.so", source, platform, *flags)


@pytest.mark.parametrize(
    ("platform", "version", "fitting"),
    [
        ("manylinux_2_17_aarch64", "GLIBC_2.28", "manylinux_2_28_aarch64"),
        ("manylinux_2_17_s390x", "GLIBC_2.24", "manylinux_2_24_s390x"),
        ("manylinux_2_17_ppc64le", "GLIBC_2.17", ""),
        ("manylinux_2_31_riscv64", "GLIBC_2.34", "manylinux_2_34_riscv64"),
        ("manylinux_2_31_armv7l", "GLIBC_2.34", "manylinux_2_34_armv7l"),
    ],
)
def test_a_glibc_over_the_floor_is_found_on_every_architecture(
    tmp_path: Path, platform: str, version: str, fitting: str
) -> None:
    libc = c_library(tmp_path, platform, version)
    built = module(tmp_path / "native.so", platform, str(libc), code="extern void quick(void);", statement="quick();")
    found = check(tmp_path, platform, {native(platform): built})
    if fitting:
        text = only(found, Rule.SYMBOL_VERSION, native(platform))
        assert f"imports quick of version {version}, but {platform} has GLIBC only up to" in text
        assert f'platforms=["{fitting}"]' in text
    else:
        assert found == []


def test_two_c_libraries_in_one_file_are_found(tmp_path: Path) -> None:
    libraries = (c_library(tmp_path, MUSL, "GLIBC_2.17"), musl_libc(tmp_path / "musl", "libc.musl-x86_64.so.1"))
    built = module(tmp_path / "native.so", MUSL, "-Wl,--no-as-needed", *map(str, libraries))
    text = only(check(tmp_path, MUSL, {native(MUSL): built}), Rule.ARCHIVE, native(MUSL))
    assert "needs both glibc and musl" in text


def test_an_unknown_platform_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = build_wheel(tmp_path, {native(MAC_ARM): plain(MAC_ARM)}, f"cp312-abi3-{MAC_ARM}")
    arguments = ["--platform", "macosx_20_0_arm64", "--abi", "cp312-abi3", "--report", str(tmp_path / "report.json")]
    assert main(["verify", "--wheel", str(wheel), *arguments]) == 1
    assert "macosx_20_0_arm64: is not a platform" in capsys.readouterr().err
    assert "macOS 20.0 does not exist" in (tmp_path / "report.json").read_text()


def musl_libc(folder: Path, soname: str) -> Path:
    exports = "".join(f"EXPORT void {name}(void) {{}}\n" for name in ("preadv2", "qsort_r", "puts"))
    source = f'#define EXPORT __attribute__((visibility("default")))\n{exports}'
    return link_bare(folder / "libc.so", source, MUSL, f"-Wl,-soname,{soname}")


@pytest.mark.parametrize(("function", "since"), [("preadv2", "1.2.5"), ("qsort_r", "1.2.3"), ("puts", "")])
def test_what_older_musls_lack_is_found(tmp_path: Path, function: str, since: str) -> None:
    libc = musl_libc(tmp_path, "libc.musl-x86_64.so.1")
    code = {"code": f"extern void {function}(void);", "statement": f"{function}();"}
    found = check(tmp_path, MUSL, {native(MUSL): module(tmp_path / "native.so", MUSL, str(libc), **code)})
    if since:
        text = only(found, Rule.SYMBOL_VERSION, native(MUSL))
        assert f"uses {function}, which musl has since {since}, but musllinux_1_2_x86_64 includes musl 1.2.2" in text
    else:
        assert found == []


@pytest.mark.parametrize(
    ("platform", "message"),
    [
        (MUSL, ""),
        ("manylinux_2_17_x86_64", "which glibc reads since 2.36, but manylinux_2_17_x86_64 includes glibc 2.17"),
        ("manylinux_2_36_x86_64", ""),
    ],
)
def test_relocations_that_older_loaders_ignore_are_found(tmp_path: Path, platform: str, message: str) -> None:
    built_for = MUSL if platform == MUSL else "manylinux_2_17_x86_64"
    source = module_source("native", code=export_hook("native"))
    built = link_as_lld(tmp_path / "native.so", source, built_for, "-shared", "--pack-dyn-relocs=relr")
    found = check(tmp_path, platform, {native(platform): built})
    if message:
        assert message in only(found, Rule.SYMBOL_VERSION, native(platform))
    else:
        assert found == []


def test_a_program_without_a_loader_relocates_itself(tmp_path: Path) -> None:
    source = "static int value; int *pointer = &value; void _start(void) { *pointer = 1; }"
    options = ("-pie", "--no-dynamic-linker", "--pack-dyn-relocs=relr")
    program = link_as_lld(tmp_path / "program", source, MUSL, *options)
    library = link_as_lld(tmp_path / "library.so", source, MUSL, "-shared", "--pack-dyn-relocs=relr")
    assert [read_elf(file, file.name).has_packed_relocations for file in (program, library)] == [False, True]


def test_weak_symbols_may_be_missing_from_older_musl(tmp_path: Path) -> None:
    code = {"code": "extern void preadv2(void) __attribute__((weak));", "statement": "if (preadv2) preadv2();"}
    assert check(tmp_path, MUSL, {native(MUSL): module(tmp_path / "native.so", MUSL, **code)}) == []


def test_what_older_musls_lack_may_come_with_the_wheel(tmp_path: Path) -> None:
    source = '__attribute__((visibility("default"))) void preadv2(void) {}'
    own = link_bare(tmp_path / "libown.so", source, MUSL, "-Wl,-soname,libown.so")
    code = {"code": "extern void preadv2(void);", "statement": "preadv2();"}
    built = module(tmp_path / "native.so", MUSL, str(own), "-Wl,-rpath,$ORIGIN", **code)
    assert check(tmp_path, MUSL, {native(MUSL): built, "demo/libown.so": own}) == []


@pytest.mark.parametrize("name", ["libc.so", "libpthread.so"])
def test_musl_answers_to_the_names_that_linkers_have_for_it(tmp_path: Path, name: str) -> None:
    code = {"code": "extern void puts(void);", "statement": "puts();"}
    built = module(tmp_path / "native.so", MUSL, str(musl_libc(tmp_path, name)), **code)
    assert check(tmp_path, MUSL, {native(MUSL): built}) == []


@pytest.mark.parametrize(
    ("platform", "size", "kind"),
    [(MAC_ARM, 3000, "damaged Mach-O file"), (UNIVERSAL, 70000, "damaged Mach-O file"), (WIN, 700, "damaged PE file")],
)
def test_a_damaged_library_is_found_on_every_platform(tmp_path: Path, platform: str, size: int, kind: str) -> None:
    assert kind in only(
        check(tmp_path, platform, {native(platform): plain(platform)[:size]}), Rule.ARCHIVE, native(platform)
    )


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ("import ctypes; ctypes.CDLL(None)", False),
        ("import ctypes; ctypes.CDLL(__file__ + '/../lib/libcore.dylib')", True),
    ],
)
def test_a_dylib_that_the_package_loads_first_is_found(tmp_path: Path, source: str, fits: bool) -> None:
    core = dylib(tmp_path)
    built = module(tmp_path / "native.so", MAC_ARM, str(core), **USE_CORE)
    files: Files = {native(MAC_ARM): built, "demo/lib/libcore.dylib": core, "demo/__init__.py": source}
    assert [item.rule for item in check(tmp_path, MAC_ARM, files)] == ([] if fits else [Rule.MISSING_LIBRARY])


def test_a_package_may_add_its_own_folder_for_another(tmp_path: Path) -> None:
    core = link_bare(tmp_path / "core.dll", OWN_DLL, WIN)
    built = module(tmp_path / "native.pyd", WIN, str(import_library(tmp_path, "core.dll", "core")), **USE_CORE)
    source = "import os; os.add_dll_directory(os.path.dirname(__file__))"
    files: Files = {native(WIN): built, "demo/dlls/core.dll": core, "demo/dlls/__init__.py": source}
    assert check(tmp_path, WIN, files) == []
