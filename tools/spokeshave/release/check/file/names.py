"""The rules for a file's name: those that installers rely on, and those of PyPI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from packaging.utils import InvalidWheelFilename

from spokeshave.errors import InvalidWheelError
from spokeshave.release.check.file.platform_tags import is_accepted_platform, platform_remedy
from spokeshave.requirement_text import parse_sdist_file_name, parse_wheel_file_name
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import UNSTAMPED, WheelName, file_name_part

_REBUILD = "Build the wheel again with a tool that follows the wheel specification; never rename a wheel."


def read_name(path: Path) -> WheelName:
    """Return the parts of a wheel's file name.

    Raises:
        InvalidWheelError: If PyPI or an installer would refuse it.
    """
    if any(ord(char) < 32 or ord(char) == 127 for char in path.name):
        raise InvalidWheelError(Problem(ascii(path.name), "has unprintable characters in its name", "Rename it."))
    try:
        parse_wheel_file_name(path.name)
    except InvalidWheelFilename as err:
        reason = str(err).partition(": ")[0].lower()
        raise InvalidWheelError(Problem(path.name, f"is not the file name of a wheel ({reason})", _REBUILD)) from err
    return parse_wheel_name(path.name)


def check_name(name: WheelName) -> Iterator[Problem]:
    """Check that the wheel has a version."""
    if name.version == UNSTAMPED:
        yield Problem(str(name), "has no version yet", "Stamp it first, with `spokeshave stamp`.")


def check_wheel_for_pypi(name: WheelName) -> Iterator[Problem]:
    """Check that the file name is in the form that PyPI accepts, and has a platform that it accepts."""
    if name.name != file_name_part(name.name):
        message = f"has the project name {name.name!r}, which is not in its normal form"
        remedy = f"Let the file name begin with {file_name_part(name.name)!r}: build it with a current build backend."
        yield Problem(str(name), message, remedy)
    for tag in name.tag.platforms:
        if not is_accepted_platform(tag):
            yield Problem(str(name), f"has the platform tag {tag}, which PyPI does not accept", platform_remedy(tag))


def check_sdist_for_pypi(file_name: str) -> Iterator[Problem]:
    """Check that the file name of an sdist is in its normal form (PEP 625)."""
    project, version = parse_sdist_file_name(file_name)
    expected = f"{file_name_part(project)}-{version}.tar.gz"
    if file_name != expected:
        remedy = "Build the sdist again with a current build backend."
        yield Problem(file_name, f"should be named {expected}", remedy)
