"""Archives that are made record by record. Python's own `zipfile` opens each of them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from spokeshave.release.check.file.framing import framing_faults
from spokeshave.testing.broken_wheel_fixtures import local_header

DATA = b"data"
UNICODE_PATH = struct.pack("<2HBI", 0x7075, 6, 1, zlib.crc32(b"a")) + b"a"


def central(name: bytes = b"a", *, flags: int = 0, offset: int = 0) -> bytes:
    fixed = (b"PK\x01\x02", 20, 20, flags, 0, 0, 0x21, zlib.crc32(DATA), len(DATA), len(DATA))
    return struct.pack("<4s6H3I5H2I", *fixed, len(name), 0, 0, 0, 0, 0, offset) + name


def end(directory: bytes, start: int, *, here: int = 1, entries: int = 1) -> bytes:
    return struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, here, entries, len(directory), start, 0)


def end_zip64(directory: bytes, start: int, *, here: int = 1, entries: int = 1, length: int = 44) -> bytes:
    fixed = (b"PK\x06\x06", length, 45, 45, 0, 0, here, entries)
    return struct.pack("<4sQ2H2I4Q", *fixed, len(directory), start)


def locator(position: int) -> bytes:
    return struct.pack("<4sIQI", b"PK\x06\x07", 0, position, 1)


def plain(local: bytes, directory: bytes, **counts: int) -> bytes:
    return local + directory + end(directory, len(local), **counts)


def zip64(local: bytes, directory: bytes, **fields: int) -> bytes:
    large = end_zip64(directory, len(local), **fields)
    position = len(local) + len(directory)
    return local + directory + large + locator(position) + end(directory, len(local))


def without_locator() -> bytes:
    body = local_header(b"a", DATA)
    body += central() + end_zip64(central(), len(body))
    return body + end(b"", len(body), here=0, entries=0)


def faults(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return framing_faults(io.BytesIO(data), archive)


LOCAL = local_header(b"a", DATA)
SECOND = central() + central(b"ghost")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (plain(local_header(b"a", DATA, flags=1), central()), ["a is encrypted"]),
        (
            plain(local_header("é".encode(), DATA), central("é".encode())),
            ["the name \\xe9 is not marked as UTF-8"],
        ),
        (plain(local_header(b"\xff", DATA), central(b"\xff")), ["the name \\ufffd is not UTF-8"]),
        (
            plain(local_header(b"a", DATA, extra=UNICODE_PATH * 2), central()),
            ["a has two extra fields of the kind 0x7075"],
        ),
        (
            plain(LOCAL, SECOND, here=2, entries=2),
            ["ghost is in the central directory, but has no data before it"],
        ),
        (zip64(LOCAL, central(), here=0), ["it is a part of an archive on several disks"]),
        (without_locator(), ["its zip64 end record has no locator"]),
        (
            plain(LOCAL, central(), here=5, entries=5),
            ["its end record has another number, size or position of the central directory"],
        ),
    ],
)
def test_a_fault_of_the_framing_is_found(data: bytes, expected: list[str]) -> None:
    found = faults(data)
    assert [fault for fault in expected if fault not in found] == [], found


@pytest.mark.parametrize(
    "data",
    [
        plain(LOCAL, central()),
        plain(local_header("é".encode(), DATA, flags=0x800), central("é".encode(), flags=0x800)),
        plain(local_header(b"a", DATA, extra=UNICODE_PATH), central()),
        zip64(LOCAL, central()),
        end(b"", 0, here=0, entries=0),
    ],
)
def test_an_archive_in_order_has_no_fault(data: bytes) -> None:
    assert faults(data) == []
