"""Wheels of other platforms: smoke-tested under a real emulator, or by the report of another machine."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY, Project, running
from spokeshave.testing.killing_fixtures import is_thorough
from spokeshave.testing.tracing_fixtures import Action, Command, Disturbance, Watch, run_traced

ARM = "manylinux_2_17_aarch64"
MAC = "macosx_11_0_arm64"
BUILD = f"""
cc_sources(name="native")

python_extension(name="ext", module="tiny._native", dependencies=[":native"])

wheel = dict(dependencies=[":ext", "tiny/tiny"], pythons=["3.13"], smoke_tests=["smoke/test_tiny.py"])

python_native_wheel(name="arm", platforms=["{ARM}"], require_smoke_on=["manylinux_*_aarch64"], **wheel)

python_native_wheel(name="mac", platforms=["{MAC}"], **wheel)
"""
TEST = """
import ctypes, platform, subprocess, sys
import tiny


def test_on_the_emulated_processor():
    assert platform.machine() == "aarch64"
    assert tiny.answer() == 42
    code = "import tiny; print(tiny.answer())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "42\\n"
    # Which wheels may expect of a system, as numpy's do.
    assert ctypes.CDLL("libstdc++.so.6")
"""


@dataclasses.dataclass(frozen=True)
class SetUp:
    """A folder of emulated Pythons, and the output of the killed set-up and of the completed one."""

    folder: Path
    killed: str
    output: str

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def emulator(self) -> Path:
        return self.folder / "qemu/aarch64/qemu-aarch64"


MOMENTS = [
    Disturbance(0, within=r"/lock$"),
    Disturbance(0, within=r"/work/"),
    Disturbance(1, Action.CUT, within=r"Packages"),
    Disturbance(0, Action.CUT, within=r"\.deb$"),
    Disturbance(3, within=r"/qemu/[^/]*\.partial-[^/]*/"),
    Disturbance(0, within=r"/qemu/aarch64$"),
    Disturbance(0, Action.CUT, within=r"/pythons/[^/]*\.partial-.*/python3\.13$"),
    Disturbance(200, within=r"/pythons/[^/]*\.partial-[^/]*/"),
]


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> SetUp:
    """Set up qemu and Debian's Python for ARM by the README's command."""
    folder = tmp_path_factory.mktemp("emulation")
    command = [str(REPOSITORY / "tools/emulation"), "--platform", ARM, "--python", "3.13", "--folder", str(folder)]
    # In a run by hand, each run continues what the one before it has left. The last kill is after the emulator.
    output = ""
    for moment in MOMENTS if is_thorough() else MOMENTS[-1:]:
        killed = run_traced(Command(command, os.environ, folder), Watch((folder,)), moment)
        assert (killed.is_disturbed, killed.exit_code) == (True, -signal.SIGKILL), (moment, killed.output)
        assert not (folder / "manifest.json").exists()
        output += killed.output
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return SetUp(folder, output, done.stderr)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    new_project = Project.copy(tmp_path_factory.mktemp("emulated") / "repo", "tiny")
    new_project.write("tiny/BUILD", BUILD)
    new_project.write("tiny/smoke/test_tiny.py", TEST)
    with running(new_project) as project:
        yield project


def emulated(folder: Path | str) -> str:
    return f"--wheel-pythons-emulated={folder}"


def test_the_set_up_prints_its_steps_and_results(set_up: SetUp) -> None:
    assert "ready: Python 3.13." in set_up.output
    (python,) = json.loads(set_up.manifest.read_text())["pythons"]
    assert (python["system"], python["architecture"]) == ("glibc", "aarch64")
    names = {name for name, _, _ in python["origins"]}
    assert {"qemu-user:amd64", "libc6:arm64", "python3.13-minimal:arm64"} <= names


def test_a_killed_set_up_is_resumed(set_up: SetUp) -> None:
    assert "qemu-aarch64 from Debian" in set_up.killed
    assert "qemu-aarch64 from Debian" not in set_up.output
    assert not [path for path in set_up.folder.rglob("*.partial-*") if path.is_dir()]


def test_a_required_run_without_an_emulator_is_an_error(project: Project, tmp_path: Path) -> None:
    run = project.pants(emulated(tmp_path / "none"), "package", "tiny:arm")
    assert run.exit_code == 1
    assert "has to be smoke-tested on Python 3.13" in run.output
    assert f"`spokeshave emulation --platform {ARM}` sets up an emulator" in run.output


def test_an_arm_wheel_is_smoke_tested_under_qemu_once(project: Project, set_up: SetUp) -> None:
    run = project.package("tiny:arm", options=(emulated(set_up.folder),))
    (report,) = project.report("tiny:arm")
    (smoke,) = report["smoke"]
    assert (smoke["python"], smoke["outcome"]) == ("3.13", "passed"), run.output
    assert smoke["where"].startswith("qemu-aarch64 ")
    assert [check["name"] for check in smoke["checks"]] == [
        *("install", "files", "import tiny", "import tiny._native", "install test requirements", "tests"),
    ]
    assert f"3.13 ok ({smoke['where']})" in run.output
    project.package("tiny:arm", options=(emulated(set_up.folder),))
    assert project.ran("tiny:arm", "smoke test") == []


def test_a_deleted_emulator_is_reported(project: Project, set_up: SetUp, tmp_path: Path) -> None:
    folder = copied(set_up, tmp_path, str(tmp_path / "gone"))
    run = project.pants(emulated(folder), "package", "tiny:arm")
    assert run.exit_code == 1
    assert f"cannot be started: {tmp_path}/gone does not exist" in run.output
    assert "Set it up again with `spokeshave emulation`" in run.output


def test_a_crashing_emulator_is_reported(project: Project, set_up: SetUp, tmp_path: Path) -> None:
    crashing = tmp_path / "crashing"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    run = project.pants(emulated(copied(set_up, tmp_path, str(crashing))), "package", "tiny:arm")
    assert run.exit_code == 1
    assert "it was killed by signal 11 (SIGSEGV)" in run.output


def copied(set_up: SetUp, tmp_path: Path, emulator: str) -> Path:
    """Copy the set-up with another program as its emulator."""
    folder = tmp_path / "emulation"
    folder.mkdir()
    (folder / "manifest.json").write_text(set_up.manifest.read_text().replace(f'"{set_up.emulator}"', f'"{emulator}"'))
    return folder


@pytest.mark.usefixtures("set_up")
def test_another_machines_report_counts_for_equal_bytes(project: Project) -> None:
    project.package("tiny:mac")
    (built,) = project.report("tiny:mac")
    assert [(smoke["python"], smoke["outcome"]) for smoke in built["smoke"]] == [("3.13", "not run")]
    python = {"path": "/p", "version": "3.13.2", "platform": "macOS 14.5 arm64", "implementation": "CPython"}
    run = {"python": python, "outcome": "passed", "reason": "", "checks": []}
    smoke_report = {"wheel": built["wheel"], "sha256": built["sha256"], "runs": [run]}
    (project.root / "reports").mkdir()
    option = "--wheel-smoke-reports=['reports/*.json']"

    project.write("reports/mac.json", json.dumps(smoke_report))
    assert "3.13 ok (elsewhere: macOS 14.5 arm64)" in project.package("tiny:mac", options=(option,)).output

    project.write("reports/mac.json", json.dumps({**smoke_report, "sha256": "0" * 64}))
    again = project.package("tiny:mac", options=(option,)).output
    assert "reports/mac.json describes other bytes" in again
    shutil.rmtree(project.root / "reports")
