"""Tests of what loaders ask of an ELF file, by changes of one that can be loaded."""

from __future__ import annotations

import functools
import io
import struct
import tempfile
from pathlib import Path

import pytest

from spokeshave.native.elf.dynamic import DynamicSection
from spokeshave.native.elf.file import dynamic_tags, open_elf
from spokeshave.native.elf.loading import loading_faults
from spokeshave.testing.native_fixtures import MANYLINUX, TARGETS, link_bare, module_source

CODE = """
extern int clock_gettime(int, void *);
static long buffer[4];
"""
# Tags, and their number in the file of the tests.
NEEDED = 1
PLTRELSZ = 2
RELAENT = 9
SONAME = 14
JMPREL = 23
VERSYM = 0x6FFFFFF0
FLAGS_1 = 0x6FFFFFFB
R_X86_64_TLSDESC = 36


@functools.cache
def module(platform: str = MANYLINUX) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "native.abi3.so"
        source = module_source("native", "if (clock_gettime(1, buffer)) return 0;", CODE)
        return link_bare(path, source, platform, "-lc", "-Wl,-soname,native.abi3.so").read_bytes()


def faults(data: bytes, folder: Path) -> str:
    path = folder / "native.so"
    path.write_bytes(data)
    return "; ".join(loading_faults(path, "native.so"))


def section(name: str) -> int:
    return int(open_elf(io.BytesIO(module())).get_section_by_name(name)["sh_offset"])


def segment(number: int) -> int:
    """Return where the header of a loaded segment is."""
    elf = open_elf(io.BytesIO(module()))
    loads = [n for n, each in enumerate(elf.iter_segments()) if each["p_type"] == "PT_LOAD"]
    return int(elf["e_phoff"] + loads[number] * elf["e_phentsize"])


def tag(kind: int) -> int:
    start = section(".dynamic")
    return next(at for at in range(start, start + 1000, 16) if struct.unpack_from("<Q", module(), at) == (kind,))


def symbol(name: str) -> int:
    table = open_elf(io.BytesIO(module())).get_section_by_name(".dynsym")
    return section(".dynsym") + 24 * [each.name for each in table.iter_symbols()].index(name)


def version(name: str) -> int:
    return section(".gnu.version") + (symbol(name) - section(".dynsym")) // 24 * 2


def changed(at: int, form: str, value: int) -> bytes:
    data = bytearray(module())
    struct.pack_into(f"<{form}", data, at, value)
    return bytes(data)


@pytest.mark.parametrize("platform", [name for name in TARGETS if "linux" in name])
def test_files_of_linkers_can_be_loaded(platform: str, tmp_path: Path) -> None:
    library = link_bare(tmp_path / "native.so", module_source("native"), platform)
    assert loading_faults(library, "native.so") == ()
    assert faults(module(), tmp_path) == ""


