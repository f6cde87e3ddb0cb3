from __future__ import annotations

import struct
from pathlib import Path

import pytest

from spokeshave.linkage.windows_libraries import is_python_library, is_windows_library
from spokeshave.native.pe.file import ImportedLibrary, InvalidPeError, is_pe, read_pe
from spokeshave.testing.native_fixtures import import_library, link_as_msvc, link_bare

LONG = "a" * 600
ENTRY = "int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) { return 1; }"
SOURCE = f"""
extern int core(void), Py_IsInitialized(void);
{ENTRY}
__declspec(dllexport) int {LONG}(void) {{ return core() + Py_IsInitialized(); }}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    libraries = [import_library(folder, "core.dll", "core"), import_library(folder, "Python3.dll", "Py_IsInitialized")]
    return link_bare(folder / "one.pyd", SOURCE, "win_amd64", *map(str, libraries))


def test_facts_are_those_that_it_was_linked_with(built: Path) -> None:
    pe = read_pe(built, "one.pyd")
    assert (pe.architecture, pe.is_dll, pe.name) == ("amd64", True, "one.pyd")
    assert set(pe.libraries) == {
        ImportedLibrary("core.dll", ("core",), is_delayed=False),
        ImportedLibrary("Python3.dll", ("Py_IsInitialized",), is_delayed=False),
    }
    assert pe.undefined == {"core", "Py_IsInitialized"}
    assert pe.is_reproducible


def test_long_names_are_whole(built: Path) -> None:
    assert read_pe(built, "one.pyd").exports == {LONG}


def test_delayed_imports_and_time_stamps_are_read(tmp_path: Path) -> None:
    library = import_library(tmp_path, "core.dll", "core")
    helper = "void *__delayLoadHelper2(void *descriptor, void *place) { return 0; }"
    source = f"extern int core(void);\n{ENTRY}\n{helper}\n__declspec(dllexport) int one(void) {{ return core(); }}"
    path = link_as_msvc(tmp_path / "one.dll", source, "-delayload:core.dll", "-timestamp:1700000000", str(library))
    pe = read_pe(path, "one.dll")
    assert pe.libraries == (ImportedLibrary("core.dll", ("core",), is_delayed=True),)
    assert (pe.time_stamp, pe.is_reproducible) == (1_700_000_000, False)


@pytest.mark.parametrize("size", [64, 200, 300, 1100, 1600])
def test_a_truncated_file_is_reported_or_not_a_pe_file(built: Path, tmp_path: Path, size: int) -> None:
    (tmp_path / "half").write_bytes(built.read_bytes()[:size])
    if is_pe(tmp_path / "half"):
        with pytest.raises(InvalidPeError, match="demo/half: is a damaged PE file"):
            read_pe(tmp_path / "half", "demo/half")


def test_a_file_with_only_the_magic_number_is_not_one(tmp_path: Path) -> None:
    for name, data in {"text": b"MZ is how it begins", "zeros": b"MZ" + bytes(500), "empty": b""}.items():
        (tmp_path / name).write_bytes(data)
        assert not is_pe(tmp_path / name)


@pytest.mark.parametrize(
    "name",
    [
        "KERNEL32.dll",
        "ws2_32.DLL",
        "api-ms-win-crt-runtime-l1-1-0.dll",
        "WINSPOOL.DRV",
        "vcruntime140_1.dll",
        "webservices.dll",
    ],
)
def test_windows_has_a_library(name: str) -> None:
    assert is_windows_library(name)


@pytest.mark.parametrize("name", ["MSVCP140.dll", "libstdc++-6.dll", "concrt140.dll", "python312.dll", "kernel33.dll"])
def test_windows_has_no_such_library(name: str) -> None:
    assert not is_windows_library(name)


def test_pythons_libraries_are_known() -> None:
    names = ["python3.dll", "Python312.dll", "python313t.dll", "python312_d.dll", "pythoncom312.dll", "python.dll"]
    assert [is_python_library(name) for name in names] == [True, True, True, True, False, False]


def long_names(count: int, length: int) -> bytes:
    """Return a PE file whose exports all have one long name."""
    header = bytearray(0x400)
    header[:2] = b"MZ"
    struct.pack_into("<I", header, 60, 0x80)
    header[0x80:0x84] = b"PE\0\0"
    struct.pack_into("<HHIIIHH", header, 0x84, 0x8664, 1, 0, 0, 0, 240, 0x2022)
    optional = 0x98
    names = 0x1000 + 40
    ordinals = names + 4 * count
    text = names + 6 * count
    body = struct.pack("<12x7I", text, 1, 0, count, 0, names, ordinals) + struct.pack("<I", text) * count
    body += b"".join(struct.pack("<H", index) for index in range(count)) + b"A" * length + b"\0"
    size = len(body)
    body += bytes(-size % 0x200)
    struct.pack_into("<H", header, optional, 0x20B)
    struct.pack_into("<II", header, optional + 32, 0x1000, 0x200)
    struct.pack_into("<HH", header, optional + 48, 6, 0)
    struct.pack_into("<II", header, optional + 56, (size + 0x1FFF) // 0x1000 * 0x1000, 0x400)
    struct.pack_into("<I", header, optional + 108, 16)
    struct.pack_into("<II", header, optional + 112, 0x1000, 40)
    section = optional + 240
    header[section : section + 6] = b".edata"
    struct.pack_into("<IIII", header, section + 8, size, 0x1000, len(body), 0x400)
    struct.pack_into("<I", header, section + 36, 0x40000040)
    return bytes(header) + body


def test_names_that_share_one_long_text_are_damage(tmp_path: Path) -> None:
    (tmp_path / "wide.dll").write_bytes(long_names(2000, 1 << 18))
    with pytest.raises(InvalidPeError, match="its names are longer than the file"):
        read_pe(tmp_path / "wide.dll", "wide.dll")


def test_names_may_be_shared(tmp_path: Path) -> None:
    (tmp_path / "shared.dll").write_bytes(long_names(5, 100))
    assert read_pe(tmp_path / "shared.dll", "shared.dll").exports == {"A" * 100}
