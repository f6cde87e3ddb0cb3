"""Runners with their own stores that package one wheel, and the wheel that each of them has to produce."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from e2e.support.cache_server import serving
from e2e.support.project import REPOSITORY, PantsRun, Project, sha256

TARGET = "tiny:wheel"
BUILD = """
cc_sources(name="native")

python_extension(name="ext", module="tiny._native", dependencies=[":native"])

python_native_wheel(name="wheel", dependencies=[":ext", "tiny/tiny"], pythons=["3.12"])
"""
_WITHOUT_CACHE = ("--no-remote-cache-read", "--no-remote-cache-write")
# The maximum cost of a fault, in seconds: up to 5 for each look-up before the wheel, and 20 for storing at the end.
_MOST_DELAY = 60


@dataclass(frozen=True)
class Built:
    """A run that packaged the wheel."""

    run: PantsRun
    wheel: str
    seconds: float

    def warnings(self) -> str:
        """Return Pants' warnings about its cache."""
        lines = self.run.stderr.splitlines()
        return "\n".join(line for line in lines if "remote cache" in line and "[WARN]" in line)


@dataclass(frozen=True)
class Runner:
    """A separate machine: a checkout, and a store with the tools and without results of the sources."""

    project: Project
    store: Path

    def package(self, *options: str) -> Built:
        """Package the wheel with CI's settings, and with the remote cache in the options."""
        began = time.monotonic()
        settings = ("--pants-config-files=pants.ci.toml", *(options or _WITHOUT_CACHE))
        variables = {"PANTS_LOCAL_STORE_DIR": str(self.store)}
        self.project.clear_dist()
        run = self.project.pants(*settings, "package", TARGET, daemon=False, variables=variables).checked()
        return Built(run, sha256(self.project.wheel("spokeshave-tiny")), time.monotonic() - began)

    def ran(self, *kinds: str) -> list[str]:
        """Return the processes of some kinds that the last run executed."""
        return self.project.ran(TARGET, *kinds)


@dataclass(frozen=True)
class Bench:
    """The starting point of runs with a remote cache: the tools' store, the expected wheel, and a full cache."""

    root: Path
    tools: Path
    changed: str
    without: Built
    cache: Path
    blobs: tuple[str, ...]

    def runner(self, name: str) -> Runner:
        """Create a runner that has never built this change."""
        store = self.root / f"{name}-store"
        _copy(self.tools, store)
        return Runner(_project(self.root / name / "repo", self.changed), store)

    def copied_cache(self, folder: Path) -> Path:
        """Return a copy of the cache, to be damaged."""
        _copy(self.cache, folder / "cache")
        return folder / "cache"

    def check(self, built: Built) -> None:
        """Check that a fault had no effect except on time."""
        assert built.wheel == self.without.wheel
        assert built.seconds < 2 * self.without.seconds + _MOST_DELAY


def make_bench(root: Path) -> Bench:
    """Create the bench, which takes longer than most of the runs that use it."""
    tools = root / "tools-store"
    # With another answer than the faults' one, so that the store has tools and runtime pack but none of the results;
    # and with a cache, so that it has the lists of packages as well.
    with serving(root / "filling") as server:
        Runner(_project(root / "tools/repo", "41"), tools).package(*server.options)
    without_store = root / "without-store"
    _copy(tools, without_store)
    without = Runner(_project(root / "without/repo", "43"), without_store).package()
    warming = root / "warming-store"
    _copy(tools, warming)
    with serving(root / "cache") as server:
        warm = Runner(_project(root / "warming/repo", "43"), warming).package(*server.options)
        blobs = tuple(str(path.relative_to(server.directory)) for path in server.blobs())
        server.stop()
    assert warm.wheel == without.wheel
    for store in (without_store, warming, root / "filling"):
        shutil.rmtree(store)
    return Bench(root=root, tools=tools, changed="43", without=without, cache=root / "cache", blobs=blobs)


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-r", str(source), str(destination)], check=True)


def _project(root: Path, answer: str) -> Project:
    new_project = Project.copy(root, "tiny")
    shutil.copy2(REPOSITORY / "pants.ci.toml", root)
    new_project.write("tiny/BUILD", BUILD)
    text = (new_project.root / "tiny/native.cc").read_text()
    assert "42" in text
    new_project.write("tiny/native.cc", text.replace("42", answer))
    return new_project
