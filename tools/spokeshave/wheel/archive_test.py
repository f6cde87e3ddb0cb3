from __future__ import annotations

import hashlib
import io
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from spokeshave.errors import InvalidWheelError
from spokeshave.files import sha256_of_file
from spokeshave.wheel.archive import ArchiveReader, ArchiveWriter, Compression, Member, local_header

STORED = Compression.STORED
DEFLATED = Compression.DEFLATED

# Measured equal on CPython 3.9 to 3.13, on x86_64 from its first processors to AVX2, and on aarch64.
TEXT_SHA256 = "c36591aede3cb8c712b0acec9e136fa8b731c83a6df37117b1c225df6b902239"
ARCHIVE_SHA256 = "e1c43513688d85b7d88bad1c85838140a8e6e0dcd689043da56ea74d72cf2ae7"


def text(size: int) -> bytes:
    """Return bytes that compress like code, the same on every Python."""
    words = [f"word{number}" for number in range(500)]
    state = 1
    parts = []
    for _ in range(size // 6):
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        parts.append(words[(state >> 40) % 500])
    return " ".join(parts).encode()[:size]


def write(path: Path, files: dict[str, bytes], compression: Compression = DEFLATED) -> Path:
    with path.open("w+b") as stream:
        writer = ArchiveWriter(stream)
        for name, data in files.items():
            writer.add(name, io.BytesIO(data), len(data), compression, executable=name.endswith(".sh"))
        writer.close()
    return path


def test_written_archive_reads_back_with_zipfile(tmp_path: Path) -> None:
    files = {"a.txt": text(3_000_000), "empty": b"", "dir/ü.sh": random.Random(1).randbytes(5000)}
    for compression in Compression:
        with zipfile.ZipFile(write(tmp_path / "a.zip", files, compression)) as archive:
            assert archive.testzip() is None
            assert {name: archive.read(name) for name in archive.namelist()} == files


def test_members_have_fixed_time_and_mode(tmp_path: Path) -> None:
    with zipfile.ZipFile(write(tmp_path / "a.zip", {"a": b"1", "b.sh": b"2"})) as archive:
        infos = archive.infolist()
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert [info.external_attr >> 16 for info in infos] == [0o100644, 0o100755]
    assert {(info.flag_bits, info.extra, info.create_system) for info in infos} == {(0x800, b"", 3)}


def test_local_headers_match_the_directory(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": text(100_000), "b": text(10)})
    data = path.read_bytes()
    with ArchiveReader(path) as reader:
        for member in reader.members.values():
            header = local_header(member, zip64=False)
            assert data[member.header_offset :].startswith(header)


def test_deflated_bytes_are_those_of_the_pinned_library(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": text(3_000_000), "b": random.Random(2).randbytes(100_000)})
    assert hashlib.sha256(text(3_000_000)).hexdigest() == TEXT_SHA256
    assert sha256_of_file(path) == (ARCHIVE_SHA256, path.stat().st_size)


def test_deflated_bytes_do_not_depend_on_how_the_source_is_read(tmp_path: Path) -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 7919))

    data = text(1_500_000)
    whole = write(tmp_path / "whole.zip", {"a": data}).read_bytes()
    stream = io.BytesIO()
    writer = ArchiveWriter(stream)
    writer.add("a", Dribble(data), len(data), DEFLATED, executable=False)
    writer.close()
    assert stream.getvalue() == whole


def test_copied_members_keep_their_compressed_bytes(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("x/a.txt", text(50_000))
    with ArchiveReader(foreign) as reader, (tmp_path / "b.zip").open("w+b") as stream:
        member = reader.members["x/a.txt"]
        raw = b"".join(reader.raw_chunks(member))
        writer = ArchiveWriter(stream)
        writer.copy("y/a.txt", reader, member)
        writer.close()
    with ArchiveReader(tmp_path / "b.zip") as reader:
        assert b"".join(reader.raw_chunks(reader.members["y/a.txt"])) == raw
        assert reader.read("y/a.txt") == text(50_000)


def test_copy_of_a_member_with_a_data_descriptor_reads_back(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.zip"
    program = "import sys,zipfile; z=zipfile.ZipFile(sys.stdout.buffer,'w',8); z.writestr('a',b'hello'*99); z.close()"
    pipe.write_bytes(subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True).stdout)
    with ArchiveReader(pipe) as reader, (tmp_path / "b.zip").open("w+b") as stream:
        writer = ArchiveWriter(stream)
        writer.copy("a", reader, reader.members["a"])
        writer.close()
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.read("a") == b"hello" * 99
        assert archive.getinfo("a").flag_bits == 0x800


def test_members_beyond_four_gigabytes_read_back(tmp_path: Path) -> None:
    path = tmp_path / "far.zip"
    with path.open("w+b") as stream:
        stream.seek(5 << 30)
        writer = ArchiveWriter(stream)
        for name in ("a", "b"):
            writer.add(name, io.BytesIO(name.encode()), 1, STORED, executable=False)
        writer.close()
    with zipfile.ZipFile(path) as archive:
        assert [(info.header_offset, archive.read(info)) for info in archive.infolist()] == [
            (5 << 30, b"a"),
            ((5 << 30) + 32, b"b"),
        ]


def test_sizes_over_four_gigabytes_are_in_the_zip64_field() -> None:
    member = Member(
        name="a",
        crc=7,
        size=(4 << 30) + 1,
        compressed_size=4 << 30,
        compression=STORED,
        executable=False,
        header_offset=0,
    )
    header = local_header(member, zip64=True)
    assert struct.unpack("<2I2H", header[18:30]) == (0xFFFFFFFF, 0xFFFFFFFF, 1, 20)
    assert struct.unpack("<2H2Q", header[31:]) == (1, 16, (4 << 30) + 1, 4 << 30)


def test_more_members_than_sixteen_bits_count_read_back(tmp_path: Path) -> None:
    path = write(tmp_path / "many.zip", {f"{number:06}": b"" for number in range(70_000)}, STORED)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 70_000


def test_same_name_twice_is_refused() -> None:
    writer = ArchiveWriter(io.BytesIO())
    writer.add("a", io.BytesIO(b""), 0, STORED, executable=False)
    with pytest.raises(InvalidWheelError, match="a: is written to the archive twice"):
        writer.add("a", io.BytesIO(b""), 0, STORED, executable=False)


def test_file_that_changes_while_it_is_read_is_refused() -> None:
    with pytest.raises(InvalidWheelError, match="was 3 bytes long, but 5 bytes were read"):
        ArchiveWriter(io.BytesIO()).add("a", io.BytesIO(b"12345"), 3, STORED, executable=False)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x05\x06" + b"\0" * 10])
def test_an_invalid_archive_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.whl"
    path.write_bytes(content)
    with pytest.raises(InvalidWheelError, match=r"a\.whl: cannot be read as a zip archive"):
        ArchiveReader(path)


def test_missing_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidWheelError, match="does not exist"):
        ArchiveReader(tmp_path / "a.whl")


def test_all_forbidden_members_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../up", "/absolute", "a\\b", "fine", "x//y"):
            archive.writestr(name, b"")
        archive.writestr(zipfile.ZipInfo("packed"), b"a" * 99, zipfile.ZIP_BZIP2)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("fine", b"again")
    with pytest.raises(InvalidWheelError) as caught:
        ArchiveReader(path)
    places = [problem.place.rsplit(": ", 1)[1] for problem in caught.value.problems]
    assert places == ["../up", "/absolute", "a\\b", "x//y", "packed", "fine"]


def test_damaged_member_is_reported_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"a": text(1000)}, STORED)
    path.write_bytes(path.read_bytes().replace(b"word", b"WORD", 1))
    with ArchiveReader(path) as reader, pytest.raises(InvalidWheelError, match=r"a\.zip: a: is damaged"):
        reader.read("a")


