"""Wheels' names and versions, checked as installers check them."""

from __future__ import annotations

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from spokeshave.errors import InvalidWheelError
from spokeshave_core.wheel_name import InvalidWheelNameError, WheelName, normalize_name, not_a_wheel_name


def parse_wheel_name(file_name: str) -> WheelName:
    """The parts of a file name that installers accept; raises InvalidWheelError when they would refuse it."""
    try:
        parse_wheel_filename(file_name)
    except InvalidWheelFilename as err:
        raise InvalidWheelError(*not_a_wheel_name(file_name).problems) from err
    try:
        return WheelName.parse(file_name)
    except InvalidWheelNameError as err:
        # `packaging` takes an empty name and any text as a tag.
        raise InvalidWheelError(*err.problems) from err


def belongs_to(wheel: WheelName, name: str, version: str) -> bool:
    """Return whether a wheel belongs to a project and version, in any spelling."""
    same_version = version == wheel.version or (is_version(version) and Version(version) == Version(wheel.version))
    return same_version and normalize_name(name) == wheel.project


def is_version(text: str) -> bool:
    """Return whether a text is a PEP 440 version."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
