"""Pinned archives of CPython builds, as `[python-headers].archives` names them, and what is in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_pants.errors import InvalidPlatformError, InvalidPythonError, SpokeshaveError
from spokeshave_pants.headers.pinned_entries import parse_entries
from spokeshave_pants.platform import Platform
from spokeshave_pants.python_abi import PythonVersion

OPTION = "`[python-headers].archives`"
INCLUDE = "python/include"

_PINNED = re.compile(r"[^|\s]+\|[0-9a-f]{64}\|[0-9]+")
_DIGEST = re.compile(r"Digest\s*\{\s*hash:\s*Fingerprint<(?P<sha256>[0-9a-f]{64})>,\s*size_bytes:\s*(?P<size>[0-9]+)")
# The engine stops at the size that was pinned, and then knows no hash.
_LARGER = "larger than expected digest"
_VERSION = re.compile(r'^#define\s+PY_VERSION\s+"(?P<version>[^"]+)"', re.MULTILINE)


class PinnedArchiveError(SpokeshaveError):
    """An entry of `[python-headers].archives` that is not as it must be, or an archive that is not what it names."""


@dataclass(frozen=True)
class PinnedArchive:
    """An archive of a Python build by its address, sha256 and size in bytes.

    :param platform: the only platform that it is for; None for all.
    """

    version: PythonVersion
    platform: Platform | None
    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def key(self) -> str:
        """The entry's key in the option."""
        return f"{self.version}:{self.platform}" if self.platform else str(self.version)

    @classmethod
    def parse(cls, key: str, text: str) -> PinnedArchive:
        """The archive of an entry, whose key is a version or `VERSION:PLATFORM`.

        :raises PinnedArchiveError: where one of them is not of its form.
        """
        where = f"{OPTION}, in {key!r},"
        python, colon, tag = key.partition(":")
        problems = []
        try:
            version = PythonVersion.parse(python, where=where)
            platform = Platform.parse(tag, where=where) if colon else None
        except (InvalidPythonError, InvalidPlatformError) as error:
            problems.append(str(error))
        if _PINNED.fullmatch(text) is None:
            problems.append(f"{where} has {text!r}. Write it as URL|SHA256|BYTES.")
        if problems:
            raise PinnedArchiveError("\n".join(problems))
        url, sha256, size = text.split("|")
        return cls(version=version, platform=platform, url=url, sha256=sha256, size=int(size))


@dataclass(frozen=True)
class PinnedArchives:
    """Every entry of the option."""

    found: tuple[PinnedArchive, ...]

    @classmethod
    def parse(cls, entries: Mapping[str, str]) -> PinnedArchives:
        """:raises PinnedArchiveError: that tells every wrong entry."""
        return cls(parse_entries(entries, PinnedArchive.parse, PinnedArchiveError))

    def serving(self, version: PythonVersion, platform: Platform) -> PinnedArchive | None:
        """The archive for a version and a platform: the platform's own first, then that of the very build.

        The free-threaded build has the same headers as the other one but for `pyconfig.h`, which is derived.
        """
        candidates = [
            archive
            for archive in self.found
            if archive.version.minor == version.minor and archive.platform in (None, platform)
        ]
        return max(candidates, key=lambda a: (a.platform is not None, a.version == version), default=None)


def download_problem(archive: PinnedArchive, words: str) -> str:
    """Why an archive could not be had, from what the engine said.

    :param words: the engine's error, which holds the digest of what it got where that is another.
    """
    entry = f"{OPTION} pins {archive.url} for Python {archive.key}"
    digests = [(match["sha256"], int(match["size"])) for match in _DIGEST.finditer(words)]
    others = [digest for digest in digests if digest != (archive.sha256, archive.size)]
    if others:
        found = f"sha256 {others[0][0]}, {others[0][1]} bytes"
    elif _LARGER in words:
        found = "a larger file"
    else:
        return f"{entry}, but it cannot be downloaded: {words.strip()}"
    return (
        f"{entry}, but the file there is another one:\n"
        f"  pinned: sha256 {archive.sha256}, {archive.size} bytes\n"
        f"  found:  {found}\n"
        "If the file was meant to change, pin what was found; otherwise restore it."
    )


def include_folder(paths: Iterable[str], version: PythonVersion) -> str | None:
    """The folder of `Python.h` among an archive's files: Unix has one per version, Windows none."""
    known = re.compile(rf"{INCLUDE}(/python3\.[0-9]+t?)?")
    folders = {path.rpartition("/")[0] for path in paths if path.endswith("/Python.h")}
    own = f"{INCLUDE}/python{version}"
    return min((folder for folder in folders if known.fullmatch(folder)), key=lambda f: (f != own, f), default=None)


def headers_version(patchlevel: str) -> str | None:
    """The full version, `3.12.1`, that `patchlevel.h` defines."""
    match = _VERSION.search(patchlevel)
    return match["version"] if match else None
