"""Release indexes on loopback: a folder served by `spokeshave index serve`, by nginx, or by Python's own server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.ports import answers, free_ports
from e2e.support.project import REPOSITORY, find_python

_STARTS_WITHIN = 60
_REQUEST = re.compile(r'"GET (?P<path>\S+) [^"]+" 2\d\d')
# Debian installs it where only root looks.
_NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
needs_nginx = pytest.mark.skipif(_NGINX is None, reason="nginx is not here (Debian's package nginx-light)")


@dataclass(frozen=True)
class ServedIndex:
    """An index that is served.

    Attributes:
        url: With a slash at the end.
        log: A line for each request, in the Common Log Format or one like it.
    """

    url: str
    log: Path

    @property
    def simple(self) -> str:
        return f"{self.url}simple/"

    @contextlib.contextmanager
    def requests(self) -> Iterator[list[str]]:
        """Yield a list that has the paths of all successful requests when the block has ended."""
        before = len(self.log.read_text())
        paths: list[str] = []
        yield paths
        paths.extend(match["path"] for match in _REQUEST.finditer(self.log.read_text()[before:]))


@contextlib.contextmanager
def served_by_command(folder: Path, place: Path) -> Iterator[ServedIndex]:
    """Serve an index by `spokeshave index serve`. It has to end by SIGTERM, with the exit code 0."""
    place.mkdir()
    report = place / "report.json"
    log = place / "log"
    options = ("--port", "0", "--log", str(log), "--report", str(report))
    command = [sys.executable, "-m", "spokeshave", "index", "serve", str(folder), *options]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "tools")}
    with _running(command, place / "output", report.exists, environment) as process:
        yield ServedIndex(json.loads(report.read_text())["url"], log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@contextlib.contextmanager
def served_by_nginx(folder: Path, place: Path) -> Iterator[ServedIndex]:
    """Serve an index by nginx, with the configuration of docs/index.md."""
    assert _NGINX is not None
    place.mkdir()
    (port,) = free_ports(1)
    changes = {"listen 80;": f"listen 127.0.0.1:{port};", "root /srv/index;": f"root {folder};"}
    server = replaced(documented("nginx", "nginx"), changes)
    user = "user root;" if os.geteuid() == 0 else ""
    folders = "".join(
        f"{kind}_temp_path {place / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "nginx.conf").write_text(
        f"{user}\ndaemon off;\nworker_processes 1;\npid {place / 'pid'};\nerror_log {place / 'errors'};\nevents {{}}\n"
        f"http {{\naccess_log {place / 'log'};\n{folders}{server}}}\n"
    )
    command = [_NGINX, "-p", str(place), "-e", str(place / "errors"), "-c", str(place / "nginx.conf")]
    with _running(command, place / "output", lambda: answers(port)):
        yield ServedIndex(f"http://127.0.0.1:{port}/", place / "log")


@contextlib.contextmanager
def served_statically(folder: Path, place: Path) -> Iterator[ServedIndex]:
    """Serve the copy of an index that docs/index.md makes for static hosts, by a server that negotiates nothing."""
    place.mkdir()
    (place / "index").symlink_to(folder)
    subprocess.run(
        ["sh", "-e", "-c", documented("sh", "GitHub Pages, S3 and other static hosts")], cwd=place, check=True
    )
    assert not [path for path in (place / "_site").rglob("*") if path.is_symlink()]
    (port,) = free_ports(1)
    options = ("--bind", "127.0.0.1", "--directory", str(place / "_site"), str(port))
    command = [sys.executable, "-u", "-m", "http.server", *options]
    with _running(command, place / "log", lambda: answers(port)):
        yield ServedIndex(f"http://127.0.0.1:{port}/", place / "log")


def oldest_pip(place: Path) -> tuple[str, ...]:
    """Return the command of the oldest pip that is supported: that of Python 3.9's `venv`, never upgraded."""
    python = find_python("3.9")
    code = "import ensurepip, pathlib; print(*pathlib.Path(ensurepip.__file__).parent.glob('_bundled/pip-*.whl'))"
    wheel = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return python, str(place / "pip")


def documented(language: str, title: str) -> str:
    """Return the first block of a section of docs/index.md that is in a language."""
    page = (REPOSITORY / "docs/index.md").read_text()
    section = page.partition(f"\n### {title}\n")[2]
    block = re.search(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert block, f"docs/index.md has no block of {language} below {title!r}"
    return block[1]


def replaced(text: str, changes: dict[str, str]) -> str:
    """Return a text with other parts, each of which it must have once."""
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def _running(
    command: list[str], output: Path, is_ready: Callable[[], bool], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, env=environment
        )
    try:
        deadline = time.monotonic() + _STARTS_WITHIN
        while not is_ready():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()
