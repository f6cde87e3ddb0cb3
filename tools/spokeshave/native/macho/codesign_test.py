from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from macholib import mach_o

from spokeshave.native.macho.codesign import UnsignableFileError, sign
from spokeshave.native.macho.file import read_macho
from spokeshave.native.macho.load_commands import LoadCommands, kind_of
from spokeshave.native.macho.signature import signature_fault
from spokeshave.testing.native_fixtures import link_bare

ARM = "macosx_11_0_arm64"
INTEL = "macosx_11_0_x86_64"
VISIBLE = '__attribute__((visibility("default")))'
SOURCE = f"int table[9000] = {{1, 2}}; {VISIBLE} int size(int i) {{ return table[i]; }}"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a library linked by zig: signed for arm64, not signed for x86_64."""
    folder = tmp_path_factory.mktemp("linked")
    return {platform: link_bare(folder / platform / "libcore.dylib", SOURCE, platform) for platform in (ARM, INTEL)}


def fault(path: Path) -> str | None:
    (part,) = read_macho(path, "file").slices
    return signature_fault(path, part)


def signed_copy(library: Path, folder: Path) -> Path:
    copy = Path(shutil.copy(library, folder / library.name))
    sign(copy, copy.name, read_macho(copy, "copy").slices[0].header_pad, "place")
    return copy


def without_signature(library: Path, folder: Path) -> Path:
    """Return a file like after `strip`: without a signature and its load command."""
    copy = Path(shutil.copy(library, folder / library.name))
    with copy.open("r+b") as stream:
        before = LoadCommands.read(stream)
        kept = [command for command in before.commands if kind_of(command) != mach_o.LC_CODE_SIGNATURE]
        (limit,) = struct.unpack_from("<I", next(c for c in before.commands if c not in kept), 8)
        index = next(i for i, command in enumerate(kept) if command[8:18] == b"__LINKEDIT")
        offset = struct.unpack_from("<Q", kept[index], 40)[0]
        kept[index] = kept[index][:48] + struct.pack("<Q", limit - offset) + kept[index][56:]
        LoadCommands(before.header, tuple(kept)).write(stream, before)
        stream.truncate(limit)
    return copy


def test_signing_again_gives_the_bytes_that_the_linker_wrote(tmp_path: Path, linked: dict[str, Path]) -> None:
    assert signed_copy(linked[ARM], tmp_path).read_bytes() == linked[ARM].read_bytes()


def test_an_unsigned_file_gets_a_valid_signature(tmp_path: Path, linked: dict[str, Path]) -> None:
    signed = signed_copy(linked[INTEL], tmp_path)
    assert fault(signed) is None
    assert b"libcore.dylib\0" in signed.read_bytes()[linked[INTEL].stat().st_size :]
    assert "size" in read_macho(signed, "signed").exports


def test_a_stripped_file_is_signed_as_well_as_before(tmp_path: Path, linked: dict[str, Path]) -> None:
    stripped = without_signature(linked[ARM], tmp_path)
    assert read_macho(stripped, "stripped").slices[0].signature is None
    (tmp_path / "signed").mkdir()
    assert fault(signed_copy(stripped, tmp_path / "signed")) is None


def test_a_signature_follows_every_byte(tmp_path: Path, linked: dict[str, Path]) -> None:
    copy = Path(shutil.copy(linked[ARM], tmp_path / "copy"))
    with copy.open("r+b") as stream:
        stream.seek(0x8010)
        stream.write(b"\x2a")
    assert "does not match its content" in str(fault(copy))
    (tmp_path / "signed").mkdir()
    assert fault(signed_copy(copy, tmp_path / "signed")) is None


def test_bytes_behind_the_last_segment_are_an_error(tmp_path: Path, linked: dict[str, Path]) -> None:
    copy = tmp_path / "libcore.dylib"
    copy.write_bytes(linked[INTEL].read_bytes() + b"appended")
    with pytest.raises(UnsignableFileError, match="place: has data after its last segment"):
        sign(copy, "x", 4096, "place")


def test_a_header_without_room_for_the_command_is_an_error(tmp_path: Path, linked: dict[str, Path]) -> None:
    copy = Path(shutil.copy(linked[INTEL], tmp_path / "libcore.dylib"))
    with pytest.raises(UnsignableFileError, match="no space for the load command of its code signature"):
        sign(copy, "x", 8, "place")
    assert copy.read_bytes() == linked[INTEL].read_bytes()
