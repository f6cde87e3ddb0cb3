"""The adapter where BuildGrid has changed; tests/e2e/caching uses it with the pinned BuildGrid, on another Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from spokeshave.cache_server.command import _START

TOOLS = Path(__file__).parents[2]


def test_a_changed_buildgrid_is_reported_with_a_remedy(tmp_path: Path) -> None:
    for package in ("buildgrid", "buildgrid/server", "grpc"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "buildgrid/server/exceptions.py").write_text("class BgdError(Exception): pass\n")
    (tmp_path / "buildgrid/server/server.py").write_text("class Server: pass\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{_START}"
    done = subprocess.run([sys.executable, "-c", program, str(TOOLS)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("spokeshave cache-server: error\nbuildgrid (not installed): does not have the ")
    assert "No module named 'buildgrid._protos'\n" in done.stderr
    assert "the adapter tools/spokeshave/cache_server/buildgrid_internals.py must change.\n" in done.stderr
    assert "Traceback" not in done.stderr
