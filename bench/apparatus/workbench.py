"""The working directory of all measurements, the tools to compare with, and the prepared project."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Callable

from bench.apparatus import command
from bench.apparatus.project import REPOSITORY, Project, Rounds
from bench.apparatus.sandbox import Step, collect_steps
from bench.baselines.ninja import NinjaBuild
from bench.errors import BenchError
from bench.result import Table

EXTENSIONS = ("src/python:runtime_ext", "src/python:compiler_ext")
_LONG = 1.0


class Workbench:
    """The shared state of measurements, in `home`. `pairs` is the number of runs on each side of a comparison."""

    def __init__(self, home: Path, *, jobs: int, quick: bool) -> None:
        self.home = home
        self.jobs = jobs
        self.quick = quick
        self.pairs = 3 if quick else 5
        self.prepared: list[tuple[str, float]] = []
        # The traffic between a runner and the server of the cache in `home`, once recorded.
        self.record: Path | None = None
        self._projects: list[Project] = []
        self._abacus: Project | None = None
        self._rounds: Rounds | None = None
        self._abacus_ninja: NinjaBuild | None = None

    def say(self, text: str) -> None:
        print(f"-- {text}", file=sys.stderr, flush=True)

    def project(self, name: str, fill: Callable[[Project], None]) -> Project:
        """Create a project that is removed, with its daemon, when the benchmark ends."""
        project = Project(self.home, name, self.jobs)
        project.end()
        self._projects.append(project)
        fill(project)
        return project

    def abacus(self) -> Project:
        """Return the repository's own example, prepared, with its daemon running."""
        self._prepare()
        assert self._abacus is not None
        return self._abacus

    def next_round(self) -> int:
        """Make every compile and link of Abacus run again."""
        self._prepare()
        assert self._rounds is not None
        return self._rounds.next()

    def abacus_ninja(self) -> NinjaBuild:
        """Return Abacus' core and both of its extensions for Python 3.12, under ninja."""
        self._prepare()
        assert self._abacus_ninja is not None
        return self._abacus_ninja

    def ninja(self, place: Path, steps: tuple[Step, ...]) -> NinjaBuild:
        tool = self.venv("ninja", Path(sys.executable), REPOSITORY / "bench" / "requirements" / "ninja.txt")
        return NinjaBuild(ninja=tool / "bin" / "ninja", place=place, steps=steps, jobs=self.jobs)

    def keep_sandboxes(self, project: Project, *targets: str) -> tuple[tuple[Step, ...], Path]:
        """Build once with kept sandboxes, and return the steps for ninja and the directory of their inputs.

        The build's results remain, but the daemon is stopped.
        """
        shutil.rmtree(self.home / "sandboxes", ignore_errors=True)
        (self.home / "sandboxes").mkdir()
        began = time.monotonic()
        run = project.build(*targets, options=("--keep-sandboxes=always",))
        self.prepared.append((f"first build of {project.root.name}, all of the below in it", time.monotonic() - began))
        ours = re.compile(r"(Compile|Link) ")
        self.prepared += [
            (f"  {span.description}", span.seconds)
            for span in run.log.spans
            if span.seconds >= _LONG and not ours.match(span.description)
        ]
        spent = [span.seconds for span in run.log.spans if ours.match(span.description)]
        self.prepared.append((f"  {len(spent)} compiles and links, the seconds of each added up", sum(spent)))
        place = self.home / f"{project.root.name}-ninja"
        shutil.rmtree(place, ignore_errors=True)
        steps = collect_steps(self.home / "sandboxes", place)
        (place / "src").symlink_to(project.root / "src")
        # The daemon that made them still has their inputs in memory. The next one starts without.
        project.end()
        shutil.rmtree(self.home / "sandboxes")
        (self.home / "sandboxes").mkdir()
        return steps, place

    def check_equal(self, project: Project, ninja: NinjaBuild) -> None:
        """Run ninja once, and compare with the last build of the project.

        Raises:
            BenchError: If the linked files differ, because the comparison would not be of the same work.
        """
        ninja.cold()
        if ninja.linked() != project.built():
            raise BenchError(f"{ninja.place}: ninja did not link the bytes that Pants linked.")

    def venv(self, name: str, python: Path, requirements: Path | None, *more: Path) -> Path:
        """Create a virtual environment with the packages that requirements files pin, each installed by itself."""
        place = self.home / f"venv-{name}"
        if not (place / "ready").exists():
            began = time.monotonic()
            self.say(f"virtual environment {name}")
            command.run([str(python), "-m", "venv", "--clear", str(place)], cwd=self.home, env=os.environ)
            for pins in (requirements, *more) if requirements is not None else ():
                install = (
                    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"),
                    *("--only-binary", ":all:", "--require-hashes", "-r", str(pins)),
                )
                command.run([str(place / "bin" / "python"), *install], cwd=self.home, env=os.environ)
            (place / "ready").touch()
            self.prepared.append((f"virtual environment {name}", time.monotonic() - began))
        return place

    def zig(self) -> Path:
        """Return zig's program in its whole package, as it builds its own C++ library for a link."""
        pins = REPOSITORY / "3rdparty" / "python" / "ziglang.txt"
        (zig,) = self.venv("zig", Path(sys.executable), pins).glob("lib/python*/site-packages/ziglang/zig")
        return zig

    def preparation(self) -> Table:
        return Table("Preparation, not part of any ratio", ("what", "seconds"), tuple(self.prepared))

    def close(self) -> None:
        """End every daemon."""
        for project in self._projects:
            project.end()

    def _prepare(self) -> None:
        if self._abacus_ninja is not None:
            return
        self.say("preparation: toolchain, headers, nanobind, runtime pack")
        self._abacus = self.project("abacus", lambda project: project.create(sources=("BUILD", "src")))
        self._rounds = Rounds(self._abacus)
        self._rounds.next()
        steps, place = self.keep_sandboxes(self._abacus, *EXTENSIONS)
        ninja = self.ninja(place, steps)
        self.check_equal(self._abacus, ninja)
        # The daemon starts and creates the toolchain that all of its sandboxes share.
        self._rounds.next()
        self._abacus.build(*EXTENSIONS)
        self._abacus_ninja = ninja
