"""The choice of the Python that smoke-tests a wheel: one of this machine, one that was set up, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from spokeshave_core.cpython_releases import DEBIAN_SUITES
from spokeshave_core.manifest import ForeignPython
from spokeshave_core.platform import InvalidPlatformError, Platform, System
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pythons.interpreters import Interpreter
from spokeshave_pants.toolchain.platforms import host_platform
from spokeshave_pants.wheel.plan.requires_python import RequiresPython

SmokePython = Union[Interpreter, ForeignPython]


@dataclass(frozen=True)
class NoPython:
    """The reason that a wheel cannot be smoke-tested, and the remedy."""

    reason: str


def this_machine() -> Platform | None:
    """Return the newest platform that this machine runs, if wheels are built for it."""
    try:
        return host_platform()
    except InvalidPlatformError:
        return None


def runs_natively(platform: Platform, machine: Platform | None) -> bool:
    """Return whether this machine runs wheels of a platform without an emulator."""
    return machine is not None and machine.runs(platform)


def choose_python(
    platform: Platform,
    version: PythonVersion,
    machine: Platform | None,
    native: Sequence[Interpreter],
    foreign: Sequence[ForeignPython],
    requires: RequiresPython,
) -> SmokePython | NoPython:
    """Return the Python to smoke-test a wheel on: the newest one that its `requires-python` allows.

    This machine's own Pythons take precedence over those that `spokeshave emulation` set up, for its own platform too.

    Args:
        native: This machine's own Pythons of that version, oldest first.
    """
    usable = native if runs_natively(platform, machine) else ()
    allowed = [python for python in usable if _allows(requires, python)]
    if allowed:
        return allowed[-1]
    fitting = [python for python in foreign if python.feature == version and python.runs(platform)]
    allowed_foreign = [python for python in fitting if _allows(requires, python)]
    if allowed_foreign:
        return max(allowed_foreign, key=lambda python: (python.patch, python.newest or (0, 0)))
    found: tuple[SmokePython, ...] = (*usable, *fitting)
    return NoPython(_none_allowed(found, requires) if found else _why_none(platform, version, machine, foreign))


def _allows(requires: RequiresPython, python: SmokePython) -> bool:
    # pip's rule: only the three numbers count, for pre-releases too.
    return requires.allows_release(".".join(map(str, (3, *python.patch))))


def _none_allowed(pythons: Sequence[SmokePython], requires: RequiresPython) -> str:
    found = ", ".join(dict.fromkeys(python.version for python in pythons))
    return (
        f"the `requires-python` {requires.text!r} of its pyproject.toml does not allow the Python {found} of this "
        f"machine"
    )


def _why_none(
    platform: Platform, version: PythonVersion, machine: Platform | None, foreign: Sequence[ForeignPython]
) -> str:
    if runs_natively(platform, machine):
        return _missing_here(platform, version)
    if machine and (platform.system, platform.architecture) == (machine.system, machine.architecture):
        return f"the wheel is for {platform}, but this machine supports at most {machine}"
    same = [python for python in foreign if python.is_of(platform)]
    listed = ", ".join(dict.fromkeys(str(python.feature) for python in same))
    if any(python.feature == version for python in same):
        newest = ", ".join(".".join(map(str, python.newest)) for python in same if python.newest)
        return f"the wheel is for {platform}, but the emulated Pythons have {platform.system.value} {newest}"
    if same:
        return (
            f"the emulated Pythons for {platform} are {listed}. `spokeshave emulation --platform {platform} "
            f"--python {version}` sets up this one, if it is available"
        )
    if platform.system is System.MACOS:
        return "macOS cannot be emulated. Test the wheel on a Mac with `spokeshave smoke-test` and use its report"
    return (
        f"this machine does not run {platform}. `spokeshave emulation --platform {platform}` sets up an emulator if "
        f"one is available; or use a report of `spokeshave smoke-test` from such a machine"
    )


def _missing_here(platform: Platform, version: PythonVersion) -> str:
    missing = f"this machine has no Python {version}"
    if platform.system is not System.GLIBC or str(version) not in DEBIAN_SUITES:
        return missing
    return f"{missing}. Install it, or let `spokeshave emulation --platform {platform} --python {version}` set it up"
