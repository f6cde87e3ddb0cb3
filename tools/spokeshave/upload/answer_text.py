"""The texts of HTTP answers and their HTML, which may be malformed in any way."""

from __future__ import annotations

from html.parser import HTMLParser

import requests


class MalformedPageError(Exception):
    """A page that cannot be parsed. Callers handle it."""


def text_of(response: requests.Response) -> str:
    """Return the body, decoded as UTF-8 if its declared encoding fails."""
    try:
        return response.text
    except UnicodeError:
        # Some codecs, such as idna, raise with any error handler.
        return response.content.decode("utf-8", "replace")


def parse_page(parser: HTMLParser, text: str) -> None:
    """Feed a whole page to a parser.

    Raises:
        MalformedPageError: If it cannot be parsed.
    """
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, NotImplementedError, ValueError) as err:
        # For `<![foo bar]>`, Python raises NotImplementedError up to 3.9 and AssertionError from 3.10 on.
        raise MalformedPageError from err
