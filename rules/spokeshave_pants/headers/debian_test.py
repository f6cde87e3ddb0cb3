"""Tests of headers from Debian's packages: the apt commands, and the messages of failures."""

from __future__ import annotations

import subprocess
from pathlib import Path

from spokeshave_core.apt import KEYRING
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.headers.debian import download_script, package_name


def test_the_free_threaded_build_has_the_package_of_the_other() -> None:
    assert package_name(PythonVersion(14, free_threaded=True)) == package_name(PythonVersion(14)) == "libpython3.14-dev"


def test_without_apt_the_script_fails_cleanly(tmp_path: Path) -> None:
    script = download_script(PythonVersion(14), "forky")
    run = subprocess.run(
        ["/bin/bash", "-c", script], cwd=tmp_path, env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "This machine has no apt.\n")
    assert list(tmp_path.iterdir()) == []


def test_apt_requires_signatures_and_keeps_system_lists() -> None:
    script = download_script(PythonVersion(14), "forky")
    assert 'APT::Get::AllowUnauthenticated "false"' in script
    assert f"signed-by={KEYRING}]" in script
    assert 'Dir::State "$root"' in script
    assert 'Dir::Cache "$root/cache"' in script
