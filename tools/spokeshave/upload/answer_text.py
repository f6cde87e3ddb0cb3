"""The texts of HTTP answers and their HTML, which may be malformed in any way."""

from __future__ import annotations

from html.parser import HTMLParser

import requests


class MalformedPageError(Exception):
    """A page that cannot be parsed; callers handle it."""


def text_of(response: requests.Response) -> str:
    """The body, as UTF-8 where its stated encoding cannot decode it."""
    try:
        return response.text
    except UnicodeError:
        # Some codecs, such as idna, raise with any error handler.
        return response.content.decode("utf-8", "replace")


def parse_page(parser: HTMLParser, text: str) -> None:
    """Feed a whole page to a parser; raises MalformedPageError."""
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, NotImplementedError, ValueError) as err:
        # For `<![foo bar]>`, Python raises NotImplementedError up to 3.9 and AssertionError from 3.10 on.
        raise MalformedPageError from err
