"""The virtual environment of a developer install: which it is, and the Python in it. Works without the engine."""

from __future__ import annotations

import os
from collections.abc import Iterable

from spokeshave_core.json_values import parse_any
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import InvalidTargetError

QUESTION = """
import json, sys, sysconfig
print(json.dumps([sys.implementation.name, sys.version_info[1], bool(sysconfig.get_config_var("Py_GIL_DISABLED"))]))
"""


def environment_path(option: str | None, active: str, build_root: str, command: str) -> str:
    """Return the absolute path of the environment.

    Args:
        option: The option `--venv`.
        active: The variable VIRTUAL_ENV, or CONDA_PREFIX. Empty if there is none.

    Raises:
        InvalidTargetError: If there is no environment.
    """
    if option is None and not active:
        raise InvalidTargetError(
            f"`{command}` installs into a virtual environment, and none is active. Activate one, or name it:\n"
            f"    python3.12 -m venv .venv\n    {command} --venv=.venv ::"
        )
    path = os.path.normpath(os.path.join(build_root, os.path.expanduser(option or active)))  # noqa: PTH111, PTH118
    python = f"{path}/bin/python"
    if not os.path.exists(python):  # noqa: PTH110
        raise InvalidTargetError(
            f"{path} is not a virtual environment: it has no bin/python. Create it (with a Python that the wheels are "
            f"built for), or name another one with `--venv`:\n    python3.12 -m venv {path}"
        )
    return path


def parse_answer(output: str, python: str) -> PythonVersion:
    """Return the version of a Python, from what it printed.

    Raises:
        InvalidTargetError: If it is not a CPython that works.
    """
    lines = output.strip().splitlines()
    try:
        implementation, minor, free_threaded = parse_any(lines[-1])
        if not isinstance(minor, int) or not isinstance(free_threaded, bool):
            raise ValueError("not a version")
    except (IndexError, TypeError, ValueError):
        printed = " ".join(lines) or "it printed nothing"
        raise InvalidTargetError(f"{python} is not a working Python: {printed}.") from None
    if implementation != "cpython":
        raise InvalidTargetError(f"{python} is {implementation}. Native wheels are for CPython: use one in `--venv`.")
    return PythonVersion(minor, free_threaded)


def not_built(target: str, version: PythonVersion, versions: Iterable[PythonVersion]) -> str:
    """Return why a wheel cannot be installed into the environment, and what to do."""
    listed = ", ".join(map(str, versions))
    return (
        f"{target} is not built for Python {version} of the environment, but for {listed}. Use an environment of one "
        f"of these, or add '{version}' to its `pythons`."
    )
