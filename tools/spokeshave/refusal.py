"""What an index that does not take a file, or cannot be reached, means for the user: one problem with a remedy."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from html.parser import HTMLParser

import requests
from twine.utils import DEFAULT_REPOSITORY

from spokeshave.endpoint import without_userinfo
from spokeshave.errors import Problem

AGAIN = "Then publish again: what is already there is not uploaded twice."
_ENDPOINT = f"Check the URL: it has to be an upload endpoint, as {DEFAULT_REPOSITORY} is PyPI's."
KEEPS_FIRST = "An index keeps the first file of a name: publish under a new version, or remove the file there."
_REMEDIES = {
    400: "Correct what the index names, and package the wheel again.",
    401: "Check TWINE_USERNAME and TWINE_PASSWORD, or ~/.pypirc.",
    403: "Check TWINE_USERNAME and TWINE_PASSWORD, or ~/.pypirc, and that this user may upload to this project.",
    404: _ENDPOINT,
    405: _ENDPOINT,
    409: KEEPS_FIRST,
    413: "The file is larger than the index allows: ask who runs it for a higher limit, or make the wheel smaller.",
    429: f"The index wants fewer requests: wait. {AGAIN}",
}
_SERVER_FAILED = f"The index itself failed: wait, or ask who runs it. {AGAIN}"
_LONGEST_REASON = 500


class _Text(HTMLParser):
    """The text of a page, without its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self._hidden = 0
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def refusal(file: str, index: str, response: requests.Response, *, anonymous: bool) -> Problem:
    """An answer that is no success, in the index's own words."""
    shown = without_userinfo(index)
    if response.is_redirect:
        target = without_userinfo(response.headers["location"])
        remedy = "If you trust that address, make it the repository's URL (often only its last slash is missing)."
        return Problem(file, f"{shown} redirects the upload to {target}", remedy)
    status = response.status_code
    remedy = _REMEDIES.get(status, _SERVER_FAILED if status >= 500 else _ENDPOINT)
    reason = reason_of(response)
    if status == 400 and re.search(r"already[ -]exist", reason, re.IGNORECASE):
        remedy = KEEPS_FIRST
    if status in (401, 403) and anonymous:
        remedy = "No credentials were given: set TWINE_USERNAME and TWINE_PASSWORD, or put them into ~/.pypirc."
    return Problem(file, f"{shown} refuses it: {reason}", remedy)


def reason_of(response: requests.Response) -> str:
    """The status and the index's own reason, from the status line and the body, in one line."""
    body = response.text
    if "html" in response.headers.get("Content-Type", "") or body.lstrip()[:1] == "<":
        page = _Text()
        page.feed(body)
        page.close()
        body = " ".join(page.parts)
    status = f"{response.status_code} {response.reason or ''}".strip()
    told = " ".join(body.split())
    if len(told) > _LONGEST_REASON:
        told = f"{told[:_LONGEST_REASON]}..."
    return f"{status} ({told})" if told and told not in status else status


def unreachable(file: str, index: str, error: requests.RequestException) -> Problem:
    """An index that did not answer."""
    shown = without_userinfo(index)
    if isinstance(error, requests.exceptions.SSLError):
        remedy = (
            "Check the URL, and give the authority of the index's certificate by TWINE_CERT or REQUESTS_CA_BUNDLE "
            f"(a PEM file). {AGAIN}"
        )
        return Problem(file, f"{shown} cannot be trusted: {cause_of(error)}", remedy)
    if isinstance(error, requests.exceptions.ProxyError):
        remedy = f"Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY. {AGAIN}"
        return Problem(file, f"the proxy for {shown} fails: {cause_of(error)}", remedy)
    if isinstance(error, requests.Timeout):
        return Problem(file, f"{shown} does not answer: {cause_of(error)}", _SERVER_FAILED)
    remedy = f"Check the URL, the network and that the index runs. {AGAIN}"
    return Problem(file, f"{shown} cannot be reached: {cause_of(error)}", remedy)


def cause_of(error: BaseException) -> str:
    """The innermost reason of a network error, without the libraries' wrapping."""
    causes = [each for each in _chain(error) if isinstance(each, OSError)]
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if not isinstance(cause, requests.RequestException):
            return cause.strerror or str(cause) or type(cause).__name__
    return str(error) or type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
