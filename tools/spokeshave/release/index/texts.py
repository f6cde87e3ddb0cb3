"""Texts of users that an index shows."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from spokeshave_core.problems import Problem, SpokeshaveError

# Controls, which a terminal obeys, and marks that show the text around them in another order.
_CONTROL = "Cc"
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What a shell takes as it is, so that the address can be a part of a command.
_PATH = re.compile(r"[A-Za-z0-9._~%:/+-]*")


class InvalidReasonError(SpokeshaveError):
    """A reason that a page cannot show."""


class InvalidAddressError(SpokeshaveError):
    """A text that is not the address of an index."""


def checked_reason(option: str, reason: str | None) -> str | None:
    """Return a reason as a line of text. None if none is given.

    Raises:
        InvalidReasonError: If it is not text, or has characters that are not shown.
    """
    if reason is None:
        return None
    line = " ".join(reason.split())
    try:
        line.encode()
    except UnicodeEncodeError as err:
        raise InvalidReasonError(Problem(option, "is not text in UTF-8", "Write the reason again.")) from err
    controls = [each for each in line if unicodedata.category(each) == _CONTROL or each in _REORDERING]
    if controls:
        message = f"has the control character {controls[0]!a}, which pages and terminals do not show as text"
        raise InvalidReasonError(Problem(option, message, "Write the reason without it."))
    return line


def checked_address(option: str, url: str | None) -> str | None:
    """Return the address of an index with a slash at its end. None if none is given, and empty if it is.

    Raises:
        InvalidAddressError: If it is not the address of a folder of pages.
    """
    if not url:
        return url
    remedy = "Give the address of the folder with simple/, such as https://packages.example/nightly/."
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InvalidAddressError(Problem(option, "is not a URL", remedy)) from None
    # The message does not repeat an address that may have a password.
    if "@" in parts.netloc:
        raise InvalidAddressError(Problem(option, "has a user name or a password, which pages would show", remedy))
    if parts.scheme not in ("http", "https") or not parts.hostname or not _PATH.fullmatch(url.partition(":")[2]):
        message = "is not a URL of http or https without a query, whose characters need no quotes in a shell"
        raise InvalidAddressError(Problem(option, message, remedy))
    return url if url.endswith("/") else f"{url}/"
