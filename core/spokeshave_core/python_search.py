"""Where this machine may have a CPython: the folders of PATH, then those of pyenv.

The launcher looks for its own Python in shell; the plugin asks every Python of these folders in a sandbox. Each other
search goes through the candidates here and asks each whether it fits: a pyenv shim may exist and yet fail.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_NUMBER = re.compile(r"\d+")


def path_folders(environment: Mapping[str, str]) -> list[str]:
    """The folders of PATH, in its order."""
    return [folder for folder in environment.get("PATH", "").split(os.pathsep) if folder]


def pyenv_root(environment: Mapping[str, str]) -> str:
    """The folder of pyenv, whether or not it exists."""
    return environment.get("PYENV_ROOT") or f"{environment.get('HOME', '')}/.pyenv"


def python_candidates(version: str, environment: Mapping[str, str]) -> Iterator[Path]:
    """The programs that may be CPython of a feature release such as `3.12`: on PATH, then pyenv's newest first."""
    on_path = (Path(folder, f"python{version}") for folder in path_folders(environment))
    of_pyenv = Path(pyenv_root(environment)).glob(f"versions/{version}.*/bin/python{version}")
    for program in (*on_path, *sorted(of_pyenv, key=_release, reverse=True)):
        if program.is_file() and os.access(program, os.X_OK):
            yield program


def _release(program: Path) -> tuple[list[int], str]:
    """The numbers in the name of the folder of a version; 3.12.10 is after 3.12.9."""
    name = program.parts[-3]
    return [int(number) for number in _NUMBER.findall(name)], name
