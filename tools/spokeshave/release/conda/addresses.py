"""The URLs of a release's wheels: from the pages of an index that has them, or below an address that the user gives."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from spokeshave.release.destination.destination import Destination
from spokeshave.upload.endpoint import without_userinfo
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.record import ReleaseFile

NAME = "{name}"
SHA256 = "{sha256}"


class InvalidAddressError(SpokeshaveError):
    """An address below which no file can be."""


def urls_below(base: str, files: Iterable[ReleaseFile]) -> dict[str, str]:
    """Return the URL of each file by its name.

    Args:
        base: A folder, or a pattern with `{name}` and `{sha256}`, such as `https://host/files/{sha256}/{name}`.

    Raises:
        InvalidAddressError: If it is not a URL, or has a password, which everyone could read.
    """
    _check_base(base)
    pattern = base if NAME in base else f"{base.rstrip('/')}/{NAME}"
    return {file.name: pattern.replace(SHA256, file.sha256).replace(NAME, quote(file.name)) for file in files}


def _check_base(base: str) -> None:
    shown = without_userinfo(base)
    if shown != base:
        message = f"the URL {shown} contains credentials, which would be in each recipe"
        raise InvalidAddressError(Problem("--url-base", message, "Remove user:password@ and change the password."))
    try:
        url = urlsplit(base)
        is_url = url.scheme in ("http", "https") and bool(url.hostname)
    except ValueError:
        is_url = False
    if not is_url and not base.startswith("file:///"):
        remedy = "Give an address such as https://host/files/{sha256}/{name}."
        raise InvalidAddressError(Problem("--url-base", f"{base!r} is not an http, https or file URL", remedy))
    if NAME not in base and any(mark in base for mark in "?#"):
        remedy = f"Write {NAME} where the name of the file belongs."
        raise InvalidAddressError(Problem("--url-base", f"{base} is not the URL of a folder", remedy))


def listed_urls(source: Destination, files: Iterable[ReleaseFile], problems: Problems) -> dict[str, str]:
    """Return the URL of each file by its name, as an index lists it. Wheels that it lacks are problems.

    No recipe is made of an sdist, so that an index need not have it.

    Raises:
        DestinationError: If the index does not list its files.
    """
    by_project: dict[str, list[ReleaseFile]] = {}
    for file in files:
        by_project.setdefault(file.project, []).append(file)
    urls: dict[str, str] = {}
    for project, wanted in by_project.items():
        listing = source.listing(project)
        for file in wanted:
            listed = listing.files.get(file.name)
            if listed is None and not file.is_wheel:
                continue
            if listed is None:
                problems.add(file.name, f"is not on {source.label}", "Publish the release there first.")
            elif listed.sha256 and listed.sha256 != file.sha256:
                message = f"is on {source.label} with other bytes: sha256 {listed.sha256}"
                problems.add(file.name, message, "Take the record that was published there.")
            elif not listed.url:
                problems.add(file.name, f"has no URL on {source.label}", "Give --url-base.")
            else:
                urls[file.name] = listed.url.partition("#")[0]
    return urls


def file_name_of(url: str) -> str:
    """Return the name under which a URL is downloaded."""
    return url.partition("?")[0].rpartition("/")[2]
