"""Pinned releases of CPython whose headers are taken from whichever machine has them, as `[python-headers].releases`.

The headers of one release are the same files everywhere but for `pyconfig.h`, which is derived. So a release and a hash
of them is a key that two machines share, wherever each has its Pythons; and one that has another patch release gets
them from the remote cache.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import InvalidPythonError, PythonVersion
from spokeshave_pants.headers.pinned_entries import parse_entries

OPTION = "`[python-headers].releases`"
CACHE = "spokeshave_headers"
PLACE = f".cache/{CACHE}"
INCLUDE = "include"

_PINNED = re.compile(r"(?P<release>3\.[0-9]+\.[0-9]+)\|(?P<sha256>[0-9a-f]{64})")
# The exit code of the tool (`tools/spokeshave/standalone/header_releases.py`) for headers that have another hash.
OTHER = 4


class PinnedReleaseError(SpokeshaveError):
    """An entry of `[python-headers].releases` that is not as it must be."""


@dataclass(frozen=True)
class PinnedRelease:
    """A release of CPython, `3.12.1`, and the sha256 of its headers (the tool tells of what exactly)."""

    version: PythonVersion
    release: str
    sha256: str

    @classmethod
    def parse(cls, key: str, text: str) -> PinnedRelease:
        """:raises PinnedReleaseError: where the entry is not of its form."""
        where = f"{OPTION}, in {key!r},"
        try:
            version = PythonVersion.parse(key, where=where)
        except InvalidPythonError as error:
            raise PinnedReleaseError(str(error)) from error
        match = _PINNED.fullmatch(text)
        if match is None or not match["release"].startswith(f"3.{version.minor}."):
            raise PinnedReleaseError(f"{where} has {text!r}. Write it as RELEASE|SHA256, such as 3.12.1|9f2c....")
        return cls(version, match["release"], match["sha256"])


@dataclass(frozen=True)
class PinnedReleases:
    """Every entry of the option."""

    found: tuple[PinnedRelease, ...]

    @classmethod
    def parse(cls, entries: Mapping[str, str]) -> PinnedReleases:
        """:raises PinnedReleaseError: that tells every wrong entry."""
        return cls(parse_entries(entries, PinnedRelease.parse, PinnedReleaseError))

    def serving(self, version: PythonVersion) -> PinnedRelease | None:
        """The release for a version; the free-threaded build has the headers of the other one."""
        return next((release for release in self.found if release.version.minor == version.minor), None)


def fallback_warning(release: PinnedRelease, exit_code: int, found: str) -> str:
    """What a user is told where the pinned headers are not to be had."""
    why = (
        f"those of this machine's {release.release} have the sha256 {found}"
        if exit_code == OTHER
        else "neither this machine nor the remote cache has them"
    )
    return (
        f"{OPTION} pins the headers of Python {release.release}, but {why}. Others are taken, which the report names: "
        f"extensions for Python {release.version} are compiled anew, and share nothing with other machines."
    )
