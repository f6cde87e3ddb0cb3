from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from spokeshave.sdist.tar_file import DAMAGES, LARGE, open_gzipped_tar, open_tar

END = bytes(1024)


def header(kind: bytes, size: bytes) -> bytes:
    """Return a header whose size field is any text."""
    data = bytearray(tarfile.TarInfo("demo-1/a").tobuf(tarfile.USTAR_FORMAT))
    data[156:157] = kind
    data[124:136] = size.ljust(12, b"\0")
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data)
    return bytes(data)


def file(size: int = 0) -> bytes:
    return header(tarfile.REGTYPE, b"%011o" % size)


def described(*records: bytes) -> bytes:
    """Return a header that describes the next one (pax)."""
    content = b"".join(b"%d %s\n" % (len(record) + 4, record) for record in records)
    return header(tarfile.XHDTYPE, b"%011o" % len(content)) + content.ljust(512, b"\0")


def long_name(size: int) -> bytes:
    return header(tarfile.GNUTYPE_LONGNAME, b"%011o" % size) + bytes(512)


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(file() + described(b"size=-1536") + file() + END, id="leads back to its own description"),
        pytest.param(file() + header(tarfile.REGTYPE, b"\xff" * 12) + END, id="has a negative size"),
        pytest.param(described(b"GNU.sparse.size=99999", b"GNU.sparse.map=0,0") + file() + END, id="has a sparse file"),
        pytest.param(header(tarfile.GNUTYPE_SPARSE, b"0") + END, id="has a sparse file of old GNU tar"),
        pytest.param(file() + long_name(1 << 30) + END, id="has a long name of a gigabyte"),
        pytest.param(file() + long_name(512) * 1500 + END, id="describes one member 1500 times"),
    ],
)
def test_headers_that_lead_nowhere_are_refused(archive: bytes) -> None:
    with pytest.raises(tarfile.ReadError), open_tar(io.BytesIO(archive)) as opened:
        opened.getmembers()


def test_members_are_read_as_by_the_library() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("demo-1/" + "x" * 200)
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    packed = io.BytesIO(gzip.compress(stream.getvalue()))
    with open_gzipped_tar(packed) as opened:
        (found,) = opened.getmembers()
        content = opened.extractfile(found)
        assert found.name == member.name
        assert content is not None
        assert content.read() == b"abc"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    packed = gzip.compress(file(2 * LARGE) + bytes(2 * LARGE) + END)
    with pytest.raises(DAMAGES, match="50 times"), open_gzipped_tar(io.BytesIO(packed)) as opened:
        opened.getmembers()
