"""Conversion of refused uploads and unreachable indexes to one problem with a remedy."""

from __future__ import annotations

import contextlib
import re
import ssl
from html.parser import HTMLParser
from urllib.parse import urlsplit

import requests
from twine.utils import DEFAULT_REPOSITORY

from spokeshave.failures import causes
from spokeshave.upload.answer_text import MalformedPageError, parse_page, text_of
from spokeshave.upload.endpoint import without_userinfo
from spokeshave_core.problems import Problem

RUN_AGAIN = "Then run the command again."
AGAIN = "Then publish again; files that the index already has are not uploaded again."
_ENDPOINT = f"Check the URL: it has to be an upload endpoint, as {DEFAULT_REPOSITORY} is PyPI's."
_EXISTS = (
    "If it is the same file, nothing needs to be done; otherwise publish under a new version. With the URL of the "
    "index's simple pages (--check-url, or `[wheel-publish].check_urls`), an identical file counts as uploaded."
)
_NEVER_AGAIN = "The index accepts each file name only once, even if the file was deleted: publish under a new version."
_USED_ONCE = re.compile(r"already been used", re.IGNORECASE)
KEEPS_FIRST = "An index keeps the first file of a name: publish under a new version, or remove the file there."
_REMEDIES = {
    400: "Correct what the index names, and package the wheel again.",
    401: "Check TWINE_USERNAME and TWINE_PASSWORD, or ~/.pypirc.",
    403: "Check TWINE_USERNAME and TWINE_PASSWORD, or ~/.pypirc, and that this user may upload to this project.",
    404: _ENDPOINT,
    405: _ENDPOINT,
    407: "Check the user and the password in HTTP_PROXY or HTTPS_PROXY.",
    409: "Check on the index what its reason names; if it has a file of this name, publish under a new version.",
    413: "The file is larger than the index allows: ask its administrator for a higher limit, or make the wheel "
    "smaller.",
    429: f"The index limits the number of requests: wait. {AGAIN}",
}
# The words of Warehouse, whose status is 400.
_NO_ROOM = {
    "project size too large": "The project has no room for it: delete old releases on the index, or ask its "
    f"administrators for a higher limit. {AGAIN}",
    "file too large": _REMEDIES[413],
}
_SERVER_FAILED = "The index itself failed: wait, or ask its administrator."
_LONGEST_REASON = 500
_LOGIN = (
    "Check TWINE_USERNAME and TWINE_PASSWORD, or ~/.pypirc, that the URL is the upload endpoint and not a page for "
    "people, and that no proxy answers in its place."
)
_LOGIN_PATH = re.compile(r"log[-_]?[io]n|sign[-_]?in|\bsso\b|\bsaml|\boauth|\bauth(orize|enticate)?\b", re.IGNORECASE)
# Tags that a page begins with and that no short message of an upload endpoint contains.
_PAGE = re.compile(r"<(!doctype\s+html|(html|head|body|title|meta|script|form)\b)", re.IGNORECASE)
_TAG = re.compile(r"<[a-z][^>]*>", re.IGNORECASE)
# The answers of indexes for an existing file name: Warehouse (PyPI), Artifact Registry, pypiserver and devpi ("already
# exists"), Warehouse for a deleted file ("has already been used"), GitLab ("has already been taken", "duplicate
# package"), Nexus by its database ("updating assets", "cannot be updated"), Artifactory ("delete/overwrite artifact",
# "overwrite all artifacts"), Azure ("already contains file"), CodeArtifact ("already has"), Cloudsmith ("duplicates the
# attributes of another package").
_FILE_EXISTS = re.compile(
    r"already[ -](exist|present|uploaded|published|contains)"
    r"|already has (an? |the |this )?(file|asset|artifact|distribution|package|version|wheel|\S+\.whl)\b"
    r"|already been (taken|used|uploaded|published)"
    r"|updating assets?\b|cannot be (updated|overwritten|replaced)"
    r"|(overwrit\w+|redeploy\w*|replac\w+) (all |the |an? |existing )*(artifact|asset|file|package)"
    r"|duplicate (artifact|asset|file|package)|duplicates the attributes",
    re.IGNORECASE,
)
_FILE_EXISTS_STATUSES = (400, 403, 405, 409, 412, 422)
# A name that belongs to another owner, a quota or a policy does not mean that the file exists. In quotes or in a file
# name, the same words are the name of a package.
_NOT_THE_FILE = re.compile(
    r"(?<![\w'\"/.-])(?:(project|user|account|owner)(?![\w'\"/-])[^.]{0,80}already exist"
    r"|(classifiers?|archived|limits?|quota|locked)(?![\w'\"/-]|\.\w)"
    r"|handling policy|(in|ex)clude patterns?)",
    re.IGNORECASE,
)
_ONLY_THE_STATUS = re.compile(r"(\W|\b(http|error|409|conflict|nginx)\b)*", re.IGNORECASE)


