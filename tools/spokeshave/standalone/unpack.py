"""Unpack the archive of a source tree: a tar file (gzip, bzip2, xz or plain) or a zip file.

    unpack.py ARCHIVE OUTPUT [--strip-components N]

Without the option, the one folder that contains everything is removed, if there is one. The result is the same on every
machine: files are executable or not, and links are relative and stay inside the tree. An archive that is damaged is
refused with one message, and one that could write anywhere else before anything is written.
"""

from __future__ import annotations

import argparse
import lzma
import os
import posixpath
import shutil
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, cast

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)
# Larger trees are refused, so that a small archive cannot fill the disk.
_LARGEST = 16 << 30
_ZSTD = b"\x28\xb5\x2f\xfd"
_REGULAR = 0o644
_EXECUTABLE = 0o755
_FEW = 5


class RefusedArchiveError(Exception):
    """An archive that is not unpacked. The message says why."""


@dataclass(frozen=True)
class Member:
    """A file of an archive, or a symbolic link.

    Attributes:
        open: Opens the content of a file.
        link: The target of a symbolic link, as the archive has it.
        position: The position of the content in the archive.
    """

    path: str
    size: int = 0
    is_executable: bool = False
    open: Callable[[], BinaryIO] | None = None
    link: str | None = None
    position: int = 0


