"""Wheels' names and versions, checked as installers check them."""

from __future__ import annotations

from packaging.utils import InvalidWheelFilename
from packaging.version import InvalidVersion

from spokeshave.errors import InvalidWheelError
from spokeshave.requirement_text import parse_version, parse_wheel_file_name
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import InvalidWheelNameError, WheelName, normalize_name, not_a_wheel_name


def parse_wheel_name(file_name: str) -> WheelName:
    """The parts of a file name that installers accept; raises InvalidWheelError when they would refuse it."""
    try:
        parse_wheel_file_name(file_name)
    except InvalidWheelFilename as err:
        raise InvalidWheelError(*not_a_wheel_name(file_name).problems) from err
    try:
        return WheelName.parse(file_name)
    except InvalidWheelNameError as err:
        # `packaging` takes an empty name and any text as a tag. The place may be the tag alone.
        raise InvalidWheelError(*(_of_file(problem, file_name) for problem in err.problems)) from err


def _of_file(problem: Problem, file_name: str) -> Problem:
    if problem.place == file_name:
        return problem
    return Problem(file_name, f"is not the file name of a wheel: {problem.place} {problem.message}", problem.remedy)


def belongs_to(wheel: WheelName, name: str, version: str) -> bool:
    """Return whether a wheel belongs to a project and version, in any spelling."""
    return same_version(version, wheel.version) and normalize_name(name) == wheel.project


def same_version(text: str, version: str) -> bool:
    """Return whether two texts are the same version, in any spelling."""
    return text == version or (
        is_version(text) and is_version(version) and parse_version(text) == parse_version(version)
    )


def is_version(text: str) -> bool:
    """Return whether a text is a PEP 440 version."""
    try:
        parse_version(text)
    except InvalidVersion:
        return False
    return True
