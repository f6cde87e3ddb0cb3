"""The stamp of an sdist that a build backend wrote: another version in the places where such sdists state it.

Nothing lists these places. They are PKG-INFO, also that in setuptools' `*.egg-info`, a static version in
pyproject.toml, and the module that setuptools_scm and hatch-vcs write. Another place keeps the old version, so a
command that stamps an sdist has to search all of its files.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from packaging.version import Version

from spokeshave.errors import InvalidInputsError
from spokeshave.sdist.archive import PKG_INFO, SdistFile, read_sdist_of_backend, sdist_name, write_sdist
from spokeshave.sdist.contents import PYPROJECT
from spokeshave.sdist.pyproject import with_static_version
from spokeshave.sdist.stamping import StampedSdist
from spokeshave.stamp.metadata import restamp_metadata
from spokeshave.stamp.sbom import Restamp
from spokeshave.stamp.source import metadata_version
from spokeshave_core.problems import Problem
from spokeshave_core.release.version_text import version_tuple
from spokeshave_core.wheel_name import SDIST_SUFFIX

# Bytes that are not UTF-8 stay as they are.
_BYTES = "surrogateescape"
_METADATA = re.compile(rf"(?:.*\.egg-info/)?{PKG_INFO}")
_MODULE = re.compile(rb"^__version__ = version = ", re.MULTILINE)


def stamp_sdist_of_backend(sdist: Path, version: str, siblings: Collection[str], output: Path) -> StampedSdist:
    """Write an sdist with another version into a directory.

    Args:
        siblings: The distributions of the set, whose pins to the old version change as well.

    Raises:
        InvalidInputsError: If it is not an sdist.
    """
    files = read_sdist_of_backend(sdist)
    if PKG_INFO not in files:
        raise InvalidInputsError(Problem(str(sdist), f"has no {PKG_INFO}", "Build it with a current build backend."))
    old = metadata_version(files[PKG_INFO].content, f"{sdist.name}: {PKG_INFO}")
    new = str(Version(version))
    change = Restamp(sdist.name[: -len(SDIST_SUFFIX)].rpartition("-")[0], old, new)
    stamped = {
        path: SdistFile(_stamped(path, file.content, siblings, change, sdist.name), file.is_executable)
        for path, file in files.items()
    }
    written = write_sdist(output, sdist_name(change.name, new), stamped)
    return StampedSdist(sdist=written, version=new, files=tuple(sorted(stamped)))


def _stamped(path: str, content: bytes, siblings: Collection[str], change: Restamp, name: str) -> bytes:
    if _METADATA.fullmatch(path):
        return restamp_metadata(content, (), siblings, change, f"{name}: {path}")
    if path == PYPROJECT:
        text = with_static_version(content.decode("utf-8", _BYTES), change.old, change.new)
        return text.encode("utf-8", _BYTES)
    if path.endswith(".py") and _MODULE.search(content):
        for form in (version_tuple, str):
            content = content.replace(form(change.old).encode(), form(change.new).encode())
    return content
