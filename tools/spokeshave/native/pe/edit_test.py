from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pefile
import pytest

from spokeshave.native.pe.edit import UneditablePeError, rename_libraries
from spokeshave.native.pe.file import read_pe
from spokeshave.testing.native_fixtures import import_library, link_as_msvc, link_bare, module_source

PLATFORM = "win_amd64"
CALL = {"code": "extern int core(void);", "statement": "core();"}
NEW = {"core.dll": "core-0123456789abcdef.dll"}


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a module that imports from core.dll and python3.dll."""
    folder = tmp_path_factory.mktemp("linked")
    libraries = [import_library(folder, "core.dll", "core"), import_library(folder, "python3.dll", "PyModule_Create2")]
    return link_bare(folder / "native.pyd", module_source("native", **CALL), PLATFORM, *map(str, libraries))


@pytest.fixture
def module(tmp_path: Path, linked: Path) -> Path:
    """Return a copy to change."""
    return Path(shutil.copy(linked, tmp_path / "native.pyd"))


_open_headers = cast("Callable[..., Any]", pefile.PE)


def headers_of(path: Path) -> Any:
    return closing(_open_headers(str(path), fast_load=False))


def without_padding(path: Path) -> None:
    """Let every section of constants claim the zeros after it."""
    with headers_of(path) as headers:
        changes = [(s.get_file_offset() + 8, s.SizeOfRawData) for s in headers.sections if s.Name[:6] != b".text\0"]
    write(path, *((offset, struct.pack("<I", size)) for offset, size in changes))


def write(path: Path, *changes: tuple[int, bytes]) -> None:
    with path.open("r+b") as stream:
        for offset, data in changes:
            stream.seek(offset)
            stream.write(data)


def directory_entry(path: Path, index: int) -> int:
    with headers_of(path) as headers:
        return int(headers.OPTIONAL_HEADER.DATA_DIRECTORY[index].get_file_offset())


def different_bytes(path: Path, other: Path) -> int:
    return sum(a != b for a, b in zip(path.read_bytes(), other.read_bytes()))


def names(path: Path) -> list[str]:
    """Return the imported DLLs by pefile and not by our own reader."""
    with headers_of(path) as headers:
        assert [text for text in headers.get_warnings() if not text.startswith("Byte 0x00 makes up")] == []
        return [entry.dll.decode() for entry in headers.DIRECTORY_ENTRY_IMPORT]


def test_a_longer_name_is_written_to_padding_only(module: Path, linked: Path) -> None:
    assert rename_libraries(module, "native.pyd", NEW)
    assert names(module) == ["core-0123456789abcdef.dll", "python3.dll"]
    assert module.stat().st_size == linked.stat().st_size
    assert different_bytes(module, linked) < len("core-0123456789abcdef.dll") + 8
    before = read_pe(linked, "before")
    after = read_pe(module, "after")
    assert [library.symbols for library in after.libraries] == [library.symbols for library in before.libraries]
    assert after.exports == before.exports


def test_names_are_compared_without_case_and_others_stay(module: Path, linked: Path) -> None:
    assert not rename_libraries(module, "native.pyd", {"other.dll": "other-1.dll"})
    assert module.read_bytes() == linked.read_bytes()
    assert rename_libraries(module, "native.pyd", {"python3.dll": "P-1.dll", "core.dll": "C-1.dll"})
    assert names(module) == ["C-1.dll", "P-1.dll"]


def test_without_padding_a_section_is_added(module: Path, linked: Path) -> None:
    without_padding(module)
    assert rename_libraries(module, "native.pyd", NEW)
    assert names(module) == ["core-0123456789abcdef.dll", "python3.dll"]
    with headers_of(module) as headers, headers_of(linked) as before:
        added = headers.sections[-1]
        assert len(headers.sections) == len(before.sections) + 1
        assert added.Name == b".grafted"
        assert added.VirtualAddress % headers.OPTIONAL_HEADER.SectionAlignment == 0
        assert added.PointerToRawData % headers.OPTIONAL_HEADER.FileAlignment == 0
        assert added.PointerToRawData + added.SizeOfRawData == module.stat().st_size
        assert headers.OPTIONAL_HEADER.SizeOfImage == added.VirtualAddress + headers.OPTIONAL_HEADER.SectionAlignment


def test_used_padding_is_not_overwritten(module: Path) -> None:
    with headers_of(module) as headers:
        constants = next(section for section in headers.sections if section.Name.startswith(b".rdata"))
        end = constants.PointerToRawData + constants.Misc_VirtualSize
    write(module, (end + 4, b"mine"))
    assert rename_libraries(module, "native.pyd", NEW)
    assert module.read_bytes()[end : end + 8] == b"\0\0\0\0mine"
    assert names(module) == ["core-0123456789abcdef.dll", "python3.dll"]


def test_trailing_data_prevents_a_new_section(module: Path) -> None:
    without_padding(module)
    module.write_bytes(module.read_bytes() + b"symbols for a debugger")
    before = module.read_bytes()
    with pytest.raises(UneditablePeError, match=r"native\.pyd: has no room .* and has data after its last section"):
        rename_libraries(module, "native.pyd", NEW)
    assert module.read_bytes() == before


def test_a_header_without_room_for_a_section_is_an_error(module: Path) -> None:
    without_padding(module)
    with headers_of(module) as headers:
        end = headers.sections[-1].get_file_offset() + 40
    write(module, (end + 8, b"\1"))
    with pytest.raises(UneditablePeError, match="nor for another section"):
        rename_libraries(module, "native.pyd", NEW)


def test_a_certificate_and_a_sum_of_the_old_bytes_are_removed(module: Path, linked: Path) -> None:
    size = module.stat().st_size
    module.write_bytes(module.read_bytes() + struct.pack("<IHH", 16, 0x200, 2) + b"testtest")
    write(module, (directory_entry(module, 4), struct.pack("<2I", size, 16)))
    with headers_of(module) as headers:
        checksum = headers.OPTIONAL_HEADER.get_field_absolute_offset("CheckSum")
    write(module, (checksum, b"\1\2\3\4"))
    assert rename_libraries(module, "native.pyd", NEW)
    assert module.stat().st_size == linked.stat().st_size
    with headers_of(module) as headers:
        assert headers.OPTIONAL_HEADER.CheckSum == 0
        assert headers.OPTIONAL_HEADER.DATA_DIRECTORY[4].Size == 0


def test_a_certificate_in_the_middle_is_an_error(module: Path) -> None:
    write(module, (directory_entry(module, 4), struct.pack("<2I", 1024, 16)))
    with pytest.raises(UneditablePeError, match="has a certificate that is not at its end"):
        rename_libraries(module, "native.pyd", NEW)


def test_a_file_that_is_not_changed_keeps_its_certificate(module: Path) -> None:
    module.write_bytes(module.read_bytes() + bytes(16))
    write(module, (directory_entry(module, 4), struct.pack("<2I", module.stat().st_size - 16, 16)))
    before = module.read_bytes()
    assert not rename_libraries(module, "native.pyd", {"other.dll": "other-1.dll"})
    assert module.read_bytes() == before


def test_a_wish_to_load_from_the_systems_folder_only_is_undone(tmp_path: Path) -> None:
    libraries = [
        import_library(tmp_path, "core.dll", "core"),
        import_library(tmp_path, "python3.dll", "PyModule_Create2"),
    ]
    config = "const struct { unsigned size; char rest[108]; } _load_config_used = {112, {[74] = 0, [75] = 8}};"
    code = {**CALL, "code": f"{CALL['code']} {config}"}
    module = link_as_msvc(tmp_path / "native.pyd", module_source("native", **code), *map(str, libraries))
    assert load_flags(module) == 0x800
    assert rename_libraries(module, "native.pyd", NEW)
    assert load_flags(module) == 0


def load_flags(path: Path) -> int:
    with headers_of(path) as headers:
        return int(headers.DIRECTORY_ENTRY_LOAD_CONFIG.struct.DependentLoadFlags)
