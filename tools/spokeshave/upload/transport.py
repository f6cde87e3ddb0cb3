"""The connection to an index: twine's form of an upload, our time limits and credentials, one attempt at a time."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import logging
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import urljoin

import requests
import rich
from requests.adapters import HTTPAdapter
from twine.package import PackageFile
from twine.repository import Repository
from urllib3 import BaseHTTPResponse, Retry

from spokeshave.failures import causes
from spokeshave.upload.attempt import Attempt, AttemptStatus, is_temporary
from spokeshave.upload.endpoint import Endpoint, OriginAuth, Scrubber, origin, without_userinfo
from spokeshave.upload.login import Login
from spokeshave.upload.refusal import AGAIN, is_accepted, refusal, unreachable
from spokeshave.upload.simple_index import simple_index_of
from spokeshave.upload.trusted_publishing import TrustedPublishingError
from spokeshave_core.problems import Problem, SpokeshaveError

_LONGEST_PAUSE = 30
# What a server that asks for more is taken to ask for, in seconds: a year.
_LONGEST_TIME = 365 * 24 * 3600.0
ProgressCallback = Callable[[int, int], None]

_UNAUTHORIZED = (requests.codes.unauthorized, requests.codes.forbidden)


class _ShortRetry(Retry):
    """Attempts to read a page again. A server that asks for a long pause is left to the caller."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds of the header `Retry-After`; None for a pause that would look like a hang."""
        seconds = retry_after(response.headers.get("Retry-After"))
        return seconds if seconds is None or seconds <= _LONGEST_PAUSE else None


class PatientAdapter(HTTPAdapter):
    """An HTTP adapter with a time limit for each wait, in seconds. Neither twine nor requests has one.

    Attributes:
        progress: Is called with the sent and all bytes of an upload, with each piece of it.
    """

    def __init__(self, timeout: float, ca_bundle: str | None) -> None:
        self._timeout = timeout
        self._ca_bundle = ca_bundle
        self.progress: ProgressCallback | None = None
        retries = _ShortRetry(
            3, read=False, allowed_methods=["GET"], status_forcelist=[502, 503], raise_on_status=False
        )
        super().__init__(max_retries=retries)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request. The authorities given for this index take precedence over REQUESTS_CA_BUNDLE."""
        verify = self._ca_bundle or verify
        if self.progress is not None and isinstance(request.body, _Monitor):
            _watch(request.body, self.progress)
        return without_invalid_redirect(super().send(request, stream, timeout or self._timeout, verify, cert, proxies))


@runtime_checkable
class _Monitor(Protocol):
    """The body of an upload: a MultipartEncoderMonitor of requests_toolbelt, which calls back when it is read."""

    bytes_read: int
    len: int
    callback: Callable[[_Monitor], None]


def _watch(body: _Monitor, progress: ProgressCallback) -> None:
    """Call a function with each piece of a body that is read, after the one that twine has for its own bar."""
    before = body.callback

    def callback(monitor: _Monitor) -> None:
        before(monitor)
        progress(monitor.bytes_read, monitor.len)

    body.callback = callback


def without_invalid_redirect(response: requests.Response) -> requests.Response:
    """Return the answer, with an invalid redirect target moved to its reason, because requests raises on it."""
    target = response.headers.get("location")
    if target is not None:
        try:
            origin(urljoin(response.url, target.encode("latin-1").decode("utf-8")))
        except ValueError:
            del response.headers["location"]
            where = f"{without_userinfo(target)!r}, which is not a URL"
            response.reason = f"{response.reason or ''}: it redirects to {where}".lstrip(": ")
    return response


class _ScrubbedLog(logging.Formatter):
    """A log of twine's own warnings, without credentials."""

    def __init__(self, scrub: Scrubber) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        return self._scrub(super().format(record))


def _is_not_of_retries(record: logging.LogRecord) -> bool:
    """Whether a record is not twine's announcement of another attempt, which it does not make here."""
    return record.name != "twine.repository"


