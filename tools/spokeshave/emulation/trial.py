"""What a foreign Python says of itself when it is started for the first time."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

from spokeshave.emulation.steps import SetUpError
from spokeshave.errors import Problem
from spokeshave.foreign_python import ForeignPython

_TIMEOUT = 180
# Loads what wheels, their tests and pytest need most. A Python with a part missing is noticed here and not in a wheel's
# test; and what is loaded is compiled and kept, which an emulator takes long for.
_QUESTION = """
import argparse, ast, asyncio, bz2, concurrent.futures, configparser, csv, ctypes, dataclasses, decimal, difflib
import doctest, email.message, email.parser, fnmatch, glob, hashlib, importlib.metadata, importlib.resources, inspect
import json, logging.config, lzma, multiprocessing, os, pathlib, pdb, pickle, platform, pprint, random, shutil, signal
import socket, sqlite3, ssl, statistics, string, subprocess, sysconfig, tarfile, tempfile, textwrap, threading
import traceback, typing, unittest.mock, urllib.request, uuid, warnings, xml.etree.ElementTree, zipfile, zlib, zoneinfo
sysconfig.get_paths(), sysconfig.get_config_vars()
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION")
except (AttributeError, ValueError):
    libc = ""
print(json.dumps([platform.python_version(), platform.machine(), libc]))
"""


def tried(python: ForeignPython, home: Path) -> ForeignPython:
    """The Python with its version and its C library's as it tells them; raises `SetUpError` where it does not start."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "WINE", "LD_"))}
    try:
        done = subprocess.run(
            [*python.command, "-I", "-c", _QUESTION],
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
        version, _, libc = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as err:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise _does_not_start(python, f"it ended with exit code {done.returncode}\n{said}") from err
    system_version = libc.partition(" ")[2] if python.system == "glibc" else python.system_version
    return replace(python, version=version, system_version=system_version)


def _does_not_start(python: ForeignPython, reason: str) -> SetUpError:
    remedy = "Run the command again with --again; if it stays so, this machine cannot run that emulator."
    return SetUpError(Problem(python.name, f"does not start under {python.emulator}: {reason}", remedy))
