"""A static release index as a destination. It gets all files of a release in one generation."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from spokeshave.files import sha256_of_file
from spokeshave.release.destination.destination import (
    Destination,
    DestinationError,
    Limits,
    ListedFile,
    Listing,
    UnreadableError,
)
from spokeshave.release.index.folder import JSON_PAGE, JSON_PAGES, PAGE, SIMPLE, ReleaseIndex, listed_files
from spokeshave.release.index.upload_time import upload_time
from spokeshave.release.index.writer.addition import add_records, refusals
from spokeshave.release.index.writer.ownership import check_folder
from spokeshave.release.index.writer.store import store_incoming
from spokeshave.release.record import read_record
from spokeshave.upload.attempt import Attempt, AttemptStatus
from spokeshave.upload.transport import ProgressCallback
from spokeshave_core.json_values import parse_any
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.record import ReleaseRecord

_REMEDY = "Run `spokeshave index verify`."
_REBUILD = "Run `spokeshave index rebuild`: it makes all pages again."


class StaticIndexDestination(Destination):
    """A folder with a static index, as `spokeshave index add` makes it. It is made if it does not exist.

    Files that are sent are not listed until `commit`. Those of a publication that is never continued are removed by a
    later one.
    """

    is_atomic = True

    def __init__(self, text: str, folder: Path, limits: Limits) -> None:
        self.text = text
        self.label = text
        self.limits = limits
        self._index = ReleaseIndex(folder)
        with _as_destination_error():
            check_folder(folder, is_new=True)

    def listing(self, project: str) -> Listing:
        """Return the files of a project in the newest generation. One that was lost or cut off since is not there."""
        name = canonicalize_name(project)
        path = self._index.generation / JSON_PAGES / name / JSON_PAGE
        try:
            page = parse_any(path.read_bytes())
            listed = [self._listed(entry) for entry in page["files"]]
            files = {file.name: file for file in listed if self._is_stored(file)}
            return Listing(project=name, exists=True, files=files, versions=tuple(page["versions"]))
        except FileNotFoundError:
            return Listing(project=name, exists=False)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as err:
            raise UnreadableError(Problem(str(path), f"cannot be read: {err}", _REMEDY)) from err

    def _listed(self, entry: Mapping[str, Any]) -> ListedFile:
        name = str(entry["filename"])
        sha256 = str(entry["hashes"]["sha256"])
        yanked = entry["yanked"]
        return ListedFile(
            name=name,
            url=self._index.file_path(sha256, name).absolute().as_uri(),
            hashes={"sha256": sha256},
            size=int(entry["size"]),
            uploaded=datetime.datetime.fromisoformat(str(entry["upload-time"]).replace("Z", "+00:00")),
            yanked=yanked if isinstance(yanked, str) else "" if yanked else None,
            provenance=entry.get("provenance"),
        )

    def _is_stored(self, file: ListedFile) -> bool:
        path = self._index.file_path(file.sha256 or "", file.name)
        return path.is_file() and path.stat().st_size == file.size

    def state_of(self, file: Path, listing: Listing) -> Presence:
        """Return whether a listing of its project has a file, by sha256."""
        found = listing.files.get(file.name)
        if found is None:
            return Presence.MISSING
        return Presence.THERE if found.sha256 == sha256_of_file(file)[0] else Presence.OTHER_BYTES

    def hidden(self, project: str, names: Iterable[str]) -> frozenset[str]:
        """Return the files that the pages do not list which a web server finds, in HTML or in JSON."""
        listed = self.listing(project).files.keys()
        name = canonicalize_name(project)
        path = self._index.folder / SIMPLE / name / PAGE
        has_json = (self._index.folder / JSON_PAGES / name / JSON_PAGE).is_file()
        text = path.read_text("utf-8") if path.is_file() and has_json else ""
        return frozenset(each for each in names if each not in listed or f">{each}</a>" not in text)

    def send(
        self,
        file: Path,
        attestations: Sequence[Path] = (),  # noqa: ARG002 (those of the record come with it)
        progress: ProgressCallback | None = None,  # noqa: ARG002 (the protocol's)
    ) -> Attempt:
        """Copy a file into the index, where nothing lists it before `commit`."""
        try:
            store_incoming(self._index, file)
        except OSError as err:
            problem = Problem(str(err.filename or file), f"cannot be copied: {err.strerror or err}", "Check the disk.")
            return Attempt(AttemptStatus.REFUSED, problem)
        return Attempt(AttemptStatus.STORED)

    def record_problems(self, record: Path) -> list[Problem]:
        """Return why the index does not take a record, such as another one of the same version."""
        return refusals(self._index.folder, record)

    def commit(self, record: Path, only: Sequence[str] = ()) -> None:
        """Add the release to the index in one generation."""
        with _as_destination_error():
            add_records(self._index.folder, [record], upload_time(None), only=only)
        for project, names in _listed_names(read_record(record), only).items():
            hidden = self.hidden(project, names)
            if hidden:
                message = f"lists {min(hidden)} on no page of {project}, or not on each"
                raise DestinationError(Problem(str(self._index.folder), message, _REBUILD))

    def credential_problems(self) -> list[Problem]:
        """Return none: a folder needs no credentials."""
        return []

    def log_in(self) -> None:
        """Do nothing: a folder needs no credentials."""

    def scrubbed(self, text: str) -> str:
        """Return the text, as there are no credentials."""
        return text


def _listed_names(record: ReleaseRecord, only: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of the files that an index lists of a record, by project."""
    names: dict[str, list[str]] = {}
    for file in listed_files(record, only):
        names.setdefault(file.project, []).append(file.name)
    return names


@contextlib.contextmanager
def _as_destination_error() -> Iterator[None]:
    """Report an error of the index as one of the destination."""
    try:
        yield
    except SpokeshaveError as err:
        raise DestinationError(*err.problems) from err
