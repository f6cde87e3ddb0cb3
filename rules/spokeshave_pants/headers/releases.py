"""Pinned releases of CPython whose headers may come from any machine, from `[python-headers].releases`.

The headers of one release are the same files everywhere except for `pyconfig.h`, which is derived. A release and a hash
of its headers are therefore a key that machines share, wherever each has its Pythons installed. A machine with another
patch release gets the headers from the remote cache, or from Debian's package while that is of the release.
"""

from __future__ import annotations

import hashlib
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
# The exit code of `tools/spokeshave/standalone/header_releases.py` for headers with another hash.
OTHER = 4


class PinnedReleaseError(SpokeshaveError):
    """An invalid entry of `[python-headers].releases`."""


@dataclass(frozen=True)
class PinnedRelease:
    """A release of CPython, such as `3.12.1`, and the sha256 of its headers, which the tool defines."""

    version: PythonVersion
    release: str
    sha256: str

    @classmethod
    def parse(cls, key: str, text: str) -> PinnedRelease:
        """Parse an entry.

        Raises:
            PinnedReleaseError: If it is invalid.
        """
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
    """All entries of the option."""

    found: tuple[PinnedRelease, ...]

    @classmethod
    def parse(cls, entries: Mapping[str, str]) -> PinnedReleases:
        """Parse the option.

        Raises:
            PinnedReleaseError: For all invalid entries.
        """
        return cls(parse_entries(entries, PinnedRelease.parse, PinnedReleaseError))

    def serving(self, version: PythonVersion) -> PinnedRelease | None:
        """Return the release for a version. The free-threaded build has the headers of the default build."""
        return next((release for release in self.found if release.version.minor == version.minor), None)


def headers_hash(headers: Mapping[str, bytes]) -> str:
    """Return the hash that `tools/spokeshave/standalone/header_releases.py` computes for the same files.

    Args:
        headers: The content of each header by its path below the folder of `Python.h`.
    """
    lines = (f"{hashlib.sha256(headers[path]).hexdigest()}  ./{path}\n" for path in sorted(headers))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def fallback_warning(release: PinnedRelease, exit_code: int, found: str) -> str:
    """Return the warning about pinned headers that are not available."""
    why = (
        f"those of this machine's {release.release} have the sha256 {found}"
        if exit_code == OTHER
        else "neither this machine nor the remote cache nor Debian's package has these headers"
    )
    return (
        f"{OPTION} pins the headers of Python {release.release}, but {why}. Other headers are used, which the report "
        f"names: extensions for Python {release.version} are compiled again, and their results are not shared with "
        f"other machines."
    )