@dataclass(frozen=True)
class Index:
    """An open connection to an index: its upload endpoint and its simple index."""

    endpoint: Endpoint
    repository: Repository
    login: Login
    simple: str
    simple_is_given: bool
    adapter: PatientAdapter

    @property
    def session(self) -> requests.Session:
        """Return the HTTP session, which authenticates only requests to the endpoint's origin."""
        session: requests.Session = self.repository.session
        return session

    def place(self) -> str:
        """Return the endpoint for messages."""
        return without_userinfo(self.endpoint.url)

    def authenticate(self) -> None:
        """Take the credentials that are valid now.

        Raises:
            InvalidEndpointError: If there are none, and it is clear that the index needs them.
            TrustedPublishingError: If the index gives this job no token.
        """
        self.session.auth = OriginAuth(self.endpoint.url, self.login.credentials())

    def send(self, package: PackageFile, progress: ProgressCallback | None = None) -> Attempt:
        """Upload a file in one attempt. Whether the index has the file after a problem is not looked up.

        Args:
            progress: Is called with the sent and all bytes of the upload, with each piece of it.
        """
        self.adapter.progress = progress
        name = package.basefilename
        try:
            self.authenticate()
        except TrustedPublishingError as err:
            status = AttemptStatus.TEMPORARY if err.may_pass else AttemptStatus.REFUSED
            return Attempt(status, err.problems[0])
        except SpokeshaveError as err:
            return Attempt(AttemptStatus.REFUSED, err.problems[0])
        try:
            # twine repeats an upload after a server's error, but not if this many are allowed.
            with _quiet(self.repository.disable_progress_bar):
                response = self.repository.upload(package, max_redirects=1)
        except requests.RequestException as err:
            return Attempt(_status_of_error(err), unreachable(name, self.endpoint.url, err))
        except OSError as err:
            problem = Problem(name, f"cannot be uploaded: {err}", f"Check the file and the certificates. {AGAIN}")
            return Attempt(AttemptStatus.REFUSED, problem)
        return self._judge(name, response)

    def _judge(self, name: str, response: requests.Response) -> Attempt:
        status = response.status_code
        if status not in _UNAUTHORIZED:
            self.login.accepted()
        if is_accepted(response):
            return Attempt(AttemptStatus.STORED)
        anonymous = self.endpoint.credentials is None and not self.endpoint.trusts_job
        problem = refusal(name, self.endpoint.url, response, anonymous=anonymous)
        if status in _UNAUTHORIZED and self.login.rejected():
            return Attempt(AttemptStatus.EXPIRED, problem)
        if is_temporary(status):
            return Attempt(AttemptStatus.TEMPORARY, problem, retry_after(response.headers.get("Retry-After")))
        return Attempt(AttemptStatus.REFUSED, problem)


@contextlib.contextmanager
def _quiet(is_quiet: bool) -> Iterator[None]:
    """Leave out the line that twine prints above its bar, for a caller without the bar, which prints its own."""
    console = rich.get_console()
    before = console.quiet
    console.quiet = before or is_quiet
    try:
        yield
    finally:
        console.quiet = before


def _status_of_error(error: requests.RequestException) -> AttemptStatus:
    """Return whether another attempt may succeed: not if the server's certificate is not trusted."""
    is_untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error))
    return AttemptStatus.REFUSED if is_untrusted else AttemptStatus.TEMPORARY


def retry_after(value: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds of a header `Retry-After`, which has seconds or a date. None if it has neither."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), _LONGEST_TIME)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return min(max(0.0, moment.timestamp() - now()), _LONGEST_TIME)


@contextlib.contextmanager
def open_index(
    endpoint: Endpoint,
    simple: str | None,
    timeout: float,
    scrub: Scrubber,
    clock: Callable[[], float] = time.monotonic,
    *,
    has_bar: bool = True,
) -> Iterator[Index]:
    """Open the connection to an index.

    Args:
        simple: The URL of its simple index; by default it is derived from that of the endpoint.
        timeout: The seconds to wait for each answer.
        clock: The clock by which tokens get old.
        has_bar: Whether twine prints a line and a progress bar for each upload. Outside of a terminal, the bar is one
            line at the end.
    """
    with contextlib.ExitStack() as stack:
        repository = Repository(endpoint.url, None, None, disable_progress_bar=not has_bar)
        stack.callback(repository.close)
        repository.session.auth = OriginAuth(endpoint.url, endpoint.credentials)
        repository.set_client_certificate(endpoint.client_cert)
        adapter = PatientAdapter(timeout, endpoint.ca_bundle)
        for scheme in ("http://", "https://"):
            repository.session.mount(scheme, adapter)
        stack.enter_context(_twine_log(scrub))
        yield Index(
            endpoint=endpoint,
            repository=repository,
            login=Login(endpoint, scrub, clock),
            simple=simple or simple_index_of(endpoint.url),
            simple_is_given=simple is not None,
            adapter=adapter,
        )


@contextlib.contextmanager
def _twine_log(scrub: Scrubber) -> Iterator[None]:
    handler = logging.StreamHandler()
    handler.setFormatter(_ScrubbedLog(scrub))
    handler.addFilter(_is_not_of_retries)
    logger = logging.getLogger("twine")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def environment_scrubber(endpoint: Endpoint, environment: Mapping[str, str] = os.environ) -> Scrubber:
    """Return a scrubber of the endpoint's credentials and of those in the environment."""
    return Scrubber(endpoint.credentials, environment, [without_userinfo(endpoint.url)])
