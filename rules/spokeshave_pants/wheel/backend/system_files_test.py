"""Tests of the files that describe the target's system for a build."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from spokeshave_core.platform import Platform
from spokeshave_pants.wheel.backend.request import CONFIG_SITE, SYSTEM_DIR
from spokeshave_pants.wheel.backend.system_files import system_files


@pytest.mark.parametrize(
    ("tag", "given", "host", "machine"),
    [
        ("manylinux_2_17_aarch64", "", "aarch64-linux-gnu", "Linux aarch64"),
        ("manylinux_2_17_x86_64", "host_alias=own", "own", "Linux x86_64"),
        ("macosx_11_0_arm64", "", "aarch64-apple-darwin20", "Darwin arm64"),
        ("win_amd64", "", "x86_64-w64-mingw32", "MINGW64_NT-10.0 x86_64"),
    ],
)
def test_a_configure_script_reads_the_target(tmp_path: Path, tag: str, given: str, host: str, machine: str) -> None:
    for name, content in system_files(Platform.parse(tag), None).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
    script = f'{given}\n. ./{CONFIG_SITE}\necho "$host_alias $build_alias $cross_compiling"; {SYSTEM_DIR}/uname -sm'
    said = subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert said.splitlines() == [f"{host} x86_64-spokeshave-linux-gnu yes", machine]


def test_a_build_that_compiles_for_the_machine_names_it() -> None:
    machine = Platform.parse("manylinux_2_17_aarch64")
    site = system_files(Platform.parse("win_amd64"), machine)[CONFIG_SITE]
    assert b"build_alias=aarch64-spokeshave-linux-gnu\n" in site
