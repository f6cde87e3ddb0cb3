"""Descriptions of machines that a resolver does not run on, in the form of pex's `--complete-platform`.

With them the wheels for a list of requirements do not depend on the machine that resolves it: a client on macOS lists
the same compiler files for Linux workers as the workers would themselves, and headers for Windows come from the wheel
for Windows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.tags import compatible_tags, cpython_tags, mac_platforms

from spokeshave_core.cpython_releases import RELEASES
from spokeshave_core.json_values import parse_any
from spokeshave_core.platform import LEGACY_FLOORS, Platform, System
from spokeshave_core.python_abi import OLDEST_ABI3T_MINOR, PythonVersion

# A compiler is not an extension module. The Python only decides environment markers. It is that of Pants 2.17.
_MACHINES_PYTHON = PythonVersion(9)
# The Pythons that a wheel may be for if any will do, newest first.
_PYTHONS = tuple(release.version for release in reversed(RELEASES))
_OLDEST_ABI3_MINOR = 2
# The C libraries of Linux, newest first, as PEP 600 and PEP 656 number them. Installed files are executed by a kernel
# or only read, and are self-contained, so that the floor of this machine does not matter.
_NEWEST_GLIBC = 40
_OLDEST_GLIBC = 5
# Installers know no tags with an older glibc for processors other than x86-64.
_OLDEST_GLIBC_OF_OTHERS = 17
_MUSL_MINORS = (2, 1, 0)
_MACOS = (14, 0)
# Headers are only read, so that those of a wheel for a newer macOS can be used as well.
_NEWEST_MACOS = (26, 0)
# The platforms whose wheels are inspected first, to see their contents and whether those of others may differ.
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
    """A platform in pex's form.

    Attributes:
        text: JSON with `marker_environment` (PEP 508) and `compatible_tags` (PEP 425), best first.
    """

    name: str
    text: str

    @property
    def environment(self) -> dict[str, str]:
        """Return all variables of environment markers."""
        environment: dict[str, str] = parse_any(self.text)["marker_environment"]
        return environment


def of_machine(name: str) -> CompletePlatform:
    """Return the platform of a machine that runs compilers.

    Args:
        name: Pants' name: `linux_x86_64`, `linux_arm64`, `macos_x86_64` or `macos_arm64`.
    """
    platform, platforms = _machine(name)
    if platform.system is System.GLIBC:
        platforms += _musl(platform.architecture)
    tags = compatible_tags((3, _MACHINES_PYTHON.minor), f"cp3{_MACHINES_PYTHON.minor}", platforms)
    return _complete(name, platform, _MACHINES_PYTHON, map(str, tags))


def of_python_here(machine: str, python: PythonVersion) -> CompletePlatform:
    """Return the platform of a Python of this machine, which its resolver's pex may not know.

    The wheels with the lowest floors come first, as the floor of the machine is not known.

    Args:
        machine: Pants' name, as of `of_machine`.
    """
    platform, platforms = _machine(machine)
    return _complete(f"Python {python}", platform, python, _tags_of_python(python, platforms[::-1]))


def of_target(platform: Platform, python: PythonVersion) -> CompletePlatform:
    """Return the platform that an extension is compiled for. Its floor is ignored: headers of newer wheels work too.

    Args:
        platform: A platform with a single processor.
    """
    tags = _tags_of_python(python, _wheel_platforms(platform))
    return _complete(f"{platform.any_floor} and Python {python}", platform, python, tags)


def of_target_without_python(platform: Platform) -> Iterator[CompletePlatform]:
    """Return the platforms for sources that do not use Python: a wheel for any Python will do.

    Returns:
        One platform per set of marker values, from the newest Python to the oldest.
    """
    tags = _of_any_python(_wheel_platforms(platform))
    return (_complete(platform.any_floor, platform, python, tags) for python in _PYTHONS)


def for_any_machine() -> Iterator[CompletePlatform]:
    """Return platforms that accept wheels for any machine. They differ only in their marker values.

    Returns:
        Linux first, with the newest Python.
    """
    tags = _of_any_python([tag for platform in _ANY for tag in _wheel_platforms(platform)])
    return (_complete("any machine", platform, python, tags) for platform in _ANY for python in _PYTHONS)


def _machine(name: str) -> tuple[Platform, list[str]]:
    """Return the platform that Pants' name of a machine stands for, and its platform tags, newest floor first."""
    system, _, architecture = name.partition("_")
    if system == "macos":
        return Platform(System.MACOS, architecture), list(mac_platforms(_MACOS, architecture))
    platform = Platform(System.GLIBC, {"arm64": "aarch64"}.get(architecture, architecture))
    return platform, _wheel_platforms(platform)


