"""The settings of the backend, and the description of the target for meson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spokeshave.standalone.backend.build_python import BuildPython
from spokeshave.standalone.backend.project import Project
from spokeshave.standalone.backend.request import Request, Settings

# What meson finds libraries with, and the programs of packages that are it.
MESON_FINDERS = {"cmake": ("cmake",), "pkg-config": ("pkgconf", "pkg-config")}


def settings_of_backend(request: Request, project: Project, python: BuildPython) -> Settings:
    """Return the backend's settings: folders that are the same in each build, and the target for meson."""
    own: Settings = {}
    if project.is_scikit_build_core:
        own = {"build-dir": "build/spokeshave"}
    elif project.is_meson:
        file = request.place / "meson-cross.ini"
        file.write_text(meson_file(request, python), encoding="utf-8")
        native = request.place / "meson-native.ini"
        native.write_text(native_file(request), encoding="utf-8")
        own = {
            "build-dir": "build/spokeshave",
            "setup-args": [f"--cross-file={file}", f"--native-file={native}"],
            "compile-args": [f"-j{request.jobs}"],
        }
    return combined(own, request.config_settings)


def combined(own: Settings, given: Settings) -> Settings:
    """Return settings with the user's over this program's. Lists of both are joined."""
    merged = {**own, **given}
    for name in own.keys() & given.keys():
        first = own[name]
        if isinstance(first, list):
            second = given[name]
            merged[name] = [*first, *([second] if isinstance(second, str) else second)]
    return merged


def meson_file(request: Request, python: BuildPython) -> str:
    """Return meson's cross file. Its paths are absolute, as meson wants them."""
    target = request.facts["meson"]
    libraries = [str(request.libraries / name) for name in request.facts["libraries"]] if request.libraries else []
    tools = {"c": "cc", "cpp": "c++", "ar": "ar", "strip": "strip", "windres": "windres"}
    binaries = {name: str(request.foreign / "bin" / tool) for name, tool in tools.items()}
    # In a cross build meson takes what `dependency()` asks from this file only, such as `numpy-config`.
    binaries.update((program.name, str(program)) for program in sorted(python.bin.glob("*[-_]config")))
    for name, programs in MESON_FINDERS.items():
        binaries.update((name, str(python.bin / program)) for program in programs if (python.bin / program).exists())
    # On Linux, meson links modules for Windows with nothing of Python. An unused library leaves no trace.
    options = {"c_link_args": libraries, "cpp_link_args": libraries}
    sections: dict[str, Mapping[str, Any]] = {
        "binaries": {**binaries, "python": str(python.executable)},
        # Without a wrapper, a check that has to run a program is an error of meson's and not a silent no.
        "properties": {
            "needs_exe_wrapper": True,
            "skip_sanity_check": True,
            "longdouble_format": target["longdouble_format"],
            "cmake_toolchain_file": str(request.foreign / "toolchain.cmake"),
        },
        "built-in options": options,
        "host_machine": {name: target[name] for name in ("system", "cpu_family", "cpu", "endian")},
    }
    return _meson_text(sections)


def native_file(request: Request) -> str:
    """Return meson's native file: the compiler of what is `native: true`, and nothing else of the machine.

    Without `native_compiler`, the compilers only say how to ask for them. meson then does without, where it can.
    """
    names = {"c": "cc", "cpp": "c++", "ar": "ar", "strip": "strip"}
    tools = {name: str(request.foreign / "bin" / f"build-{tool}") for name, tool in names.items()}
    return _meson_text({"binaries": tools})


def _meson_text(sections: Mapping[str, Mapping[str, Any]]) -> str:
    return "".join(
        f"[{section}]\n" + "".join(f"{name} = {_meson_value(value)}\n" for name, value in values.items())
        for section, values in sections.items()
    )


def _meson_value(value: Any) -> str:
    """Return a value in meson's language, whose strings and lists are Python's but for escapes."""
    return str(value).lower() if isinstance(value, bool) else repr(value)
