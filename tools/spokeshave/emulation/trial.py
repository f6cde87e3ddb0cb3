"""The first start of a foreign Python, and the facts that it reports about itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spokeshave.setup_steps import SetUpError
from spokeshave_core.json_values import parse_any
from spokeshave_core.manifest import ForeignPython
from spokeshave_core.platform import System
from spokeshave_core.problems import Problem

_TIMEOUT = 180
# The modules that wheels, their tests and pytest need most. A Python with missing parts is detected here and not by a
# wheel's test. The bytecode is also cached, as an emulator compiles slowly.
_MODULES = """
argparse ast asyncio bz2 concurrent.futures configparser csv ctypes dataclasses decimal difflib doctest email.message
email.parser fnmatch glob hashlib importlib.metadata importlib.resources inspect json logging.config lzma
multiprocessing os pathlib pdb pickle platform pprint random shutil signal socket sqlite3 ssl statistics string
subprocess sysconfig tarfile tempfile textwrap threading traceback typing unittest.mock urllib.request uuid warnings
xml.etree.ElementTree zipfile zlib zoneinfo
""".split()
_QUESTION = """
import importlib, json, os, platform, sys, sysconfig
missing = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing.append("%s (%s)" % (name, error))
sysconfig.get_paths(), sysconfig.get_config_vars()
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION")
except (AttributeError, ValueError, OSError):
    libc = ""
print(json.dumps([platform.python_version(), missing, libc]))
"""


def first_start(python: ForeignPython, home: Path, without: Sequence[str] = ()) -> ForeignPython:
    """Return the Python with the versions that it reports for itself and its C library.

    Args:
        without: Modules that it is known not to have.

    Raises:
        SetUpError: If it does not start.
    """
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "WINE", "LD_"))}
    try:
        done = subprocess.run(
            [*python.command, "-I", "-c", _QUESTION, *(name for name in _MODULES if name not in without)],
            env={**variables, **python.variables, "HOME": str(home), "LC_ALL": "C.UTF-8"},
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise _does_not_start(python, str(err)) from err
    try:
        version, missing, libc = parse_any(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as err:
        output = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise _does_not_start(python, f"it ended with exit code {done.returncode}\n{output}") from err
    if missing:
        raise _does_not_start(python, f"it lacks {', '.join(missing)}")
    system_version = libc.partition(" ")[2] if python.system is System.GLIBC else python.system_version
    return replace(python, version=version, system_version=system_version)


def _does_not_start(python: ForeignPython, reason: str) -> SetUpError:
    remedy = "Run the command again with --again; if it still fails, this machine cannot run that emulator."
    return SetUpError(Problem(python.name, f"does not work under {python.emulator}: {reason}", remedy))
