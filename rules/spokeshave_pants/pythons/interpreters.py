"""Discovery of a machine's CPython interpreters: the script that queries them, and the parsing of its output."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spokeshave_core.json_values import parse_any
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.python_search import path_folders, pyenv_root

# Printed by each candidate, as one line of JSON.
_QUESTION = """
import json, os, platform, sys, sysconfig
include = sysconfig.get_paths()["include"]
print(json.dumps({
    "path": sys.executable,
    "version": platform.python_version(),
    "implementation": sys.implementation.name,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "include": include if os.path.exists(os.path.join(include, "Python.h")) else None,
}))
"""


# What each interpreter answers, besides whether it is free-threaded.
_TEXTS = ("path", "version", "implementation")


@dataclass(frozen=True, order=True)
class Interpreter:
    """One CPython: its path, full version, and the directory of its headers if it has them."""

    feature: PythonVersion
    patch: tuple[int, ...]
    version: str
    path: str
    include: str | None


def expand_search_path(entries: Iterable[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return directories with `<PATH>` and `<PYENV>` replaced from this environment. The shell expands globs."""
    pyenv = pyenv_root(environment)
    found: list[str] = []
    for entry in entries:
        if entry == "<PATH>":
            found.extend(path_folders(environment))
        elif entry == "<PYENV>":
            found.append(f"{pyenv}/versions/*/bin")
        else:
            found.append(entry)
    return tuple(dict.fromkeys(found))


def discovery_script(search_paths: Iterable[str]) -> str:
    """Return a shell script that prints one line of JSON for each CPython in the directories."""
    directories = " ".join(
        "*".join(shlex.quote(part) if part else "" for part in path.split("*")) for path in search_paths
    )
    return (
        f"for directory in {directories}; do\n"
        '  for python in "$directory"/python3.[0-9] "$directory"/python3.[0-9][0-9] '
        '"$directory"/python3.[0-9][0-9]t; do\n'
        f'    [ -x "$python" ] && "$python" -I -c {shlex.quote(_QUESTION)} 2>/dev/null\n'
        "  done\n"
        "done\n"
        "exit 0\n"
    )


def _parse_answer(line: str) -> dict[str, Any] | None:
    """Parse an interpreter's output. None for other lines, such as the output of a broken `.pth` file."""
    try:
        answer = parse_any(line)
    except ValueError:
        return None
    is_answer = isinstance(answer, dict) and all(isinstance(answer.get(key), str) for key in _TEXTS)
    has_others = is_answer and isinstance(answer.get("free_threaded"), bool) and "include" in answer
    return answer if has_others and isinstance(answer["include"], (str, type(None))) else None


def parse_discovery(output: str) -> tuple[Interpreter, ...]:
    """Return the distinct CPython interpreters in the script's output, oldest first."""
    found: dict[str, Interpreter] = {}
    for line in output.splitlines():
        answer = _parse_answer(line)
        match = re.match(r"3\.([0-9]{1,4})\.([0-9]{1,4})", answer["version"]) if answer else None
        if answer is None or match is None or answer["implementation"] != "cpython" or not answer["path"]:
            continue
        found[answer["path"]] = Interpreter(
            feature=PythonVersion(int(match[1]), answer["free_threaded"]),
            patch=(int(match[1]), int(match[2])),
            version=answer["version"],
            path=answer["path"],
            include=answer["include"],
        )
    return tuple(sorted(found.values(), key=lambda i: (i.feature, i.patch, i.path)))
