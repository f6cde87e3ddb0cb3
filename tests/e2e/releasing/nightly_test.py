"""Nightlies of a real repository: only what is new is released, and the checkout stays as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.support.project import REPOSITORY, Project, find_python, install_from, pants_environment, running

FIRST = "3.12.0rc20261130"
SECOND = f"{FIRST}.post1"


@dataclass(frozen=True)
class Nightlies:
    """The project of two wheels in a git repository, and the index that its nightlies go to."""

    project: Project

    @property
    def index(self) -> Path:
        return self.project.root.parent / "index"

    def run(self, *options: str) -> Mapping[str, Any]:
        """Run the command, which must succeed, and return its report."""
        report = self.project.root.parent / "report.json"
        own = ("--target", "//pair:release", "--name", "pair", "--to", f"index:{self.index}")
        where = ("--scratch", str(self.project.root.parent / "scratch"), "--report", str(report))
        pants = ("--pants", str(REPOSITORY / "pants"), "--python", find_python("3.12"))
        subprocess.run(
            [sys.executable, "-m", "spokeshave", "release", "nightly", *own, *where, *pants, *options],
            cwd=self.project.root,
            env={**pants_environment(), "PYTHONPATH": str(REPOSITORY / "tools")},
            check=True,
        )
        document: Mapping[str, Any] = json.loads(report.read_text())
        return document

    def commit(self, hour: int) -> str:
        """Commit all changes at an hour of one day."""
        os.environ["GIT_COMMITTER_DATE"] = f"2026-11-30T{hour:02}:00:00+00:00"
        self.project.git("commit", "--quiet", "--all", "--message", "Change")
        return self.project.git("rev-parse", "HEAD")

    def versions(self) -> list[str]:
        """Return the versions that the index lists."""
        lines = (self.index / "current/sets.jsonl").read_text().splitlines()
        return [json.loads(line)["version"] for line in lines]

    def state(self) -> Mapping[str, object]:
        """Return what the command must not change."""
        root = self.project.root
        files = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and "dist" not in path.parts}
        git = (self.project.git(*words) for words in (("stash", "list"), ("for-each-ref",), ("worktree", "list")))
        return {**{str(path): data for path, data in files.items()}, "git": tuple(git)}


@pytest.fixture(scope="module")
def nightlies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nightlies]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_COMMITTER_DATE", "2026-11-30T01:00:00+00:00")
        with running(Project.copy(tmp_path_factory.mktemp("nightly") / "repo", "pair")) as project:
            project.write(".gitignore", "/.pants.d/\n/.pids/\n/dist/\n")
            project.write("README.md", "Two wheels.\n")
            project.git("init", "--quiet")
            project.git("add", ".")
            project.git("commit", "--quiet", "--message", "Begin")
            yield Nightlies(project)


def test_only_what_is_new_is_released(nightlies: Nightlies, tmp_path: Path) -> None:
    project = nightlies.project
    report = nightlies.run()
    assert (report["end"], report["version"]) == ("released", FIRST)
    assert [step["name"] for step in report["steps"]] == ["build", "check", "try", "publish"]
    assert report["commit"] == project.git("rev-parse", "HEAD")

    # The same commit: nothing is built.
    report = nightlies.run()
    assert (report["end"], report["steps"]) == ("nothing new", [])

    # Another commit with the same wheels: they are built, and not released.
    project.write("README.md", "Two wheels of a release.\n")
    nightlies.commit(hour=2)
    report = nightlies.run()
    assert (report["end"], [step["name"] for step in report["steps"]]) == ("nothing new", ["build"])
    assert report["reason"].endswith(f"installs the same as {FIRST}")
    assert nightlies.versions() == [FIRST]

    # A change, while the user works on another one.
    project.replace("pair/pair_core/native.cc", "FromLong(1)", "FromLong(40)")
    nightlies.commit(hour=3)
    project.replace("pair/pair_core/native.cc", "FromLong(40)", "FromLong(999)")
    project.write("staged", "")
    project.git("add", "staged")
    before = nightlies.state()
    report = nightlies.run("--try", "after")
    assert (report["end"], report["version"], report["newest"]) == ("released", SECOND, FIRST)
    assert [step["name"] for step in report["steps"]] == ["build", "check", "publish", "try"]
    assert nightlies.state() == before
    assert nightlies.versions() == [FIRST, SECOND]
    simple = (nightlies.index / "simple").as_uri()
    environment = install_from(tmp_path / "venv", "3.12", simple, "--pre", "pair-tools")
    code = "import pair_tools, importlib.metadata as m; print(pair_tools.total(), m.version('pair-core'))"
    assert environment.run(code) == f"42 {SECOND}"
