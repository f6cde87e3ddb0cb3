"""Make this Python describe the target: `sysconfig`, `platform`, `os.uname` and the suffixes of extensions.

`build_python.py` puts this file into the environment of a build, as a module that every Python there imports when it
starts. The target's facts (`cc/foreign/python_facts.py`) are next to it, in `spokeshave_target.json`. One mechanism
serves setuptools, CMake's FindPython, scikit-build-core, meson and meson-python.

Programs that build ask for the machine that they run on. Their launchers set SPOKESHAVE_HOST_TOOL, which is removed
here: the Pythons that they start describe the target again.
"""

from __future__ import annotations

import functools
import importlib.machinery
import json
import os
import platform
import sys
import sysconfig
import traceback
import types
from typing import Any

FACTS = "spokeshave_target.json"
MACHINE_MARKERS: dict[str, str] = {}
"""The values of this machine for environment markers (PEP 508), by which build requirements are chosen."""
_CONFIGURED = ("ALIGNOF_", "HAVE_", "SIZEOF_")
_STANDARD_LIBRARY = os.path.dirname(os.__file__)
# Below the standard library's folder, but not for the machine that runs: a part of setuptools up to CPython 3.11.
_NOT_STANDARD = ("site-packages", "dist-packages", "distutils")
# Windows 10 1507: what `sys.getwindowsversion()` starts with.
_WINDOWS_VERSION = (10, 0, 10240, 2, "")


def _change_sysconfig(facts: dict[str, Any]) -> None:
    # This dictionary is the module's own.
    config = sysconfig.get_config_vars()
    config.update(dict.fromkeys((name for name in config if name.startswith(_CONFIGURED)), 0))
    config.update(facts["defines"])
    config.update(facts["config"])
    headers = config["INCLUDEPY"]
    real_paths = sysconfig.get_paths

    def get_paths(*arguments: Any, **options: Any) -> dict[str, str]:
        return {**real_paths(*arguments, **options), "include": headers, "platinclude": headers}

    sysconfig.get_paths = get_paths
    sysconfig.get_platform = lambda: str(facts["platform"])
    sysconfig.get_config_h_filename = lambda: os.path.join(headers, "pyconfig.h")
    importlib.machinery.EXTENSION_SUFFIXES[:] = facts["extension_suffixes"]


def _change_platform(facts: dict[str, Any]) -> None:
    system = facts["system"]
    machine = facts["machine"]
    release = facts["release"]
    uname = platform.uname_result(system, "localhost", release, release, machine)
    vars(uname)["processor"] = machine
    replaced: dict[str, Any] = {
        "uname": lambda: uname,
        "system": lambda: system,
        "machine": lambda: machine,
        "processor": lambda: machine,
        "release": lambda: release,
        "version": lambda: release,
        "node": lambda: "localhost",
        "architecture": lambda *_, **__: ("64bit", facts["linkage"]),
        "libc_ver": lambda *_, **__: tuple(facts["libc"]),
    }
    if facts["macos"]:
        replaced["mac_ver"] = lambda *_, **__: (facts["macos"], ("", "", ""), machine)
    if system == "Windows":
        replaced["win32_ver"] = lambda *_, **__: (release, f"{release}.0", "", "")
    for name, function in replaced.items():
        setattr(platform, name, function)
    os.uname = lambda: os.uname_result((system, "localhost", release, release, machine))


def _file_of(frame: types.FrameType) -> str:
    """Return the file of running code. setuptools executes the text of a `setup.py`, which only names itself."""
    filename = frame.f_code.co_filename
    return str(frame.f_globals.get("__file__", filename)) if filename == "<string>" else filename


@functools.cache
def _is_standard(filename: str) -> bool:
    if filename.startswith("<frozen "):
        return True
    below = filename[len(_STANDARD_LIBRARY) + 1 :]
    return filename.startswith(_STANDARD_LIBRARY) and not below.startswith(_NOT_STANDARD)


@functools.cache
def _is_below(folder: str, filename: str) -> bool:
    if filename.startswith("<"):
        return False
    return os.path.realpath(filename).startswith(os.path.realpath(folder) + os.sep)


def _change_sys_platform(target: str, project: str) -> None:
    """Make `sys.platform` the target's for other code than the standard library, or for Windows the project's own only.

    The library chooses its implementation by the platform, when it is imported and also later, and has only that for
    this machine. For Windows, a backend would start Microsoft's compiler; `os.name` is then the target's too.
    """
    real = sys.platform
    real_name = os.name
    is_windows = target == "win32"

    def describes_target() -> bool:
        filename = _file_of(sys._getframe(2))
        return _is_below(project, filename) if is_windows else not _is_standard(filename)

    class Sys(types.ModuleType):
        @property
        def platform(self) -> str:
            return target if describes_target() else real

        @property
        def getwindowsversion(self) -> Any:
            if is_windows and describes_target():
                return lambda: _WINDOWS_VERSION
            raise AttributeError("module 'sys' has no attribute 'getwindowsversion'")

    class Os(types.ModuleType):
        @property
        def name(self) -> str:
            return "nt" if is_windows and describes_target() else real_name

    sys.__class__ = Sys
    os.__class__ = Os


def describe(facts: dict[str, Any]) -> None:
    """Make this Python describe the target."""
    MACHINE_MARKERS.update(
        platform_machine=platform.machine(),
        platform_release=platform.release(),
        platform_system=platform.system(),
        platform_version=platform.version(),
        sys_platform=sys.platform,
    )
    _change_sysconfig(facts)
    _change_platform(facts)
    sys.implementation._multiarch = facts["multiarch"]  # type: ignore[attr-defined]
    # The standard library's `distutils` (up to CPython 3.11) reads the variables again, from a module that is named so.
    name = f"_sysconfigdata_{sys.abiflags}_{sys.platform}_{facts['multiarch']}"
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name])["build_time_vars"] = dict(sysconfig.get_config_vars())
    # crossenv sets it, and some projects ask for it.
    sys.cross_compiling = True  # type: ignore[attr-defined]
    if facts["has_target_sys_platform"] and facts["sys_platform"] != sys.platform:
        _change_sys_platform(facts["sys_platform"], facts["project"])


def _describe_by_file() -> None:
    """Read the facts next to this file. A Python that fails to describe the target must not build: it ends."""
    try:
        with open(os.path.join(os.path.dirname(__file__), FACTS), encoding="utf-8") as file:
            describe(json.load(file))
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)


IS_HOST_TOOL = os.environ.pop("SPOKESHAVE_HOST_TOOL", None) is not None
if __name__ == "spokeshave_target" and not IS_HOST_TOOL:
    _describe_by_file()
