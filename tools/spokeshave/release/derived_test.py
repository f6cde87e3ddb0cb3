"""The lock file of a sealed record, installed by uv."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.testing.release_fixtures import COMPILER, VERSION, write_wheels
from spokeshave.testing.uv_fixtures import uv


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record of pure wheels, which any Python installs."""
    write_wheels(tmp_path / "wheels", tags=["py3-none-any"], requires_python=">=3.9")
    output = tmp_path / "record"
    arguments = ["--wheels", str(tmp_path / "wheels"), "--name", "abacus", "--version", VERSION]
    assert main(["release", "seal", *arguments, "--output", str(output)]) == 0
    return output


def install(record: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Install from the lock file alone, without a network and from another folder."""
    command = [str(uv()), "pip", "install", "--offline", "--no-cache", "--no-config", "--python", sys.executable]
    command += ["--target", str(target), "--requirements", str(record / "pylock.abacus.toml")]
    return subprocess.run(command, cwd=target.parent, capture_output=True, text=True, check=False)


def test_the_lock_file_installs_the_set(record: Path, tmp_path: Path) -> None:
    done = install(record, tmp_path / "target")
    assert done.returncode == 0, done.stderr
    code = f"import abacus_runtime, abacus_compiler; assert abacus_compiler.version == '{VERSION}'"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "target")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_the_lock_file_refuses_other_bytes(record: Path, tmp_path: Path) -> None:
    (path,) = (record / "files").glob(f"{COMPILER.replace('-', '_')}-*.whl")
    data = bytearray(path.read_bytes())
    # The time of a file, which no reader looks at.
    data[11] ^= 1
    path.write_bytes(data)
    done = install(record, tmp_path / "target")
    assert done.returncode != 0
    assert "Hash mismatch" in done.stderr
