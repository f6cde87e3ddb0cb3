"""Which Python a wheel is tried on: one of this machine where it runs the platform, else an emulated one, else none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from spokeshave_core.manifest import ForeignPython
from spokeshave_core.platform import InvalidPlatformError, Platform, System
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pythons.interpreters import Interpreter
from spokeshave_pants.toolchain.platforms import host_platform
from spokeshave_pants.wheel.plan.requires_python import RequiresPython

SmokePython = Union[Interpreter, ForeignPython]


@dataclass(frozen=True)
class NoPython:
    """Why there is nothing to try a wheel on, and what can be done about it."""

    reason: str


def this_machine() -> Platform | None:
    """The newest platform that this machine runs, where it is one that wheels are built for."""
    try:
        return host_platform()
    except InvalidPlatformError:
        return None


def runs_natively(platform: Platform, machine: Platform | None) -> bool:
    """Whether this machine runs wheels of a platform by itself."""
    return machine is not None and machine.runs(platform)


def choose_python(
    platform: Platform,
    version: PythonVersion,
    machine: Platform | None,
    native: Sequence[Interpreter],
    foreign: Sequence[ForeignPython],
    requires: RequiresPython,
) -> SmokePython | NoPython:
    """The Python to smoke-test a wheel on: the newest one that its `requires-python` allows.

    Args:
        native: this machine's own Pythons of that version, oldest first.
    """
    if runs_natively(platform, machine):
        allowed = [python for python in native if _allows(requires, python)]
        if allowed:
            return allowed[-1]
        return NoPython(_none_allowed(native, requires) if native else f"this machine has no Python {version}")
    fitting = [python for python in foreign if python.feature == version and python.runs(platform)]
    allowed_foreign = [python for python in fitting if _allows(requires, python)]
    if allowed_foreign:
        return max(allowed_foreign, key=lambda python: (python.patch, python.newest or (0, 0)))
    return NoPython(_none_allowed(fitting, requires) if fitting else _why_none(platform, version, machine, foreign))


def _allows(requires: RequiresPython, python: SmokePython) -> bool:
    # As pip judges it: the three numbers count, also of a pre-release.
    return requires.allows_release(".".join(map(str, (3, *python.patch))))


def _none_allowed(pythons: Sequence[SmokePython], requires: RequiresPython) -> str:
    found = ", ".join(dict.fromkeys(python.version for python in pythons))
    return (
        f"the `requires-python` {requires.text!r} of its pyproject.toml does not allow the Python {found} that is here"
    )


def _why_none(
    platform: Platform, version: PythonVersion, machine: Platform | None, foreign: Sequence[ForeignPython]
) -> str:
    if machine and (platform.system, platform.architecture) == (machine.system, machine.architecture):
        return f"the wheel is for {platform} and this machine's newest is {machine}"
    same = [python for python in foreign if python.is_of(platform)]
    listed = ", ".join(dict.fromkeys(str(python.feature) for python in same))
    if any(python.feature == version for python in same):
        newest = ", ".join(".".join(map(str, python.newest)) for python in same if python.newest)
        return f"the wheel is for {platform} and the emulated Pythons have {platform.system.value} {newest}"
    if same:
        return (
            f"the emulated Pythons for {platform} are {listed}. `spokeshave emulation --platform {platform} "
            f"--python {version}` sets up this one, where there is one"
        )
    if platform.system is System.MACOS:
        return "nothing here emulates macOS. Try the wheel on a Mac with `spokeshave smoke-test` and give its report"
    return (
        f"this machine does not run {platform}. `spokeshave emulation --platform {platform}` sets up an emulator where "
        "there is one; or give the report of `spokeshave smoke-test` from such a machine"
    )
