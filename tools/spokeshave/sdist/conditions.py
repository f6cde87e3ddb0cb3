"""Conditions of CMake for globs of wheel platform tags.

CMake does not know wheel platform tags, so a condition compares the system, its C library and the processor. A glob
with a version, such as `manylinux_2_28_*`, means what it means for the wheels of the target: it matches a system and
a processor if it matches the wheel for them.
"""

from __future__ import annotations

from collections.abc import Iterable

from spokeshave_core.platform import Platform, System

SYSTEM_CONDITIONS = {
    System.GLIBC: 'CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT IS_MUSL',
    System.MUSL: 'CMAKE_SYSTEM_NAME STREQUAL "Linux" AND IS_MUSL',
    System.MACOS: 'CMAKE_SYSTEM_NAME STREQUAL "Darwin"',
    System.WINDOWS: 'CMAKE_SYSTEM_NAME STREQUAL "Windows"',
}
_LINUX = 'CMAKE_SYSTEM_NAME STREQUAL "Linux"'
# One tag for each system and processor. The generated CMakeLists.txt names processors as here.
_FLOORS = {System.GLIBC: (2, 17), System.MUSL: (1, 2), System.MACOS: (11, 0), System.WINDOWS: None}
_LINUX_PROCESSORS = ("x86_64", "aarch64", "armv7l", "i686", "ppc64le", "riscv64", "s390x")
_PROCESSORS = {
    System.GLIBC: _LINUX_PROCESSORS,
    System.MUSL: _LINUX_PROCESSORS,
    System.MACOS: ("x86_64", "arm64"),
    System.WINDOWS: ("amd64", "arm64"),
}
_NAMES = {"arm64": "aarch64", "amd64": "x86_64"}


def platform_condition(globs: Iterable[str], platforms: Iterable[str]) -> str:
    """Return the condition for the systems and processors that a glob matches.

    Args:
        platforms: The wheel platform tags of the target.

    Returns:
        The arguments of `if`: `TRUE` if the globs match all platforms, and `FALSE` if they match none.
    """
    globs = tuple(globs)
    tags = [Platform.parse(tag) for tag in platforms]
    matched = {system: _matched(system, globs, tags) for system in System}
    if all(len(found) == len(_PROCESSORS[system]) for system, found in matched.items()):
        return "TRUE"
    terms = []
    if matched[System.GLIBC] == matched[System.MUSL]:
        terms.append(_term(_LINUX, matched[System.MUSL], _LINUX_PROCESSORS))
        matched = {system: found for system, found in matched.items() if system not in (System.GLIBC, System.MUSL)}
    terms += [_term(SYSTEM_CONDITIONS[system], found, _PROCESSORS[system]) for system, found in matched.items()]
    found_terms = [term for term in terms if term]
    if len(found_terms) == 1:
        return found_terms[0]
    return " OR ".join(f"({term})" for term in found_terms) or "FALSE"


def _matched(system: System, globs: tuple[str, ...], tags: Iterable[Platform]) -> tuple[str, ...]:
    """Return the processors of a system that globs match, by the names in its tags."""
    own = {part.architecture: part for tag in tags for part in tag.slices if part.system is system}
    every = {name: Platform(system, name, _FLOORS[system]) for name in _PROCESSORS[system]}
    return tuple(name for name in _PROCESSORS[system] if own.get(name, every[name]).fits(globs))


def _term(system: str, processors: tuple[str, ...], every: tuple[str, ...]) -> str:
    if not processors or processors == every:
        return system if processors else ""
    names = "|".join(_NAMES.get(name, name) for name in processors)
    return f'{system} AND PROCESSOR MATCHES "^({names})$"'
