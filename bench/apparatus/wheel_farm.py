"""A repository of any number of small projects, each with one wheel."""

from __future__ import annotations

from pathlib import Path

_SOURCE = """\
#include <Python.h>

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", 0, -1, 0};
PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&module); }
"""
# A Mac's wheel is assembled, repaired, verified and stamped here, but not installed.
PLATFORM = "macosx_11_0_arm64"
_BUILD = """\
python_sources()
python_extension(name="native", module="{name}._native", dependencies=["src/cpp/native"], limited_api="3.12")
python_native_wheel(
    name="wheel",
    pyproject="pyproject.toml",
    dependencies=[":{name}", ":native"],
    pythons=["3.12"],
    platforms=["{platform}"],
)
"""
_PYPROJECT = """\
[project]
name = "{name}"
description = "One of many"
requires-python = ">=3.12"
dynamic = ["version"]
"""


def write_wheel_farm(root: Path, count: int) -> None:
    """Write the projects below `src/python`, and the C source that all of them share."""
    _write(root / "src" / "cpp" / "native" / "native.c", _SOURCE)
    _write(root / "src" / "cpp" / "native" / "BUILD", "cc_sources()\n")
    for n in range(count):
        # The number of projects in the names keeps the results of a smaller repository from being used.
        name = f"farm{count}_{n:04}"
        folder = root / "src" / "python" / name
        _write(folder / "BUILD", _BUILD.format(name=name, platform=PLATFORM))
        _write(folder / "pyproject.toml", _PYPROJECT.format(name=name))
        _write(folder / "version.json", '{"package-version": "1.0.0"}\n')
        _write(folder / "__init__.py", "from . import _native\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
