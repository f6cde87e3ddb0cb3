"""`package` killed while Pants writes to `dist/`: a rerun writes the same files, and nothing takes a cut wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.support.project import REPOSITORY, Project, pants_environment
from spokeshave.cli import main
from spokeshave.pythons.pip import pip_folder
from spokeshave.testing.killing_fixtures import Trial, is_thorough
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.testing.tracing_fixtures import Action, Command, Disturbance, Run, Watch, run_traced
from spokeshave.wheel.name import parse_wheel_name

TARGET = "tiny:unpublished"


@needs_system_calls
def test_a_killed_package_is_completed_by_a_rerun(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Pants removes each old file and writes the new one in its place, so that a kill may leave none or a part."""
    project = Project.copy(tmp_path / "repo", "tiny")
    argv = [str(REPOSITORY / "pants"), "--no-pantsd", "package", TARGET]
    package = Command(argv, pants_environment(), project.root)
    watch = Watch((project.dist,))
    project.pants("package", TARGET, daemon=False).checked()
    whole = wheels_of(project)

    def prepared() -> Callable[[], None]:
        shutil.rmtree(project.dist)
        for name, data in whole.items():
            project.dist.mkdir(exist_ok=True)
            (project.dist / name).write_bytes(data)
        return package

    def check(run: Run) -> None:
        assert run.is_disturbed
        for wheel in project.wheels():
            if wheel.read_bytes() != whole[wheel.name]:
                check_refused(wheel, tmp_path, capfd)
        project.pants("package", TARGET, daemon=False).checked()
        assert wheels_of(project) == whole
        assert len(project.report(TARGET)) == len(whole)

    if is_thorough():
        for run in Trial(prepared, watch).runs():
            check(run)
    else:
        check(run_traced(prepared(), watch, Disturbance(0, Action.CUT, within=r"\.whl$")))


def check_refused(wheel: Path, scratch: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Check that nothing takes a wheel that was cut."""
    version = parse_wheel_name(wheel.name).version
    for command in (
        ["upload", "--repository-url", "http://127.0.0.1:9/", "--report", str(scratch / "upload.json")],
        ["release", "seal", "--name", "tiny", "--version", version, "--output", str(scratch / "record"), "--wheels"],
        ["release", "check"],
    ):
        assert main([*command, str(wheel)]) == 1
        assert f"{wheel.name}: " in (printed := "".join(capfd.readouterr())), command
        assert "(File is not a zip file)" in printed, command
    assert not (scratch / "record").exists()
    # For the Python and platform of the wheel, so that pip opens it.
    python = parse_wheel_name(wheel.name).tag.python[len("cp") :]
    tag = ["--only-binary", ":all:", "--python-version", python, "--platform", "manylinux_2_17_x86_64"]
    options = ["--isolated", "--disable-pip-version-check", "--no-index", "--no-deps", *tag]
    target = str(scratch / "target")
    install = [sys.executable, "-I", str(pip_folder()), "install", *options, "--target", target, str(wheel)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{wheel} is invalid" in done.stderr, done.stderr
    assert not (scratch / "target").exists()


def wheels_of(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.wheels()}
