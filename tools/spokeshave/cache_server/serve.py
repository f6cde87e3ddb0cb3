"""The server's process, in BuildGrid's environment: starts the server, reports when it is ready, and stops it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import grpc
from buildgrid.server.exceptions import BgdError
from buildgrid.server.server import Server

from spokeshave.cache_server.actions import Actions
from spokeshave.cache_server.blobs import Blobs
from spokeshave.cache_server.buildgrid_internals import messages, services
from spokeshave.cache_server.eviction import Evictor, Limits, default_reserve
from spokeshave.cache_server.remote_apis import make_server
from spokeshave.cache_server.settings import Settings, client_options, make_settings, read_config, token_hint
from spokeshave.cache_server.status import LOCK, Counts, Fact, write_status
from spokeshave.cache_server.tokens import READ_WRITE, make_token, read_secret
from spokeshave.errors import ExitCode
from spokeshave.report import write_report
from spokeshave_core.json_values import Json
from spokeshave_core.problems import Problem, SpokeshaveError

_STATUS_EVERY = 5.0
# Shutdown timeout in seconds.
_LONGEST_END = 10.0
_SELF_CHECK = 30.0
_LOCK_ATTEMPTS = 5
_TOKEN_SECONDS = 60


class CannotServeError(SpokeshaveError):
    """A directory or a port that is not available."""


def main() -> int:
    """Run the server with the command's settings. User-fixable errors go to stderr."""
    start = json.loads(sys.argv[2])
    options = dict(start["options"])
    try:
        config = options.pop("config", None)
        settings = make_settings(options, read_config(Path(config)) if config else {}, Path(start["directory"]))
        return serve(settings)
    except SpokeshaveError as err:
        return _fail(err)
    except OSError as err:
        remedy = "Check the path and the disk, or give another --directory."
        place = str(err.filename or "cache-server")
        return _fail(CannotServeError(Problem(place, f"failed: {err.strerror or err}", remedy)))


def _fail(error: SpokeshaveError) -> int:
    """Print an error in the format of the command, and return the exit code."""
    sys.stderr.write(f"spokeshave cache-server: error\n{error}\n")
    return ExitCode.USER_ERROR


def serve(settings: Settings) -> int:
    """Run the server until a signal stops it."""
    # BuildGrid logs to stdout, which is reserved for the line that says how to use the server.
    ready_stream = sys.stdout
    sys.stdout = sys.stderr
    _set_up_logging(settings.verbose)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _locked(settings.directory):
        counts = Counts()
        evictor = _evictor(settings, counts)
        server, port = _started(settings, evictor, counts)
        address = _address(settings, port)
        _check(settings, port)
        evictor.start()
        _print_ready(settings, address, ready_stream)
        while not stop.wait(_STATUS_EVERY):
            _write_status(settings, address, evictor, counts)
        threading.Timer(_LONGEST_END, os._exit, [ExitCode.OK]).start()
        server.stop()
        evictor.stop()
        _write_status(settings, address, evictor, counts)
        if settings.ready_file:
            settings.ready_file.unlink(missing_ok=True)
    sys.stderr.flush()
    # A request that hangs would keep the process alive.
    os._exit(ExitCode.OK)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the directory. The kernel releases the lock when this process ends for any reason."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        # The `status` command holds the lock for a moment.
        if not any(_taken(lock) for _ in range(_LOCK_ATTEMPTS)):
            remedy = "Use that server, or stop it, or give this one another --directory."
            raise CannotServeError(Problem(str(folder), "is in use by another cache server", remedy))
        yield


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(0.1)
        return False
    return True


def _evictor(settings: Settings, counts: Counts) -> Evictor:
    folder = settings.directory
    reserve = default_reserve(folder) if settings.min_free is None else settings.min_free
    limits = Limits(settings.max_size, reserve, settings.keep_recent)
    return Evictor([folder / "cas/objects", folder / "ac"], limits, lambda count: counts.add("evicted", count))


def _started(settings: Settings, evictor: Evictor, counts: Counts) -> tuple[Server, int]:
    """Return the started server and its port."""

    def stored(size: int) -> None:
        counts.add("stored")
        evictor.written(size)

    def damaged() -> None:
        counts.add("damaged")

    folder = settings.directory
    server = make_server(settings, Blobs(folder, stored, damaged), Actions(folder, evictor.written, damaged), counts)
    ports: dict[str, int] = {}
    try:
        server.start(port_assigned_callback=lambda port_map: ports.update(port_map), run_forever=False)
    except (RuntimeError, BgdError) as err:
        remedy = "Stop the process that listens there, or give another --listen; port 0 chooses a free port."
        message = (
            "cannot be used as the listen address: the port is in use, or the address does not belong to this machine"
        )
        raise CannotServeError(Problem(str(settings.listen), message, remedy)) from err
    return server, ports[str(settings.listen)]


def _address(settings: Settings, port: int) -> str:
    host = settings.listen.host
    if host in ("0.0.0.0", "[::]"):
        host = socket.getfqdn()
    return f"{'grpcs' if settings.tls else 'grpc'}://{host}:{port}"


def _check(settings: Settings, port: int) -> None:
    """Check that the server answers over the network, as to any client."""
    try:
        _call_itself(settings, port)
    except (grpc.RpcError, OSError) as err:
        remedy = "See the output above. A firewall on this machine may block the connection."
        raise CannotServeError(Problem(str(settings.listen), f"the server does not answer ({err})", remedy)) from err


def _call_itself(settings: Settings, port: int) -> None:
    bound = settings.listen.host.strip("[]")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound, bound)
    if settings.tls:
        # Verification of the certificate is up to clients: a server with HTTP/2 under it is gRPC and has started.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection((host, port), _SELF_CHECK) as plain,
            context.wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            encrypted.do_handshake()
        return
    metadata = []
    if settings.token_secret:
        token = make_token(read_secret(settings.token_secret), READ_WRITE, int(time.time()), _TOKEN_SECONDS)
        metadata.append(("authorization", f"Bearer {token}"))
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with grpc.insecure_channel(target, [("grpc.enable_http_proxy", 0)]) as channel:
        request = messages.GetCapabilitiesRequest(instance_name=settings.instance_name)
        services.CapabilitiesStub(channel).GetCapabilities(request, timeout=_SELF_CHECK, metadata=metadata)


def _print_ready(settings: Settings, address: str, ready_stream: IO[str]) -> None:
    options = list(client_options(settings, address))
    if settings.ready_file:
        facts: Json = {"address": address, "pid": os.getpid(), "python": sys.executable, "options": options}
        write_report(settings.ready_file, facts)
    ready_stream.write(f"cache-server: ready: ./pants {' '.join(options)}{token_hint(settings)}\n")
    ready_stream.flush()


def _write_status(settings: Settings, address: str, evictor: Evictor, counts: Counts) -> None:
    size, files = evictor.usage
    facts: dict[str, Fact] = {"address": address, "pid": os.getpid()}
    facts.update(size=size, files=files, max_size=settings.max_size)
    # Clients receive the error about a full disk.
    with contextlib.suppress(OSError):
        write_status(settings.directory, {**facts, **counts.as_json()})


def _set_up_logging(verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s cache-server: %(levelname)s: %(message)s"))
    handler.addFilter(_without_expected_tracebacks)
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler], force=True)


def _without_expected_tracebacks(record: logging.LogRecord) -> bool:
    """Log refusals as one line, because BuildGrid's traceback is not useful."""
    if record.exc_info and isinstance(record.exc_info[1], BgdError):
        record.exc_info = None
    return True
