"""What the Python of a platform says of itself, for builds by others that run on another Python.

A build backend asks the Python that runs it for the tag of the wheel, the suffix of extensions, the compiler and its
flags. `tools/spokeshave/standalone/backend/target_python.py` makes a Python of this machine answer with these facts. No
interpreter of the target is needed: they follow from the platform and the ABI, as `pyconfig.h` does.

Sources: `sysconfig` and `platform` of CPython 3.9 to 3.15; PEP 3149 (`SOABI`); what setuptools, CMake's FindPython,
meson and meson-python read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace

from spokeshave_core.platform import ObjectFormat, Platform, System
from spokeshave_core.python_abi import OLDEST_ABI3T_MINOR, PythonAbi
from spokeshave_pants.headers.exports import import_library_name
from spokeshave_pants.headers.extension_suffix import extension_suffix
from spokeshave_pants.headers.pyconfig import derived_pyconfig

_SYSTEMS = {System.MACOS: "Darwin", System.WINDOWS: "Windows"}
_SYS_PLATFORMS = {System.MACOS: "darwin", System.WINDOWS: "win32"}
_LINKAGES = {ObjectFormat.ELF: "ELF", ObjectFormat.PE: "WindowsPE", ObjectFormat.MACHO: ""}
_GNU_SYSTEMS = {
    System.GLIBC: "unknown-linux-gnu",
    System.MUSL: "unknown-linux-musl",
    System.MACOS: "apple-darwin",
    System.WINDOWS: "w64-mingw32",
}
# The options of CPython's own release builds that affect an extension. Without `-fwrapv`, C code that relies on
# wrapping integers, as CPython's macros once did, is miscompiled.
_COMPILER_FLAGS = "-fno-strict-aliasing -fwrapv -DNDEBUG -O3"
# Values that describe the machine that the interpreter was built on: its folders, its compiler, its libraries.
_OF_THE_BUILDER = (
    "BASECFLAGS BLDLIBRARY CONFIGURE_CFLAGS CONFIGURE_CFLAGS_NODIST CONFIGURE_CPPFLAGS CONFIGURE_LDFLAGS "
    "CONFIGURE_LDFLAGS_NODIST CONFIG_ARGS CPPFLAGS EXTRA_CFLAGS LDFLAGS LDFLAGS_NODIST LIBFFI_INCLUDEDIR LIBM LIBPC "
    "LIBPYTHON LIBS LINKFORSHARED LINK_PYTHON_OBJS LOCALMODLIBS MODLIBS MULTIARCH_CPPFLAGS OPT OTHER_LIBTOOL_OPT "
    "PROFILE_TASK PY_CFLAGS_NODIST PY_CORE_CFLAGS PY_CORE_LDFLAGS PY_CPPFLAGS PY_LDFLAGS PY_LDFLAGS_NODIST RUNSHARED "
    "SHLIBS SYSLIBS"
).split()
_MESON_SYSTEMS = {System.MACOS: "darwin", System.WINDOWS: "windows"}
_MESON_FAMILIES = {"powerpc64le": "ppc64"}
_DEFINE = re.compile(r"^#define (?P<name>\w+) (?P<value>-?[0-9]+)$", re.MULTILINE)
# macOS' major version and its kernel's differ by nine from 11 on, and by one from 26 on.
_RENUMBERED_MACOS = 26


def python_facts(platform: Platform, abi: PythonAbi) -> str:
    """Return the facts as JSON.

    `{headers}` and `{libraries}` in a value stand for the directories of `Python.h` and of the import libraries.

    Args:
        platform: A platform with a single processor.
        abi: The ABI that is built for. One that serves several Pythons is built with the oldest of them.
    """
    own = PythonAbi(abi.version)
    suffix = extension_suffix(own, platform)
    facts = {
        "version": str(abi.version),
        "platform": _sysconfig_platform(platform),
        "sys_platform": _SYS_PLATFORMS.get(platform.system, "linux"),
        "system": _SYSTEMS.get(platform.system, "Linux"),
        "machine": _machine(platform),
        "release": _release(platform),
        "linkage": _LINKAGES[platform.object_format],
        "libc": ["glibc", _dotted(platform)] if platform.system is System.GLIBC else ["", ""],
        "macos": _dotted(platform) if platform.system is System.MACOS else "",
        "multiarch": _multiarch(platform),
        "extension_suffixes": _extension_suffixes(own, platform),
        "config": {**dict.fromkeys(_OF_THE_BUILDER, ""), **_config(platform, abi, suffix)},
        "defines": _defines(platform, abi),
        "libraries": python_libraries(platform, abi),
        "meson": _meson(platform),
    }
    return json.dumps(facts, indent=1, sort_keys=True) + "\n"


def python_libraries(platform: Platform, abi: PythonAbi) -> tuple[str, ...]:
    """Return the import libraries that an extension for Windows is linked with, in their order; elsewhere none.

    A module that is limited to the stable ABI finds all names in the first one, and loads only that DLL.
    """
    if platform.system is not System.WINDOWS:
        return ()
    own = replace(abi, stable=False, abi3t_only=False)
    return tuple(dict.fromkeys((import_library_name(abi), import_library_name(own))))


def _dotted(platform: Platform) -> str:
    major, minor = platform.floor or (0, 0)
    return f"{major}.{minor}"


def _sysconfig_platform(platform: Platform) -> str:
    """Return `sysconfig.get_platform()`, from which backends make the platform tag."""
    if platform.system is System.WINDOWS:
        return f"win-{platform.architecture}"
    if platform.system is System.MACOS:
        return f"macosx-{_dotted(platform)}-{platform.architecture}"
    return f"linux-{platform.architecture}"


def _machine(platform: Platform) -> str:
    return platform.architecture.upper() if platform.system is System.WINDOWS else platform.architecture


def _release(platform: Platform) -> str:
    """Return the version of the kernel: of the oldest macOS, or of any Windows and Linux that the Pythons support."""
    if platform.system is System.WINDOWS:
        return "10"
    if platform.system is not System.MACOS:
        return "4.18.0"
    major, minor = platform.floor or (0, 0)
    if major == 10:
        return f"{minor + 4}.0.0"
    return f"{major + (-1 if major >= _RENUMBERED_MACOS else 9)}.0.0"


def _multiarch(platform: Platform) -> str:
    if platform.object_format is ObjectFormat.ELF:
        return platform.multiarch
    return "darwin" if platform.system is System.MACOS else ""


def _extension_suffixes(own: PythonAbi, platform: Platform) -> list[str]:
    """Return what an extension's file name may end with, in the order in which the target's Python looks for it."""
    stable = [extension_suffix(PythonAbi(own.version, stable=True), platform)]
    if own.version.minor >= OLDEST_ABI3T_MINOR:
        # A Python with a GIL loads both kinds of stable modules.
        free_threaded = replace(own.version, free_threaded=True)
        stable.append(extension_suffix(PythonAbi(free_threaded, stable=True), platform))
    elif own.version.free_threaded:
        stable = []
    last = ".pyd" if platform.system is System.WINDOWS else ".so"
    return list(dict.fromkeys((extension_suffix(own, platform), *stable, last)))


def _config(platform: Platform, abi: PythonAbi, suffix: str) -> Mapping[str, object]:
    is_windows = platform.system is System.WINDOWS
    link = " ".join(("-shared", *(f"{{libraries}}/{name}" for name in python_libraries(platform, abi))))
    if platform.system is System.MACOS:
        link = "-bundle -undefined dynamic_lookup"
    library = _library(platform, abi)
    return {
        "EXT_SUFFIX": suffix,
        "SOABI": suffix.rpartition(".")[0].lstrip("."),
        "SHLIB_SUFFIX": ".dll" if is_windows else ".so",
        "MULTIARCH": _multiarch(platform),
        "MACHDEP": _SYS_PLATFORMS.get(platform.system, "linux"),
        "HOST_GNU_TYPE": f"{platform.processor}-{_GNU_SYSTEMS[platform.system]}{platform.float_abi}",
        "MACOSX_DEPLOYMENT_TARGET": _dotted(platform) if platform.system is System.MACOS else "",
        **dict.fromkeys(("INCLUDEPY", "CONFINCLUDEPY", "INCLUDEDIR", "CONFINCLUDEDIR"), "{headers}"),
        **dict.fromkeys(("LIBDIR", "LIBPL"), "{libraries}"),
        **dict.fromkeys(("LIBRARY", "LDLIBRARY"), library),
        "Py_ENABLE_SHARED": 0,
        "PYTHONFRAMEWORK": "",
        "PYTHONFRAMEWORKPREFIX": "",
        # What pybind11 and older files of CMake make the name of the library from.
        **(dict.fromkeys(("VERSION", "LDVERSION"), _library_version(library)) if is_windows else {}),
        # By their names, which are found on PATH: some projects write them into what they build.
        "CC": "cc",
        "CXX": "c++",
        "AR": "ar",
        "ARFLAGS": "rcs",
        "RANLIB": "ranlib",
        "LINKCC": "cc",
        "CFLAGS": _COMPILER_FLAGS,
        "PY_CFLAGS": _COMPILER_FLAGS,
        "CCSHARED": "" if is_windows else "-fPIC",
        "LDSHARED": f"cc {link}",
        "BLDSHARED": f"cc {link}",
        "LDCXXSHARED": f"c++ {link}",
        # CPython's own adjustment to the macOS that it runs on was made.
        "CUSTOMIZED_OSX_COMPILER": "True" if platform.system is System.MACOS else "",
    }


def _library(platform: Platform, abi: PythonAbi) -> str:
    """Return the file name of Python's library. Outside of Windows, extensions are not linked with it."""
    if platform.system is System.WINDOWS:
        return import_library_name(PythonAbi(abi.version))
    return f"libpython{abi.version}.a"


