"""Fixtures for native files: real ELF, Mach-O and PE files, compiled by the ziglang package, in wheels."""

from __future__ import annotations

import getpass
import os
import subprocess
import tempfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from spokeshave.wheel.archive import Compression
from spokeshave.wheel.writer import WheelEntry, render_wheel_file, write_wheel
from spokeshave_core.wheel_name import UNSTAMPED, WheelName, WheelTag

MANYLINUX = "manylinux_2_17_x86_64"
GLIBC_2_17 = "x86_64-linux-gnu.2.17"
GLIBC_2_28 = "x86_64-linux-gnu.2.28"

# zig's name of each platform. Without a C library, a link for any of them takes a tenth of a second.
TARGETS = {
    "manylinux_2_17_x86_64": "x86_64-linux-gnu.2.17",
    "manylinux_2_17_aarch64": "aarch64-linux-gnu.2.17",
    "manylinux_2_17_ppc64le": "powerpc64le-linux-gnu.2.19",
    "manylinux_2_17_s390x": "s390x-linux-gnu.2.17",
    "manylinux_2_31_riscv64": "riscv64-linux-gnu.2.31",
    "manylinux_2_31_armv7l": "arm-linux-gnueabihf.2.31",
    "musllinux_1_2_x86_64": "x86_64-linux-musl",
    "musllinux_1_2_aarch64": "aarch64-linux-musl",
    "macosx_11_0_x86_64": "x86_64-macos.11.0",
    "macosx_11_0_arm64": "aarch64-macos.11.0",
    "win_amd64": "x86_64-windows-gnu",
    "win_arm64": "aarch64-windows-gnu",
}
_DLLTOOL_MACHINES = {"win_amd64": "i386:x86-64", "win_arm64": "arm64"}

_MODULE = """
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) {{ return 1; }}
#else
#define EXPORT __attribute__((visibility("default")))
#endif
typedef struct {{ long count; void *type; }} PyObject;
typedef struct {{ PyObject base; void *init; long index; void *copy; const char *name, *doc; long size;
    void *methods, *slots, *traverse, *clear, *free; }} PyModuleDef;
extern PyObject *PyModule_Create2(PyModuleDef *, int);
{code}
static PyModuleDef definition = {{{{1, 0}}, 0, 0, 0, "{name}", 0, -1}};
EXPORT PyObject *PyInit_{name}(void) {{
    {statement}
    return PyModule_Create2(&definition, 1013);
}}
"""


def module_source(name: str, statement: str = "", code: str = "") -> str:
    """Return C for a module of the limited API that needs no header of Python's. `statement` runs on import."""
    return _MODULE.format(name=name, statement=statement, code=code)


def export_hook(name: str) -> str:
    """Return `code` of a module that Python 3.15 and later load by its export hook (PEP 793)."""
    return f"EXPORT void *PyModExport_{name}(void) {{ return 0; }}"


_SLOT = """
{attribute} static const volatile char slot_{number}[{size}] = "{version}";
EXPORT const char *version_{number}(void) {{ return (const char *)slot_{number}; }}
"""
_SLOT_START = """
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
int DllMainCRTStartup(void *instance, unsigned reason, void *reserved) { return 1; }
#else
#define EXPORT __attribute__((visibility("default")))
#endif
#ifdef __APPLE__
#define SLOT __attribute__((used, section("__DATA,__spkver")))
#else
#define SLOT __attribute__((used, section(".spkver")))
#endif
EXPORT int answer(void) { return 42; }
"""


def slot_source(slots: int = 1, size: int = 128, version: str = UNSTAMPED) -> str:
    """Return C for a library with version slots, as several sources with `spokeshave/version.h` give them.

    Its functions `version_0`, `version_1` and so on return the versions.
    """
    parts = [_SLOT.format(attribute="SLOT", number=number, size=size, version=version) for number in range(slots)]
    return _SLOT_START + "".join(parts)


