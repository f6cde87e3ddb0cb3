"""Tests of how the files of a Windows Python are arranged."""

from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.emulation.windows import lay_out
from spokeshave_core.python_abi import PythonVersion

CARRIED = (
    *("python314t.dll", "VCRUNTIME140.dll", "libssl-3.dll", "api-ms-win-crt-heap-l1-1-0.dll", "tcl86t.dll"),
    *(
        "_ssl.pyd",
        "_ssl.cp314t-win_amd64.pyd",
        "_wmi.pyd",
        "_wmi.cp314t-win_amd64.pyd",
        "_testcapi.cp314t-win_amd64.pyd",
    ),
)


@pytest.mark.parametrize(
    ("build", "module"),
    [(PythonVersion(14), "_ssl.pyd"), (PythonVersion(14, free_threaded=True), "_ssl.cp314t-win_amd64.pyd")],
    ids=str,
)
def test_a_python_has_the_modules_of_its_own_build(build: PythonVersion, module: str, tmp_path: Path) -> None:
    files = [tmp_path / name for name in CARRIED]
    for file in files:
        file.touch()
    lay_out(files, tmp_path / "python", build)
    found = {path.relative_to(tmp_path / "python").as_posix() for path in (tmp_path / "python").rglob("*.*")}
    assert found == {"python314t.dll", "VCRUNTIME140.dll", "DLLs/libssl-3.dll", f"DLLs/{module}"}
