"""A copy of the repository, with a daemon, a store and a working directory of its own."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.daemon import CpuTime, Daemon
from bench.apparatus.pants_log import PantsLog, parse_log
from bench.errors import BenchError

REPOSITORY = Path(__file__).resolve().parents[2]
OUTPUT = "dist/bench"
CONFIGURATION = "pants.bench.toml"

_PLUGIN = ("core", "rules", "tools")
# The plugin carries the license, by a link.
_SHARED = ("pants", "pants.toml", "3rdparty", "LICENSE")
# Their tests and the targets of those are not measured.
_NOT_PLUGIN = ("*_test.py", "BUILD")
# The platforms of all measurements except `platforms`.
PLATFORM = "manylinux_2_17_x86_64"
_SETTINGS = """\
[GLOBAL]
pythonpath.add = ["%(buildroot)s/bench-backend"]
backend_packages.add = ["spokeshave_bench"]
local_store_dir = "{home}/store"
named_caches_dir = "{home}/named-caches"
local_execution_root_dir = "{home}/sandboxes"
process_execution_local_parallelism = {jobs}
dynamic_ui = false
colors = false

[stats]
log = true

[native-wheel]
platforms = ["{platform}"]
"""


@dataclass(frozen=True)
class Action:
    """One process behind a result.

    Attributes:
        ran: Whether it was executed in that run.
        calls: How often a project's own build had the compiler compile, link and check, by `compiles`, `links` and
            `probes`. None for others.
    """

    kind: str
    description: str
    ran: bool
    seconds: float
    calls: Mapping[str, int] | None = None

    @property
    def subject(self) -> str:
        """Return the file that is compiled or linked."""
        return self.description.split(" ")[1]


@dataclass(frozen=True)
class PantsRun:
    """One run of `./pants`.

    Attributes:
        wall: Seconds from start to exit.
        cpu: CPU seconds of the client, the daemon and all processes.
        daemon: CPU seconds of the daemon alone.
    """

    wall: float
    cpu: float
    daemon: float
    log: PantsLog
    output: str


class Project:
    """A build root in `home`, with the repository's plugin and launcher and the files of the measurement.

    `environment` is what `./pants` gets; that of this process by default.
    """

    def __init__(self, home: Path, name: str, jobs: int, environment: Mapping[str, str] | None = None) -> None:
        self.environment = os.environ if environment is None else environment
        self.root = home / name
        self.home = home
        self.jobs = jobs

    def create(self, *, sources: tuple[str, ...]) -> None:
        """Copy the plugin, the launcher and some of the repository's top-level files and directories."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        for name in _PLUGIN:
            _copy(REPOSITORY / name, self.root / name, *_NOT_PLUGIN)
        for name in (*_SHARED, *sources):
            _copy(REPOSITORY / name, self.root / name)
        _copy(REPOSITORY / "bench" / "backend", self.root / "bench-backend")
        (self.home / "sandboxes").mkdir(exist_ok=True)
        settings = _SETTINGS.format(home=self.home, jobs=self.jobs, platform=PLATFORM)
        (self.root / CONFIGURATION).write_text(settings)

    def pants(self, *arguments: str) -> PantsRun:
        """Run Pants.

        Raises:
            CommandError: If it fails.
        """
        before = self._daemon_cpu()
        env = {**self.environment, "PANTS_CONFIG_FILES": f"['pants.toml', '{CONFIGURATION}']"}
        done = command.run(["./pants", *arguments], cwd=self.root, env=env, name=f"./pants {' '.join(arguments)}")
        # A daemon that was started by this run has spent all of its time on it.
        after = self._daemon_cpu()
        if after.total < before.total:
            before = CpuTime()
        return PantsRun(
            wall=done.wall,
            cpu=done.cpu + after.total - before.total,
            daemon=after.own - before.own,
            log=parse_log(done.output),
            output=done.output,
        )

    def build(self, *targets: str, pythons: tuple[str, ...] = ("3.12",), options: tuple[str, ...] = ()) -> PantsRun:
        """Link extensions and assemble wheels, without the later steps. `actions` lists the processes."""
        shutil.rmtree(self.root / OUTPUT, ignore_errors=True)
        return self.pants(*options, "bench-build", f"--pythons={list(pythons)}", *targets)

    def actions(self) -> tuple[Action, ...]:
        """Return each process behind the last `build`."""
        rows = json.loads((self.root / OUTPUT / "actions.json").read_text())
        return tuple(Action(**row) for row in rows)

    @property
    def output(self) -> Path:
        """Return the folder with what the last `build` made."""
        return self.root / OUTPUT

    def built(self) -> dict[str, bytes]:
        """Return the output of the last `build`, by path."""
        output = self.root / OUTPUT
        files = sorted(path for path in output.rglob("*") if path.is_file() and path.name != "actions.json")
        return {str(path.relative_to(output)): path.read_bytes() for path in files}

    def daemon(self) -> Daemon:
        found = Daemon.of(self.root)
        if found is None:
            raise BenchError(f"The daemon of {self.root} is not running; `pantsd` must be on for these measurements.")
        return found

    def end(self) -> None:
        """End the daemon."""
        found = Daemon.of(self.root)
        if found is not None:
            found.end()

    def _daemon_cpu(self) -> CpuTime:
        found: Daemon | None = Daemon.of(self.root)
        return found.cpu() if found is not None else CpuTime()


class Rounds:
    """Numbers in the key of every compile and link of a project, so that all of them run again.

    Each source gets a macro that nothing reads, and each link a build id, so that later steps run again too.
    """

    _DEFINES = re.compile(r"defines=\[(\"BENCH_ROUND=\d+\", )?")

    def __init__(self, project: Project) -> None:
        self._project = project
        self._packages = project.root / "3rdparty" / "cpp" / "BUILD"
        # A BUILD file with defaults of its own drops those of the root's.
        files = [path for path in sorted(project.root.glob("src/**/BUILD")) if "__defaults__" in path.read_text()]
        root = project.root / "BUILD"
        self._rest = {path: path.read_text() if path.exists() else "" for path in (root, *files)}

    def next(self) -> int:
        """Start a round that no store has seen."""
        number = int(time.time() * 1000)
        defaults = {
            "cc_sources": {"defines": [f"BENCH_ROUND={number}"]},
            "python_extension": {"link_flags": [f"--build-id=0x{number:016x}"]},
        }
        for path, rest in self._rest.items():
            path.write_text(with_defaults(rest, defaults))
        text, count = self._DEFINES.subn(f'defines=["BENCH_ROUND={number}", ', self._packages.read_text())
        if not count:
            raise BenchError(f"{self._packages} has no `defines` field for the number of the round.")
        self._packages.write_text(text)
        return number


def with_defaults(build: str, defaults: Mapping[str, object]) -> str:
    """Return a BUILD file with defaults for its targets, after its own defaults: only later targets have them."""
    calls = [node.value for node in ast.parse(build).body if isinstance(node, ast.Expr)]
    ends = [
        call.end_lineno
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "__defaults__"
    ]
    lines = build.splitlines()
    at = max(filter(None, ends), default=0)
    return "\n".join((*lines[:at], f"__defaults__({dict(defaults)!r}, extend=True)", *lines[at:])) + "\n"


def _copy(source: Path, place: Path, *less: str) -> None:
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", *less))
    else:
        shutil.copy2(source, place)
