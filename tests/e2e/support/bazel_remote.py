"""bazel-remote: an independent cache server, built with Go from the modules that 3rdparty/go pins."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.cache_server import wait_for
from e2e.support.ports import answers, free_ports
from e2e.support.project import REPOSITORY

_MODULE = "github.com/buchgr/bazel-remote"
# go's messages about failed downloads of modules. Any other message, such as about a wrong hash, is an error.
_NOT_FETCHED = re.compile(r"""Get "|: reading \S+: |git (ls-remote|fetch)|disabled by GOPROXY""")


@dataclass(frozen=True)
class BazelRemote:
    """A server that is ready."""

    port: int
    log: Path

    def options(self, login: str = "") -> tuple[str, ...]:
        """Return the options for Pants, with `NAME:PASSWORD` if the server requires one."""
        address = f"grpc://{login}{'@' if login else ''}127.0.0.1:{self.port}"
        return ("--remote-cache-read", "--remote-cache-write", f"--remote-store-address={address}")

    def requests(self, request: str) -> int:
        """Return the number of successful requests of a kind, such as `AC PUT`."""
        return len(re.findall(rf"GRPC {request} [0-9a-f]{{64}} OK$", self.log.read_text(), re.MULTILINE))


def build(folder: Path) -> Path:
    """Build the server's program below a folder. If that is impossible, skip the test."""
    if shutil.which("go") is None:
        pytest.skip("bazel-remote is built with Go, and there is no `go` on PATH")
    fetched = _go("list", "-deps", _MODULE)
    if fetched.returncode and _NOT_FETCHED.search(fetched.stderr):
        pytest.skip(f"bazel-remote's modules cannot be fetched here: {fetched.stderr.splitlines()[-1]}")
    built = _go("build", "-o", str(folder / "bazel-remote"), _MODULE)
    assert built.returncode == 0, built.stderr
    return folder / "bazel-remote"


def _go(verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run go on the pinned modules, with the installed Go and without a C compiler. It caches its builds."""
    return subprocess.run(
        ["go", verb, "-mod=readonly", *arguments],
        cwd=REPOSITORY / "3rdparty/go",
        env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def serving(program: Path, folder: Path, *options: str) -> Iterator[BazelRemote]:
    """Run a server on a folder during the block. It is always stopped afterwards."""
    port, http = free_ports(2)
    where = ("--dir", str(folder), "--max_size", "1", "--host", "127.0.0.1")
    log = folder.with_name(f"{folder.name}-{port}.log")
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(program), *where, "--grpc_port", str(port), "--port", str(http), *options],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        wait_for(lambda: answers(port), 30, lambda: _still_running(process, log))
        yield BazelRemote(port, log)
    finally:
        process.kill()
        process.wait()


def _still_running(process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.poll() is None, f"bazel-remote ended:\n{log.read_text()}"


def password_file(folder: Path, login: str) -> Path:
    """Write a file of passwords in the form of `htpasswd -s`, with one `NAME:PASSWORD`."""
    name, _, password = login.partition(":")
    hashed = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
    path = folder / "htpasswd"
    path.write_text(f"{name}:{{SHA}}{hashed}\n")
    return path
