"""For tests: real ELF files, compiled by the ziglang package, and the wheels around them."""

from __future__ import annotations

import getpass
import os
import subprocess
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from spokeshave.archive import Compression
from spokeshave.tag import WheelTag
from spokeshave.wheel_file import UNSTAMPED, WheelEntry, WheelName, render_wheel_file, write_wheel

MANYLINUX = "manylinux_2_17_x86_64"
GLIBC_2_17 = "x86_64-linux-gnu.2.17"
GLIBC_2_28 = "x86_64-linux-gnu.2.28"

_MODULE = """
typedef struct {{ long count; void *type; }} PyObject;
typedef struct {{ PyObject base; void *init; long index; void *copy; const char *name, *doc; long size;
    void *methods, *slots, *traverse, *clear, *free; }} PyModuleDef;
extern PyObject *PyModule_Create2(PyModuleDef *, int);
{code}
static PyModuleDef definition = {{{{1, 0}}, 0, 0, 0, "{name}", 0, -1}};
__attribute__((visibility("default"))) PyObject *PyInit_{name}(void) {{
    {statement}
    return PyModule_Create2(&definition, 1013);
}}
"""


def module_source(name: str, statement: str = "", code: str = "") -> str:
    """C for a module of the limited API, which needs no header of Python's; ``statement`` runs on import."""
    return _MODULE.format(name=name, statement=statement, code=code)


def compile_library(path: Path, source: str, *flags: str, target: str = GLIBC_2_17, language: str = "c") -> Path:
    """Compile C or C++ to a shared library at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source_file = path.with_name(f"{path.name}.{language}")
    source_file.write_text(source)
    driver = "cc" if language == "c" else "c++"
    command = [str(_zig()), driver, "-target", target, "-shared", "-fPIC", "-O1", "-g0", "-s", "-fvisibility=hidden"]
    command += ["-o", str(path), str(source_file), *flags]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    source_file.unlink()
    assert done.returncode == 0, done.stderr
    return path


def build_wheel(
    folder: Path,
    files: Mapping[str, bytes | str | Path],
    tag: str = "cp310-cp310-linux_x86_64",
    name: str = "demo",
    metadata_lines: str = "Requires-Python: >=3.8\n",
    version: str = UNSTAMPED,
) -> Path:
    """Write a valid wheel of the given files; a key that begins with ``dist-info/`` lands in that folder."""
    wheel = WheelName(name, version, WheelTag.parse(tag))
    contents: dict[str, bytes | str | Path] = {
        f"{wheel.dist_info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata_lines}",
        f"{wheel.dist_info}/WHEEL": render_wheel_file(wheel.tag),
    }
    contents.update({path.replace("dist-info/", f"{wheel.dist_info}/", 1): data for path, data in files.items()})
    entries = [_entry(path, data) for path, data in contents.items()]
    return write_wheel(folder / str(wheel), wheel.dist_info, entries, Compression.STORED).path


def _entry(path: str, data: bytes | str | Path) -> WheelEntry:
    return WheelEntry(path, data.encode() if isinstance(data, str) else data, Compression.STORED)


def _zig() -> Path:
    return Path(str(metadata.distribution("ziglang").locate_file("ziglang/zig")))


def _environment() -> dict[str, str]:
    # zig keeps the libc stubs of a target in its cache; tests share it, as building them takes seconds.
    cache = Path(tempfile.gettempdir()) / f"spokeshave-tests-zig-{getpass.getuser()}"
    return {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(cache), "ZIG_LOCAL_CACHE_DIR": str(cache)}
