"""Files in the plugin: sources of the tools, pinned requirements, C sources and a header, and a script."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import spokeshave_core

_HERE = Path(__file__).parent
_CORE = Path(spokeshave_core.__file__).parent
_NOT_SHIPPED = ("_test.py", "_fixtures.py")


def tool_sources() -> dict[str, bytes]:
    """The sources of the `spokeshave` package, by their path below it, without tests."""
    return _sources(_HERE / "tools")


def core_sources() -> dict[str, bytes]:
    """Return the sources of the `spokeshave_core` package, by their path below it, without tests."""
    return _sources(_CORE)


@functools.cache
def importable_sources() -> Mapping[str, bytes]:
    """The sources of both, by their path from the folder that is put on `sys.path`."""
    return {
        **{f"spokeshave/{path}": content for path, content in tool_sources().items()},
        **{f"spokeshave_core/{path}": content for path, content in core_sources().items()},
    }


def _sources(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*.py"))
        if not path.name.endswith(_NOT_SHIPPED)
    }


def standalone_tool(name: str) -> bytes:
    """Return one of the tools that are a program of one file."""
    return (_HERE / "tools/standalone" / name).read_bytes()


def backend_tool() -> dict[str, bytes]:
    """Return the program that runs a project's own build backend, as a folder that Python is started with."""
    files = _sources(_HERE / "tools/standalone/backend")
    main = files.pop("__main__.py")
    return {"__main__.py": main, **{f"spokeshave/standalone/backend/{name}": file for name, file in files.items()}}


def requirements(name: str) -> bytes:
    """Return a pinned requirements file of the plugin."""
    return (_HERE / name).read_bytes()


def carried_source(name: str) -> bytes:
    """Return a C source of the plugin."""
    return (_HERE / name).read_bytes()


def version_header() -> bytes:
    """Return the header by which C and C++ read the version that a wheel is stamped with."""
    return (_CORE / "include/spokeshave/version.h").read_bytes()


def plugin_license() -> bytes:
    """Return the license of the plugin, whose C sources wheels may contain."""
    return (_HERE / "LICENSE").read_bytes()


@functools.cache
def plugin_version() -> str:
    """Return the version of the plugin, which is that of the tools."""
    (line,) = (line for line in tool_sources()["__init__.py"].decode().splitlines() if line.startswith("__version__"))
    return line.split('"')[1]


def page_script() -> str:
    """Return the script of the page that `--report=html` writes: a filter, without which the page works."""
    return (_HERE / "page.js").read_text()
