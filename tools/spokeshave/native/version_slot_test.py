from __future__ import annotations

import ctypes
import hashlib
import shutil
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pefile
import pytest

from spokeshave.files import sha256_of_file
from spokeshave.native.macho.code_directory import AD_HOC
from spokeshave.native.macho.file import read_macho
from spokeshave.native.macho.fuse import fuse
from spokeshave.native.macho.signature import signature_fault
from spokeshave.native.version_slot import (
    LONGEST_VERSION,
    SLOT_SIZE,
    find_version_slots,
    has_slots_of,
    write_version_slots,
)
from spokeshave.testing.native_fixtures import link_as_msvc, link_bare, slot_source
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.wheel_name import UNSTAMPED

RC = "3.12.0rc20260821"
LINUX = "manylinux_2_17_x86_64"
BIG_ENDIAN = "manylinux_2_17_s390x"
ARM_32 = "manylinux_2_31_armv7l"
ARM_MAC = "macosx_11_0_arm64"
INTEL_MAC = "macosx_11_0_x86_64"
UNIVERSAL = "macosx_11_0_universal2"
WINDOWS = "win_amd64"
WINDOWS_WITH_CHECKSUM = "win_amd64 with a checksum"
ALL = (LINUX, BIG_ENDIAN, ARM_32, ARM_MAC, INTEL_MAC, UNIVERSAL, WINDOWS, WINDOWS_WITH_CHECKSUM)
every_format = pytest.mark.parametrize("format_name", ALL)

