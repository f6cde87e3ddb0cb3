from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
from macholib import mach_o

from spokeshave.native.macho.file import (
    InvalidMachOError,
    Kind,
    MachOSlice,
    NeededLibrary,
    is_macho,
    read_macho,
)
from spokeshave.native.macho.signature import signature_fault
from spokeshave.native.macho.symbols import ImportedName, Ordinal, bound_names, chained_names, exported_names
from spokeshave.native.macho.universal import Region
from spokeshave.testing.native_fixtures import link_bare

ARM = "macosx_11_0_arm64"
X86 = "macosx_11_0_x86_64"
EXPORT = '__attribute__((visibility("default")))'
SOURCE = (
    f"extern int core(void), Py_IsInitialized(void); {EXPORT} int two(void) {{ return core() + Py_IsInitialized(); }}"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    core = link_bare(folder / "libcore.dylib", f"{EXPORT} int core(void) {{ return 1; }}", ARM)
    return link_bare(folder / "two.so", SOURCE, ARM, str(core), "-Wl,-rpath,@loader_path/../lib")


def only_slice(path: Path) -> MachOSlice:
    (part,) = read_macho(path, path.name).slices
    return part


def test_facts_are_those_that_it_was_linked_with(built: Path) -> None:
    part = only_slice(built)
    assert (part.architecture, part.kind, part.system, part.minimum_version) == ("arm64", Kind.DYLIB, "macOS", (11, 0))
    assert part.install_name == "@rpath/two.so"
    assert NeededLibrary("@rpath/libcore.dylib", "") in part.libraries
    assert part.rpaths == ("@loader_path/../lib",)
    assert "two" in part.exports
    assert part.is_two_level
    assert part.header_pad > 1000


def test_each_imported_symbol_has_its_provider(built: Path) -> None:
    part = only_slice(built)
    imports = {symbol.name: symbol for symbol in part.imports}
    assert part.provider(imports["core"]) == "@rpath/libcore.dylib"
    assert part.provider(imports["Py_IsInitialized"]) is None
    assert imports["Py_IsInitialized"].ordinal == Ordinal.DYNAMIC_LOOKUP


def test_a_signature_is_valid_until_a_byte_changes(built: Path, tmp_path: Path) -> None:
    part = only_slice(built)
    assert part.signature is not None
    assert signature_fault(built, part) is None
    data = bytearray(built.read_bytes())
    data[part.signature.offset - 1] ^= 1
    (tmp_path / "changed").write_bytes(data)
    assert "does not match its content (from byte" in str(signature_fault(tmp_path / "changed", part))


@pytest.mark.parametrize("place", ["magic", "count", "limit"])
def test_a_damaged_signature_is_reported(built: Path, tmp_path: Path, place: str) -> None:
    part = only_slice(built)
    assert part.signature is not None
    data = bytearray(built.read_bytes())
    directory = part.signature.offset + struct.unpack_from(">I", data, part.signature.offset + 16)[0]
    offset = {"magic": part.signature.offset, "count": part.signature.offset + 8, "limit": directory + 32}[place]
    struct.pack_into(">I", data, offset, 0x1234567)
    (tmp_path / "changed").write_bytes(data)
    assert "has a code signature" in str(signature_fault(tmp_path / "changed", part))


def signed(path: Path, code: bytes, *, limit: int, requirements: bytes, hashed: bytes) -> MachOSlice:
    """Write bytes with a signature of the first `limit` of them and of `hashed` requirements."""
    pages = [hashlib.sha256(code[start : min(start + 16, limit)]).digest() for start in range(0, limit, 16)]
    # The slots before those of the pages: of requirements (2), and of nothing (1).
    hashes = hashlib.sha256(hashed).digest() + bytes(32) + b"".join(pages)
    fields = (0x20400, 2, 44 + 64, 44, 2, len(pages), limit, 32, 2, 0, 4)
    directory = struct.pack(">II7I4B", 0xFADE0C02, 44 + len(hashes), *fields).ljust(44, b"\0") + hashes
    index = struct.pack(">4I", 0, 28, 2, 28 + len(directory))
    size = 28 + len(directory) + len(requirements)
    signature = struct.pack(">III", 0xFADE0CC0, size, 2) + index + directory + requirements
    path.write_bytes(code + signature)
    whole = Region(0, len(code) + size)
    place = Region(len(code), size)
    return MachOSlice(
        architecture="arm64",
        region=whole,
        kind=Kind.DYLIB,
        install_name=None,
        libraries=(),
        rpaths=(),
        system="macOS",
        minimum_version=(11, 0),
        exports=frozenset(),
        imports=(),
        is_two_level=True,
        signature=place,
        header_pad=0,
    )


def test_a_signature_covers_every_byte_and_part(tmp_path: Path) -> None:
    code = bytes(range(100))
    path = tmp_path / "signed"
    requirements = struct.pack(">III", 0xFADE0C01, 12, 0)
    assert signature_fault(path, signed(path, code, limit=100, requirements=requirements, hashed=requirements)) is None
    other = signed(path, code, limit=100, requirements=requirements, hashed=b"other")
    assert "whose part 2 was modified" in str(signature_fault(path, other))
    short = signed(path, code, limit=80, requirements=requirements, hashed=requirements)
    assert "of 80 bytes where there are 100 to sign" in str(signature_fault(path, short))


def test_a_symbol_of_an_unnamed_library_is_reported(built: Path, tmp_path: Path) -> None:
    data = bytearray(built.read_bytes())
    # After the name follows the opcode with the number of its library.
    data[data.index(b"@_core\0") + len(b"@_core\0")] = 0x1F
    (tmp_path / "changed").write_bytes(data)
    with pytest.raises(InvalidMachOError, match="binds symbols of more libraries than it lists"):
        read_macho(tmp_path / "changed", "changed")


def test_x86_64_has_no_signature(tmp_path: Path) -> None:
    path = link_bare(tmp_path / "one.so", f"{EXPORT} int one(void) {{ return 1; }}", X86)
    part = only_slice(path)
    assert (part.architecture, part.signature) == ("x86_64", None)
    assert signature_fault(path, part) == "has no code signature"


@pytest.mark.parametrize("size", [8, 40, 500, 17000])
def test_a_truncated_file_is_reported(built: Path, tmp_path: Path, size: int) -> None:
    (tmp_path / "half").write_bytes(built.read_bytes()[:size])
    assert is_macho(tmp_path / "half")
    with pytest.raises(InvalidMachOError, match="demo/half: is a damaged Mach-O file"):
        read_macho(tmp_path / "half", "demo/half")


def test_an_offset_beyond_any_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    path.write_bytes(struct.pack(">IIIIQQII", 0xCAFEBABF, 1, 0x100000C, 0, 1 << 63, 8, 3, 0))
    assert is_macho(path)
    with pytest.raises(InvalidMachOError, match="list of architectures does not fit"):
        read_macho(path, "huge")


def test_java_classes_and_static_libraries_are_not_macho(tmp_path: Path) -> None:
    (tmp_path / "class").write_bytes(b"\xca\xfe\xba\xbe\x00\x00\x00\x3d" + bytes(100))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "short").write_bytes(b"\xcf\xfa\xed\xfe")
    archives = struct.pack(">IIIIIII", 0xCAFEBABE, 1, 0x100000C, 0, 40, 8, 3)
    (tmp_path / "archives").write_bytes(archives + bytes(12) + b"!<arch>\n")
    names = ("class", "empty", "short", "archives")
    assert [name for name in names if is_macho(tmp_path / name)] == []