def _tags_of_python(python: PythonVersion, platforms: list[str]) -> list[str]:
    """Return the tags of the wheels that a Python accepts on platforms, best first."""
    version = (3, python.minor)
    own = f"cp3{python.minor}"
    tags = [str(tag) for tag in cpython_tags(version, [own], platforms)]
    if python.free_threaded:
        # The `packaging` of Pants does not know the stable ABI for free-threaded builds (PEP 803). Newer ones list no
        # stable ABI for them.
        tags = [tag.replace(f"-{own}-", f"-{own}t-").replace("-abi3-", "-abi3t-") for tag in tags]
    return [*tags, *map(str, compatible_tags(version, own, platforms))]


def _wheel_platforms(platform: Platform) -> list[str]:
    """Return the platform tags of wheels for a system and processor with any floor, newest first."""
    architecture = platform.architecture
    if platform.system is System.WINDOWS:
        return [f"win_{architecture}"]
    if platform.system is System.MUSL:
        return _musl(architecture)
    if platform.system is System.MACOS:
        return [tag for tag in mac_platforms(_NEWEST_MACOS, architecture) if tag.endswith((architecture, "universal2"))]
    oldest = _OLDEST_GLIBC if architecture == "x86_64" else _OLDEST_GLIBC_OF_OTHERS
    families = [name for minor in range(_NEWEST_GLIBC, oldest - 1, -1) for name in _manylinux(minor)]
    # The last tag is that of wheels in a private index that were built on the user's own machine.
    return [f"{family}_{architecture}" for family in (*families, "linux")]


def _manylinux(minor: int) -> list[str]:
    """Return the beginnings of the tags of a glibc, in the order of installers."""
    return [f"manylinux_2_{minor}", *(name for name, floor in LEGACY_FLOORS.items() if floor == (2, minor))]


def _musl(architecture: str) -> list[str]:
    return [f"musllinux_1_{minor}_{architecture}" for minor in _MUSL_MINORS]


def _of_any_python(platforms: list[str]) -> list[str]:
    """Return the smallest sufficient set of tags, because pex takes 5 s for 18,000."""
    cpythons = (f"cp3{python.minor}" for python in _PYTHONS)
    newest = _PYTHONS[0].minor
    abi3 = (f"cp3{minor}-abi3" for minor in range(newest, _OLDEST_ABI3_MINOR - 1, -1))
    abi3t = (f"cp3{minor}-abi3t" for minor in range(newest, OLDEST_ABI3T_MINOR - 1, -1))
    native = (*(f"{cpython}-{cpython}" for cpython in cpythons), *abi3, *abi3t, "py3-none")
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
    """Return the values of a system's environment markers, which are those of `os`, `sys` and `platform` there."""
    if platform.system is System.WINDOWS:
        machine = platform.architecture.upper()
        return {"os_name": "nt", "platform_machine": machine, "platform_system": "Windows", "sys_platform": "win32"}
    system, name = ("Darwin", "darwin") if platform.system is System.MACOS else ("Linux", "linux")
    machine = platform.architecture
    return {"os_name": "posix", "platform_machine": machine, "platform_system": system, "sys_platform": name}
