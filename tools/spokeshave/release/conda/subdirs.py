"""The platforms of conda (subdirs), the wheels that they run, and their words in the conditions of a recipe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from spokeshave_core.platform import InvalidPlatformError, Platform, System, UnknownTagError


@dataclass(frozen=True)
class Subdir:
    """A platform of conda.

    Attributes:
        name: Such as `linux-64`.
        system: Its system in conditions: `linux`, `osx` or `win`.
        machine: Its processor in conditions, such as `x86_64`.
        wheels: The system and the processors of the wheels that run there, the best first.
        markers: The values of environment markers (PEP 508).
    """

    name: str
    system: str
    machine: str
    wheels: tuple[System, tuple[str, ...]]
    markers: Mapping[str, str] = field(compare=False)

    @property
    def condition(self) -> str:
        """Return the condition that is true on this platform alone."""
        return f"{self.system} and {self.machine}"

    def rank(self, platform: Platform) -> int | None:
        """Return how well a wheel's platform fits, 0 being the best. None if it does not run here."""
        system, architectures = self.wheels
        is_known = platform.system is system and platform.architecture in architectures
        return architectures.index(platform.architecture) if is_known else None


def _linux(name: str, machine: str, architecture: str) -> Subdir:
    markers = {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": architecture,
    }
    return Subdir(name, "linux", machine, wheels=(System.GLIBC, (architecture,)), markers=markers)


def _osx(name: str, machine: str) -> Subdir:
    markers = {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": machine}
    return Subdir(name, "osx", machine, wheels=(System.MACOS, (machine, "universal2")), markers=markers)


def _win(name: str, machine: str, architecture: str) -> Subdir:
    markers = {
        "os_name": "nt",
        "sys_platform": "win32",
        "platform_system": "Windows",
        "platform_machine": architecture.upper(),
    }
    return Subdir(name, "win", machine, wheels=(System.WINDOWS, (architecture,)), markers=markers)


SUBDIRS = (
    _linux("linux-64", "x86_64", "x86_64"),
    _linux("linux-32", "x86", "i686"),
    _linux("linux-aarch64", "aarch64", "aarch64"),
    _linux("linux-armv7l", "armv7l", "armv7l"),
    _linux("linux-ppc64le", "ppc64le", "ppc64le"),
    _linux("linux-riscv64", "riscv64", "riscv64"),
    _linux("linux-s390x", "s390x", "s390x"),
    _osx("osx-64", "x86_64"),
    _osx("osx-arm64", "arm64"),
    _win("win-64", "x86_64", "amd64"),
    _win("win-arm64", "arm64", "arm64"),
)
USUAL = tuple(
    subdir for subdir in SUBDIRS if subdir.name in ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")
)
"""The platforms that packages without native code are for, in the conditions of their requirements."""


def platforms_of(tags: Iterable[str]) -> list[Platform]:
    """Return the platforms of a wheel's tags. Tags of others, such as `linux_x86_64`, are left out."""
    found = []
    for tag in tags:
        try:
            found.append(Platform.parse(tag))
        except (UnknownTagError, InvalidPlatformError):
            continue
    return found


def virtual_package(platform: Platform) -> str | None:
    """Return the requirement for the floor of a wheel's platform, by the virtual packages of CEP 30."""
    name = {System.GLIBC: "__glibc", System.MACOS: "__osx"}.get(platform.system)
    if name is None or platform.floor is None:
        return None
    return f"{name} >={platform.floor[0]}.{platform.floor[1]}"


def condition_of(chosen: Collection[Subdir], among: Collection[Subdir]) -> str:
    """Return the shortest condition that is true on the chosen platforms and on no other of a set. Empty for all."""
    if set(_names(chosen)) == set(_names(among)):
        return ""
    systems = {"linux": ("linux",), "osx": ("osx",), "win": ("win",), "unix": ("linux", "osx")}
    for word, members in systems.items():
        if set(_names(chosen)) == {subdir.name for subdir in among if subdir.system in members}:
            return word
    if set(_names(chosen)) == {subdir.name for subdir in among if subdir.system != "linux"}:
        return "not linux"
    machines = {subdir.machine for subdir in chosen}
    if len(machines) == 1 < len(chosen) and set(_names(chosen)) == {
        subdir.name for subdir in among if subdir.machine in machines
    }:
        return machines.pop()
    return " or ".join(subdir.condition for subdir in chosen)


def _names(subdirs: Iterable[Subdir]) -> Iterable[str]:
    return (subdir.name for subdir in subdirs)
