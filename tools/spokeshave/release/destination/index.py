"""A package index as a destination. It lists each file on its own, as soon as it has it."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import requests
from packaging.utils import canonicalize_name

from spokeshave.release.destination.destination import (
    Destination,
    DestinationError,
    Limits,
    ListedFile,
    Listing,
    UnansweredError,
    UnreadableError,
)
from spokeshave.upload.attempt import Attempt, AttemptStatus
from spokeshave.upload.endpoint import Scrubber, without_userinfo
from spokeshave.upload.package import read_package
from spokeshave.upload.refusal import KEEPS_FIRST, RUN_AGAIN, unreachable
from spokeshave.upload.simple_index import (
    ANY_KIND,
    HTML_ONLY,
    IndexedFile,
    ProjectPage,
    UnofferedKindError,
    UnreadableIndexError,
    has_same_bytes,
    is_known_index,
    read_page,
    simple_index_of_devpi,
)
from spokeshave.upload.transport import Index, ProgressCallback, retry_after
from spokeshave.upload.trusted_publishing import TrustedPublishingError
from spokeshave.upload.warehouse import read_project_api
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem, SpokeshaveError

_Result = TypeVar("_Result")
_CHECK_URL = "Check --check-url, the URL of the index's simple pages, and the credentials for it."
_WAIT = "The index may list them later: wait, then run the command again. If that does not help, check --check-url."


class _UnofferedPageError(UnreadableError):
    """An index without pages of one kind."""


class IndexDestination(Destination):
    """An index with an upload endpoint and simple pages."""

    is_atomic = False

    def __init__(self, *, text: str, index: Index, limits: Limits, scrub: Scrubber) -> None:
        self.text = text
        self.limits = limits
        self.label = f"{text} ({index.place()})" if text.startswith("@") else index.place()
        self._index = index
        self._scrub = scrub
        self._simple = index.simple

    def listing(self, project: str) -> Listing:
        """Return the files of a project by a fresh read of its page, in JSON if the index has it.

        PyPI's pages may be old for minutes. Its own API shows the newest files.
        """
        name = canonicalize_name(project)
        page = self._page(name, ANY_KIND)
        newest = self._newest(name) if page is None or page.is_of_warehouse else {}
        if page is None and not newest:
            return Listing(project=name, exists=False)
        page = page or ProjectPage({}, versions=())
        files = {**{file: found for file, (_, found) in newest.items()}, **page.files}
        versions = page.versions
        if versions is not None:
            versions = tuple(dict.fromkeys((*versions, *(version for version, _ in newest.values()))))
        return Listing(
            project=name,
            exists=True,
            files={file: _listed(file, found) for file, found in files.items()},
            versions=versions,
            status=page.status,
        )

    def _newest(self, project: str) -> Mapping[str, tuple[str, IndexedFile]]:
        return self._ask(project, self._simple, lambda: read_project_api(self._index.session, self._simple, project))

    def state_of(self, file: Path, listing: Listing) -> Presence:
        """Return whether a listing of its project has a file: by hash, or else by download."""
        found = listing.files.get(file.name)
        if found is None:
            return Presence.MISSING
        there = IndexedFile(found.url, found.hashes)
        same = self._ask(file.name, self._simple, lambda: has_same_bytes(self._index.session, there, file))
        return Presence.THERE if same else Presence.OTHER_BYTES

    def hidden(self, project: str, names: Iterable[str]) -> frozenset[str]:
        """Return the files that are missing from the page in HTML or in JSON. An index may have only one of them."""
        pages = [self._page(project, ANY_KIND, is_fresh=False)]
        with contextlib.suppress(_UnofferedPageError):
            pages.append(self._page(project, HTML_ONLY, is_fresh=False))
        return frozenset(name for name in names if any(page is None or name not in page.files for page in pages))

    def send(self, file: Path, attestations: Sequence[Path] = (), progress: ProgressCallback | None = None) -> Attempt:
        """Upload a file in one attempt. If the index refuses it because it has one of its name, the bytes decide."""
        try:
            package = read_package(file, attestations)
        except SpokeshaveError as err:
            return Attempt(AttemptStatus.REFUSED, err.problems[0])
        attempt = self._scrubbed_attempt(self._index.send(package, progress))
        if attempt.status is not AttemptStatus.REFUSED:
            return attempt
        with contextlib.suppress(UnansweredError, UnreadableError):
            state = self.state_of(file, self.listing(package.safe_name))
            if state is Presence.THERE:
                return Attempt(AttemptStatus.ALREADY_THERE)
            if state is Presence.OTHER_BYTES:
                message = f"is already on {self.label}, with other bytes"
                return Attempt(AttemptStatus.REFUSED, Problem(file.name, message, KEEPS_FIRST))
        return attempt

    def commit(self, record: Path, only: Sequence[str] = ()) -> None:
        """Do nothing: the index lists each file already."""

    def credential_problems(self) -> list[Problem]:
        """Return what is missing. An index that is not PyPI may need no credentials."""
        return [self._index.endpoint.lack] if self._index.endpoint.lack else []

    def log_in(self) -> None:
        """Get a CI job's token. An index without trusted publishing gives none, and may need none."""
        if self._index.endpoint.lack:
            return
        try:
            self._index.authenticate()
        except TrustedPublishingError as err:
            problems = self._scrub.problems(err.problems)
            raise UnansweredError(*problems) if err.may_pass else DestinationError(*problems) from err

    def scrubbed(self, text: str) -> str:
        """Return a text without passwords. User names were removed from texts of others before."""
        return self._scrub.secrets(text)

    def _page(self, project: str, kinds: str, *, is_fresh: bool = True) -> ProjectPage | None:
        """Return a project's page, from the layout of simple pages that the index turns out to have."""
        page = self._read(self._simple, project, kinds, is_fresh=is_fresh)
        endpoint = self._index.endpoint.url
        if page is None and not self._index.simple_is_given and not is_known_index(endpoint):
            devpi = simple_index_of_devpi(endpoint)
            with contextlib.suppress(UnreadableError):
                page = self._read(devpi, project, kinds, is_fresh=is_fresh)
                self._simple = devpi if page is not None else self._simple
        return page

    def _read(self, simple: str, project: str, kinds: str, *, is_fresh: bool) -> ProjectPage | None:
        return self._ask(
            project, simple, lambda: read_page(self._index.session, simple, project, kinds, is_fresh=is_fresh)
        )

    def _ask(self, place: str, simple: str, ask: Callable[[], _Result]) -> _Result:
        """Return the result of a request, with its errors as ours."""
        shown = without_userinfo(simple)
        try:
            return ask()
        except UnreadableIndexError as err:
            message = f"{shown} does not list its files: {self._scrub(str(err))}"
            if not err.may_pass:
                kind = _UnofferedPageError if isinstance(err, UnofferedKindError) else UnreadableError
                raise kind(Problem(place, message, _CHECK_URL)) from err
            asked = retry_after(err.retry_after)
            if asked:
                message += f". It asks to wait for {asked:.0f} s"
            unanswered = UnansweredError(Problem(place, message, _WAIT))
            unanswered.retry_after = asked
            raise unanswered from err
        except requests.RequestException as err:
            problem = unreachable(place, shown, err, RUN_AGAIN)
            raise UnansweredError(Problem(place, self._scrub(problem.message, shown, place), problem.remedy)) from err

    def _scrubbed_attempt(self, attempt: Attempt) -> Attempt:
        if attempt.problem is None:
            return attempt
        (problem,) = self._scrub.problems([attempt.problem])
        return Attempt(attempt.status, problem, attempt.retry_after)


def _listed(name: str, file: IndexedFile) -> ListedFile:
    return ListedFile(
        name=name,
        url=file.url,
        hashes=file.hashes,
        size=file.size,
        uploaded=_moment(file.upload_time),
        yanked=file.yanked,
        provenance=file.provenance,
    )


def _moment(text: str | None) -> datetime.datetime | None:
    """Return the moment of an upload. None if it is missing, or not one of PEP 700."""
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        with contextlib.suppress(ValueError, TypeError):
            return datetime.datetime.strptime(text or "", form).replace(tzinfo=datetime.timezone.utc)
    return None
