"""The pages for people: `index.html` with all sets, and the page of one set."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseRecord

_HEAD = (
    '<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n    <title>{title}</title>\n  </head>\n'
    "  <body>\n    <h1>{title}</h1>\n"
)
_FOOT = b"  </body>\n</html>\n"


def front_page(sets: Sequence[IndexedSet]) -> tuple[bytes, bytes]:
    """Return what is before and after the rows of all sets, which are listed from the newest to the oldest."""
    return _HEAD.format(title=f"{len(sets)} releases").encode(), _FOOT


def set_row(listed: IndexedSet, record: ReleaseRecord) -> bytes:  # noqa: ARG001 (for the page's next version)
    """Return the row of a set on the page of all sets."""
    url = f"releases/{quote(listed.name)}/{quote(listed.version)}/"
    return f'<p><a href="{url}">{escape(listed.name)} {escape(listed.version)}</a></p>\n'.encode()


def set_page(listed: IndexedSet, record: ReleaseRecord) -> bytes:
    """Return the page of one set, which is at `releases/NAME/VERSION/`."""
    names = "".join(f"<p>{escape(file.name)}</p>\n" for file in record.files)
    return _HEAD.format(title=f"{escape(listed.name)} {escape(listed.version)}").encode() + names.encode() + _FOOT
