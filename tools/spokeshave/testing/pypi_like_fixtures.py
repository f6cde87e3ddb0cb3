"""A server with PyPI's rules on loopback, for the tests of uploads and releases. Each of its faults can be switched on.

It runs in a thread (`pypi_like`) or as a process of its own (`pypi_like_process`, or
`python -m spokeshave.testing.pypi_like_fixtures --folder F --port-file P --rules FILE`). Everything is on disk, so that
both have one interface, `PypiLike`: the rules (`rules.json`, read before each request), the state (`state.json`), the
files, and the log of requests (`requests.jsonl`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from spokeshave.files import write_bytes
from spokeshave.testing.ci_identity_fixtures import (
    RUNNER_SECRET,
    identity_application,
    identity_token,
    write_identity_program,
)
from spokeshave.testing.index_fixtures import make_authority
from spokeshave.testing.pypi_application_fixtures import POLL_SECONDS, Application
from spokeshave.testing.pypi_rules_fixtures import PUBLISHER, Rules, read_rules
from spokeshave.testing.pypi_store_fixtures import StoredFile, read_state

if TYPE_CHECKING:
    import pytest

_MODULE = "spokeshave.testing.pypi_like_fixtures"
_STARTS_WITHIN = 60


@dataclass(frozen=True)
class LoggedRequest:
    """A request, from its arrival on.

    Attributes:
        file: The name of the uploaded file, or of the project, if it is known.
        status: None as long as there is no answer, and if the connection was cut.
        stored: Whether this request stored the file.
        credential: `none`, `api token`, `minted` or `refused`. Never the credential.
        events: `arrived`, `hangs`, `stored`, `answered`, or `cut` (by a fault or by the client), in their order.
    """

    number: int
    method: str
    path: str
    file: str = ""
    status: int | None = None
    stored: bool = False
    credential: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class PypiLike:
    """A running PyPI-like server.

    Attributes:
        origin: Its scheme, host and port.
        ci: The address of the CI, which gives jobs their identity.
        certificate: The file of the authority that issued its certificate, if it speaks TLS.
    """

    folder: Path
    origin: str
    ci: str
    certificate: Path | None = None

    @property
    def upload_url(self) -> str:
        return f"{self.origin}/legacy/"

    @property
    def simple_url(self) -> str:
        return f"{self.origin}/simple/"

    @property
    def rules(self) -> Rules:
        """The rules that the next request will meet."""
        return read_rules(self.folder / "rules.json")

    def change(self, **fields: Any) -> None:
        """Change some rules: `server.change(file_limit=10, faults=[Fault(FaultKind.HANG)])`.

        New faults count their requests from the start.
        """
        if "faults" in fields:
            fields["faults"] = tuple(fields["faults"])
        replace(self.rules, **fields).write(self.folder / "rules.json")

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a client with the API token."""
        return {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": self.rules.api_token or "", **self._authorities()}

    def job(self, system: str = "github", subject: str = PUBLISHER) -> dict[str, str]:
        """Return the environment of a CI job without a secret: `github`, `gitlab`, `buildkite` or `circleci`.

        The last two have a program on PATH that returns the identity.
        """
        if system == "github":
            return {
                "GITHUB_ACTIONS": "true",
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.ci}/identity?subject={subject}",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": RUNNER_SECRET,
                **self._authorities(),
            }
        if system == "gitlab":
            name = "".join(letter if letter.isalnum() else "_" for letter in self.rules.audience.upper())
            return {
                "GITLAB_CI": "true",
                f"{name}_ID_TOKEN": identity_token(subject, self.rules.audience),
                **self._authorities(),
            }
        program = {"buildkite": "buildkite-agent", "circleci": "circleci"}[system]
        commands = write_identity_program(self.folder / "bin" / program, f"{self.ci}/identity?subject={subject}")
        return {system.upper(): "true", "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", **self._authorities()}

    def _authorities(self) -> dict[str, str]:
        return {"REQUESTS_CA_BUNDLE": str(self.certificate)} if self.certificate else {}

    def stored(self) -> list[StoredFile]:
        """Return the files that were stored and not deleted, in the order in which they were stored."""
        files = read_state(self.folder / "state.json").files
        return [file for file in files if file.name not in self.rules.deleted]

    def files(self) -> dict[str, bytes]:
        """Return the content of these files."""
        return {file.name: (self.folder / "files" / file.path).read_bytes() for file in self.stored()}

    def sha256s(self) -> dict[str, str]:
        """Return the sha256 of these files."""
        return {file.name: file.sha256 for file in self.stored()}

    def requests(self) -> list[LoggedRequest]:
        """Return all requests in the order of their arrival."""
        found: dict[int, dict[str, Any]] = {}
        path = self.folder / "requests.jsonl"
        for line in path.read_text().splitlines() if path.exists() else ():
            fields = json.loads(line)
            entry = found.setdefault(fields["number"], {"events": ()})
            entry["events"] = (*entry["events"], fields.pop("event"))
            entry.update(fields)
        return [LoggedRequest(**entry) for _, entry in sorted(found.items())]

    def uploads(self) -> list[LoggedRequest]:
        """Return the requests that sent a file, or began to."""
        return [request for request in self.requests() if request.method == "POST" and request.path == "/legacy/"]

    def wait_until(self, condition: Callable[[list[LoggedRequest]], bool], seconds: float = 60) -> None:
        """Wait for something in the log, such as `lambda log: any("hangs" in each.events for each in log)`."""
        deadline = time.monotonic() + seconds
        while not condition(self.requests()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds} seconds: {self.requests()[-5:]}")
            time.sleep(POLL_SECONDS)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Suppress the log."""


@contextlib.contextmanager
def _serving(server: BaseWSGIServer) -> Iterator[str]:
    """Serve in a thread; the origin."""
    server.log = lambda *_: None  # type: ignore[method-assign]
    # Python's server prints the errors of connections, which faults cause. The application keeps its own errors.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        scheme = "https" if server.ssl_context else "http"
        yield f"{scheme}://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def pypi_like(folder: Path, *, tls: bool = False, port: int = 0, **rules: Any) -> Iterator[PypiLike]:
    """Run the server in a thread.

    Args:
        folder: The folder of its state. A second server on the same folder continues.
        tls: Whether it speaks https, which trusted publishing needs.
        rules: Fields of `Rules` that differ from the rules in the folder or the defaults.
    """
    application = Application(folder)
    certificate = folder / "authority.pem" if tls else None
    context = make_authority(certificate).context if certificate else None
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=_Quiet, ssl_context=context)
    ci = make_server("127.0.0.1", 0, identity_application, threaded=True, request_handler=_Quiet)
    with _serving(server) as origin, _serving(ci) as ci_origin:
        running = PypiLike(folder=folder, origin=origin, ci=ci_origin, certificate=certificate)
        running.change(**rules)
        try:
            yield running
        finally:
            application.stopping.set()
    if application.errors:
        raise application.errors[0]


@contextlib.contextmanager
def pypi_like_of_user(home: Path, patch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    """Run the server in a thread, for a user with its credentials in the environment and nothing in the home."""
    patch.setenv("HOME", str(home))
    with pypi_like(home / "pypi") as running:
        for name, value in running.variables.items():
            patch.setenv(name, value)
        yield running


@contextlib.contextmanager
def pypi_like_process(folder: Path, *, tls: bool = False, port: int = 0, **rules: Any) -> Iterator[PypiLike]:
    """Run the server as a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    replace(read_rules(folder / "rules.json"), **rules).write(folder / "rules.json")
    port_file = folder / "port.json"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", _MODULE, "--folder", folder, "--port-file", port_file, "--port", port]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen([*map(str, command), *(["--tls"] if tls else [])], env=environment)
    try:
        deadline = time.monotonic() + _STARTS_WITHIN
        while not port_file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the PyPI-like server does not start")
            time.sleep(POLL_SECONDS)
        yield running_server(folder, port_file)
    finally:
        process.terminate()
        exit_code = process.wait()
    if exit_code:
        raise RuntimeError(f"the PyPI-like server ended with the exit code {exit_code}")


def running_server(folder: Path, port_file: Path) -> PypiLike:
    """Return the server that another process runs, from the file that it wrote."""
    fields = json.loads(port_file.read_text())
    certificate = fields.pop("certificate")
    return PypiLike(folder=folder, certificate=Path(certificate) if certificate else None, **fields)


def main() -> None:
    """Run the server until it is terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the folder of the state, the files and the log")
    parser.add_argument("--port-file", type=Path, required=True, help="the JSON file to write with the addresses")
    parser.add_argument("--rules", type=Path, help="a JSON file of rules to start with; default: those of the folder")
    parser.add_argument("--port", type=int, default=0, help="the port; default: a free one")
    parser.add_argument("--tls", action="store_true", help="speak https")
    args = parser.parse_args()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.rules:
        read_rules(args.rules).write(args.folder / "rules.json")
    with pypi_like(args.folder, tls=args.tls, port=args.port) as server:
        addresses = {"origin": server.origin, "ci": server.ci, "certificate": str(server.certificate or "")}
        write_bytes(args.port_file, json.dumps(addresses).encode())
        while not stop.wait(1):
            pass


if __name__ == "__main__":
    main()
