"""The texts of HTTP answers and their HTML, which may be malformed in any way."""

from __future__ import annotations

from html.parser import HTMLParser

import requests

# What may follow the last complete tag or comment of a page.
_LONGEST_REST = 1 << 12


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

    Python's parser looks for the end of each open construct in all of the rest, which takes minutes for a page of many.

    Raises:
        MalformedPageError: If it cannot be parsed, or ends in the middle of a construct that begins far before its end.
    """
    try:
        parser.feed(text)
        if len(parser.rawdata) > _LONGEST_REST:
            raise MalformedPageError
        parser.close()
    except (AssertionError, NotImplementedError, ValueError) as err:
        # For `<![foo bar]>`, Python raises NotImplementedError up to 3.9 and AssertionError from 3.10 on.
        raise MalformedPageError from err
