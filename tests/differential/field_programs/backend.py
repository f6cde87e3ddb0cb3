"""Builds projects by one build backend, and prints the files of each wheel's dist-info: `backend.py BACKEND FOLDER...`.

The folders have nothing but a pyproject.toml and the files that it names: no code of a project runs.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path


def dist_info(backend: str, folder: str) -> dict[str, object]:
    """Return the files of the dist-info directory of a project's wheel, or an error."""
    with tempfile.TemporaryDirectory() as output:
        answer = Path(output) / "answer"
        child = os.fork()
        if not child:
            # The backends keep state, and setuptools prints.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            answer.write_text(json.dumps(_build(backend, folder, output)), "utf-8")
            os._exit(0)
        os.waitpid(child, 0)
        found: dict[str, object] = json.loads(answer.read_text("utf-8"))
        return found


def _build(backend: str, folder: str, output: str) -> dict[str, object]:
    os.chdir(folder)
    warnings.simplefilter("ignore")
    logging.disable()
    try:
        wheel = Path(output) / importlib.import_module(backend).build_wheel(output)
    except (Exception, SystemExit) as err:
        return {"error": f"{type(err).__name__}: {err}"}
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" in name and not name.endswith("/")]
        return {name.partition(".dist-info/")[2]: archive.read(name).decode("utf-8", "replace") for name in names}


if __name__ == "__main__":
    importlib.import_module(sys.argv[1])
    print(json.dumps([dist_info(sys.argv[1], folder) for folder in sys.argv[2:]]))
