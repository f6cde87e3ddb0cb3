"""The wheels that `native-wheels` lists: as a table, and as JSON for the matrix of a CI workflow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.version import Version
from tabulate import tabulate

from spokeshave_core.json_values import to_value
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.wheel_name import WheelName, file_name_part

ANY_VERSION = "*"


class InvalidStaticVersionError(SpokeshaveError):
    """A static version that is not one by PEP 440."""


@dataclass(frozen=True)
class ListedPython:
    """A Python that a wheel is smoke-tested on.

    Attributes:
        interpreter: The path of the interpreter. Empty if this machine has none for the platform and the Python.
        emulator: The emulator that runs the interpreter. Empty if this machine runs it without one.
        reason: Why the test cannot run on this machine. Empty if it can.
        required: Whether `require_smoke_on` demands the test.
    """

    python: str
    required: bool
    interpreter: str = ""
    emulator: str = ""
    reason: str = ""

    def __str__(self) -> str:
        emulator = f" ({self.emulator})" if self.emulator else ""
        return f"{self.python}{emulator}" if self.interpreter else f"{self.python} not here"


@dataclass(frozen=True)
class ListedWheel:
    """A wheel that `package` builds.

    Attributes:
        version: None if it was not computed. The file name is then a glob.
        smoke_tested_here: Whether this machine can run its smoke test on some of the Pythons.
    """

    target: str
    distribution: str
    version: str | None
    wheel: str
    platform: str
    system: str
    architecture: str
    python_tag: str
    abi_tag: str
    abi: str
    pythons: tuple[ListedPython, ...]
    smoke_tested_here: bool


def normal_version(version: str, where: str) -> str:
    """Return a version in the form of file names.

    Raises:
        InvalidStaticVersionError: It is not a version.
    """
    try:
        return str(Version(version))
    except ValueError as error:  # of a number with thousands of digits too
        raise InvalidStaticVersionError(
            f"{where} has the version {version!r}, which is not a PEP 440 version. Write one such as 3.12.0."
        ) from error


def listed_wheel(
    target: str,
    distribution: str,
    version: str | None,
    build: tuple[Platform, PythonAbi],
    pythons: Iterable[ListedPython],
) -> ListedWheel:
    """Return the entry of a wheel.

    Args:
        version: The normal form. None if it is not known.
    """
    platform, abi = build
    pythons = tuple(pythons)
    tag = abi.wheel_tag(".".join(platform.tags))
    return ListedWheel(
        target=target,
        distribution=distribution,
        version=version,
        wheel=str(WheelName(file_name_part(distribution), version or ANY_VERSION, tag)),
        platform=platform.tag,
        system=platform.system.value,
        architecture=platform.architecture,
        python_tag=abi.python_tag,
        abi_tag=abi.abi_tag,
        abi=abi.name,
        pythons=pythons,
        smoke_tested_here=any(python.interpreter for python in pythons),
    )


def render_json(wheels: Iterable[ListedWheel]) -> str:
    """Return one line, as `$GITHUB_OUTPUT` needs it."""
    return json.dumps(to_value(tuple(wheels)), ensure_ascii=False) + "\n"


def render_text(wheels: Iterable[ListedWheel]) -> str:
    """Return a table for each target, and why some smoke tests cannot run here."""
    by_target: dict[str, list[ListedWheel]] = {}
    for wheel in wheels:
        by_target.setdefault(wheel.target, []).append(wheel)
    tables = [f"{target}\n{_table(listed)}\n" for target, listed in by_target.items()]
    reasons: dict[str, dict[str, None]] = {}
    for python in (python for listed in by_target.values() for wheel in listed for python in wheel.pythons):
        if python.reason:
            reasons.setdefault(python.reason, {})[python.python] = None
    notes = [f"not here on Python {', '.join(found)}: {reason}\n" for reason, found in sorted(reasons.items())]
    return "\n".join([*tables, "".join(notes)] if notes else tables)


def _table(wheels: Iterable[ListedWheel]) -> str:
    rows = [(wheel.wheel, "  ".join(map(str, wheel.pythons))) for wheel in wheels]
    return str(tabulate(rows, headers=("wheel", "smoke tests")))
