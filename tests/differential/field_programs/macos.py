"""Prints what delocate finds in wheels for macOS as JSON: dependencies, each slice's oldest macOS, the wheel's tag."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import zipfile
from pathlib import Path

from delocate.delocating import DelocationError, _calculate_minimum_wheel_name, _get_macos_min_version
from delocate.libsana import wheel_libs


def describe(wheel: str) -> dict[str, object]:
    """Return what delocate finds in a wheel."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        systems = [
            [path.relative_to(folder).as_posix(), architecture.lower(), str(version)]
            for path in files
            for architecture, version in _get_macos_min_version(path)
        ]
        try:
            tag = _calculate_minimum_wheel_name(Path(wheel).name, folder, None)[0].rpartition("-")[2][: -len(".whl")]
        except DelocationError as err:
            tag = str(err)
    found = wheel_libs(wheel, ignore_missing=True)
    edges = [[user, name, library] for library, users in found.items() for user, name in users.items()]
    return {"edges": edges, "systems": systems, "tag": tag}


if __name__ == "__main__":
    logging.disable()
    print(json.dumps([describe(wheel) for wheel in sys.argv[1:]]))