def compile_library(path: Path, source: str, *flags: str, target: str = GLIBC_2_17, language: str = "c") -> Path:
    """Compile C or C++ to a shared library at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source_file = path.with_name(f"{path.name}.{language}")
    source_file.write_text(source)
    driver = "cc" if language == "c" else "c++"
    command = [driver, "-target", target, "-shared", "-fPIC", "-O1", "-g0", "-s", "-fvisibility=hidden"]
    _run_zig(*command, "-o", str(path), str(source_file), *flags)
    source_file.unlink()
    return path


def link_bare(path: Path, source: str, platform: str, *flags: str, target: str | None = None) -> Path:
    """Compile C to a shared library for any platform of `TARGETS`, without a C library.

    For macOS undefined symbols are resolved when it is loaded. For Windows they need an import library.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    source_file = path.with_name(f"{path.name}.c")
    source_file.write_text(source)
    own_flags = ["-fPIC"]
    if platform.startswith("macosx"):
        own_flags = ["-lSystem", "-Wl,-undefined,dynamic_lookup", f"-Wl,-install_name,@rpath/{path.name}"]
    elif platform.startswith("win"):
        own_flags = []
    command = ["cc", "-target", target or TARGETS[platform], "-shared", "-O2", "-g0", "-s", "-fvisibility=hidden"]
    _run_zig(*command, "-nostdlib", *own_flags, "-o", str(path), str(source_file), *flags)
    source_file.unlink()
    return path


def link_static_program(path: Path) -> Path:
    """Link a program for Linux that needs no library and no loader."""
    source_file = path.with_name(f"{path.name}.c")
    source_file.write_text("void _start(void) { for (;;) {} }")
    _run_zig("cc", "-target", "x86_64-linux-musl", "-static", "-nostdlib", "-s", "-o", str(path), str(source_file))
    source_file.unlink()
    return path


def import_library(folder: Path, dll: str, names: str, platform: str = "win_amd64") -> Path:
    """Make the import library for functions of a DLL. `names` are separated by spaces."""
    folder.mkdir(parents=True, exist_ok=True)
    definition = folder / f"{dll}.def"
    library = folder / f"{dll}.lib"
    definition.write_text("\n".join([f"LIBRARY {dll}", "EXPORTS", *names.split()]))
    _run_zig("dlltool", "-m", _DLLTOOL_MACHINES[platform], "-d", str(definition), "-l", str(library))
    return library


def link_as_msvc(path: Path, source: str, *options: str) -> Path:
    """Compile C to a DLL for win_amd64 with the linker's own options, which zig does not pass on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source_file = path.with_name(f"{path.name}.c")
    built = path.with_name(f"{path.name}.obj")
    source_file.write_text(source)
    _run_zig("cc", "-target", TARGETS["win_amd64"], "-c", "-O2", "-g0", "-s", "-o", str(built), str(source_file))
    _run_zig("lld-link", "-dll", "-lldmingw", "-entry:DllMainCRTStartup", f"-out:{path}", str(built), *options)
    source_file.unlink()
    built.unlink()
    return path


def link_as_lld(path: Path, source: str, platform: str, *options: str) -> Path:
    """Compile C to an ELF file with the linker's own options, which zig does not pass on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source_file = path.with_name(f"{path.name}.c")
    built = path.with_name(f"{path.name}.o")
    source_file.write_text(source)
    _run_zig("cc", "-target", TARGETS[platform], "-c", "-fPIC", "-O2", "-g0", "-o", str(built), str(source_file))
    _run_zig("ld.lld", "-s", "-o", str(path), str(built), *options)
    source_file.unlink()
    built.unlink()
    return path


def build_wheel(
    folder: Path,
    files: Mapping[str, bytes | str | Path],
    tag: str = "cp310-cp310-linux_x86_64",
    name: str = "demo",
    metadata_lines: str = "Requires-Python: >=3.8\n",
    version: str = UNSTAMPED,
) -> Path:
    """Write a valid wheel of the given files. The prefix `dist-info/` of a key stands for that directory."""
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


def zig_program() -> str:
    """Return the compiler of the ziglang package."""
    return str(metadata.distribution("ziglang").locate_file("ziglang/zig"))


def _run_zig(*arguments: str) -> None:
    done = subprocess.run([zig_program(), *arguments], env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _environment() -> dict[str, str]:
    # zig caches the libc stubs of a target. Tests share the cache, because building them takes seconds.
    cache = Path(tempfile.gettempdir()) / f"spokeshave-tests-zig-{getpass.getuser()}"
    return {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(cache), "ZIG_LOCAL_CACHE_DIR": str(cache)}
