"""A package index on loopback: the real pypiserver, as a separate process, with a password for uploads."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

_STARTS_WITHIN = 60
# The prefix of all users and passwords of this process, different from those of earlier ones.
_USER = f"user-{secrets.token_hex(5)}"
_PASSWORD = f"pass-{secrets.token_hex(5)}"

SECRETS = (_PASSWORD.encode(), base64.b64encode(_USER.encode()))
"""Prefixes of the passwords and of the headers with them, which must be found nowhere."""


@dataclass(frozen=True)
class Login:
    """A user with a password."""

    username: str = field(default_factory=lambda: _USER + secrets.token_hex(5))
    password: str = field(default_factory=lambda: _PASSWORD + secrets.token_hex(5))

    def variables(self, suffix: str = "") -> dict[str, str]:
        """Return the environment for an upload."""
        return {f"TWINE_USERNAME{suffix}": self.username, f"TWINE_PASSWORD{suffix}": self.password}


@dataclass(frozen=True)
class IndexServer:
    """A running index. Uploads are stored in `folder`."""

    folder: Path
    port: int
    login: Login

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def simple(self) -> str:
        return f"{self.url}simple/"

    def files(self) -> dict[str, bytes]:
        """Return the uploaded files."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("*.whl"))}


@contextlib.contextmanager
def index_server(place: Path, login: Login) -> Iterator[IndexServer]:
    """Run an index during the block."""
    folder = place / "files"
    folder.mkdir(parents=True)
    passwords = place / "htpasswd"
    digest = base64.b64encode(hashlib.sha1(login.password.encode()).digest()).decode()
    passwords.write_text(f"{login.username}:{{SHA}}{digest}\n")
    server = IndexServer(folder, free_port(), login)
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pypiserver", "run", "--interface", "127.0.0.1", "--port", str(server.port)),
                *("--passwords", str(passwords), "--authenticate", "update", "--disable-fallback", str(folder)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(server, process)
        yield server
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_for(server: IndexServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(URLError, ConnectionError), urllib.request.urlopen(server.simple, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(f"pypiserver did not start:\n{(server.folder.parent / 'log').read_text()}")
