"""The command `spokeshave cache-server`: a remote cache for the runners of a small team."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave_core.home import spokeshave_home

_DAY = 86400
_TOOLS = Path(__file__).parents[2]
# The environment's own libraries come first, because ours may be among those of another Python.
_START = """
import sys
sys.path.append(sys.argv[1])
from spokeshave.pinned_library import ChangedLibraryError
try:
    from spokeshave.cache_server.serve import main
except ChangedLibraryError as err:
    sys.exit(f"spokeshave cache-server: error\\n{err}")
sys.exit(main())
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave cache-server`."""
    commands = parser.add_subparsers(dest="what", metavar="{token,status}")
    token = commands.add_parser("token", help="print a bearer token for a server with --token-secret")
    token.add_argument(
        "--secret", type=Path, required=True, metavar="FILE", help="the file given to the server's --token-secret"
    )
    token.add_argument(
        "--read-only", action="store_true", help="print a token that only allows reading, for pull requests for example"
    )
    token.add_argument("--days", type=float, default=90, metavar="N", help="how long the token is valid (default: 90)")
    status = commands.add_parser("status", help="print the size of a cache and the number of hits")
    for each in (parser, status):
        where = "the cache's folder (default: `remote-cache` in Spokeshave's own folder)"
        each.add_argument("--directory", metavar="DIR", help=where)
    parser.add_argument("--config", type=Path, metavar="FILE", help="a TOML file whose keys are the options below")
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        help="the address to listen on; port 0 chooses a free port (default: 127.0.0.1:8980)",
    )
    parser.add_argument(
        "--max-size", metavar="SIZE", help="evict least recently used entries above this size (default: 20G)"
    )
    parser.add_argument(
        "--min-free", metavar="SIZE", help="free space to leave on the disk (default: 1G or 5 %%, the smaller one)"
    )
    parser.add_argument("--keep-recent", metavar="TIME", help="never evict entries used within this time (default: 5m)")
    parser.add_argument("--tls-cert", metavar="FILE", help="encrypt connections with this certificate (PEM)")
    parser.add_argument("--tls-key", metavar="FILE", help="the certificate's key (PEM)")
    parser.add_argument(
        "--token-secret", metavar="FILE", help="require clients to send a token that is signed with this secret"
    )
    parser.add_argument(
        "--instance-name", metavar="NAME", help="the instance name that clients must send (default: none)"
    )
    parser.add_argument("--read-only", action="store_const", const=True, help="serve entries, but store nothing")
    parser.add_argument(
        "--insecure", action="store_const", const=True, help="allow other machines without TLS and tokens"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="requests served at the same time (default: 64)")
    parser.add_argument("--ready-file", metavar="FILE", help="a JSON file to write when the server is ready")
    parser.add_argument("--verbose", action="store_const", const=True, help="log each request")


def run(args: argparse.Namespace) -> int:
    """Start the server, or print a token or the status."""
    if args.what == "token":
        return _token(args)
    if args.what == "status":
        return _status(Path(args.directory) if args.directory else default_directory())
    return _serve(args)


def default_directory() -> Path:
    """Return the default directory of the cache."""
    return spokeshave_home() / "remote-cache"


def _serve(args: argparse.Namespace) -> int:
    """Replace this process by the server, so that signals, the terminal and the process id belong to the server."""
    from spokeshave.cache_server.installation import installed_python

    given = {name: value for name, value in vars(args).items() if name not in ("command", "run", "what")}
    options = {name.replace("_", "-"): value for name, value in given.items()}
    python = installed_python()
    start = {"options": options, "directory": str(default_directory())}
    sys.stdout.flush()
    # gRPC would report a port that is in use a second time, in its own words.
    environment = {**os.environ, "GRPC_VERBOSITY": "NONE"}
    os.execve(python, [str(python), "-I", "-c", _START, str(_TOOLS), json.dumps(start, default=str)], environment)


def _token(args: argparse.Namespace) -> int:
    from spokeshave.cache_server.tokens import READ_ONLY, READ_WRITE, make_token, read_secret

    subject = READ_ONLY if args.read_only else READ_WRITE
    token = make_token(read_secret(args.secret), subject, int(time.time()), int(args.days * _DAY))
    # Pants 2.29 and newer refuse a token file that ends with a line break.
    print(token, end="\n" if sys.stdout.isatty() else "")
    return ExitCode.OK


def _status(folder: Path) -> int:
    from spokeshave.cache_server.status import described, in_use, read_status

    print(described(folder, read_status(folder), in_use(folder)))
    return ExitCode.OK