def test_a_trie_of_exports_is_read() -> None:
    # Root: one child "_a" at 5; that node ends a name (two bytes of facts) and has a child "bc" at 13.
    trie = b"\x00\x01_a\x00\x06" + b"\x02\x00\x00\x01bc\x00\x0e" + b"\x02\x00\x00\x00"
    assert sorted(exported_names(trie)) == ["a", "abc"]
    assert list(exported_names(b"")) == []


def test_a_trie_that_goes_in_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        list(exported_names(b"\x00\x01_a\x00\x00"))


def test_a_program_of_bindings_is_read() -> None:
    program = (
        b"\x11@_one\x00\x51\x72\x80\x01\x90"  # the first library, by number
        b"\x3e@Py_Two\x00\x90\x00"  # any loaded file
        b"\x20\x87\x01A_three\x00\xc0\x02\x08"  # library 135, weakly, twice
        b"@_never\x00"
    )
    assert list(bound_names(program)) == [
        ImportedName("one", 1, False),
        ImportedName("Py_Two", Ordinal.DYNAMIC_LOOKUP, False),
        ImportedName("three", 135, True),
    ]
    with pytest.raises(ValueError, match="not an opcode"):
        list(bound_names(b"\xe0"))


@pytest.mark.parametrize(("kind", "entry"), [(1, "<I"), (2, "<I4x"), (3, "<Q8x")])
def test_imports_of_chained_fixups_are_read(kind: int, entry: str) -> None:
    names = b"\0_one\0_Py_Two\0"
    bits, shift = (16, 32) if kind == 3 else (8, 9)
    flat = (1 << bits) - 2
    values = [1 << shift | 2, 6 << shift | 1 << bits | flat]
    imports = b"".join(struct.pack(entry, value) for value in values)
    header = struct.pack("<IIIIIII", 0, 0, 28, 28 + len(imports), len(values), kind, 0)
    assert list(chained_names(header + imports + names)) == [
        ImportedName("one", 2, False),
        ImportedName("Py_Two", Ordinal.DYNAMIC_LOOKUP, True),
    ]


def test_names_that_share_one_long_text_are_damage() -> None:
    text = b"A" * (1 << 16) + b"\0"
    header = struct.pack("<IIIIIII", 0, 0, 28, 28 + 4 * 2000, 2000, 1, 0)
    chained = header + struct.pack("<I", 0) * 2000 + text
    with pytest.raises(ValueError, match="its names are longer than the file"):
        list(chained_names(chained))
    # A long edge to a node with many children.
    node = len(text) + 5
    edge = text + bytes([0x80 | node & 0x7F, 0x80 | node >> 7 & 0x7F, node >> 14])
    trie = b"\0\1" + edge + b"\0" + bytes([200]) + b"b\0\0" * 200
    with pytest.raises(ValueError, match="its names are longer than the file"):
        list(exported_names(trie))


def test_a_system_besides_macos_is_not_hidden_by_it(tmp_path: Path) -> None:
    path = link_bare(tmp_path / "libdemo.dylib", "int demo;", "macosx_11_0_arm64")
    data = bytearray(path.read_bytes())
    at = 32
    while struct.unpack_from("<I", data, at) != (mach_o.LC_UUID,):
        at += struct.unpack_from("<I", data, at + 4)[0]
    struct.pack_into("<I", data, at, mach_o.LC_BUILD_VERSION)
    struct.pack_into("<I", data, at + 8, 6)
    path.write_bytes(data)
    assert read_macho(path, "libdemo.dylib").slices[0].system == "macOS"
    struct.pack_into("<I", data, at + 8, 99)
    path.write_bytes(data)
    assert read_macho(path, "libdemo.dylib").slices[0].system == "system 99"
