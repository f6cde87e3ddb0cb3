"""Sdists as archives (PEP 625, PEP 643): read as a whole, and written with the same bytes on all machines."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zlib_ng import zlib_ng

from spokeshave.errors import InvalidInputsError
from spokeshave.files import atomic_file
from spokeshave.sdist.tar_file import DAMAGES, LARGEST_RATIO, largest_content, open_gzipped_tar
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import SDIST_SUFFIX

PKG_INFO = "PKG-INFO"
"""The metadata of an sdist, in its folder."""

# gzip's header (RFC 1952): no name, no time, and an unknown system.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LEVEL = 9
# tar has no time before 1970, and some tools warn about 0. 1980 is the first year of zip archives, as in our wheels.
_TIME = 315532800
_REBUILD = "Package it again."
_OWN_BACKEND = "The project's build backend decides what is in an sdist: leave the file out there, or remove `sdist`."


@dataclass(frozen=True)
class SdistFile:
    """A file of an sdist."""

    content: bytes
    is_executable: bool = False


@dataclass(frozen=True)
class WrittenSdist:
    """An sdist on disk."""

    path: Path
    sha256: str
    size: int


def sdist_name(distribution: str, version: str) -> str:
    """Return the file name of an sdist without its suffix, which is its folder's name too."""
    return f"{distribution}-{version}"


def write_sdist(output: Path, folder: str, files: Mapping[str, SdistFile]) -> WrittenSdist:
    """Write an sdist into a directory.

    Args:
        folder: The sdist's name and version, such as `abacus_runtime-3.12.0`.
        files: The files, by their paths below that folder.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(files):
            file = files[path]
            member = tarfile.TarInfo(f"{folder}/{path}")
            member.size = len(file.content)
            member.mode = 0o755 if file.is_executable else 0o644
            member.mtime = _TIME
            archive.addfile(member, io.BytesIO(file.content))
    packed = _gzipped(stream.getvalue())
    sdist = output / f"{folder}{SDIST_SUFFIX}"
    with atomic_file(sdist) as target:
        target.write(packed)
    return WrittenSdist(path=sdist, sha256=hashlib.sha256(packed).hexdigest(), size=len(packed))


def _gzipped(data: bytes) -> bytes:
    """Return data as a gzip file. The bytes do not depend on the interpreter's own zlib."""
    deflate = zlib_ng.compressobj(
        _LEVEL, zlib_ng.DEFLATED, -zlib_ng.MAX_WBITS, zlib_ng.DEF_MEM_LEVEL, zlib_ng.Z_DEFAULT_STRATEGY
    )
    trailer = struct.pack("<LL", zlib_ng.crc32(data), len(data) & 0xFFFFFFFF)
    return b"".join([_GZIP_HEADER, deflate.compress(data), deflate.flush(), trailer])


def read_sdist(path: Path) -> tuple[str, dict[str, SdistFile]]:
    """Return the folder of an sdist and its files.

    Raises:
        InvalidInputsError: If it is not an sdist that `write_sdist` wrote.
    """
    folder = path.name[: -len(SDIST_SUFFIX)]
    files: dict[str, SdistFile] = {}
    try:
        with path.open("rb") as stream, open_gzipped_tar(stream) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                top, _, name = member.name.partition("/")
                if content is None or top != folder or not name or {"", ".", ".."} & set(name.split("/")):
                    raise _invalid(path, f"has {ascii(member.name)[1:-1]}, which is not a file in {folder}")
                files[name] = SdistFile(content.read(), bool(member.mode & 0o100))
    except DAMAGES as err:
        raise _invalid(path, f"cannot be read as a gzipped tar archive ({err})") from err
    return folder, files


def read_sdist_of_backend(path: Path) -> dict[str, SdistFile]:
    """Return the files of an sdist that a build backend wrote. A link is a file with the content of what it names.

    Raises:
        InvalidInputsError: If it has something that an sdist cannot contain.
    """
    folder = path.name[: -len(SDIST_SUFFIX)]
    files: dict[str, SdistFile] = {}
    # Of links too, each of which becomes a copy.
    left = largest_content(path.stat().st_size)
    try:
        with path.open("rb") as stream, open_gzipped_tar(stream) as archive:
            for member in archive.getmembers():
                top, _, name = member.name.partition("/")
                if member.isdir() and top == folder:
                    continue
                if top != folder or not name or {"", ".", ".."} & set(name.split("/")):
                    raise _invalid(path, f"has {ascii(member.name)[1:-1]}, which is not in {folder}", _OWN_BACKEND)
                content = archive.extractfile(member)
                if content is None:
                    raise _invalid(path, f"has {ascii(name)[1:-1]}, which is not a file", _OWN_BACKEND)
                files[name] = SdistFile(content.read(), bool(member.mode & 0o100))
                left -= len(files[name].content)
                if left < 0:
                    raise _invalid(path, f"unpacks to more than {LARGEST_RATIO} times its size", _OWN_BACKEND)
    except DAMAGES as err:
        raise _invalid(path, f"cannot be read as a gzipped tar archive ({err})", _OWN_BACKEND) from err
    except (KeyError, RecursionError) as err:
        raise _invalid(path, f"has a link that leads to no file in it ({err})", _OWN_BACKEND) from err
    return files


def _invalid(path: Path, message: str, remedy: str = _REBUILD) -> InvalidInputsError:
    return InvalidInputsError(Problem(str(path), message, remedy))
