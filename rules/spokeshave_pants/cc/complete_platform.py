"""What a resolver has to know of a machine that it does not run on, in the form of pex's `--complete-platform`.

With it the wheels that requirements stand for do not depend on the machine that asks: a client on macOS lists the files
of the same compiler for Linux workers as those workers' own machine does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.tags import compatible_tags, mac_platforms

# A compiler is no extension module; the Python only decides what environment markers say. It is the one of Pants 2.17.
_PYTHON = (3, 9)
# The C libraries of Linux, newest first, as PEP 600 and PEP 656 number them: what is installed is run by a kernel, or
# only read, and brings what it needs, so that no floor of this machine's matters.
_GLIBC_MINORS = range(40, 4, -1)
_MUSL_MINORS = (2, 1)
_MACOS = (14, 0)


@dataclass(frozen=True)
class CompletePlatform:
    """:param text: JSON with `marker_environment` (PEP 508) and `compatible_tags` (PEP 425), best first."""

    name: str
    text: str


def of_machine(name: str) -> CompletePlatform:
    """The platform of a machine that runs compilers.

    :param name: as Pants has it: `linux_x86_64`, `linux_arm64`, `macos_x86_64` or `macos_arm64`.
    """
    system, _, architecture = name.partition("_")
    return _of_macos(name, architecture) if system == "macos" else _of_linux(name, architecture)


def _of_linux(name: str, architecture: str) -> CompletePlatform:
    processor = {"arm64": "aarch64"}.get(architecture, architecture)
    glibc = (f"manylinux_2_{minor}_{processor}" for minor in _GLIBC_MINORS)
    musl = (f"musllinux_1_{minor}_{processor}" for minor in _MUSL_MINORS)
    return _complete(name, [*glibc, *musl], {"platform_machine": processor, "platform_system": "Linux"}, "linux")


def _of_macos(name: str, architecture: str) -> CompletePlatform:
    facts = {"platform_machine": architecture, "platform_system": "Darwin"}
    return _complete(name, mac_platforms(_MACOS, architecture), facts, "darwin")


def _complete(name: str, platforms: Iterable[str], facts: dict[str, str], sys_platform: str) -> CompletePlatform:
    version = ".".join(map(str, _PYTHON))
    environment = {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": sys_platform,
        **facts,
    }
    interpreter = "cp" + "".join(map(str, _PYTHON))
    tags = [str(tag) for tag in compatible_tags(_PYTHON, interpreter, list(platforms))]
    return CompletePlatform(name, json.dumps({"marker_environment": environment, "compatible_tags": tags}, indent=0))
