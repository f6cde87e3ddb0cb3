"""Where the builds of projects run if compilers run on workers. By hand: `pytest tests/e2e/caching/remote_projects.py`.

CI does not run it, as the workers first make the compiler driver, which takes longer than all other tests of workers.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.caching.remote_execution_test import ENVIRONMENT, NAMES, Workers, programs, remote_runs, workers
from e2e.support.project import PantsRun, Project

# pytest finds fixtures by the names of a module.
__all__ = ["programs", "workers"]

TARGET = "own:wheel"
BUILT = [f"Build own:{name} for manylinux_2_17_x86_64" for name in ("one", "two")]
ON_WORKERS = "--cc-execution-projects"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    copy = Project.copy(tmp_path / "repo", "own")
    copy.write("BUILD", ENVIRONMENT)
    copy.write("pants.toml", (copy.root / "pants.toml").read_text() + NAMES)
    return copy


def package(project: Project, workers: Workers, *options: str) -> PantsRun:
    """Package the wheel with other sources than any run before."""
    project.edit("own/one/one.c")
    project.edit("own/two/two.c")
    return project.pants(*workers.options, *options, "package", TARGET, daemon=False)


def test_workers_compile_and_this_machine_builds_projects(project: Project, workers: Workers) -> None:
    package(project, workers).checked()
    # The first run made the compiler driver.
    run = package(project, workers).checked()
    assert [text for text in project.ran(TARGET) if text.startswith("Build ")] == BUILT
    assert remote_runs(run) == len(project.ran(TARGET, "compile", "link"))


def test_a_worker_without_glibc_is_reported_with_the_option(project: Project, workers: Workers) -> None:
    run = package(project, workers, ON_WORKERS)
    assert run.exit_code == 1
    assert "Set `[cc-execution].projects` to false" in run.output