class CheckedMember(tarfile.TarInfo):
    """A member whose header leads forwards. Python's `tarfile` follows a negative size backwards, without an end."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Any:
        """Read the next member.

        Raises:
            RefusedArchiveError: If the one after it would not follow, or too many headers describe it.
        """
        archive: Any = tarfile
        before = archive.offset
        try:
            member = super().fromtarfile(archive)
        except RecursionError as error:
            raise RefusedArchiveError("too many headers describe one member") from error
        if archive.offset < before or member.size < 0:
            raise RefusedArchiveError(f"it has a member of the size {member.size}")
        return member


def safe_path(name: str) -> str:
    """Return the normal form of a member's path. Empty for the root.

    Raises:
        RefusedArchiveError: If it leads out of the tree, or is not a path on every system.
    """
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/") or name[1:2] == ":":
        raise RefusedArchiveError(f"it has the path {name!r}, which leads out of the tree")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise RefusedArchiveError(f"it has the path {name!r}, which is not UTF-8") from error
    normal = posixpath.normpath(name)
    return "" if normal == "." else normal


def tar_members(archive: tarfile.TarFile) -> list[Member]:
    """Return the files and links of a tar file. A hard link is a second copy of its file.

    Raises:
        RefusedArchiveError: If it has a device or another special file, or a hard link without its file.
    """
    found: dict[str, Member] = {}
    for info in archive:
        path = safe_path(info.name)
        if info.isdir():
            continue
        if info.issym():
            found[path] = Member(path, link=info.linkname)
        elif info.isfile():
            found[path] = _tar_file(archive, path, info)
        elif info.islnk():
            target = found.get(safe_path(info.linkname))
            if target is None:
                raise RefusedArchiveError(f"{path} is a hard link to {info.linkname}, which is not before it")
            found[path] = replace(target, path=path)
        else:
            raise RefusedArchiveError(f"{path} is neither a file, a folder nor a link")
    return list(found.values())


def _tar_file(archive: tarfile.TarFile, path: str, info: tarfile.TarInfo) -> Member:
    def opened() -> BinaryIO:
        return cast(BinaryIO, archive.extractfile(info))

    is_executable = bool(info.mode & stat.S_IXUSR)
    return Member(path=path, size=info.size, is_executable=is_executable, open=opened, position=info.offset_data)


def zip_members(archive: zipfile.ZipFile) -> list[Member]:
    """Return the files and links of a zip file.

    Raises:
        RefusedArchiveError: If it is encrypted.
    """
    found: dict[str, Member] = {}
    for info in archive.infolist():
        path = safe_path(info.filename)
        mode = info.external_attr >> 16
        if info.is_dir():
            continue
        if info.flag_bits & 1:
            raise RefusedArchiveError(f"{path} is encrypted")
        if stat.S_ISLNK(mode):
            found[path] = Member(path, link=archive.read(info).decode("utf-8", "surrogateescape"))
        else:
            found[path] = _zip_file(archive, path, info, bool(mode & stat.S_IXUSR))
    return list(found.values())


def _zip_file(archive: zipfile.ZipFile, path: str, info: zipfile.ZipInfo, is_executable: bool) -> Member:
    def opened() -> BinaryIO:
        return cast(BinaryIO, archive.open(info))

    return Member(path=path, size=info.file_size, is_executable=is_executable, open=opened, position=info.header_offset)


def stripped(members: Iterable[Member], count: int | None) -> dict[str, Member]:
    """Return the members by their path without its first parts.

    Args:
        count: How many parts are removed. None for the one folder that contains all, if there is one.

    Raises:
        RefusedArchiveError: If nothing is left.
    """
    all_members = list(members)
    tops = sorted({member.path.split("/")[0] for member in all_members})
    if count is None:
        count = int(len(tops) == 1 and all("/" in member.path for member in all_members))
    found = {}
    for member in all_members:
        path = "/".join(member.path.split("/")[count:])
        if path:
            found[path] = member
    if not found:
        held = f"it has {', '.join(tops[:_FEW])} at the top" if tops else "it is empty"
        raise RefusedArchiveError(f"nothing is left of it without the first {count} parts of each path: {held}")
    return found


def check_tree(members: Mapping[str, Member]) -> None:
    """Raise an error for paths that contradict each other, links out of the tree, and a tree that is too large.

    Raises:
        RefusedArchiveError: For any of them.
    """
    size = sum(member.size for member in members.values())
    if size > _LARGEST:
        raise RefusedArchiveError(f"its files have {size} bytes, and the most is {_LARGEST}")
    for path, member in members.items():
        parent = posixpath.dirname(path)
        while parent:
            if parent in members:
                raise RefusedArchiveError(f"{parent} is a file or a link, and {path} is below it")
            parent = posixpath.dirname(parent)
        if member.link is not None and _leaves(path, member.link):
            raise RefusedArchiveError(f"{path} is a link to {member.link}, which is out of the tree")


def _leaves(path: str, link: str) -> bool:
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    return link.startswith("/") or "\\" in link or "\0" in link or target.split("/")[0] == ".."


def write_tree(members: Mapping[str, Member], output: Path) -> None:
    """Write the files and links below a new folder.

    In the order of the archive: for each step back, a compressed tar file is read again from its start.
    """
    output.mkdir()
    for path, member in sorted(members.items(), key=lambda item: (item[1].position, item[0])):
        place = output / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if member.link is not None:
            os.symlink(posixpath.normpath(member.link), place)
        elif member.open is not None:
            with member.open() as source, place.open("xb") as written:
                shutil.copyfileobj(source, written, 1 << 20)
            place.chmod(_EXECUTABLE if member.is_executable else _REGULAR)


def unpack(archive: Path, output: Path, strip: int | None) -> None:
    """Unpack an archive into a new folder.

    Raises:
        RefusedArchiveError: If it is damaged or hostile, or has another format.
    """
    try:
        if zipfile.is_zipfile(archive) and not tarfile.is_tarfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                _write(zip_members(zipped), output, strip)
        else:
            with tarfile.open(archive, tarinfo=CheckedMember) as tarred:
                _write(tar_members(tarred), output, strip)
    except tarfile.ReadError as error:
        raise RefusedArchiveError(_not_an_archive(archive, error)) from error
    except RuntimeError as error:
        # zipfile has this for a compression or an encryption that it does not know.
        raise RefusedArchiveError(f"it cannot be read ({error})") from error
    except _BROKEN as error:
        raise RefusedArchiveError(f"it is damaged ({error or type(error).__name__})") from error


def _write(members: list[Member], output: Path, strip: int | None) -> None:
    tree = stripped(members, strip)
    check_tree(tree)
    write_tree(tree, output)


def _not_an_archive(archive: Path, error: Exception) -> str:
    with archive.open("rb") as file:
        start = file.read(len(_ZSTD))
    if start == _ZSTD:
        return "it is compressed by zstd, which is not supported: take the project's .tar.gz or .tar.xz"
    return f"it is neither a tar file (plain, gzip, bzip2, xz) nor a zip file, or it is damaged ({error})"


def main(arguments: list[str]) -> int:
    """Run the program and return the exit code. A message for the user goes to stderr."""
    parser = argparse.ArgumentParser(prog="unpack")
    parser.add_argument("archive", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--strip-components", type=int)
    options = parser.parse_args(arguments)
    try:
        unpack(options.archive, options.output, options.strip_components)
    except RefusedArchiveError as error:
        print(f"{options.archive.name}: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
