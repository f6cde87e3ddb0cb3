"""What a resolver has to know of a machine that it does not run on, in the form of pex's `--complete-platform`.

With it the wheels that requirements stand for do not depend on the machine that asks: a client on macOS lists the files
of the same compiler for Linux workers as those workers' own machine does, and headers for Windows come from the wheel
for Windows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.tags import compatible_tags, cpython_tags, mac_platforms

from spokeshave_pants.platform import Platform, System
from spokeshave_pants.python_abi import PythonVersion

# A compiler is no extension module; the Python only decides what environment markers say. It is the one of Pants 2.17.
_MACHINES_PYTHON = PythonVersion(9)
# The Pythons that a wheel may be for where any will do, newest first.
_PYTHONS = tuple(PythonVersion(minor) for minor in range(14, 7, -1))
_OLDEST_ABI3_MINOR = 2
# The C libraries of Linux, newest first, as PEP 600 and PEP 656 number them: what is installed is run by a kernel, or
# only read, and brings what it needs, so that no floor of this machine's matters.
_GLIBC_MINORS = range(40, 4, -1)
_MUSL_MINORS = (2, 1)
# PEP 600, "Legacy manylinux tags".
_LEGACY_GLIBC = ("manylinux2014", "manylinux2010", "manylinux1")
_MACOS = (14, 0)
# Headers are only read, so that those of a wheel for a newer macOS serve as well.
_NEWEST_MACOS = (26, 0)
# Of which platform a wheel is looked at first, to see what is in it and whether others may have something else in it.
_ANY = (
    Platform(System.GLIBC, "x86_64"),
    Platform(System.GLIBC, "aarch64"),
    Platform(System.MUSL, "x86_64"),
    Platform(System.MUSL, "aarch64"),
    Platform(System.MACOS, "arm64"),
    Platform(System.MACOS, "x86_64"),
    Platform(System.WINDOWS, "amd64"),
    Platform(System.WINDOWS, "arm64"),
)


@dataclass(frozen=True)
class CompletePlatform:
    """:param text: JSON with `marker_environment` (PEP 508) and `compatible_tags` (PEP 425), best first."""

    name: str
    text: str

    @property
    def environment(self) -> dict[str, str]:
        """Every variable that an environment marker can ask for."""
        environment: dict[str, str] = json.loads(self.text)["marker_environment"]
        return environment


def of_machine(name: str) -> CompletePlatform:
    """The platform of a machine that runs compilers.

    :param name: as Pants has it: `linux_x86_64`, `linux_arm64`, `macos_x86_64` or `macos_arm64`.
    """
    system, _, architecture = name.partition("_")
    if system == "macos":
        platform = Platform(System.MACOS, architecture)
        platforms = list(mac_platforms(_MACOS, architecture))
    else:
        platform = Platform(System.GLIBC, {"arm64": "aarch64"}.get(architecture, architecture))
        platforms = [*_wheel_platforms(platform), *_musl(platform.architecture)]
    tags = compatible_tags((3, _MACHINES_PYTHON.minor), f"cp3{_MACHINES_PYTHON.minor}", platforms)
    return _complete(name, platform, _MACHINES_PYTHON, map(str, tags))


def of_target(platform: Platform, python: PythonVersion) -> CompletePlatform:
    """The platform that an extension is compiled for. Floors are no part of it: headers of newer wheels are as good.

    :param platform: one of a single processor.
    """
    platforms = _wheel_platforms(platform)
    version = (3, python.minor)
    own = f"cp3{python.minor}"
    abi = f"{own}t" if python.free_threaded else own
    native = [str(tag) for tag in cpython_tags(version, [abi], platforms)]
    tags = [tag for tag in native if not (python.free_threaded and "-abi3-" in tag)]
    tags += map(str, compatible_tags(version, own, platforms))
    return _complete(f"{platform.any_floor} and Python {python}", platform, python, tags)


def of_target_without_python(platform: Platform) -> Iterator[CompletePlatform]:
    """The platform that sources are compiled for which know no Python: a wheel for any will do.

    :returns: one for what environment markers say of each Python, newest first.
    """
    tags = _of_any_python(_wheel_platforms(platform))
    return (_complete(platform.any_floor, platform, python, tags) for python in _PYTHONS)


def anywhere() -> Iterator[CompletePlatform]:
    """Platforms that take a wheel for whatever machine: they differ in what environment markers say alone.

    :returns: Linux first, and the newest Python.
    """
    tags = _of_any_python([tag for platform in _ANY for tag in _wheel_platforms(platform)])
    return (_complete("any machine", platform, python, tags) for platform in _ANY for python in _PYTHONS)


def _wheel_platforms(platform: Platform) -> list[str]:
    """The platform tags of wheels for a system and processor, whatever their floor, newest first."""
    architecture = platform.architecture
    if platform.system is System.WINDOWS:
        return [f"win_{architecture}"]
    if platform.system is System.MUSL:
        return _musl(architecture)
    if platform.system is System.MACOS:
        return [tag for tag in mac_platforms(_NEWEST_MACOS, architecture) if tag.endswith((architecture, "universal2"))]
    numbered = [f"manylinux_2_{minor}_{architecture}" for minor in _GLIBC_MINORS]
    # The last is of wheels that were never made for others' machines, in an index of one's own.
    return [*numbered, *(f"{legacy}_{architecture}" for legacy in _LEGACY_GLIBC), f"linux_{architecture}"]


def _musl(architecture: str) -> list[str]:
    return [f"musllinux_1_{minor}_{architecture}" for minor in _MUSL_MINORS]


def _of_any_python(platforms: list[str]) -> list[str]:
    """Tags as few as will do: pex takes 5 s for 18,000."""
    cpythons = (f"cp3{python.minor}" for python in _PYTHONS)
    stable = (f"cp3{minor}-abi3" for minor in range(_PYTHONS[0].minor, _OLDEST_ABI3_MINOR - 1, -1))
    native = (*(f"{cpython}-{cpython}" for cpython in cpythons), *stable, "py3-none")
    pure = (f"py3{python.minor}-none-any" for python in _PYTHONS)
    return [*(f"{tag}-{platform}" for tag in native for platform in platforms), "py3-none-any", *pure]


def _complete(name: str, platform: Platform, python: PythonVersion, tags: Iterable[str]) -> CompletePlatform:
    version = f"3.{python.minor}"
    environment = {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        **_system_facts(platform),
    }
    facts = {"marker_environment": environment, "compatible_tags": list(tags)}
    return CompletePlatform(name, json.dumps(facts, indent=0))


def _system_facts(platform: Platform) -> dict[str, str]:
    """What environment markers can ask of a system: the words of `os`, `sys` and `platform` there."""
    if platform.system is System.WINDOWS:
        machine = platform.architecture.upper()
        return {"os_name": "nt", "platform_machine": machine, "platform_system": "Windows", "sys_platform": "win32"}
    system, name = ("Darwin", "darwin") if platform.system is System.MACOS else ("Linux", "linux")
    machine = platform.architecture
    return {"os_name": "posix", "platform_machine": machine, "platform_system": system, "sys_platform": name}
