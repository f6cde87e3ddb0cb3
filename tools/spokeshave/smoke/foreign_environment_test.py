"""Tests of foreign Pythons without an emulator: this machine's Python with a launcher in front of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spokeshave.pythons.interpreter import InterpreterError, inspect_foreign
from spokeshave.pythons.requirements import Pin
from spokeshave.smoke.foreign_environment import ForeignEnvironment
from spokeshave.smoke.wheelhouse import WheelFile
from spokeshave.testing.foreign_fixtures import foreign
from spokeshave.testing.native_fixtures import build_wheel


@pytest.fixture
def environment(tmp_path: Path) -> ForeignEnvironment:
    python = foreign(tmp_path)
    new_environment = ForeignEnvironment(
        folder=tmp_path / "run", interpreter=inspect_foreign(python), foreign=python, timeout=60
    )
    created = new_environment.create()
    assert created.ok, created.output
    return new_environment


def pinned(wheel: Path) -> Pin:
    file = WheelFile.of(wheel)
    return Pin(file.project, file.name.version, (f"sha256:{file.sha256}",))


FILES: dict[str, bytes | str | Path] = {
    "demo/__init__.py": "def main(): import sys; print(sys.prefix, sys.argv[1:])\n",
    "demo-0+unstamped.data/data/share/demo.txt": "data",
    "dist-info/entry_points.txt": "[console_scripts]\ndemo-tool = demo:main\n",
}


def test_a_wheel_is_installed_with_its_scripts_and_data(tmp_path: Path, environment: ForeignEnvironment) -> None:
    wheel = build_wheel(tmp_path / "wheels", FILES, "py3-none-any")
    installed = environment.install([pinned(wheel)], wheel.parent)
    assert installed.ok, installed.output
    assert environment.run_script("demo-tool", "--help").last_lines() == f"{environment.root} ['--help']"
    assert (environment.root / "share/demo.txt").read_text() == "data"
    # Installed files are kept: the tests' requirements contain the wheel again.
    assert environment.install([pinned(wheel)], wheel.parent).ok


def test_the_interpreter_starts_itself_under_the_emulator(environment: ForeignEnvironment) -> None:
    code = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'import sys; print(sys.prefix)']))"
    ended = environment.run_python("-c", code)
    assert ended.output.splitlines()[0] == str(environment.root), ended.output


def test_a_directly_started_python_needs_no_launcher(tmp_path: Path) -> None:
    """Like the one for musl."""
    python = replace(foreign(tmp_path), launcher=(), argv0=())
    environment = ForeignEnvironment(
        folder=tmp_path / "run", interpreter=inspect_foreign(python), foreign=python, timeout=60
    )
    assert environment.create().ok
    wheel = build_wheel(tmp_path / "wheels", FILES, "py3-none-any")
    assert environment.install([pinned(wheel)], wheel.parent).ok
    assert environment.run_script("demo-tool").last_lines() == f"{environment.root} []"


def test_a_file_with_another_hash_is_refused(tmp_path: Path, environment: ForeignEnvironment) -> None:
    wheel = build_wheel(tmp_path / "wheels", FILES, "py3-none-any")
    pin = Pin("demo", "0+unstamped", ("sha256:" + "0" * 64,))
    installed = environment.install([pin], wheel.parent)
    assert not installed.ok
    assert "DO NOT MATCH THE HASHES" in installed.output


def test_pip_takes_wheels_by_the_tags_of_the_foreign_interpreter(
    tmp_path: Path, environment: ForeignEnvironment
) -> None:
    tags = frozenset({"cp38-abi3-manylinux_2_17_s390x"})
    other = replace(environment, interpreter=replace(environment.interpreter, tags=tags))
    wheel = build_wheel(tmp_path / "wheels", FILES, "cp38-abi3-manylinux_2_17_s390x")
    installed = other.install([pinned(wheel)], wheel.parent)
    assert installed.ok, installed.output


def test_pip_takes_no_wheel_of_another_platform(tmp_path: Path, environment: ForeignEnvironment) -> None:
    wheel = build_wheel(tmp_path / "wheels", FILES, "cp38-abi3-manylinux_2_17_s390x")
    installed = environment.install([pinned(wheel)], wheel.parent)
    assert not installed.ok
    assert "No matching distribution found for demo" in installed.output


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("#!/bin/sh\nkill -SEGV $$\n", "does not start under emulator 1.0: it was killed by signal 11 (SIGSEGV)"),
        ("#!/bin/sh\necho sorry\nexit 7\n", "does not start under emulator 1.0: it ended with exit code 7\nsorry"),
        ("#!/bin/sh\necho '{}'\n", "does not start under emulator 1.0"),
    ],
)
def test_a_broken_emulator_is_reported(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(InterpreterError) as caught:
        inspect_foreign(foreign(tmp_path, script))
    assert message in str(caught.value)
    assert "Set it up again with `spokeshave emulation --again`" in str(caught.value)


def test_a_hanging_emulator_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spokeshave.pythons.interpreter._TIMEOUT", 1)
    with pytest.raises(InterpreterError, match="did not end within 1 seconds and was killed"):
        inspect_foreign(foreign(tmp_path, "#!/bin/sh\nexec sleep 600\n"))


def test_a_missing_emulator_is_reported_with_its_path(tmp_path: Path) -> None:
    python = foreign(tmp_path)
    Path(python.launcher[0]).unlink()
    with pytest.raises(InterpreterError, match=f"cannot be started: {python.launcher[0]} does not exist"):
        inspect_foreign(python)


def test_a_replaced_python_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=r"now, but the setup recorded 3\.1\.4"):
        inspect_foreign(foreign(tmp_path, version="3.1.4"))
