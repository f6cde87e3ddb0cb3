"""The URLs of a release's wheels: from the pages of an index that has them, or below an address that the user gives."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from spokeshave.release.destination.destination import Destination
from spokeshave_core.problems import Problems
from spokeshave_core.release.record import ReleaseFile

NAME = "{name}"
SHA256 = "{sha256}"


def urls_below(base: str, files: Iterable[ReleaseFile]) -> dict[str, str]:
    """Return the URL of each file by its name.

    Args:
        base: A folder, or a pattern with `{name}` and `{sha256}`, such as `https://host/files/{sha256}/{name}`.
    """
    pattern = base if NAME in base else f"{base.rstrip('/')}/{NAME}"
    return {file.name: pattern.replace(SHA256, file.sha256).replace(NAME, quote(file.name)) for file in files}


def listed_urls(source: Destination, files: Iterable[ReleaseFile], problems: Problems) -> dict[str, str]:
    """Return the URL of each file by its name, as an index lists it. Files that it lacks are problems.

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
