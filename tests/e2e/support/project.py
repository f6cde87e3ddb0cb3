"""Copies of the tiny projects, and runs of the real ./pants on them."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spokeshave_core.python_search import python_candidates

REPOSITORY = Path(__file__).parents[3]
PROJECTS = REPOSITORY / "tests/projects"
GOLDENS = Path(__file__).parents[1] / "goldens"

# The longest run makes a runtime pack for every platform.
_TIMEOUT = 2400
_COMPLETED = re.compile(r"\[INFO\] Completed: (.+)")
_EXECUTED = re.compile(r"local_execution_requests: (\d+)")
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class PantsRun:
    """The result of a run of ./pants."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def ran(self, *verbs: str) -> list[str]:
        """Return descriptions of the executed (not cached) processes, such as `Compile a.cc …`."""
        return sorted(line for line in _COMPLETED.findall(self.stderr) if not verbs or line.startswith(verbs))

    def executed(self) -> int:
        """Return the engine's count of executed processes of any kind. Requires `--stats-log`."""
        found = _EXECUTED.search(self.stderr)
        assert found is not None, f"no statistics in:\n{self.stderr}"
        return int(found[1])

    def checked(self) -> PantsRun:
        """Return this run, after checking that it succeeded."""
        assert self.exit_code == 0, f"./pants exited with {self.exit_code}:\n{self.output}"
        return self


@dataclass(frozen=True)
class Project:
    """A repository of its own at `root`, with a Pants daemon on request.

    Attributes:
        variables: Additional environment variables.
    """

    root: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def copy(cls, root: Path, *names: str) -> Project:
        """Copy directories of `tests/projects` to a new root, with their shared configuration."""
        root.mkdir(parents=True)
        for name in ("pants.toml", *names):
            source = PROJECTS / name
            if source.is_dir():
                shutil.copytree(source, root / name)
            else:
                shutil.copy2(source, root)
        return cls(root)

    def pants(
        self,
        *arguments: str,
        daemon: bool = True,
        variables: Mapping[str, str] | None = None,
        umask: int = -1,
        text: str = "",
    ) -> PantsRun:
        """Run ./pants to its end. Its output goes to files, because a daemon would keep a pipe open.

        Args:
            text: The standard input.
        """
        log = self.root.parent / f"{self.root.name}-log"
        log.mkdir(exist_ok=True)
        (log / "stdin").write_text(text)
        out = log / "stdout"
        err = log / "stderr"
        with out.open("wb") as stdout, err.open("wb") as stderr, (log / "stdin").open("rb") as stdin:
            process = subprocess.run(
                [str(REPOSITORY / "pants"), *(() if daemon else ("--no-pantsd",)), *arguments],
                cwd=self.root,
                env={**pants_environment(), **self.variables, **(variables or {})},
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                timeout=_TIMEOUT,
                check=False,
                preexec_fn=None if umask == -1 else lambda: _ignore(os.umask(umask)),
            )
        printed = [_ESCAPE.sub("", path.read_text(errors="replace")) for path in (out, err)]
        return PantsRun(process.returncode, *printed)

    def edit(self, source: str, comment: str = "//") -> None:
        """Append a comment to a file, so that no cache contains its version."""
        self.write(source, (self.root / source).read_text() + f"{comment} {uuid.uuid4()}\n")

    def package(self, *targets: str, options: tuple[str, ...] = ()) -> PantsRun:
        """Run `./pants package`, which must succeed, with an empty `dist/`."""
        self.clear_dist()
        return self.pants(*options, "package", *targets).checked()

    @property
    def dist(self) -> Path:
        return self.root / "dist"

    def clear_dist(self) -> None:
        shutil.rmtree(self.dist, ignore_errors=True)

    def wheels(self, distribution: str = "") -> list[Path]:
        """Return the wheels in `dist/`, of one distribution or of all, sorted by name."""
        return sorted(self.dist.glob(f"{distribution.replace('-', '_')}-*.whl" if distribution else "*.whl"))

    def wheel(self, distribution: str, tag: str = "") -> Path:
        """Return the only wheel of a distribution (with a tag)."""
        found = [path for path in self.wheels(distribution) if f"-{tag}" in path.name]
        assert len(found) == 1, f"{distribution} {tag}: {[path.name for path in self.wheels()]}"
        return found[0]

    def report(self, target: str) -> list[dict[str, Any]]:
        """Return the report of a target's wheels from `dist/`."""
        wheels: list[dict[str, Any]] = self._report(target)["wheels"]
        return wheels

    def processes(self, target: str) -> list[dict[str, Any]]:
        """Return the processes behind a target's wheels, from the report of its last `package`."""
        processes: list[dict[str, Any]] = self._report(target)["processes"]
        return processes

    def ran(self, target: str, *kinds: str) -> list[str]:
        """Return the processes (of some kinds) that the last `package` executed for a target, by its report."""
        return sorted(
            process["description"]
            for process in self.processes(target)
            if process["source"] == "ran" and (not kinds or process["kind"] in kinds)
        )

    def _report(self, target: str) -> dict[str, Any]:
        directory, _, name = target.partition(":")
        path = self.dist / directory.replace("/", ".") / f"{name}.report.json"
        report: dict[str, Any] = json.loads(path.read_text())
        return report

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file, which must contain it."""
        text = (self.root / path).read_text()
        assert old in text, f"{old!r} is not in {path}"
        self.write(path, text.replace(old, new))

    def git(self, *arguments: str) -> str:
        """Run git here, without this machine's configuration."""
        who = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        names = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org")
        result = subprocess.run(
            ["git", *names, *arguments],
            cwd=self.root,
            env={**os.environ, **who},
            capture_output=True,
            text=True,
            check=True,
        )
        return result.stdout.strip()

    def stop(self) -> None:
        """End this project's daemon, by its process id."""
        for pid_file in self.root.glob(".pids/*/pantsd/pid"):
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(pid_file.read_text()), signal.SIGTERM)


