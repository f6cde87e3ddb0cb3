"""A file of a release that was checked on its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from spokeshave.release.version_search import FoundText
from spokeshave.wheel.metadata_reader import CoreMetadata
from spokeshave_core.problems import Problem


@dataclass(frozen=True)
class CheckedFile:
    """A wheel or an sdist, and what is wrong with it.

    Attributes:
        size: In bytes.
        project: The project's normalized name; None if the file's name is invalid, and so for `version`.
        tag: The wheel's tag; None for an sdist.
        core: The metadata; None if there is none that can be read.
        headers: The fields of METADATA as written, with lower-case names.
        texts: Where a wheel of a final version names a pre-release of it.
        problems: What is wrong with the file on its own.
    """

    path: Path
    name: str
    size: int
    sha256: str
    project: str | None = None
    version: Version | None = None
    tag: str | None = None
    core: CoreMetadata | None = None
    headers: tuple[tuple[str, str], ...] = ()
    texts: tuple[FoundText, ...] = ()
    problems: tuple[Problem, ...] = ()
