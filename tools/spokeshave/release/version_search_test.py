from __future__ import annotations

import gzip
import io
import lzma
import random
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from packaging.version import Version

from spokeshave.errors import InvalidWheelError
from spokeshave.files import CHUNK
from spokeshave.release.version_search import FoundText, VersionSearch, member_chunks, search_wheel
from spokeshave.release.version_traces import REACH, TraceFinder
from spokeshave.testing.native_fixtures import build_wheel, link_bare
from spokeshave.wheel.archive import ArchiveReader

RC = "3.12.0rc20260821"
WANTED = TraceFinder(Version(RC), Version("3.12.0"))


def found_in(tmp_path: Path, files: dict[str, bytes | str | Path]) -> list[FoundText]:
    return search_wheel(build_wheel(tmp_path, files, version="3.12.0"), WANTED).texts


def found_in_pieces(pieces: list[bytes]) -> list[FoundText]:
    search = VersionSearch(WANTED)
    search.search_file("file", pieces, io.BytesIO)
    return search.texts


def test_a_wheel_without_the_old_version_is_clean(tmp_path: Path) -> None:
    assert found_in(tmp_path, {"demo/a.py": ".. versionadded:: 3.12.0\n"}) == []


def test_member_offset_and_context_are_reported(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, {"demo/a.py": f"# x\nV = '{RC}'\n# {RC}\n"})
    assert found == FoundText(
        member="demo/a.py", text=RC, offset=9, context=f"# x.V = '{RC}'.# 3.12.0rc20260821."[:49], count=2
    )
    assert str(found).startswith(f"holds {RC} at offset 9 (")
    assert str(found).endswith(", and 1 more)")


def test_the_name_of_a_member_is_searched(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, {f"demo/lib-{RC}.txt": ""})
    assert (found.offset, str(found)) == (None, f"has {RC} in its name")


def test_the_metadata_is_searched(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {}, version="3.12.0", metadata_lines=f"Requires-Dist: other=={RC}\n\nNew in {RC}\n")
    (found,) = search_wheel(wheel, WANTED).texts
    assert (found.member, found.count) == ("demo-3.12.0.dist-info/METADATA", 2)


@pytest.mark.parametrize(
    "platform", ["manylinux_2_17_x86_64", "manylinux_2_17_s390x", "macosx_11_0_arm64", "win_amd64"]
)
@pytest.mark.parametrize("kind", ["char", "__WCHAR_TYPE__"])
def test_compiled_in_texts_are_found(tmp_path: Path, platform: str, kind: str) -> None:
    prefix = "" if kind == "char" else "L"
    export = "__declspec(dllexport)" if platform == "win_amd64" else '__attribute__((visibility("default")))'
    source = f'{export} const {kind} *version(void) {{ return {prefix}"abacus {RC}"; }}\n'
    source += "int DllMainCRTStartup(void *i, unsigned r, void *p) { return 1; }\n" if platform == "win_amd64" else ""
    library = link_bare(tmp_path / "demo.bin", source, platform)
    (found,) = found_in(tmp_path, {"demo/demo.bin": library})
    assert (found.text, found.count) == (RC, 1)


@pytest.mark.parametrize("at", [0, CHUNK - 8, CHUNK - 1, CHUNK, 2 * CHUNK - REACH - 3, 3 * CHUNK - len(RC)])
def test_texts_across_pieces_are_found_once(at: int) -> None:
    data = bytearray(3 * CHUNK)
    data[at : at + len(RC)] = RC.encode()
    pieces = [bytes(data[start : start + CHUNK]) for start in range(0, len(data), CHUNK)]
    (found,) = found_in_pieces(pieces)
    assert (found.offset, found.count) == (at, 1)


@pytest.mark.parametrize("at", range(CHUNK - REACH - 40, CHUNK - REACH + 40, 7))
def test_wide_texts_across_pieces_are_found_once(at: int) -> None:
    data = bytearray(CHUNK + 1000)
    text = RC.encode("utf-32-le")
    data[at : at + len(text)] = text
    pieces = [bytes(data[:CHUNK]), bytes(data[CHUNK:])]
    (found,) = found_in_pieces(pieces)
    assert (found.offset, found.count) == (at, 1)


