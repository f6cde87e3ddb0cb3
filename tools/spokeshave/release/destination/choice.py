"""The choice of a destination by its text, such as `@pypi`, and the options for it that all commands have."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.destination.destination import Destination, DestinationError, Limits
from spokeshave.release.destination.folder import FolderDestination
from spokeshave.release.destination.index import IndexDestination
from spokeshave.release.destination.limits import known_limits, with_options
from spokeshave.release.destination.static_index import StaticIndexDestination
from spokeshave.upload.endpoint import check_url, find_endpoint
from spokeshave.upload.options import TIMEOUT, add_index_arguments
from spokeshave.upload.transport import environment_scrubber, open_index
from spokeshave_core.problems import Problem

FORMS = (
    "`@NAME` (pypi, testpypi, or a repository of ~/.pypirc), the URL of an upload endpoint, folder:PATH, or index:PATH"
)
_FOLDERS: Mapping[str, Callable[[str, Path, Limits], Destination]] = {
    "folder": FolderDestination,
    "index": StaticIndexDestination,
}


@dataclass(frozen=True)
class TextOption:
    """The option that a user names a destination by, for messages.

    Attributes:
        what: What its value is.
        forms: Those that the value may have.
    """

    name: str
    what: str
    forms: str

    def refusal(self, message: str) -> DestinationError:
        """Return the error of a value."""
        return DestinationError(Problem(self.name, message, f"Give {self.forms}."))


TO = TextOption("--to", "a destination", FORMS)


@dataclass(frozen=True)
class DestinationOptions:
    """What a user says of a destination besides its text.

    Attributes:
        url: The URL of the upload endpoint of a name, if ~/.pypirc does not have it.
        check_url: The URL of the index's simple pages, if it is not derived from that of the endpoint.
        timeout: The seconds to wait for each answer.
        file_limit: A size, such as `100M`; None for the destination's own limit.
        project_limits: Sizes, such as `10G` or `abacus-compiler=20G`.
    """

    url: str | None = None
    check_url: str | None = None
    timeout: float = TIMEOUT
    file_limit: str | None = None
    project_limits: tuple[str, ...] = ()


def add_destination_arguments(
    parser: argparse.ArgumentParser,
    *,
    is_required: bool = True,
    several: bool = False,
    purpose: str = "where the release goes",
) -> None:
    """Add `--to` and the options for it.

    Args:
        several: Whether `--to` may be repeated; its value is a list then, or None.
        purpose: What the destination is for, in the help.
    """
    parser.add_argument(
        "--to",
        required=is_required,
        action="append" if several else "store",
        metavar="DEST",
        help=f"{purpose}: {FORMS}{'; may be repeated' if several else ''}",
    )
    parser.add_argument(
        "--repository-url", metavar="URL", help="the upload URL of @NAME, if ~/.pypirc has none, without credentials"
    )
    add_index_arguments(parser)
    parser.add_argument(
        "--file-limit",
        metavar="SIZE",
        help="the largest file that the index accepts, such as 100M; default: PyPI's on PyPI",
    )
    parser.add_argument(
        "--project-limit",
        action="append",
        default=[],
        metavar="[PROJECT=]SIZE",
        help="the largest sum of a project's files, such as 10G or abacus-compiler=20G; default: 10G on PyPI",
    )


def destination_options(args: argparse.Namespace) -> DestinationOptions:
    """Return the options of `add_destination_arguments`."""
    return DestinationOptions(
        url=args.repository_url,
        check_url=args.check_url,
        timeout=args.timeout,
        file_limit=args.file_limit,
        project_limits=tuple(args.project_limit),
    )


@contextlib.contextmanager
def open_destination(
    text: str,
    options: DestinationOptions,
    environment: Mapping[str, str] = os.environ,
    clock: Callable[[], float] = time.monotonic,
    *,
    option: TextOption = TO,
) -> Iterator[Destination]:
    """Open a destination. Missing credentials are not an error yet: `Destination.credential_problems` has them.

    Args:
        clock: The seconds since any moment, by which tokens get old.
        option: What the text was given by.

    Raises:
        DestinationError: If the text names none.
        InvalidEndpointError: If the URL or ~/.pypirc is not valid.
    """
    kind, colon, path = text.partition(":")
    if kind in _FOLDERS and colon:
        if not path:
            raise option.refusal(f"'{text}' has no path")
        if "://" in path:
            # Not shown, as it may contain credentials.
            raise option.refusal(f"'{kind}:' has a URL, where the path of a folder of this machine belongs")
        limits = with_options(known_limits(""), options.file_limit, options.project_limits)
        yield _FOLDERS[kind](text, Path(path), limits)
        return
    name = text[1:] if text.startswith("@") else None
    if name == "" or (name is None and kind not in ("http", "https")):
        raise option.refusal(f"{text!r} is not {option.what}")
    if options.check_url:
        check_url(options.check_url, "--check-url")
    url = options.url if name else text
    endpoint = find_endpoint(name, url, environment, needs_credentials=False)
    limits = with_options(known_limits(endpoint.url), options.file_limit, options.project_limits)
    scrub = environment_scrubber(endpoint, environment)
    has_bar = sys.stdout.isatty()
    with open_index(endpoint, options.check_url, options.timeout, scrub, clock, has_bar=has_bar) as index:
        yield IndexDestination(text=text, index=index, limits=limits, scrub=scrub)
