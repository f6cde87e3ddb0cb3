"""CI's kit for machines that only smoke-test wheels: it can be installed on each of them, and it tests a wheel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from e2e.support.project import REPOSITORY, find_python
from spokeshave_core.requirement_lines import requirement_lines

# The runners of wheels.yml, and Windows on ARM, whose row a project may add: the pip tags that wheels may have there,
# and the markers that tell the systems apart.
# The runners of wheels.yml: the pip tags of their wheels, and the markers of their systems.
MACHINES = {
    "linux-arm": (["manylinux_2_17_aarch64", "manylinux_2_28_aarch64"], ("linux", "Linux", "posix", "aarch64")),
    "macos-arm": (["macosx_11_0_arm64", "macosx_10_13_universal2"], ("darwin", "Darwin", "posix", "arm64")),
    "macos-intel": (["macosx_10_13_x86_64", "macosx_10_13_universal2"], ("darwin", "Darwin", "posix", "x86_64")),
    "windows": (["win_amd64"], ("win32", "Windows", "nt", "AMD64")),
    "windows-arm": (["win_arm64"], ("win32", "Windows", "nt", "ARM64")),
}


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kit")
    subprocess.run([REPOSITORY / ".ci/smoke-kit", str(folder)], check=True)
    return folder


def step(name: str) -> str:
    """Return the commands of a step of the job that smoke-tests wheels."""
    steps = yaml.safe_load((REPOSITORY / ".github/workflows/wheels.yml").read_text())["jobs"]["test"]["steps"]
    (found,) = [step["run"] for step in steps if step.get("name") == name]
    return str(found)


def test_every_machine_of_the_workflow_is_here() -> None:
    jobs = yaml.safe_load((REPOSITORY / ".github/workflows/wheels.yml").read_text())["jobs"]
    assert {row["name"] for row in jobs["test"]["strategy"]["matrix"]["include"]} <= set(MACHINES)


def test_one_set_of_test_requirements_serves_all_machines(kit: Path) -> None:
    wheels = [path.name for path in (kit / "wheels").iterdir()]
    assert wheels
    assert [name for name in wheels if not name.endswith("-none-any.whl")] == []


def pins(requirements: Path, markers: Mapping[str, str]) -> Iterator[str]:
    """Yield the pins, with their hashes, that apply for some marker values."""
    for line in requirement_lines(requirements.read_text()):
        requirement = Requirement(line.requirement)
        if requirement.marker is None or requirement.marker.evaluate({**markers}):
            hashes = " ".join(f"--hash={value}" for value in line.hashes)
            yield f"{requirement.name}{requirement.specifier} {hashes}\n"


@pytest.mark.parametrize("machine", MACHINES)
def test_what_the_command_needs_has_wheels_for_every_machine(kit: Path, tmp_path: Path, machine: str) -> None:
    tags, (sys_platform, platform_system, os_name, platform_machine) = MACHINES[machine]
    marker_values = {"sys_platform": sys_platform, "platform_system": platform_system, "os_name": os_name}
    python = {"python_version": "3.13", "python_full_version": "3.13.0", "platform_machine": platform_machine}
    markers = {**{name: str(value) for name, value in default_environment().items()}, **marker_values, **python}
    (tmp_path / "pins.txt").write_text("".join(pins(kit / "tools.txt", markers)))
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--only-binary=:all:",
                "--require-hashes",
            ),
            *(f"--platform={tag}" for tag in tags),
            *(
                "--python-version=3.13",
                "--implementation=cp",
                "--dest",
                str(tmp_path),
                "-r",
                str(tmp_path / "pins.txt"),
            ),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def write_wheel(folder: Path, package: str) -> None:
    info = f"{package}-1.dist-info"
    files = {
        f"{package}/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: cp313-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{package}-1-cp313-none-any.whl", "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)


def test_the_workflows_steps_install_the_command_and_try_wheels(kit: Path, tmp_path: Path) -> None:
    for package in ("runtime", "compiler"):
        write_wheel(kit / "wheels", f"abacus_{package}")
        (kit / f"test_{package}.py").write_text(f"def test_it(): import abacus_{package}\n")
    subprocess.run([find_python("3.13"), "-m", "venv", str(tmp_path / "venv")], check=True)
    variables = {"PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin", "MACHINE": "here", "WHEELS": "*-cp313-*.whl"}
    for name in ("Install the command", "Smoke-test the wheels"):
        script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name)]
        subprocess.run(script, cwd=kit, env={**os.environ, **variables}, check=True)
    for package in ("runtime", "compiler"):
        report = json.loads((kit / f"reports/here-{package}.json").read_text())
        assert {run["outcome"] for run in report["runs"]} == {"passed"}
        assert {run["checks"][-1]["name"] for run in report["runs"]} == {"tests"}
