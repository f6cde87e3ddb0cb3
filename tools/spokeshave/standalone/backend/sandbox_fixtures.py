"""Fixtures for the program that runs a build backend: a sandbox with a project, packages and a target's facts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parent
VERSION = f"3.{sys.version_info[1]}"
TAG = f"cp3{sys.version_info[1]}"

# An in-tree backend, which writes what the Python that runs it says into the wheel.
BACKEND = """\
import importlib.machinery, json, os, platform, subprocess, sys, sysconfig, zipfile
import urllib.request  # for macOS it would need a module that only macOS has

def get_requires_for_build_wheel(config_settings=None):
    return json.loads(os.environ.get("ASK_FOR", "[]"))

def build_wheel(directory, config_settings=None, metadata_directory=None):
    said = {
        "platform": sysconfig.get_platform(), "suffix": sysconfig.get_config_var("EXT_SUFFIX"),
        "suffixes": importlib.machinery.EXTENSION_SUFFIXES, "machine": platform.machine(), "system": platform.system(),
        "processor": platform.processor(), "uname": os.uname().machine, "sys_platform": sys.platform,
        "release": platform.release(), "libc": platform.libc_ver(), "include": sysconfig.get_path("include"),
        "long": sysconfig.get_config_var("SIZEOF_LONG"), "cc": sysconfig.get_config_var("LDSHARED"),
        "fork": sysconfig.get_config_var("HAVE_FORK"), "environment": dict(os.environ), "settings": config_settings,
        "python_header": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
        "prefix": sys.prefix, "path": sys.path,
    }
    for command in json.loads(os.environ.get("RUN", "[]")):
        said[command] = subprocess.run(command, shell=True, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    name = os.environ.get("WHEEL", "said-1.0-py3-none-any.whl")
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("said.json", json.dumps(said))
    return name

def get_requires_for_build_sdist(config_settings=None):
    return json.loads(os.environ.get("ASK_FOR_SDIST", "[]"))

def build_sdist(directory, config_settings=None):
    name = os.environ.get("SDIST", "said-1.0.tar.gz")
    listed = subprocess.run(["git", "log", "--format=%H %cI", "--name-only"], stdout=subprocess.PIPE)
    with open(os.path.join(directory, name), "wb") as sdist:
        sdist.write(listed.stdout)
    return name
"""
PYPROJECT = """\
[build-system]
requires = []
build-backend = "own_backend"
backend-path = ["."]
"""

LINUX: Mapping[str, Any] = {
    "version": VERSION,
    "platform": "linux-aarch64",
    "sys_platform": "linux",
    "system": "Linux",
    "machine": "aarch64",
    "release": "4.18.0",
    "linkage": "ELF",
    "libc": ["glibc", "2.17"],
    "macos": "",
    "multiarch": "aarch64-linux-gnu",
    "extension_suffixes": [f".cpython-3{sys.version_info[1]}-aarch64-linux-gnu.so", ".abi3.so", ".so"],
    "libraries": [],
    "meson": {
        "system": "linux",
        "cpu_family": "aarch64",
        "cpu": "aarch64",
        "endian": "little",
        "longdouble_format": "IEEE_QUAD_LE",
    },
    "config": {
        "EXT_SUFFIX": f".cpython-3{sys.version_info[1]}-aarch64-linux-gnu.so",
        "SOABI": f"cpython-3{sys.version_info[1]}-aarch64-linux-gnu",
        "SHLIB_SUFFIX": ".so",
        "INCLUDEPY": "{headers}",
        "CONFINCLUDEPY": "{headers}",
        "LIBDIR": "{libraries}",
        "Py_ENABLE_SHARED": 0,
        "CC": "cc",
        "CXX": "c++",
        "AR": "ar",
        "ARFLAGS": "rcs",
        "CFLAGS": "-O3 -DNDEBUG",
        "CCSHARED": "-fPIC",
        "LDSHARED": "cc -shared",
        "LDCXXSHARED": "c++ -shared",
    },
    "defines": {"SIZEOF_LONG": 8, "HAVE_FORK": 1},
}
MACOS: Mapping[str, Any] = {
    **LINUX,
    "platform": "macosx-11.0-arm64",
    "sys_platform": "darwin",
    "system": "Darwin",
    "machine": "arm64",
    "release": "20.0.0",
    "linkage": "",
    "libc": ["", ""],
    "macos": "11.0",
    "multiarch": "darwin",
}
WINDOWS: Mapping[str, Any] = {
    **LINUX,
    "platform": "win-arm64",
    "sys_platform": "win32",
    "system": "Windows",
    "machine": "ARM64",
    "release": "10",
    "linkage": "WindowsPE",
    "libc": ["", ""],
    "multiarch": "",
    "libraries": ["python312.lib"],
    "defines": {"SIZEOF_LONG": 4},
}


def lay_out_program(folder: Path) -> None:
    """Copy the program to a folder, as the plugin does (`resources/files.py`)."""
    package = folder / "spokeshave/standalone/backend"
    package.mkdir(parents=True)
    for file in PROGRAMS.glob("*.py"):
        if not file.name.endswith(("_test.py", "_fixtures.py")):
            shutil.copyfile(file, (folder if file.name == "__main__.py" else package) / file.name)


class Sandbox:
    """A sandbox with a project by the in-tree backend, which tests change before they build."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.request: dict[str, Any] = {
            "where": "the target //a:wheel",
            "source": "project",
            "output": "built",
            "packages": "packages",
            "requirements": "build.txt",
            "overlays": [],
            "foreign": "foreign",
            "prefixes": [],
            "facts": "facts.json",
            "headers": "headers",
            "libraries": None,
            "config_settings": {},
            "env": {},
            "version": {"mode": "own", "text": ""},
            "target_platform_in_python": None,
            "path": [],
            "config_site": "config.site",
        }
        self.facts: Mapping[str, Any] = LINUX
        self.write("project/pyproject.toml", PYPROJECT)
        self.write("project/own_backend.py", BACKEND)
        self.write("headers/Python.h", "")
        self.write("foreign/bin/cc", "#!/bin/sh\n")
        (root / "packages").mkdir()
        lay_out_program(root / "program")
        self.add_package("packaging")
        self.add_package("tomli")

    def write(self, path: str, content: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def add_package(self, name: str) -> Path:
        """Lay out a package of the environment of the tests as pex does."""
        distribution = metadata.distribution(name)
        folder = self.root / "packages" / f"{name}-{distribution.version}-py3-none-any.whl"
        for file in distribution.files or ():
            if ".." not in file.parts and file.name != "RECORD" and "__pycache__" not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target)
        return folder

    def run(self) -> subprocess.CompletedProcess[str]:
        self.write("facts.json", json.dumps(self.facts))
        self.write("request.json", json.dumps(self.request))
        program = [sys.executable, "-I", "-S", "program", "request.json", "--jobs", "3"]
        return subprocess.run(
            program, cwd=self.root, check=False, stderr=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin"}
        )

    def build(self) -> dict[str, Any]:
        """Build and return what the backend wrote into the wheel."""
        done = self.run()
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(self.wheel) as wheel:
            said: dict[str, Any] = json.loads(wheel.read("said.json"))
        return said

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.root / "built/report.json").read_text())
        return report

    @property
    def wheel(self) -> Path:
        return self.root / "built" / str(self.report["wheel"])
