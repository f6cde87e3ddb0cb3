"""Native files: ELF, Mach-O and PE files, and static libraries."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hostile.limits import Target
from hostile.targets.common import each_of, in_file
from spokeshave.emulation.pe_exports import exported_names
from spokeshave.native.elf.loading import loading_faults
from spokeshave.native.elf.sections import copy_without_sections
from spokeshave.native.elf.skeleton import Skeleton
from spokeshave.native.file import read_native
from spokeshave.native.macho.edit import MachOEdits, edit_macho
from spokeshave.native.macho.file import read_macho
from spokeshave.native.macho.fuse import fuse
from spokeshave.native.macho.page_hashes import check_ad_hoc
from spokeshave.native.macho.signature import signature_fault
from spokeshave.native.pe.edit import rename_libraries
from spokeshave.native.pe.file import read_pe
from spokeshave.native.version_slot import find_version_slots, has_slots_of, write_version_slots
from spokeshave.standalone.runtime_pack import RuntimePackError, RuntimePackRecipe, lay_out
from spokeshave.testing.native_fixtures import link_bare, module_source, slot_source
from spokeshave_core.wheel_name import UNSTAMPED

_ELF = ("manylinux_2_17_x86_64", "manylinux_2_17_s390x", "manylinux_2_31_armv7l")
_MACHO = ("macosx_11_0_arm64", "macosx_11_0_x86_64")
_RENAMED = MachOEdits(
    install_name=lambda name: f"{name}.longer", library=lambda name: f"@loader_path/{name}", rpath=lambda _: None
)


@functools.cache
def compiled(platform: str) -> bytes:
    """Return a small library with a version slot."""
    with tempfile.TemporaryDirectory() as folder:
        return link_bare(Path(folder) / "libslot.so", slot_source(2), platform).read_bytes()


@functools.cache
def compiled_module(platform: str) -> bytes:
    """Return an extension module that needs a symbol of Python."""
    with tempfile.TemporaryDirectory() as folder:
        return link_bare(Path(folder) / "_native.so", module_source("_native"), platform).read_bytes()


@functools.cache
def fused() -> bytes:
    """Return a universal Mach-O file."""
    with tempfile.TemporaryDirectory() as folder:
        parts = [Path(folder) / platform for platform in _MACHO]
        for part in parts:
            part.write_bytes(compiled(part.name))
        output = Path(folder) / "fused"
        fuse(parts, output)
        return output.read_bytes()


@functools.cache
def static_libraries() -> Sequence[bytes]:
    """Return static libraries in the forms of System V and of BSD, with long and short names."""
    table = b"zig-cache/o/1234/a_long_name_of_an_object.o/\nanother_one_of_these.o/\n"
    system_v = [(b"/", b"\0\0\0\0"), (b"//", table), (b"/0", b"long"), (b"/45", b"odd"), (b"b.o/", b"body")]
    bsd = [(b"#1/12", b"__.SYMDEF\0\0\0symbols"), (b"#1/8", b"any.o\0\0\0body"), (b"b.o", b"")]
    return [b"!<arch>\n" + b"".join(archive_entry(*entry) for entry in each) for each in (system_v, bsd)]


def archive_entry(name: bytes, body: bytes, size: bytes | None = None) -> bytes:
    """Return an entry of a static library, which states the size of its content or another one."""
    stated = b"%d" % len(body) if size is None else size
    return b"%-16s%-12s%-6s%-6s%-8s%-10s`\n%s" % (name, b"0", b"0", b"0", b"644", stated, body) + b"\n" * (
        len(body) % 2
    )


def _static_library(path: Path) -> None:
    lay_out(RuntimePackRecipe((("libc++.a", str(path)),), (), ()), path.with_name("pack"))


def _elf(path: Path) -> None:
    each_of(
        lambda: read_native(path, "lib.so"),
        lambda: loading_faults(path, "lib.so"),
        lambda: find_version_slots(path, "lib.so"),
        lambda: has_slots_of(path, "lib.so", UNSTAMPED),
        lambda: read_native(copy_without_sections(path, path.with_name("bare")), "lib.so"),
        lambda: Skeleton.of(path),
        lambda: write_version_slots(path, "lib.so", UNSTAMPED, "1.0"),
    )


def _macho(path: Path) -> None:
    each_of(
        lambda: _signatures(path),
        lambda: find_version_slots(path, "lib.dylib"),
        lambda: check_ad_hoc(path, "lib.dylib"),
        lambda: write_version_slots(path, "lib.dylib", UNSTAMPED, "1.0"),
        lambda: edit_macho(path, "lib.dylib", _RENAMED),
    )


def _signatures(path: Path) -> None:
    for part in read_macho(path, "lib.dylib").slices:
        signature_fault(path, part)


def _fuse(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(compiled("macosx_11_0_x86_64"))
    fuse([path, other], path.with_name("fused"))


def _pe(path: Path) -> None:
    each_of(
        lambda: read_pe(path, "lib.dll"),
        lambda: find_version_slots(path, "lib.dll"),
        lambda: write_version_slots(path, "lib.dll", UNSTAMPED, "1.0"),
        lambda: rename_libraries(path, "lib.dll", {"kernel32.dll": "kernel32-12345678.dll"}),
    )


def _elf_seeds() -> Sequence[bytes]:
    return [*(compiled(platform) for platform in _ELF), compiled_module(_ELF[0])]


def _macho_seeds() -> Sequence[bytes]:
    return [*(compiled(platform) for platform in _MACHO), compiled_module(_MACHO[0]), fused()]


TARGETS = (
    Target(
        name="elf", summary="ELF files: tables, sections, version slots", read=in_file("lib.so", _elf), seeds=_elf_seeds
    ),
    Target(
        name="macho",
        summary="Mach-O files: symbols, signatures, edits",
        read=in_file("lib.dylib", _macho),
        seeds=_macho_seeds,
    ),
    Target(
        name="fuse",
        summary="Mach-O files that are joined to a universal one",
        read=in_file("lib.dylib", _fuse),
        seeds=_macho_seeds,
    ),
    Target(
        name="pe",
        summary="PE files: imports, exports, renamed libraries",
        read=in_file("lib.dll", _pe),
        seeds=lambda: [compiled("win_amd64"), compiled("win_arm64")],
    ),
    Target(
        name="pe-exports",
        summary="the names that python3X.dll exports, by the set-up of emulated Pythons",
        read=in_file("python312.dll", exported_names),
        seeds=lambda: [compiled("win_amd64")],
    ),
    Target(
        name="static-library",
        summary="static libraries of the toolchain",
        read=in_file("libc++.a", _static_library),
        seeds=static_libraries,
        errors=(RuntimePackError,),
        words=(
            b"-60",
            b"-1",
            b"9999999999",
            b"#1/",
            b"#1/-1",
            b"/1",
            b"//",
            b"/",
            b"__.SYMDEF",
            b"`\n",
            b"../x",
            b"\0",
        ),
    ),
)
