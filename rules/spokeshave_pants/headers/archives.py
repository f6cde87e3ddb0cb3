"""Pinned archives of CPython builds from `[python-headers].archives`, and their contents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.headers.pinned_entries import parse_entries
from spokeshave_pants.toolchain.platforms import parse_platform

OPTION = "`[python-headers].archives`"
INCLUDE = "python/include"

_PINNED = re.compile(r"[^|\s]+\|[0-9a-f]{64}\|[0-9]{1,15}")
_DIGEST = re.compile(
    r"Digest\s*\{\s*hash:\s*Fingerprint<(?P<sha256>[0-9a-f]{64})>,\s*size_bytes:\s*(?P<size>[0-9]{1,15})"
)
# The engine stops a download at the pinned size and then does not know its hash.
_LARGER = "larger than expected digest"
_VERSION = re.compile(r'^#define\s+PY_VERSION\s+"(?P<version>[^"]+)"', re.MULTILINE)


class PinnedArchiveError(SpokeshaveError):
    """An invalid entry of `[python-headers].archives`, or an archive that does not match its entry."""


@dataclass(frozen=True)
class PinnedArchive:
    """The address, sha256 and size in bytes of an archive of a Python build.

    Attributes:
        platform: The only platform that it is for. None for all.
    """

    version: PythonVersion
    platform: Platform | None
    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def key(self) -> str:
        """Return the entry's key in the option."""
        return f"{self.version}:{self.platform}" if self.platform else str(self.version)

    @classmethod
    def parse(cls, key: str, text: str) -> PinnedArchive:
        """Parse an entry whose key is a version or `VERSION:PLATFORM`.

        Raises:
            PinnedArchiveError: If the key or the value is invalid.
        """
        where = f"{OPTION}, in {key!r},"
        python, colon, tag = key.partition(":")
        problems = Problems()
        with problems.collecting():
            version = PythonVersion.parse(python, where=where)
            platform = parse_platform(tag, where=where) if colon else None
        if _PINNED.fullmatch(text) is None:
            problems.add_text(f"{where} has {text!r}. Write it as URL|SHA256|BYTES.")
        problems.raise_if_any(PinnedArchiveError)
        url, sha256, size = text.split("|")
        return cls(version=version, platform=platform, url=url, sha256=sha256, size=int(size))


@dataclass(frozen=True)
class PinnedArchives:
    """All entries of the option."""

    found: tuple[PinnedArchive, ...]

    @classmethod
    def parse(cls, entries: Mapping[str, str]) -> PinnedArchives:
        """Parse the option.

        Raises:
            PinnedArchiveError: For all invalid entries.
        """
        return cls(parse_entries(entries, PinnedArchive.parse, PinnedArchiveError))

    def serving(self, version: PythonVersion, platform: Platform) -> PinnedArchive | None:
        """Return the archive for a version and a platform. An archive for the platform takes precedence.

        The free-threaded build has the same headers as the default build except for `pyconfig.h`, which is derived.
        """
        candidates = [
            archive
            for archive in self.found
            if archive.version.minor == version.minor and archive.platform in (None, platform)
        ]
        return max(candidates, key=lambda a: (a.platform is not None, a.version == version), default=None)


def download_problem(archive: PinnedArchive, words: str) -> str:
    """Return why a download failed, from the engine's error.

    Args:
        words: The engine's error. For a wrong hash it contains the digest of the received file.
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
        f"{entry}, but the file at that URL has other content:\n"
        f"  pinned: sha256 {archive.sha256}, {archive.size} bytes\n"
        f"  found:  {found}\n"
        "If the change is intended, pin the new values; otherwise restore the file."
    )


def include_folder(paths: Iterable[str], version: PythonVersion) -> str | None:
    """Return the directory of `Python.h` among an archive's files. Unix has one per version, Windows only one."""
    known = re.compile(rf"{INCLUDE}(/python3\.[0-9]+t?)?")
    folders = {path.rpartition("/")[0] for path in paths if path.endswith("/Python.h")}
    own = f"{INCLUDE}/python{version}"
    return min((folder for folder in folders if known.fullmatch(folder)), key=lambda f: (f != own, f), default=None)


def headers_version(patchlevel: str) -> str | None:
    """Return the full version, such as `3.12.1`, that `patchlevel.h` defines."""
    match = _VERSION.search(patchlevel)
    return match["version"] if match else None