def _library_version(library: str) -> str:
    """Return the version in the name of an import library, such as `312` or `313t`."""
    return library.removeprefix("python").partition(".")[0]


def _meson(platform: Platform) -> Mapping[str, str]:
    """Return the target in meson's words, and the format of `long double`, for which numpy's build runs a program."""
    family = _MESON_FAMILIES.get(platform.processor, platform.processor)
    return {
        "system": _MESON_SYSTEMS.get(platform.system, "linux"),
        "cpu_family": family,
        "cpu": platform.processor,
        "endian": "big" if platform.architecture == "s390x" else "little",
        "longdouble_format": _long_double(platform),
    }


def _long_double(platform: Platform) -> str:
    if platform.processor == "x86_64":
        return "INTEL_EXTENDED_16_BYTES_LE"
    if platform.processor == "arm" or platform.object_format is not ObjectFormat.ELF:
        return "IEEE_DOUBLE_LE"
    formats = {"s390x": "IEEE_QUAD_BE", "powerpc64le": "IBM_DOUBLE_DOUBLE_LE"}
    return formats.get(platform.processor, "IEEE_QUAD_LE")


def _defines(platform: Platform, abi: PythonAbi) -> Mapping[str, int]:
    """Return the numbers in `pyconfig.h`, which are configuration variables as well: sizes, and what there is."""
    text = derived_pyconfig(platform, abi.version)
    return {define["name"]: int(define["value"]) for define in _DEFINE.finditer(text)}