def test_archives_inside_of_a_wheel_are_searched(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/a.txt", f"{RC} " * 3)
        archive.writestr("deep/b.gz", gzip.compress(RC.encode()))
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as packed:
        member = tarfile.TarInfo("x.txt")
        member.size = len(RC)
        packed.addfile(member, io.BytesIO(RC.encode()))
    files: dict[str, bytes | str | Path] = {
        "demo/a.zip": inner.getvalue(),
        "demo/b.tar.gz": tar.getvalue(),
        "demo/c.xz": lzma.compress(bytes(1000) + 9 * f"{RC} ".encode()),
    }
    assert [(found.member, found.count) for found in found_in(tmp_path, files)] == [
        ("demo/a.zip!deep/a.txt", 3),
        ("demo/a.zip!deep/b.gz!", 1),
        ("demo/b.tar.gz!", 1),
        ("demo/c.xz!", 9),
    ]


def zipped(files: Mapping[str, bytes], before: bytes = b"") -> bytes:
    """Return a zip archive, before which a program may be."""
    packed = io.BytesIO(before)
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(name: str, data: bytes, mode: Literal["w", "w:gz"] = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def searched(tmp_path: Path, data: bytes) -> tuple[list[str], list[str]]:
    """Return the members in which texts were found, and those that could not be searched."""
    search = search_wheel(build_wheel(tmp_path, {"demo/a": data}, version="3.12.0"), WANTED)
    return [hit.member for hit in search.texts], [file.member for file in search.unsearched]


@pytest.mark.parametrize(
    "magic", [b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"a".ljust(257) + b"ustar"]
)
def test_a_damaged_archive_is_searched_as_it_is(tmp_path: Path, magic: bytes) -> None:
    texts, unsearched = searched(tmp_path, magic + b" damaged " + RC.encode() + bytes(512))
    assert (texts, [name.rstrip("!") for name in unsearched]) == (["demo/a"], ["demo/a"])


@pytest.mark.parametrize("data", [b"BZh is a name", b"\x1f\x8b is not gzip", b"a PK\x05\x06 b" + bytes(40)])
def test_a_file_that_only_may_be_packed_is_not_a_unsearched_one(tmp_path: Path, data: bytes) -> None:
    assert searched(tmp_path, data + RC.encode()) == (["demo/a"], [])
    assert searched(tmp_path, data) == ([], [])


@pytest.mark.parametrize("before", [b"#!/usr/bin/env python3\n", b"\x7fELF" + bytes(2 * CHUNK)])
def test_an_archive_after_a_program_is_searched(tmp_path: Path, before: bytes) -> None:
    assert searched(tmp_path, zipped({"v.py": 9 * RC.encode()}, before)) == (["demo/a!v.py"], [])


def test_a_member_that_cannot_be_read_does_not_end_the_search(tmp_path: Path) -> None:
    data = bytearray(zipped({"a": b"x", "b": 9 * RC.encode(), "c": b"y"}))
    data[data.index(b"PK\x01\x02") + 10] = 93
    assert searched(tmp_path, bytes(data)) == (["demo/a!b"], ["demo/a!a"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(
    "data", [zipped({"v.py": b""}), gzip.compress(zipped({"v.py": b""})), tarred("v.py", b"")], ids=["zip", "gz", "tar"]
)
def test_a_full_disk_is_not_a_damaged_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", partial(Path("/dev/full").open, "r+b", buffering=0))
    with pytest.raises(OSError, match="No space left on device"):
        searched(tmp_path, data)


def test_what_precedes_the_damage_in_a_packed_file_counts(tmp_path: Path) -> None:
    packed = gzip.compress(RC.encode() + bytes(3 * CHUNK) + random.Random(1).randbytes(CHUNK))
    assert searched(tmp_path, packed[: -CHUNK // 2]) == (["demo/a!"], ["demo/a!"])


def test_packed_files_in_packed_files_are_searched(tmp_path: Path) -> None:
    inner = gzip.compress(9 * f"{RC} ".encode())
    assert searched(tmp_path, tarred("x.gz", inner)) == (["demo/a!x.gz!"], [])
    assert searched(tmp_path / "gz", tarred("x.gz", inner, "w:gz")) == (["demo/a!!x.gz!"], [])
    assert searched(tmp_path / "zip", gzip.compress(zipped({"v": 9 * RC.encode()}))) == (["demo/a!!v"], [])


def test_texts_of_a_tar_archive_are_found_once(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path, {"demo/a.tar": tarred("x.txt", RC.encode())})
    assert (found.member, found.count) == ("demo/a.tar", 1)


@pytest.mark.parametrize("magic", [b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"\x04\x22\x4d\x18", b"Rar!\x1a\x07"])
def test_packed_files_of_other_formats_are_listed(tmp_path: Path, magic: bytes) -> None:
    assert searched(tmp_path, magic + bytes(100)) == ([], ["demo/a"])


@pytest.mark.parametrize("last", [b"\0", b"\xff", b"\xc3"])
def test_a_file_is_text_only_as_a_whole(tmp_path: Path, last: bytes) -> None:
    text = f"{RC}\n".encode() + b"x" * 2 * CHUNK
    assert [hit.is_text for hit in found_in(tmp_path, {"demo/a": text})] == [True]
    assert [hit.is_text for hit in found_in(tmp_path, {"demo/a": text + last})] == [False]


def test_text_across_pieces_is_text() -> None:
    data = RC.encode() + "ü€😀".encode() * 9
    pieces = [data[at : at + 1] for at in range(len(data))]
    assert [hit.is_text for hit in found_in_pieces(pieces)] == [True]


def test_archives_in_archives_end(tmp_path: Path) -> None:
    data = RC.encode()
    for _ in range(6):
        data = zipped({"a.zip": data})
    assert searched(tmp_path, data) == ([], ["demo/a!a.zip!a.zip!a.zip"])


@pytest.mark.parametrize("change", [b"\xff" * 8, b""])
def test_a_damaged_member_is_an_error(tmp_path: Path, change: bytes) -> None:
    """A member's compressed bytes, and its CRC in the directory, are changed."""
    wheel = tmp_path / "demo-3.12.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/a.txt", f"{RC} " * 1000)
        crc = archive.infolist()[0].CRC
    data = bytearray(wheel.read_bytes())
    at = data.index(b"demo/a.txt") + 10 if change else data.rindex(struct.pack("<I", crc))
    data[at : at + 8] = change.ljust(8, b"\0") if change else bytes(4) + data[at + 4 : at + 8]
    wheel.write_bytes(data)
    with pytest.raises(InvalidWheelError, match=r"demo/a\.txt: is damaged"):
        search_wheel(wheel, WANTED)


def test_a_large_member_is_read_in_pieces(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-3.12.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/zeros", bytes(40 * CHUNK) + RC.encode())
    with ArchiveReader(wheel) as reader:
        assert max(len(chunk) for chunk in member_chunks(reader, reader.members["demo/zeros"])) <= CHUNK
    (found,) = search_wheel(wheel, WANTED).texts
    assert found.offset == 40 * CHUNK


@pytest.mark.parametrize("size", [CHUNK, 2 * CHUNK])
@pytest.mark.parametrize("unit", [b"\0", b"ab", b"0.0, 1.0, 2.0\n"])
def test_members_of_all_sizes_are_read_to_their_end(tmp_path: Path, size: int, unit: bytes) -> None:
    """The decompressor can hold back a few bytes at the end of a member, when all compressed bytes are consumed."""
    wheel = tmp_path / "demo-3.12.0-py3-none-any.whl"
    data = unit * (size // len(unit) + 9000)
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for more in [*range(0, 600, 13), 1000, 4000, 8000]:
            archive.writestr(f"demo/{more}", data[: size + more])
    assert search_wheel(wheel, WANTED).texts == []


def test_a_damaged_member_is_named_with_the_wheel_of_the_user(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-3.12.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/a.txt", "text " * 1000)
    data = bytearray(wheel.read_bytes())
    at = data.index(b"demo/a.txt") + 10
    data[at : at + 8] = b"\xff" * 8
    wheel.write_bytes(data)
    with pytest.raises(InvalidWheelError, match=r"given\.whl: demo/a\.txt: is damaged"):
        search_wheel(wheel, WANTED, Path("given.whl"))
