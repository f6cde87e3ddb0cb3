"""The version that a wheel's modules state, compared with the wheel's own.

A wheel that was renamed, built from a stale tree, or promoted in its METADATA only, still reports its old version when
it is imported. Modules named like `_version.py` are read for constants; another release's number in them is innocent
(they name minimum versions, too), but another pre-release of the same release is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.version import InvalidVersion, Version

from spokeshave.release.check.file.wheel_file import WheelFile
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave_core.problems import Problem, SpokeshaveError

_NAMES = ("version.py", "_version.py", "__version__.py", "about.py", "__about__.py")
_LARGEST = 1 << 20
_TARGET = r"[ \t]*(?::[ \t]*\w+[ \t]*)?=[ \t]*"
_CONSTANT = re.compile(
    rf"^[ \t]*(?:\w+{_TARGET})*(\w*version\w*){_TARGET}(['\"])([^'\"\n]+)\2", re.IGNORECASE | re.MULTILINE
)
_REMEDY = "Build or stamp the wheel again from the version's own files."


def check_version_modules(wheel: WheelFile) -> Iterator[Problem]:
    """Check the constants of the modules that state a version."""
    version = Version(wheel.name.version)
    own = _own_module(wheel)
    for member, info in wheel.members.items():
        if info.file_size > _LARGEST or not (member == own or member.rpartition("/")[2] in _NAMES):
            continue
        try:
            text = b"".join(wheel.chunks(member)).decode("utf-8", "replace")
        except SpokeshaveError:
            # The check of RECORD reports it.
            continue
        for constant, value in _constants(text):
            if _is_wrong(value, version, exact=member == own):
                message = f"says {constant} = {value!r}, but the wheel is {wheel.name.version}"
                yield Problem(wheel.place(member), message, _REMEDY)


def _own_module(wheel: WheelFile) -> str | None:
    """Return the version module of a wheel that Spokeshave built."""
    data = wheel.metadata_file(RECIPE)
    try:
        return Recipe.parse(data, RECIPE).version_module if data else None
    except SpokeshaveError:
        return None


def _constants(text: str) -> Iterator[tuple[str, str]]:
    for match in _CONSTANT.finditer(text):
        yield match[1], match[3]


def _is_wrong(text: str, version: Version, *, exact: bool) -> bool:
    """Return whether a stated version contradicts the wheel's.

    Args:
        exact: Whether any other version is wrong, as in the module that Spokeshave writes.
    """
    try:
        stated = Version(text)
    except InvalidVersion:
        return False
    if exact:
        return stated != version
    is_other = stated.public != version.public and stated.base_version == version.base_version
    return is_other and (stated.is_prerelease or version.is_postrelease)
