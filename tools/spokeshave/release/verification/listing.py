"""What a page of an index lists, read as an installer does, and compared with what it should list."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from spokeshave.upload.answer_text import MalformedPageError, parse_page
from spokeshave_core.json_values import parse_any

_HASH = "sha256="
# Forms of pages do not have all values.
_FIND_LINKS_LACKS = frozenset({"size", "upload_time", "provenance"})
_HTML_LACKS = frozenset({"size", "upload_time"})


class InvalidPageError(ValueError):
    """A page that no installer can read."""


@dataclass(frozen=True)
class ListedFile:
    """A file as a page lists it.

    Attributes:
        path: Where its link leads, below the folder of the index.
        yanked: The reason, which may be empty. None if it is not yanked.
        provenance: Where the link to its attestations leads.
        size: None where the form of the page does not have it, as with `upload_time`.
    """

    name: str
    path: str
    sha256: str
    requires_python: str = ""
    yanked: str | None = None
    metadata_sha256: str | None = None
    provenance: str | None = None
    size: int | None = None
    upload_time: str | None = None


def read_html(data: bytes, page: str) -> list[ListedFile]:
    """Return the files of an HTML page (PEP 503, 592, 658 and 714, or find-links).

    Args:
        page: The path of the page below the folder of the index.

    Raises:
        InvalidPageError: If it is not text, or a link has no hash.
    """
    return [
        ListedFile(
            name=link.text,
            path=_target(page, link.values.get("href", "")),
            sha256=_link_hash(link.values.get("href", "")),
            requires_python=link.values.get("data-requires-python", ""),
            yanked=link.values.get("data-yanked"),
            metadata_sha256=_metadata_hash(link.values),
            provenance=_target(page, link.values["data-provenance"]) if "data-provenance" in link.values else None,
        )
        for link in _links(data)
    ]


def read_json(data: bytes, page: str) -> list[ListedFile]:
    """Return the files of a JSON page (PEP 691, 700, 714 and 740).

    Raises:
        InvalidPageError: If it is not such a page.
    """
    try:
        return [_json_file(entry, page) for entry in parse_any(data)["files"]]
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise InvalidPageError(f"is not a page of the JSON API ({type(err).__name__}: {err})") from err


def read_html_projects(data: bytes) -> list[str]:
    """Return the projects of the page of all projects.

    Raises:
        InvalidPageError: If it is not text.
    """
    return [link.text if link.values.get("href") == f"{link.text}/" else repr(link.values) for link in _links(data)]


def read_json_projects(data: bytes) -> list[str]:
    """Return the projects of the JSON page of all projects.

    Raises:
        InvalidPageError: If it is not such a page.
    """
    try:
        return [str(entry["name"]) for entry in parse_any(data)["projects"]]
    except (ValueError, KeyError, TypeError) as err:
        raise InvalidPageError(f"is not a page of the JSON API ({type(err).__name__}: {err})") from err


def differences(found: Sequence[ListedFile], expected: Sequence[ListedFile], lacks: frozenset[str]) -> Iterator[str]:
    """Yield how the files of a page differ from those that it should list.

    Args:
        lacks: The values that the page's form does not have.
    """
    by_name = {file.name: file for file in found}
    names = {file.name for file in expected}
    for name, number in Counter(file.name for file in found).items():
        if name not in names:
            yield f"lists {name}, which no set lists"
        elif number > 1:
            yield f"lists {name} {number} times"
    for file in expected:
        if file.name in by_name:
            yield from _value_differences(by_name[file.name], file, lacks)
        else:
            yield f"does not list {file.name}"
    if sorted(by_name) == sorted(names) and [file.name for file in found] != [file.name for file in expected]:
        yield "lists its files in another order"


def find_links_differences(data: bytes, page: str, expected: Sequence[ListedFile]) -> Iterator[str]:
    """Yield how the page for `--find-links` differs from what it should list."""
    yield from differences(read_html(data, page), expected, _FIND_LINKS_LACKS)


def html_differences(data: bytes, page: str, expected: Sequence[ListedFile]) -> Iterator[str]:
    """Yield how a project's HTML page differs from what it should list."""
    yield from differences(read_html(data, page), expected, _HTML_LACKS)


def json_differences(data: bytes, page: str, expected: Sequence[ListedFile]) -> Iterator[str]:
    """Yield how a project's JSON page differs from what it should list."""
    yield from differences(read_json(data, page), expected, frozenset())


def _value_differences(found: ListedFile, expected: ListedFile, lacks: frozenset[str]) -> Iterator[str]:
    for field in fields(ListedFile):
        value = getattr(found, field.name)
        wanted = getattr(expected, field.name)
        if field.name not in lacks and value != wanted:
            yield f"has {field.name} {value!r} of {expected.name}, and not {wanted!r}"


@dataclass
class _Link:
    """A link with its attributes and its text."""

    values: Mapping[str, str]
    text: str = ""


class _LinkParser(HTMLParser):
    """The links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Link] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "base":
            raise InvalidPageError("has a <base>, so that its links lead elsewhere")
        if tag == "a":
            self.found.append(_Link({key: value or "" for key, value in attrs}))
            self._is_open = True

    def handle_endtag(self, tag: str) -> None:
        self._is_open &= tag != "a"

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.found[-1].text += data


def _links(data: bytes) -> list[_Link]:
    parser = _LinkParser()
    try:
        parse_page(parser, data.decode("utf-8"))
    except UnicodeDecodeError as err:
        raise InvalidPageError("is not text in UTF-8") from err
    except MalformedPageError as err:
        if isinstance(err.__cause__, InvalidPageError):
            raise err.__cause__ from err
        raise InvalidPageError("has malformed HTML") from err
    return parser.found


def _json_file(entry: Mapping[str, object], page: str) -> ListedFile:
    hashes = entry["hashes"]
    yanked = entry.get("yanked", False)
    metadata = entry.get("core-metadata")
    size = entry.get("size")
    time = entry.get("upload-time")
    return ListedFile(
        name=str(entry["filename"]),
        path=_target(page, str(entry["url"])),
        sha256=str(hashes["sha256"]) if isinstance(hashes, Mapping) else "",
        requires_python=str(entry.get("requires-python") or ""),
        yanked=yanked if isinstance(yanked, str) else "" if yanked else None,
        metadata_sha256=str(metadata["sha256"]) if isinstance(metadata, Mapping) and metadata else None,
        provenance=_target(page, str(entry["provenance"])) if entry.get("provenance") else None,
        size=size if isinstance(size, int) else None,
        upload_time=str(time) if time else None,
    )


def _target(page: str, url: str) -> str:
    """Return where a relative URL leads, below the folder of the index. Another URL stays as it is."""
    try:
        parts = urlsplit(url.partition("#")[0])
    except ValueError:
        # Its host is not one.
        return url
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return url
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))


def _link_hash(url: str) -> str:
    # Also of a URL that is not valid.
    fragment = url.partition("#")[2]
    return fragment[len(_HASH) :] if fragment.startswith(_HASH) else ""


def _metadata_hash(values: Mapping[str, str]) -> str | None:
    """Return the metadata's hash of a link."""
    value = values.get("data-core-metadata")
    return value[len(_HASH) :] if value is not None and value.startswith(_HASH) else value