@contextlib.contextmanager
def running(project: Project) -> Iterator[Project]:
    """Yield a project whose daemon ends with the block."""
    try:
        yield project
    finally:
        project.stop()


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment, by its Python."""

    python: Path

    @property
    def prefix(self) -> Path:
        return self.python.parents[1]

    def run(self, code: str, cwd: Path | None = None) -> str:
        """Run code with this environment's Python, isolated and outside of all sources, and return its output."""
        result = subprocess.run(
            [str(self.python), "-I", "-c", code], cwd=cwd or self.prefix, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()


def install(root: Path, version: str, *requirements: str, find_links: Path) -> Environment:
    """Create a virtual environment of a Python, in which pip installs requirements from a directory."""
    return _install(root, version, "--no-index", "--find-links", str(find_links), "--no-deps", *requirements)


def install_from(root: Path, version: str, index: str, *requirements: str) -> Environment:
    """Create a virtual environment of a Python, in which pip installs requirements from one index."""
    return _install(root, version, "--isolated", "--no-cache-dir", "--index-url", index, *requirements)


def install_with_dependencies(root: Path, version: str, wheel: Path) -> Environment:
    """Create a virtual environment of a Python, in which pip installs a wheel and what it requires, as a user does."""
    return _install(root, version, "--only-binary", ":all:", str(wheel))


def install_pinned(root: Path, version: str, pins: Path) -> Environment:
    """Create a virtual environment of a Python, with the wheels that a requirements file pins by their hashes.

    uv installs them: pip takes a minute for some of these files.
    """
    environment = Environment(root / "bin/python")
    subprocess.run([find_python(version), "-m", "venv", "--without-pip", str(root)], check=True)
    uv = (str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--no-config")
    strict = ("--require-hashes", "--only-binary", ":all:")
    subprocess.run([*uv, *strict, "--python", str(environment.python), "-r", str(pins)], check=True)
    return environment


def _install(root: Path, version: str, *arguments: str) -> Environment:
    environment = Environment(root / "bin/python")
    subprocess.run([find_python(version), "-m", "venv", str(root)], check=True)
    pip = (str(environment.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, *arguments], check=True, stdin=subprocess.DEVNULL)
    return environment


def find_python(version: str) -> str:
    """A CPython of a feature release, with pip for virtual environments, on PATH or under pyenv."""
    for candidate in python_candidates(version, os.environ):
        if subprocess.run([candidate, "-c", "import ensurepip"], capture_output=True).returncode == 0:
            return str(candidate)
    raise AssertionError(f"this machine has no Python {version}, which the end-to-end tests need")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(wheel: Path) -> list[str]:
    """Return the names of a wheel's files, sorted."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def read(wheel: Path, name: str) -> bytes:
    """Return the content of one file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def assert_golden(golden: str, actual: list[str]) -> None:
    """Compare lines with the golden file of a name. A difference is shown as a diff."""
    path = GOLDENS / golden
    expected = path.read_text().splitlines()
    diff = difflib.unified_diff(expected, actual, fromfile=f"goldens/{golden}", tofile="what was built", lineterm="")
    assert expected == actual, f"{path} does not hold:\n" + "\n".join(diff)


def pants_environment() -> dict[str, str]:
    """Return this process' environment without settings of Pants. The plugin is this repository's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PANTS_")}
    return {**inherited, "PANTS_PYTHONPATH": f"['{REPOSITORY / 'rules'}']", "PANTS_COLORS": "false"}


def _ignore(_: object) -> None:
    """Discard the result of an expression."""