def test_memory_does_not_grow_with_a_member(tmp_path: Path) -> None:
    # What `getrusage` says of a process contains the memory of the one that started it, such as pytest's.
    program = """
import re, sys
from pathlib import Path
from spokeshave.wheel.archive import ArchiveReader, ArchiveWriter, Compression
def most_memory():
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
source = Path(sys.argv[1])
base = most_memory()
for compression in Compression:
    with source.open("rb") as data, Path(sys.argv[2]).open("w+b") as stream:
        writer = ArchiveWriter(stream)
        writer.add("a", data, source.stat().st_size, compression, False)
        writer.close()
with ArchiveReader(Path(sys.argv[2])) as reader, Path(sys.argv[3]).open("w+b") as stream:
    writer = ArchiveWriter(stream)
    writer.copy("a", reader, reader.members["a"])
    writer.close()
print(most_memory() - base)
"""
    with (tmp_path / "big").open("wb") as stream:
        stream.truncate(96 << 20)
    names = [str(tmp_path / name) for name in ("big", "one.zip", "two.zip")]
    done = subprocess.run([sys.executable, "-c", program, *names], stdout=subprocess.PIPE, check=True, text=True)
    assert int(done.stdout) < 16 << 10, f"{done.stdout} KiB more for a file of 96 MiB"