class _Text(HTMLParser):
    """The text of a page without its scripts and styles, and its title."""

    def __init__(self) -> None:
        super().__init__()
        self._inside: list[str] = []
        self.text = ""
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (HTMLParser's)
        if tag in ("script", "style", "title"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if "title" in self._inside:
            self.title += data
        elif not self._inside:
            self.text += f"{data} "


def is_accepted(response: requests.Response) -> bool:
    """Return whether an answer means that the index accepted the file.

    Upload endpoints answer 2xx with an empty body, JSON or a line of text. A page for people, such as a login or a
    proxy's page, may have status 200 as well. The body therefore decides, and not its type, which is text/html for many
    endpoints.
    """
    return 200 <= response.status_code < 300 and not is_web_page(response)


def is_web_page(response: requests.Response) -> bool:
    """Return whether an answer is a page of HTML, with any declared type except JSON."""
    kind = response.headers.get("Content-Type", "").lower()
    if "json" in kind:
        return False
    text = text_of(response)
    return _PAGE.search(text) is not None or ("html" in kind and _TAG.search(text) is not None)


def says_file_exists(response: requests.Response) -> bool:
    """Return whether an index refuses a file because it already has one of that name."""
    if response.status_code not in _FILE_EXISTS_STATUSES:
        return False
    reason = f"{response.reason or ''} {_visible_text(response)}"
    if _NOT_THE_FILE.search(reason):
        return False
    if _FILE_EXISTS.search(reason):
        return True
    return response.status_code == requests.codes.conflict and _ONLY_THE_STATUS.fullmatch(reason) is not None


def refusal(file: str, index: str, response: requests.Response, *, anonymous: bool) -> Problem:
    """Return the problem of an answer that does not accept the file, with the index's own message."""
    shown = without_userinfo(index)
    if response.is_redirect:
        return _redirect(file, shown, without_userinfo(response.headers["location"]))
    reason = reason_of(response)
    if response.ok and is_web_page(response):
        message = f"{shown} answers the upload with a web page, which does not say that it has the file: {reason}"
        return Problem(file, message, _LOGIN)
    if says_file_exists(response):
        remedy = _NEVER_AGAIN if _USED_ONCE.search(reason) else _EXISTS
        return Problem(file, f"{shown} rejects it: {reason}. A file of this name already exists", remedy)
    status = response.status_code
    no_room = next((remedy for words, remedy in _NO_ROOM.items() if words in reason.lower()), None)
    remedy = no_room or _REMEDIES.get(status, f"{_SERVER_FAILED} {AGAIN}" if status >= 500 else _ENDPOINT)
    if status in (401, 403) and anonymous:
        remedy = "No credentials were given: set TWINE_USERNAME and TWINE_PASSWORD, or put them into ~/.pypirc."
    return Problem(file, f"{shown} rejects it: {reason}", remedy)


def _redirect(file: str, shown: str, target: str) -> Problem:
    if _LOGIN_PATH.search(urlsplit(target).path):
        where = urlsplit(target)._replace(query="", fragment="").geturl()
        return Problem(file, f"{shown} redirects the upload to {where}, which looks like a login page", _LOGIN)
    remedy = "If you trust that address, make it the repository's URL (often only its last slash is missing)."
    return Problem(file, f"{shown} redirects the upload to {target}", remedy)


def reason_of(response: requests.Response) -> str:
    """Return the status and the index's own reason, from the status line and the body, in one line."""
    status = f"{response.status_code} {response.reason or ''}".strip()
    reason = _visible_text(response)
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[:_LONGEST_REASON]}..."
    return f"{status} ({reason})" if reason and reason not in status else status


def _visible_text(response: requests.Response) -> str:
    """Return the visible text of the body in one line."""
    body = text_of(response)
    if "html" in response.headers.get("Content-Type", "") or body.lstrip()[:1] == "<" or is_web_page(response):
        page = _Text()
        with contextlib.suppress(MalformedPageError):
            parse_page(page, body)
            body = page.text.strip("\ufeff\xef\xbb\xbf \r\n\t") or page.title
    return " ".join(body.split())


def unreachable(file: str, index: str, error: requests.RequestException, again: str = AGAIN) -> Problem:
    """Return the problem of an index that did not answer.

    Args:
        again: What the user does when it may answer.
    """
    shown = without_userinfo(index)
    if isinstance(error, requests.exceptions.SSLError):
        remedy = (
            "Check the URL, and give the authority of the index's certificate by TWINE_CERT or REQUESTS_CA_BUNDLE "
            f"(a PEM file). {again}"
        )
        return Problem(file, f"{shown} cannot be trusted: {cause_of(error)}", remedy)
    if isinstance(error, requests.exceptions.ProxyError):
        remedy = f"Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY. {again}"
        return Problem(file, f"the proxy for {shown} fails: {cause_of(error)}", remedy)
    if isinstance(error, requests.Timeout):
        return Problem(file, f"{shown} does not answer: {cause_of(error)}", f"{_SERVER_FAILED} {again}")
    remedy = f"Check the URL, the network and that the index runs. {again}"
    return Problem(file, f"{shown} cannot be reached: {cause_of(error)}", remedy)


def cause_of(error: BaseException) -> str:
    """Return the innermost reason of a network error, without the libraries' wrapping."""
    errors = [each for each in causes(error) if isinstance(each, OSError)]
    for cause in reversed(errors):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if not isinstance(cause, requests.RequestException):
            return cause.strerror or str(cause) or type(cause).__name__
    return str(error) or type(error).__name__
