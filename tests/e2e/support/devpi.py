"""A package index on loopback: the real devpi-server, as a process of its own, with a non-volatile index."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

from e2e.support.ports import free_ports
from e2e.support.project import REPOSITORY, Environment, install_pinned

_PINS = REPOSITORY / "3rdparty/python/devpi.txt"
_STARTS_WITHIN = 120
_USER = "root"


@dataclass(frozen=True)
class Devpi:
    """A running devpi-server.

    Attributes:
        url: The upload URL of an index that keeps the first file of each name.
    """

    url: str
    password: str
    log: Path

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment for an upload."""
        return {"TWINE_USERNAME": _USER, "TWINE_PASSWORD": self.password}

    @property
    def simple(self) -> str:
        """Return the simple index, for installers."""
        return f"{self.url}+simple/"

    def uploads(self) -> int:
        """Return the number of uploads that arrived, by the server's log."""
        return self.log.read_text().count("POST /root/abacus/")


def install_devpi(root: Path) -> Environment:
    """Create the environment of devpi-server."""
    return install_pinned(root, "3.9", _PINS)


@contextlib.contextmanager
def devpi_server(environment: Environment, folder: Path) -> Iterator[Devpi]:
    """Run devpi-server on a new folder."""
    password = secrets.token_hex(8)
    (port,) = free_ports(1)
    commands = environment.prefix / "bin"
    folder.mkdir()
    state = folder / "state"
    init = [str(commands / "devpi-init"), "--serverdir", str(state), "--no-root-pypi", "--root-passwd", password]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = folder / "log"
    with log.open("w") as output:
        command = [str(commands / "devpi-server"), "--serverdir", str(state), "--host", "127.0.0.1"]
        process = subprocess.Popen([*command, "--port", str(port)], stdout=output, stderr=subprocess.STDOUT)
        origin = f"http://127.0.0.1:{port}/"
        try:
            _wait(origin, process, log)
            token = _request(f"{origin}+login", "POST", {"user": _USER, "password": password})["result"]["password"]
            settings = {"type": "stage", "volatile": False, "bases": []}
            _request(f"{origin}{_USER}/abacus", "PUT", settings, token)
            yield Devpi(f"{origin}{_USER}/abacus/", password, log)
        finally:
            process.terminate()
            process.wait()


def _wait(origin: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            _request(f"{origin}+api", "GET")
            return
        except (URLError, ConnectionError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"devpi-server does not start: {log.read_text()}") from None
            time.sleep(0.1)


def _request(url: str, method: str, document: object = None, token: str = "") -> Any:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        headers["X-Devpi-Auth"] = base64.b64encode(f"{_USER}:{token}".encode()).decode()
    data = json.dumps(document).encode() if document is not None else None
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)