_open_headers = cast("Callable[..., Any]", pefile.PE)


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return libraries with two slots, for each format."""
    folder = tmp_path_factory.mktemp("linked")
    source = slot_source(slots=2)
    bare = (LINUX, BIG_ENDIAN, ARM_32, ARM_MAC, INTEL_MAC, WINDOWS)
    found = {platform: link_bare(folder / platform / "core", source, platform) for platform in bare}
    found[WINDOWS_WITH_CHECKSUM] = link_as_msvc(folder / "msvc" / "core", source, "-release")
    found[UNIVERSAL] = folder / UNIVERSAL / "core"
    fuse([found[INTEL_MAC], found[ARM_MAC]], found[UNIVERSAL])
    return found


@pytest.fixture
def copy_of(tmp_path: Path, linked: dict[str, Path]) -> Callable[[str], Path]:
    return lambda format_name: Path(shutil.copy(linked[format_name], tmp_path / "core"))


def versions(path: Path) -> list[str | None]:
    return [slot.version for slot in find_version_slots(path, "core")]


@every_format
def test_slots_are_found_and_written(copy_of: Callable[[str], Path], format_name: str) -> None:
    library = copy_of(format_name)
    count = 4 if format_name == UNIVERSAL else 2
    assert versions(library) == [UNSTAMPED] * count
    write_version_slots(library, "core", UNSTAMPED, RC)
    assert versions(library) == [RC] * count
    assert has_slots_of(library, "core", RC)


@every_format
def test_stamping_back_gives_the_former_bytes(copy_of: Callable[[str], Path], format_name: str) -> None:
    library = copy_of(format_name)
    before = sha256_of_file(library)
    for old, new in ((UNSTAMPED, RC), (RC, "1" * LONGEST_VERSION), ("1" * LONGEST_VERSION, UNSTAMPED)):
        write_version_slots(library, "core", old, new)
    assert sha256_of_file(library) == before


@pytest.mark.parametrize("format_name", [LINUX, BIG_ENDIAN, INTEL_MAC, WINDOWS])
def test_only_the_slots_change_without_signature_or_checksum(copy_of: Callable[[str], Path], format_name: str) -> None:
    library = copy_of(format_name)
    before = library.read_bytes()
    write_version_slots(library, "core", UNSTAMPED, RC)
    expected = bytearray(before)
    for slot in find_version_slots(library, "core"):
        expected[slot.offset : slot.offset + SLOT_SIZE] = RC.encode().ljust(SLOT_SIZE, b"\0")
    assert sha256_of_file(library)[0] == hashlib.sha256(expected).hexdigest()


@pytest.mark.parametrize("format_name", [ARM_MAC, UNIVERSAL])
def test_signatures_are_valid_after_a_stamp(copy_of: Callable[[str], Path], format_name: str) -> None:
    library = copy_of(format_name)
    before = library.read_bytes()
    write_version_slots(library, "core", UNSTAMPED, RC)
    signed = [part for part in read_macho(library, "core").slices if part.signature]
    assert [signature_fault(library, part) for part in signed] == [None]
    # One page with the slots, so one hash of 32 bytes.
    changed = [at for at, (old, new) in enumerate(zip(before, library.read_bytes())) if old != new]
    slots = find_version_slots(library, "core")
    outside = [at for at in changed if not any(slot.offset <= at < slot.offset + SLOT_SIZE for slot in slots)]
    assert 0 < outside[-1] - outside[0] < 32


def test_checksum_of_a_dll_is_computed_again(copy_of: Callable[[str], Path]) -> None:
    library = copy_of(WINDOWS_WITH_CHECKSUM)
    write_version_slots(library, "core", UNSTAMPED, RC)
    with closing(_open_headers(str(library), fast_load=True)) as headers:
        assert headers.OPTIONAL_HEADER.CheckSum == headers.generate_checksum() != 0


def test_a_program_reads_the_stamped_version(copy_of: Callable[[str], Path]) -> None:
    library = copy_of(LINUX)
    write_version_slots(library, "core", UNSTAMPED, RC)
    loaded = ctypes.CDLL(str(library))
    found = []
    for name in ("version_0", "version_1"):
        function = getattr(loaded, name)
        function.restype = ctypes.c_char_p
        found.append(function())
    assert found == [RC.encode()] * 2


def test_a_slot_of_another_version_is_refused(copy_of: Callable[[str], Path]) -> None:
    library = copy_of(LINUX)
    before = sha256_of_file(library)
    offset = find_version_slots(library, "core")[1].offset
    with pytest.raises(SpokeshaveError) as caught:
        write_version_slots(library, "w.whl: core", RC, "3.12.0")
    assert f"w.whl: core: has a version slot at offset {offset:#x} that is {UNSTAMPED}, not {RC}" in str(caught.value)
    assert len(caught.value.problems) == 2
    assert sha256_of_file(library) == before


def test_a_damaged_slot_is_refused(copy_of: Callable[[str], Path]) -> None:
    library = copy_of(LINUX)
    slot = find_version_slots(library, "core")[0]
    with library.open("r+b") as stream:
        stream.seek(slot.offset + SLOT_SIZE - 1)
        stream.write(b"x")
    with pytest.raises(SpokeshaveError, match=r"at offset 0x[0-9a-f]+ that is not a version"):
        write_version_slots(library, "core", UNSTAMPED, RC)


def test_a_version_longer_than_a_slot_is_refused(copy_of: Callable[[str], Path]) -> None:
    with pytest.raises(SpokeshaveError, match="longer than 127 bytes"):
        write_version_slots(copy_of(LINUX), "core", UNSTAMPED, "1" * 128)


@pytest.mark.parametrize("platform", [LINUX, ARM_MAC, WINDOWS])
def test_a_section_of_another_size_is_refused(tmp_path: Path, platform: str) -> None:
    library = link_bare(tmp_path / "core", slot_source(size=100), platform)
    with pytest.raises(SpokeshaveError, match="has 100 bytes for version slots at offset"):
        find_version_slots(library, "core")


@pytest.mark.parametrize("platform", [LINUX, ARM_MAC, WINDOWS])
def test_a_listed_file_without_a_slot_is_refused(tmp_path: Path, platform: str) -> None:
    library = link_bare(tmp_path / "core", slot_source(slots=0), platform)
    assert find_version_slots(library, "core") == ()
    with pytest.raises(SpokeshaveError, match="is listed with a version slot, but has none"):
        write_version_slots(library, "core", UNSTAMPED, RC)


def test_a_file_that_is_not_native_has_no_slots(tmp_path: Path) -> None:
    for data in (b"", b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe1234", b"text" * 99):
        (tmp_path / "file").write_bytes(data)
        assert find_version_slots(tmp_path / "file", "file") == ()


def test_a_signature_with_a_certificate_is_refused(copy_of: Callable[[str], Path]) -> None:
    library = copy_of(ARM_MAC)
    (part,) = read_macho(library, "core").slices
    assert part.signature
    data = bytearray(library.read_bytes())
    (flags,) = struct.unpack_from(">I", data, part.signature.offset + 20 + 12)
    struct.pack_into(">I", data, part.signature.offset + 20 + 12, flags & ~AD_HOC)
    library.write_bytes(data)
    with pytest.raises(SpokeshaveError, match="has a code signature with a certificate"):
        write_version_slots(library, "core", UNSTAMPED, RC)
    assert sha256_of_file(library)[0] == hashlib.sha256(data).hexdigest()


def test_a_signed_dll_is_refused(copy_of: Callable[[str], Path]) -> None:
    library = copy_of(WINDOWS)
    with closing(_open_headers(str(library), fast_load=True)) as headers:
        entry = headers.OPTIONAL_HEADER.DATA_DIRECTORY[4].get_file_offset()
        size = len(headers.__data__)
    with library.open("r+b") as stream:
        stream.seek(entry)
        stream.write(struct.pack("<2I", size, 8))
        stream.seek(size)
        stream.write(bytes(8))
    with pytest.raises(SpokeshaveError, match="has a signature with a certificate"):
        write_version_slots(library, "core", UNSTAMPED, RC)
