"""The options of commands that ask an index."""

from __future__ import annotations

import argparse

from spokeshave.option_values import positive_seconds

TIMEOUT = 120.0


def add_index_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options for the simple pages of an index, and for its answers."""
    parser.add_argument(
        "--check-url",
        metavar="URL",
        help="the simple index that lists the files of the repository; default: derived from the upload URL",
    )
    parser.add_argument(
        "--timeout",
        type=positive_seconds,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"the timeout for each answer (default: {TIMEOUT:g})",
    )
