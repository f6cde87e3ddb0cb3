"""The command `spokeshave index serve`: a release index by HTTP, for a trial, a test or a small network.

A web server or static hosting serves the same folder. This one also negotiates the form of the simple pages.
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from spokeshave.errors import ExitCode, counted
from spokeshave.release.index.folder import CURRENT, InvalidIndexError, ReleaseIndex
from spokeshave.release.index.server.http_server import IndexServer
from spokeshave.release.index.server.site import Site
from spokeshave.report import write_text
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.index import ServeReport

_LOOPBACK = "127.0.0.1"
_PORT = 8000
_LARGEST_PORT = 65535
_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")


class CannotServeError(SpokeshaveError):
    """An address that is not available."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("index", type=Path, metavar="DIR", help="the folder of the index")
    parser.add_argument(
        "--host",
        default=_LOOPBACK,
        metavar="HOST",
        help=f"the address to listen on (default: {_LOOPBACK}, for clients on this machine only); 0.0.0.0 is for all "
        "of the network, without encryption and passwords",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=_PORT,
        metavar="N",
        help=f"the port to listen on (default: {_PORT}); 0 takes a free one",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="append a line for each request, in the Common Log Format, to this file (default: stderr)",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="the JSON report to write when the server is ready, with its URLs"
    )


def run(args: argparse.Namespace) -> int:
    """Serve an index until Ctrl-C or SIGTERM. Requests that have begun are answered."""
    index = ReleaseIndex(args.index)
    _check(index)
    with _log(args.log) as log, _bound(args, Site(index), log) as server:
        url = server.url
        report = ServeReport(url=url, simple=f"{url}simple/", json=f"{url}v1+json/")
        sets = counted(sum(1 for _ in index.sets()), "release")
        sys.stdout.write(
            f"Serving {args.index} ({sets}) at {report.url}\n"
            f"  for pip and uv:  --index-url {report.simple}\n"
            "Press Ctrl-C to stop.\n"
        )
        sys.stdout.flush()
        with _signals() as stop:
            if args.report:
                write_text(args.report, report.to_json())
            server.serve_until(stop)
    return ExitCode.OK


def _port(text: str) -> int:
    """Return a port. 0 stands for any."""
    if text.isdecimal() and int(text) <= _LARGEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to {_LARGEST_PORT}")


def _check(index: ReleaseIndex) -> None:
    """Check that a folder is an index.

    Raises:
        InvalidIndexError: If it is not.
    """
    current = index.folder / CURRENT
    if current.is_dir() and not current.is_symlink():
        message = "is a copy of an index whose links were followed, for static hosts"
        remedy = f"Serve the index itself, or the copy with `python -m http.server --directory {index.folder}`."
        raise InvalidIndexError(Problem(str(index.folder), message, remedy))
    if not index.generation.is_dir():
        remedy = "Give the folder that `spokeshave index add` writes to."
        raise InvalidIndexError(Problem(str(index.folder), "is not a release index", remedy))


@contextmanager
def _log(path: Path | None) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stderr
        return
    with path.open("a", encoding="utf-8") as stream:
        yield stream


@contextmanager
def _bound(args: argparse.Namespace, site: Site, log: IO[str]) -> Iterator[IndexServer]:
    """Yield a server that listens.

    Raises:
        CannotServeError: If the address is not available.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(args.host, args.port, type=socket.SOCK_STREAM)[0]
        server = IndexServer(family=family, host=str(address[0]), port=args.port, site=site, log=log)
    except OSError as err:
        remedy = "Give another --port, or --port 0 for a free one, or an address of this machine with --host."
        problem = Problem(f"{args.host}:{args.port}", f"cannot be listened on: {err.strerror or err}", remedy)
        raise CannotServeError(problem) from err
    try:
        yield server
    finally:
        server.server_close()


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """Yield an event that the first signal to end sets. A second one ends the process at once."""
    stop = threading.Event()
    before: dict[int, Any] = {}

    def end(number: int, frame: object) -> None:  # noqa: ARG001 (Python's)
        stop.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
        before.update({number: signal.signal(number, end) for number in numbers})
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
