"""Download the one sdist that a requirements file pins by hash, and run none of its code.

    sdist.py PACKAGES OUTPUT REQUEST.json

`PACKAGES` is a folder of installed packages, each in its own folder, with `unearth`, which finds files as pip does. pip
itself asks a project's build backend for metadata even if it only downloads. The request has:

    {"requirement": "markupsafe==3.0.4", "sha256": ["..."], "indexes": ["..."], "find_links": ["..."], "cert": "FILE"}
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import ssl
import sys
from pathlib import Path
from typing import Any, cast


class NoSdistError(Exception):
    """An sdist that cannot be downloaded. The message says why."""


class _Warnings(logging.Handler):
    """Collects what unearth only logs, such as an index that does not answer."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def chosen_sdist(sdists: dict[str, str | None], pinned: list[str]) -> str:
    """Return the sdist to download: the first one by name whose hash is pinned, or whose hash the index does not say.

    Args:
        sdists: The sha256 of each sdist of the version by file name.

    Raises:
        NoSdistError: If none is pinned.
    """
    for name, sha256 in sorted(sdists.items()):
        if sha256 is None or sha256 in pinned:
            return name
    offered = "\n".join(f"    --hash=sha256:{sha256}  ({name})" for name, sha256 in sorted(sdists.items()))
    raise NoSdistError(
        "no hash of it is that of an sdist. If you trust the index, add the hash of the sdist that it has:\n" + offered
    )


def download(request: dict[str, Any], output: Path) -> Path:
    """Download the sdist into a folder and return its path.

    Raises:
        NoSdistError: If it is not found, cannot be downloaded, or has another hash.
    """
    import httpx
    from unearth import PackageFinder
    from unearth.auth import MultiDomainBasicAuth
    from unearth.errors import UnpackError
    from unearth.fetchers import Fetcher, PyPIClient

    indexes = request["indexes"]
    find_links = request["find_links"]
    if not indexes and not find_links:
        raise NoSdistError("`[python-repos]` has neither indexes nor find_links to take it from")
    logged = _Warnings()
    logging.getLogger("unearth").addHandler(logged)
    # Files are hashed as they are stored, and not as a server compresses them for the transfer.
    headers = {"Accept-Encoding": "identity"}
    with PyPIClient(verify=_trusted(request), timeout=60.0, follow_redirects=True, headers=headers) as client:
        client.auth = MultiDomainBasicAuth(prompting=False, index_urls=indexes)
        finder = PackageFinder(
            cast(Fetcher, client), index_urls=indexes, find_links=find_links, ignore_compatibility=True
        )
        try:
            packages = finder.find_matches(request["requirement"], allow_yanked=True, allow_prereleases=True)
            links = {package.link.filename: package.link for package in packages if not package.link.is_wheel}
            if not links:
                raise NoSdistError(_absent(request, bool(packages), logged.texts))
            offered = {name: (link.hash_option or {}).get("sha256", [None])[0] for name, link in links.items()}
            chosen = chosen_sdist(offered, request["sha256"])
            output.mkdir(parents=True)
            found = Path(finder.download(links[chosen], output, {"sha256": request["sha256"]}))
            # A file of a local folder is only checked.
            return found if found.parent == output else Path(shutil.copyfile(found, output / chosen))
        except (httpx.HTTPError, UnpackError, OSError) as error:
            raise NoSdistError(f"it cannot be downloaded: {error or type(error).__name__}") from error


def _trusted(request: dict[str, Any]) -> ssl.SSLContext:
    """Return the certificates that are trusted: those of the option, or else the machine's and those of certifi."""
    import certifi

    if request["cert"]:
        return ssl.create_default_context(cafile=request["cert"])
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _absent(request: dict[str, Any], has_wheels: bool, logged: list[str]) -> str:
    reasons = "".join(f"\n    {text}" for text in dict.fromkeys(logged))
    places = ", ".join([*request["indexes"], *request["find_links"]])
    if has_wheels:
        return f"{places} has only wheels of it. Take its source from an archive: `file` with `http_source`{reasons}"
    return f"{places} does not have it{reasons}"


def main(arguments: list[str]) -> int:
    """Run the program and return the exit code. A message for the user goes to stderr."""
    packages, output, request = map(Path, arguments)
    sys.path[:0] = [str(packages / name) for name in sorted(os.listdir(packages))]
    try:
        download(json.loads(request.read_text()), output)
    except NoSdistError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
