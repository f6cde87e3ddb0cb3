"""Versions and requirements of others, with one error for all texts that are not any.

The library `packaging` has other errors for numbers of thousands of digits and for markers that are nested deeply, some
of them only when a value is used.
"""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import (
    BuildTag,
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

# Python reads 4,300 digits. No version has so many.
_LONG_NUMBER = re.compile(r"[0-9]{1000}")
_LONG_NUMBER_IN_BYTES = re.compile(rb"[0-9]{1000}")


def has_long_number(text: str | bytes) -> bool:
    """Return whether a text has a number that is too long for a version."""
    found = _LONG_NUMBER.search(text) if isinstance(text, str) else _LONG_NUMBER_IN_BYTES.search(text)
    return found is not None


def parse_version(text: str) -> Version:
    """Return a version.

    Raises:
        InvalidVersion: If it is not one.
    """
    if has_long_number(text):
        raise InvalidVersion(f"{text[:20]}... is too long")
    return Version(text)


def parse_requirement(text: str) -> Requirement:
    """Return a requirement.

    Raises:
        InvalidRequirement: If it is not one.
    """
    if has_long_number(text):
        raise InvalidRequirement("it has a number that is too long")
    try:
        return Requirement(text)
    except RecursionError as err:
        raise InvalidRequirement("its marker is nested too deeply") from err


def parse_specifiers(text: str) -> SpecifierSet:
    """Return the versions that a text allows, such as that of Requires-Python.

    Raises:
        InvalidSpecifier: If it is not one.
    """
    if has_long_number(text):
        raise InvalidSpecifier("it has a number that is too long")
    return SpecifierSet(text)


def parse_wheel_file_name(name: str) -> tuple[NormalizedName, Version, BuildTag, frozenset[Tag]]:
    """Return the parts of the file name of a wheel.

    Raises:
        InvalidWheelFilename: If it is not one.
    """
    if has_long_number(name):
        raise InvalidWheelFilename("it has a number that is too long")
    return parse_wheel_filename(name)


def parse_sdist_file_name(name: str) -> tuple[NormalizedName, Version]:
    """Return the project and the version of the file name of an sdist.

    Raises:
        InvalidSdistFilename: If it is not one.
    """
    if has_long_number(name):
        raise InvalidSdistFilename("it has a number that is too long")
    return parse_sdist_filename(name)