@pytest.mark.parametrize(
    ("at", "form", "value", "message"),
    [
        (lambda: 6, "B", 9, "unknown version of the format"),
        (lambda: 20, "I", 3, "unknown version of the format"),
        (lambda: 7, "B", 9, "names another system"),
        (lambda: segment(1) + 48, "Q", 1 << 62, "has the alignment"),
        (lambda: segment(1) + 48, "Q", 0x3000, "has the alignment"),
        (lambda: segment(1) + 8, "Q", 6, "does not fit its alignment"),
        (lambda: segment(1) + 32, "Q", 1 << 30, "larger than the file"),
        (lambda: segment(1) + 4, "I", 0, "cannot be read"),
        (lambda: segment(1) + 4, "I", 4, "'PyInit_native' is not in a segment that is executed"),
        (lambda: segment(1), "I", 0x7FFF, "'PyInit_native' is not in a segment that is executed"),
        (lambda: segment(2), "I", 0x7FFF, "its dynamic section is in no segment"),
        (lambda: tag(RELAENT), "Q", 0x70000001, "without DT_RELAENT"),
        (lambda: tag(PLTRELSZ), "Q", 0x70000001, "without DT_PLTRELSZ"),
        (lambda: tag(VERSYM), "Q", 0x18, "lacks DT_VERSYM"),
        (lambda: tag(JMPREL) + 8, "Q", 1 << 40, "DT_JMPREL leads to no segment"),
        (lambda: tag(SONAME), "Q", RELAENT, "DT_RELAENT twice"),
        (lambda: tag(SONAME) + 8, "Q", 1 << 20, "is not in the table of names"),
        (lambda: tag(FLAGS_1) + 8, "Q", 0x41, "DF_1_NOOPEN"),
        (lambda: tag(NEEDED), "Q", 0x70000001, "needs versions of 'libc.so.6', which it does not need"),
        (lambda: section(".gnu.version_r"), "H", 2, "unknown form 2"),
        (lambda: section(".gnu.version_r") + 2, "H", 2, "are 1, and not 2"),
        (lambda: section(".gnu.version_r") + 16, "I", 1, "has the hash of another one"),
        (lambda: section(".gnu.version_r") + 22, "H", 9, "has a version that the file does not know"),
        (lambda: symbol("clock_gettime"), "I", 0, "has no name"),
        (lambda: symbol("clock_gettime") + 4, "B", 0x02, "undefined, and hidden"),
        (lambda: symbol("clock_gettime") + 5, "B", 2, "undefined, and hidden"),
        (lambda: symbol("PyInit_native") + 4, "B", 0x16, "'PyInit_native' is not a function"),
        (lambda: symbol("PyInit_native") + 6, "H", 0xFFF1, "not in a segment that is executed"),
        (lambda: version("PyInit_native"), "H", 0x8001, "has a version that Python does not ask for"),
        (lambda: symbol("clock_gettime") + 6, "H", 1, "'clock_gettime' is called, and not in a segment"),
        (lambda: section(".rela.plt"), "Q", 1 << 40, "a relocation changes the page at 0x10000000000"),
        (lambda: section(".gnu.hash"), "I", 0, "not found by its hash"),
        (lambda: section(".gnu.hash") + 8, "I", 3, "not found by its hash"),
        (lambda: section(".gnu.hash") + 16, "Q", 0, "not found by its hash"),
    ],
)
def test_what_loaders_refuse_is_found(at: object, form: str, value: int, message: str, tmp_path: Path) -> None:
    assert callable(at)
    assert message in faults(changed(at(), form, value), tmp_path)


def test_a_program_that_the_kernel_loads_alone_may_be_a_pie(tmp_path: Path) -> None:
    program = bytearray(changed(tag(FLAGS_1) + 8, "Q", 0x08000001))
    assert "DF_1_PIE" in faults(bytes(program), tmp_path)
    struct.pack_into("<Q", program, tag(NEEDED), 0x70000001)
    assert faults(bytes(program), tmp_path) == ""


def test_a_variable_of_threads_is_not_called(tmp_path: Path) -> None:
    """Linkers for aarch64 put the relocations of such variables into the table of procedures."""
    module_ = bytearray(changed(symbol("clock_gettime") + 6, "H", 1))
    assert "'clock_gettime' is called" in faults(bytes(module_), tmp_path)
    struct.pack_into("<I", module_, section(".rela.plt") + 8, R_X86_64_TLSDESC)
    assert "is called" not in faults(bytes(module_), tmp_path)


@pytest.mark.parametrize("platform", [name for name in TARGETS if "linux" in name])
def test_called_functions_are_found_on_each_processor(platform: str, tmp_path: Path) -> None:
    source = module_source("native", "if (clock_gettime(1, buffer)) return 0;", CODE)
    library = link_bare(tmp_path / "native.so", source, platform, "-lc")
    with library.open("rb") as stream:
        elf = open_elf(stream)
        dynamic = DynamicSection.read(stream, elf, dynamic_tags(elf))
        names = [dynamic.text(each.name_at) for each in dynamic.raw_symbols]
        assert "clock_gettime" in {names[number] for number in dynamic.called_symbols()}


def test_a_table_may_be_marked_as_a_function(tmp_path: Path) -> None:
    table = '__asm__(".data\\n.globl table\\n.type table, @function\\ntable: .long 1\\n.size table, 4\\n.text");\n'
    library = link_bare(tmp_path / "native.so", table + module_source("native"), MANYLINUX)
    assert loading_faults(library, "native.so") == ()
