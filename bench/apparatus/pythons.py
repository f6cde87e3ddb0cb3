"""The CPythons of this machine that build wheels."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_QUESTION = """
import ensurepip, os, sys, sysconfig
headers = os.path.join(sysconfig.get_paths()["include"], "Python.h")
sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1] or not os.path.exists(headers))
"""


def find_python(version: str) -> Path | None:
    """Return a CPython with its headers and ensurepip, from PATH or pyenv."""
    for candidate in _candidates(version):
        asked = subprocess.run([str(candidate), "-c", _QUESTION, version], capture_output=True, check=False)
        if asked.returncode == 0:
            return candidate
    return None


def _candidates(version: str) -> Iterator[Path]:
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
