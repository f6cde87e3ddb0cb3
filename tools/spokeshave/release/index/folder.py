"""The folder of a release index: where everything is, and what its newest generation lists.

```
index.html, find-links.html, simple, v1+json    links into `current`, made once
current                                         a link to the newest generation: its rename publishes a change
generations/7/
    url                                         the address that the index is served at, if it is known
    sets.jsonl                                  what the generation lists, a line for each set, in the order of `added`
    sets.jsonl.sha256                           by which a list that lost lines is found
    index.html                                  the page for people
    find-links.html                             all files on one page
    simple/index.html, simple/PROJECT/index.html            PEP 503
    v1+json/index.json, v1+json/PROJECT/index.json          PEP 691
releases/NAME/VERSION/                          the set's record without its `files/`, its page for people, and
    fragments/KEY/                              the parts of all pages that it has
files/SHA256/NAME                               a wheel or an sdist, next to NAME.metadata (PEP 658) and
                                                NAME.provenance (PEP 740)
incoming/SHA256                                 a file that `release publish` has sent, before it is listed
lock                                            locked by the process that changes the index
```

What is in `releases/` and `files/` is written before a generation lists it, and removed after none does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.release.file_selection import matching
from spokeshave_core.json_values import InvalidJsonError, from_value, parse_any, to_value
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

CURRENT = "current"
FILES = "files"
FIND_LINKS = "find-links.html"
FRAGMENTS = "fragments"
GENERATIONS = "generations"
INCOMING = "incoming"
JSON_PAGE = "index.json"
JSON_PAGES = "v1+json"
LOCK = "lock"
PAGE = "index.html"
RELEASES = "releases"
SETS = "sets.jsonl"
SETS_SUM = "sets.jsonl.sha256"
SIMPLE = "simple"
URL = "url"
METADATA = ".metadata"
PROVENANCE = ".provenance"
OTHER_LIST = (
    "Let `current` link to the generation before, and add what it lacks again. Without one, add all releases to a new "
    "index."
)
"""The remedy for a list of sets that is damaged."""


class InvalidIndexError(SpokeshaveError):
    """A folder that is not a release index, or one that was changed by something else."""


@dataclass(frozen=True)
class ReleaseIndex:
    """A release index in a folder."""

    folder: Path

    @property
    def generation(self) -> Path:
        """Return the newest generation. A reader that takes several files from one resolves the link once."""
        return (self.folder / CURRENT).resolve()

    @property
    def url(self) -> str:
        """Return the address that the index is served at, which ends with a slash. Empty if it is not known."""
        path = self.folder / CURRENT / URL
        return path.read_text("utf-8", errors="replace").strip() if path.is_file() else ""

    def file_path(self, sha256: str, name: str) -> Path:
        """Return the place of a wheel or an sdist."""
        return self.folder / FILES / sha256 / name

    def record_path(self, name: str, version: str) -> Path:
        """Return the folder of a set's record. Its files are at `file_path`."""
        return self.folder / RELEASES / name / version

    def sets(self) -> Iterator[IndexedSet]:
        """Yield the sets of the newest generation, oldest first. An index that does not exist has none.

        Raises:
            InvalidIndexError: If the list cannot be read.
        """
        if (self.folder / CURRENT).is_symlink():
            yield from read_sets(self.generation / SETS)


def is_whole_list(generation: Path) -> bool:
    """Return whether a generation's list of sets is as it was written. A power cut may leave a part of it."""
    path = generation / SETS_SUM
    return not path.is_file() or path.read_bytes().strip() == sha256_of_file(generation / SETS)[0].encode()


def read_sets(path: Path) -> Iterator[IndexedSet]:
    """Yield the sets that a generation's list has.

    Raises:
        InvalidIndexError: If it cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield from_value(IndexedSet, parse_any(line))
    except (OSError, InvalidJsonError, ValueError) as err:
        remedy = "Run `spokeshave index verify`, or add its releases to a new index."
        raise InvalidIndexError(Problem(str(path), f"cannot be read: {err}", remedy)) from err


def set_line(listed: IndexedSet) -> str:
    """Return the line of a set in a generation's list."""
    return json.dumps(to_value(listed), sort_keys=True, ensure_ascii=False) + "\n"


def listed_files(record: ReleaseRecord, only: Sequence[str]) -> list[ReleaseFile]:
    """Return the files of a release that an index lists.

    Args:
        only: The globs of `--only`, if it is a part of the release.
    """
    names = matching((file.name for file in record.files), only)
    return [file for file in record.files if not only or file.name in names]
