"""A monorepo of somebody else: an empty folder, with a Pants and a `PATH` that know nothing of this checkout."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from e2e.support.guide import GuideCommand
from e2e.support.project import REPOSITORY, find_python
from spokeshave_core.home import spokeshave_home

# What the launcher installs for the plugin besides Pants. Others get it by the requirements of the plugin's wheel.
_LIBRARIES = ("tabulate", "tomli")
_PINNED_PEX = re.compile(r"^pex_(sha256|size)=(\w+)$", re.MULTILINE)
_TIMEOUT = 1800
# The Pythons that the reader has.
PYTHONS = ("3.11", "3.12")


@dataclass(frozen=True)
class Outside:
    """A reader's shell, in an empty monorepo.

    Attributes:
        exported: The environment variables that the reader exported.
    """

    root: Path
    environment: dict[str, str]
    exported: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, step: GuideCommand) -> str:
        """Run a command to its end, or start one in the background, and return its output."""
        if step.command.startswith("export "):
            pairs = (word.partition("=") for word in step.command.split()[1:])
            self.exported.update((name, value) for name, _, value in pairs)
            return ""
        command = ["bash", "-euo", "pipefail", "-c", step.command.removesuffix(" &")]
        environment = {**self.environment, **self.exported}
        if step.in_background:
            process = subprocess.Popen(
                command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
            )
            self.processes.append(process)
            return ""
        # To a file, because a daemon would keep a pipe open.
        log = self.root.parent / "log"
        with log.open("wb") as output:
            done = subprocess.run(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_TIMEOUT,
                check=False,
            )
        text = log.read_text(errors="replace")
        assert done.returncode == 0, f"{step.command} exited with {done.returncode}:\n{text}"
        return text

    def stop(self) -> None:
        """End the background processes and the daemon, by their process ids."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pid_file in self.root.glob(".pids/*/pantsd/pid"):
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(pid_file.read_text()), signal.SIGTERM)


@contextlib.contextmanager
def outside(place: Path, index: str) -> Iterator[Outside]:
    """Yield an empty monorepo, whose Pants and pip also know a package index.

    Args:
        index: The address of the simple index that has the plugin.
    """
    root = place / "monorepo"
    root.mkdir(parents=True)
    commands = place / "bin"
    commands.mkdir()
    (commands / "pants").symlink_to(_install_pants(place / "pants"))
    (commands / "uv").symlink_to(_install_uv(place / "uv"))
    for version in PYTHONS:
        (commands / f"python{version}").symlink_to(find_python(version))
    inherited = {name: value for name, value in os.environ.items() if name in _INHERITED}
    environment = {
        **inherited,
        **_pex_file(),
        "PATH": f"{commands}:/usr/local/bin:/usr/bin:/bin",
        # PyPI, once the plugin is published there.
        "PANTS_PYTHON_REPOS_INDEXES": f"+['{index}']",
        "PANTS_COLORS": "false",
        # Pants recommends its own launcher otherwise, which is not on PyPI.
        "NO_SCIE_WARNING": "1",
    }
    found = Outside(root, environment)
    try:
        yield found
    finally:
        found.stop()


# The reader's home, network and Pythons. PYTHONPATH is not among them.
_INHERITED = frozenset(
    "HOME LANG LC_ALL PYENV_ROOT SSL_CERT_FILE SSL_CERT_DIR TMPDIR USER XDG_CACHE_HOME "
    "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy PIP_CERT PIP_INDEX_URL UV_DEFAULT_INDEX".split()
)


@functools.cache
def _prepared() -> Path:
    """Return the folder of the launcher's Pants, which this prepares."""
    subprocess.run(
        [REPOSITORY / "pants", "--no-pantsd", "--version"], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL
    )
    pins = (REPOSITORY / "3rdparty/python/pants.txt").read_bytes()
    checksum, size = subprocess.run(["cksum"], input=pins, check=True, stdout=subprocess.PIPE).stdout.decode().split()
    pex = _PEX["sha256"][:8]
    return Path(spokeshave_home(os.environ)) / f"pants-{checksum}-{size}-{pex}"


_PEX = dict(_PINNED_PEX.findall((REPOSITORY / "pants").read_text()))


def _pex_file() -> dict[str, str]:
    """Return the address of pex. Pants downloads it from GitHub, which the tests' machines may not reach."""
    version = "v2.1.137"
    platforms = ("linux_x86_64", "linux_arm64", "macos_x86_64", "macos_arm64")
    known = [f"{version}|{platform}|{_PEX['sha256']}|{_PEX['size']}" for platform in platforms]
    return {"PANTS_PEX_CLI_URL_TEMPLATE": f"file://{_prepared() / 'pex'}", "PANTS_PEX_CLI_KNOWN_VERSIONS": str(known)}


def _install_pants(place: Path) -> Path:
    """Create a virtual environment with the packages of the launcher's Pants, but without the plugin's libraries."""
    subprocess.run([find_python("3.9"), "-m", "venv", "--without-pip", str(place)], check=True)
    packages = place / "lib/python3.9/site-packages"
    for path in (_prepared() / "venv/lib/python3.9/site-packages").iterdir():
        if not path.name.startswith(_LIBRARIES) and not (packages / path.name).exists():
            (packages / path.name).symlink_to(path)
    pants = place / "bin/pants"
    pants.write_text(f"#!{place}/bin/python\nfrom pants.bin.pants_loader import main\n\nmain()\n")
    pants.chmod(0o755)
    return pants


def _install_uv(place: Path) -> Path:
    subprocess.run([find_python("3.9"), "-m", "venv", str(place)], check=True)
    pip = (str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    pins = REPOSITORY / "3rdparty/python/uv.txt"
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(pins)], check=True)
    return place / "bin/uv"
