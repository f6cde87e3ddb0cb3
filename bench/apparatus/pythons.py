"""The CPythons of this machine that build wheels."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from spokeshave_core.python_search import python_candidates

_QUESTION = """
import ensurepip, os, sys, sysconfig
headers = os.path.join(sysconfig.get_paths()["include"], "Python.h")
sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1] or not os.path.exists(headers))
"""


def find_python(version: str) -> Path | None:
    """Return a CPython with its headers and ensurepip, from PATH or pyenv."""
    for candidate in python_candidates(version, os.environ):
        asked = subprocess.run([str(candidate), "-c", _QUESTION, version], capture_output=True, check=False)
        if asked.returncode == 0:
            return candidate
    return None
