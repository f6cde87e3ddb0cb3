from __future__ import annotations

import ctypes
import struct
import time
from pathlib import Path

import pytest

from spokeshave.native.elf.file import InvalidElfError, open_elf, read_elf, relocated_names
from spokeshave.testing.native_fixtures import GLIBC_2_17, MANYLINUX, compile_library, link_bare

VISIBLE = '__attribute__((visibility("default")))'


@pytest.fixture(scope="module")
def versioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library that needs and defines versions."""
    folder = tmp_path_factory.mktemp("versioned")
    (folder / "map").write_text("CORE_1 { global: core; };")
    source = f'#include <stdio.h>\n{VISIBLE} int core(void) {{ return puts(""); }}'
    return compile_library(folder / "libcore.so", source, f"-Wl,--version-script,{folder}/map", target=GLIBC_2_17)


def with_tag(path: Path, tag: str, value: int, destination: Path) -> Path:
    """Return a copy with another value of a tag of the dynamic section."""
    data = bytearray(path.read_bytes())
    with path.open("rb") as stream:
        (dynamic,) = (s for s in open_elf(stream).iter_segments() if s["p_type"] == "PT_DYNAMIC")
        index = next(i for i, found in enumerate(dynamic.iter_tags()) if found.entry.d_tag == tag)
        struct.pack_into("<Q", data, dynamic["p_offset"] + 16 * index + 8, value)
    destination.write_bytes(data)
    return destination


@pytest.mark.parametrize("tag", ["DT_VERNEEDNUM", "DT_VERDEFNUM"])
def test_chains_of_versions_end_at_their_count(tmp_path: Path, versioned: Path, tag: str) -> None:
    long = with_tag(versioned, tag, 1 << 20, tmp_path / "long.so")
    start = time.process_time()
    elf = read_elf(long, "long.so")
    assert time.process_time() - start < 1
    assert "CORE_1" in elf.versions_defined
    assert any(version.startswith("GLIBC_") for version in elf.versions)


@pytest.mark.parametrize(("tag", "value"), [("DT_STRSZ", 1 << 40), ("DT_SYMTAB", 1 << 62), ("DT_STRTAB", 1 << 63)])
def test_sizes_beyond_the_file_are_damage(tmp_path: Path, versioned: Path, tag: str, value: int) -> None:
    with pytest.raises(InvalidElfError, match="is a damaged ELF file"):
        read_elf(with_tag(versioned, tag, value, tmp_path / "wild.so"), "wild.so")


def long_names(count: int, length: int) -> bytes:
    """Return an ELF file whose symbols all have one long name."""
    symbols = 0x1000
    texts = 0x1000 + 24 * count
    dynamic = texts + length + 8
    dynamic += -dynamic % 16
    hashes = dynamic + 16 * 8
    size = hashes + 24
    data = bytearray(size)
    data[:7] = b"\x7fELF\2\1\1"
    struct.pack_into("<HHIQQQIHHHHHH", data, 16, 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    struct.pack_into("<IIQQQQQQ", data, 64, 1, 5, 0, 0, 0, size, size, 0x1000)
    tags = [(6, symbols), (5, texts), (10, length + 8), (11, 24), (4, hashes), (0, 0)]
    struct.pack_into("<IIQQQQQQ", data, 120, 2, 6, dynamic, dynamic, dynamic, len(tags) * 16, len(tags) * 16, 8)
    for index in range(count):
        struct.pack_into("<IBBHQQ", data, symbols + 24 * index, 1 + index % 7, 0x12, 0, 0, 0, 0)
    data[texts + 1 : texts + length] = b"A" * (length - 1)
    for index, tag in enumerate(tags):
        struct.pack_into("<QQ", data, dynamic + 16 * index, *tag)
    struct.pack_into("<II", data, hashes, 1, count)
    return bytes(data)


def test_names_that_share_one_long_text_are_damage(tmp_path: Path) -> None:
    (tmp_path / "wide.so").write_bytes(long_names(2000, 1 << 18))
    with pytest.raises(InvalidElfError, match="its names are longer than the file"):
        read_elf(tmp_path / "wide.so", "wide.so")


def test_names_may_share_their_ends(tmp_path: Path) -> None:
    (tmp_path / "shared.so").write_bytes(long_names(10, 1 << 8))
    assert len(read_elf(tmp_path / "shared.so", "shared.so").undefined) == 7


def test_many_libraries_of_one_long_name_are_damage(tmp_path: Path) -> None:
    data = bytearray(long_names(2, 1 << 18))
    with (tmp_path / "plain.so").open("wb") as stream:
        stream.write(data)
    start = len(data)
    size = 16 * 2000
    texts = 0x1000 + 24 * 2
    tags = [(5, texts), (10, (1 << 18) + 8), *([(1, 1)] * 1997), (0, 0)]
    struct.pack_into("<QQQQQ", data, 128, start, start, start, size, size)
    struct.pack_into("<QQ", data, 96, start + size, start + size)
    data += b"".join(struct.pack("<QQ", *tag) for tag in tags)
    (tmp_path / "wide.so").write_bytes(data)
    with pytest.raises(InvalidElfError, match="its names are longer than the file"):
        read_elf(tmp_path / "wide.so", "wide.so")


def test_a_library_without_names_is_read(tmp_path: Path) -> None:
    built = link_bare(tmp_path / "libnone.so", "static int none;", MANYLINUX)
    assert read_elf(built, "libnone.so").exports == frozenset()


def with_header(path: Path, destination: Path, offset: int = -1, count: int = -1, names: int = -1) -> Path:
    """Return a copy with other header values for the table of sections. -1 keeps one."""
    data = bytearray(path.read_bytes())
    for place, layout, value in ((0x28, "<Q", offset), (0x3C, "<H", count), (0x3E, "<H", names)):
        if value >= 0:
            struct.pack_into(layout, data, place, value)
    destination.write_bytes(data)
    return destination


WILD = {
    "none": {"offset": 0, "count": 0, "names": 0},
    "no offset": {"offset": 0},
    "far": {"offset": 1 << 40},
    "beyond": {"offset": (1 << 64) - 1},
    "odd": {"offset": 77},
    "many": {"count": 60000},
    "wild names": {"names": 999},
    "far and many": {"offset": 1 << 40, "count": 65535, "names": 65535},
}


@pytest.mark.parametrize("kind", WILD)
def test_damaged_section_headers_do_not_matter(tmp_path: Path, versioned: Path, kind: str) -> None:
    wild = with_header(versioned, tmp_path / "wild.so", **WILD[kind])
    ctypes.CDLL(str(wild))
    assert read_elf(wild, "wild.so") == read_elf(versioned, "libcore.so")
    assert relocated_names(wild, "wild.so") == relocated_names(versioned, "libcore.so")


def test_a_table_of_sections_may_be_cut_off(tmp_path: Path, versioned: Path) -> None:
    data = versioned.read_bytes()
    (start,) = struct.unpack_from("<Q", data, 0x28)
    (tmp_path / "cut.so").write_bytes(data[:start])
    (tmp_path / "zeroed.so").write_bytes(data[:start] + bytes(len(data) - start))
    for name in ("cut.so", "zeroed.so"):
        ctypes.CDLL(str(tmp_path / name))
        assert read_elf(tmp_path / name, name) == read_elf(versioned, "libcore.so")


def test_the_sections_of_a_32_bit_file_may_be_damaged(tmp_path: Path) -> None:
    built = link_bare(tmp_path / "libcore.so", f"{VISIBLE} int core(void) {{ return 1; }}", "manylinux_2_31_armv7l")
    data = bytearray(built.read_bytes())
    struct.pack_into("<I", data, 0x20, 1 << 30)
    (tmp_path / "wild.so").write_bytes(data)
    assert read_elf(tmp_path / "wild.so", "wild.so") == read_elf(built, "libcore.so")
